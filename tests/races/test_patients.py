"""Merges of patients race each other, and whatever else is done for the same patients."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from sqlalchemy import text
from werkzeug.test import TestResponse

from booking.catalogue.patient_merging import tables_of_patients
from models.database import Database
from tests.support.cast import Clinic, another_patient, create_course, instant
from tests.support.racing import assert_sound, outcomes, race, statuses
from tests.support.times import at, minutes_after
from tests.support.waitlist import entry, wanted

PAIRS = 4
Twins = list[tuple[Clinic, Clinic]]


def merge(gone: Clinic, stays: Clinic) -> TestResponse:
    """Merge one patient into the other."""
    path = f"/patients/{gone.patient['id']}/merge"
    return gone.desk.post(path, {"into_id": stays.patient["id"]})


def left_behind(database: Database, clinic: Clinic) -> dict[str, int]:
    """Count the rows that still belong to patients who were merged."""
    found = {}
    with database.transaction(clinic.desk.clinic_id) as session:
        for table in tables_of_patients():
            merged = "SELECT id FROM patients WHERE merged_into_id IS NOT NULL"
            counted = f"SELECT count(*) FROM {table.name} WHERE patient_id IN ({merged})"  # noqa: S608 - ours
            if count := session.scalar(text(counted)):
                found[table.name] = count
    return found


@pytest.fixture
def twins(clinic: Clinic) -> Twins:
    """Give pairs of records of the same patients."""
    return [(another_patient(clinic), another_patient(clinic)) for _ in range(PAIRS)]


def test_of_two_merges_that_cross_each_other_one_is_done(
    clinic: Clinic, twins: Twins, database: Database
) -> None:
    for number, (one, other) in enumerate(twins):
        one.booked(minutes_after("09:00", 40 * number))
        other.booked(minutes_after("09:20", 40 * number))

    answers = race(partial(merge, *pair) for one, other in twins for pair in ((one, other), (other, one)))

    assert outcomes(answers) == {(200, None): PAIRS, (410, "merged"): PAIRS}
    assert left_behind(database, clinic) == {}
    assert_sound(database, clinic.desk)


def test_merges_in_a_ring_lead_to_patients_who_are_there(clinic: Clinic, database: Database) -> None:
    ring = [another_patient(clinic) for _ in range(4)]

    race(partial(merge, one, other) for one, other in zip(ring, [*ring[1:], ring[0]], strict=True))
    shown = [clinic.desk.get(f"/patients/{one.patient['id']}") for one in ring]
    there = {one.get_json()["id"] for one in shown if one.status_code == 200}
    led_to = {one.get_json()["merged_into"] for one in shown if one.status_code == 410}

    assert set(statuses(shown)) == {200, 410}
    assert led_to <= there
    assert left_behind(database, clinic) == {}


def test_a_booking_of_a_merged_patient_goes_along_or_is_refused(
    clinic: Clinic, twins: Twins, database: Database
) -> None:
    acts = [
        act
        for number, (gone, stays) in enumerate(twins)
        for act in (partial(merge, gone, stays), partial(gone.book, minutes_after("09:00", 40 * number)))
    ]

    answers = race(acts)

    assert statuses(answers[::2]) == [200] * PAIRS
    assert set(statuses(answers[1::2])) <= {201, 410}
    assert left_behind(database, clinic) == {}
    assert_sound(database, clinic.desk)


def test_bookings_of_both_at_the_same_time_and_a_merge_never_overlap(
    clinic: Clinic, database: Database
) -> None:
    gone, stays = another_patient(clinic), another_patient(clinic)
    clinic.desk.made("/rooms", location_id=clinic.location["id"], name="Second", kind="treatment")
    hours = {"location_id": clinic.location["id"], "starts": "09:00", "ends": "19:00"}
    week = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
    working = [{"weekday": day, **hours} for day in week]
    clinic.desk.made("/therapists", name="Second", working_hours=working)

    answers = race(
        [
            partial(merge, gone, stays),
            partial(gone.book, at("10:00")),
            partial(stays.book, at("10:10")),
            partial(gone.book, at("12:00")),
            partial(stays.book, at("12:10")),
        ]
    )

    assert answers[0].status_code in {200, 409}
    assert left_behind(database, clinic) == {}
    assert_sound(database, clinic.desk)


Act = Callable[[Clinic, dict[str, Any]], TestResponse]


def _record(path: str, **body: str) -> Act:
    return lambda gone, _: gone.desk.post(f"/patients/{gone.patient['id']}/{path}", body)


def _next_day(starts_at: str) -> str:
    return (instant(starts_at) + timedelta(days=1)).isoformat()


ACTS: dict[str, Act] = {
    "cancel": lambda gone, visit: gone.act("cancel", visit, reason_code="patient"),
    "confirm": lambda gone, visit: gone.act("confirm", visit),
    "reschedule": lambda gone, visit: gone.act("reschedule", visit, starts_at=_next_day(visit["starts_at"])),
    "treatment": _record("treatments", event="waxing", on="2026-01-04"),
    "medical hold": _record("medical-holds", code="breastfeeding", opened_on="2026-01-04"),
    "waitlist": lambda gone, _: gone.desk.post("/waitlist", wanted(gone)),
    "course": lambda gone, _: gone.desk.post(
        "/courses",
        {"patient_id": gone.patient["id"], "procedure_id": gone.procedure["id"], "sessions": 2},
    ),
    "hold": lambda gone, _: gone.hold("2027-03-03T10:00:00Z", patient_id=gone.patient["id"]),
    "change": lambda gone, _: gone.desk.patch(f"/patients/{gone.patient['id']}", {"name": "Changed"}),
    "delete": lambda gone, _: gone.desk.delete(f"/patients/{gone.patient['id']}"),
}


@pytest.mark.parametrize("name", ACTS)
def test_whatever_is_done_beside_a_merge_goes_along_or_is_refused(
    clinic: Clinic, twins: Twins, database: Database, name: str
) -> None:
    for gone, _ in twins:
        create_course(gone)
        entry(gone, earliest_on="2027-05-01") if name != "waitlist" else None
    visits = [gone.booked(minutes_after("09:00", 40 * number)) for number, (gone, _) in enumerate(twins)]

    acts = [
        act
        for visit, (gone, stays) in zip(visits, twins, strict=True)
        for act in (partial(merge, gone, stays), partial(ACTS[name], gone, visit))
    ]
    answers = race(acts)

    assert statuses(answers[::2]) == [200] * PAIRS
    assert set(statuses(answers[1::2])) <= {200, 201, 404, 409, 410, 412}
    assert left_behind(database, clinic) == {}
    assert_sound(database, clinic.desk)
