"""Search, dry run and booking agree on small random clinics, through HTTP."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from models.database import Database
from tests.support.cast import (
    NOW,
    Clinic,
    Made,
    create_clinic,
    create_room,
    create_rule,
    create_therapist,
    every_day,
    instant,
)
from tests.support.desk import Desk
from tests.support.questions import verdict
from tests.support.racing import assert_sound

FIRST, LAST = "2027-03-27", "2027-03-30"
ZONES = ("Europe/London", "America/New_York", "Australia/Lord_Howe")


@st.composite
def phase_lists(draw: st.DrawFn) -> list[Made]:
    """Draw numbing, a procedure and turnover, each with or without what it may need."""
    minutes = st.sampled_from([5, 10, 15, 30])
    kinds = st.sampled_from([["treatment"], ["numbing"], ["numbing", "treatment"]])
    numbing = {"name": "Numbing", "kind": "numbing", "minutes": draw(minutes), "room_kinds": draw(kinds)}
    procedure = {"name": "Needling", "kind": "procedure", "minutes": draw(minutes), "therapist": True}
    turnover = {"name": "Turnover", "kind": "turnover", "minutes": draw(minutes), "patient": False}
    room = {"room_kinds": ["treatment"]}
    return [numbing, procedure | room, turnover | room | {"therapist": draw(st.booleans())}]


def random_clinic(desk: Desk, draw: Callable[..., Any]) -> Clinic:
    """Create a clinic with one or two therapists, and with rooms, rules and hours that are drawn."""
    closes = draw(st.sampled_from(["10:30", "11:00", "12:00"]))
    clinic = create_clinic(
        desk.at(NOW),
        rooms=[{"kind": "treatment"}, {"kind": "numbing", "capacity": draw(st.integers(1, 2))}],
        procedure={"phases": draw(phase_lists())},
        timezone=draw(st.sampled_from(ZONES)),
        opening_hours=every_day("09:00", closes),
        policy={"grid_minutes": draw(st.sampled_from([5, 15]))},
    )
    if draw(st.booleans()):
        create_therapist(clinic.desk, clinic.location, name="Second")
        create_room(clinic.desk, clinic.location, name="Third")
    if draw(st.booleans()):
        create_rule(clinic.desk, floor_days=1, min_days=draw(st.integers(1, 3)), recommended_days=None)
    return clinic


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_what_is_found_can_be_booked_and_nothing_else(
    make_clinic: Callable[..., Desk], database: Database, data: st.DataObject
) -> None:
    clinic = random_clinic(make_clinic(), data.draw)
    patients = clinic.patients(2)
    for _ in range(data.draw(st.integers(0, 4))):
        patient_id = data.draw(st.sampled_from(patients))
        starts = clinic.starts(FIRST, LAST, patient_id=patient_id)
        if starts:
            clinic.booked(data.draw(st.sampled_from(starts)), patient_id=patient_id)

    found = {instant(one) for one in clinic.starts(FIRST, LAST, patient_id=patients[0])}
    midnight = instant(f"{FIRST}T00:00:00+00:00")
    tried = {midnight + timedelta(minutes=5 * data.draw(st.integers(0, 3 * 288 - 60))) for _ in range(6)}
    tried |= {one + timedelta(minutes=step) for one in sorted(found)[:4] for step in (-5, 0, 5)}
    verdicts = {one: verdict(clinic, one.isoformat(), patient_id=patients[0])["bookable"] for one in tried}

    inside = {one for one in tried if belongs(clinic, one)}
    assert {one for one in inside if verdicts[one]} == found & inside
    if found:
        clinic.booked(data.draw(st.sampled_from(sorted(found))).isoformat(), patient_id=patients[0])
    assert_sound(database, clinic.desk)


def belongs(clinic: Clinic, moment: Any) -> bool:
    """Tell whether an instant lies within the local days that are searched."""
    return FIRST <= moment.astimezone(ZoneInfo(clinic.location["timezone"])).date().isoformat() < LAST
