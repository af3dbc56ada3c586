"""A move to the very same time, place and people changes nothing, however it is asked for."""

from typing import Any

import pytest

from models import AuditEntry
from models.database import Database
from tests.support.cast import (
    Clinic,
    Made,
    codes,
    counts,
    create_location,
    create_room,
    create_therapist,
    event_types,
    every_day,
    rows,
)
from tests.support.racing import assert_sound
from tests.support.times import ELEVEN, TEN, at
from tests.support.visits import shown_visit

WAYS = (
    ("reschedule", ("starts_at",)),
    ("reschedule", ("starts_at", "therapist_id")),
    ("reschedule", ("starts_at", "room_id")),
    ("reschedule", ("starts_at", "location_id")),
    ("reschedule", ("starts_at", "therapist_id", "room_id", "location_id")),
    ("reassign", ("therapist_id",)),
    ("reassign", ("room_id",)),
    ("reassign", ("therapist_id", "room_id")),
)


def present(visit: Made, names: tuple[str, ...]) -> Made:
    """Give the time, place and people that a visit has, by the names of an action's fields."""
    found = {**visit, "room_id": visit["phases"][-1]["room_id"]}
    return {name: found[name] for name in names}


def written(clinic: Clinic, database: Database) -> tuple[object, ...]:
    """Give what acts leave behind: rows, audit entries about visits, and the messages to come."""
    entries = [one for one in rows(database, clinic.desk, AuditEntry) if one.subject_type == "appointment"]
    messages = clinic.desk.get("/messages", due_by="2027-01-30T00:00:00Z").get_json()["items"]
    return counts(database, clinic.desk), len(entries), messages


def cursor_of(clinic: Clinic) -> str:
    """Read all changes up to now, and give the cursor behind them."""
    found = clinic.desk.get("/changes").get_json()
    assert not found["has_more"]
    return str(found["next_cursor"])


@pytest.mark.parametrize(("action", "names"), WAYS)
@pytest.mark.parametrize("confirmed", [False, True])
def test_it_writes_no_version_no_event_no_entry_no_message_and_no_change(
    pipeline: Clinic, database: Database, action: str, names: tuple[str, ...], confirmed: bool
) -> None:
    create_therapist(pipeline.desk, pipeline.location, name="Another")
    visit = pipeline.booked(at("10:00", "2027-01-20"))
    visit = pipeline.acted("confirm", visit) if confirmed else visit
    before, cursor = written(pipeline, database), cursor_of(pipeline)

    done = pipeline.acted(action, visit, **present(visit, names))

    assert done == visit | ({"affected": []} if action == "reschedule" else {})
    assert written(pipeline, database) == before
    assert pipeline.desk.get("/changes", cursor=cursor).get_json()["items"] == []


@pytest.mark.parametrize(
    "change",
    [
        {"opening_hours": every_day(opens="12:00")},
        {"policy": {"grid_minutes": 60, "min_notice_minutes": 2880, "horizon_days": 1}},
    ],
)
def test_a_visit_that_no_rule_would_allow_any_more_may_stay_where_it_is(
    clinic: Clinic, change: dict[str, Any]
) -> None:
    visit = clinic.booked(at("10:05"))
    clinic.desk.patch(f"/locations/{clinic.location['id']}", change)
    visit = shown_visit(clinic, visit)

    done = clinic.acted("reschedule", visit, starts_at=visit["starts_at"])

    assert (done["version"], done["flags"]) == (visit["version"], visit["flags"])


def test_a_visit_whose_time_has_passed_may_stay_there(clinic: Clinic) -> None:
    visit = clinic.booked(TEN)

    done = clinic.at(ELEVEN).acted("reschedule", visit, starts_at=TEN)

    assert done["version"] == visit["version"]


def test_the_rooms_stay_even_where_a_booking_would_now_choose_others(clinic: Clinic) -> None:
    visit = clinic.booked(TEN)
    create_room(clinic.desk, clinic.location, name="Tighter")
    clinic.booked(ELEVEN, patient_id=clinic.patients(1)[0])

    done = clinic.acted("reschedule", visit, starts_at=TEN, therapist_id=visit["therapist_id"])

    assert done["phases"] == visit["phases"]


@pytest.mark.parametrize("field", ["starts_at", "therapist_id", "room_id", "location_id"])
def test_a_move_that_changes_one_of_them_is_a_move(clinic: Clinic, field: str) -> None:
    elsewhere = create_location(clinic.desk, name="Elsewhere")
    create_room(clinic.desk, elsewhere)
    colleague = create_therapist(clinic.desk, clinic.location, elsewhere, name="Colleague")
    other = {
        "starts_at": ELEVEN,
        "therapist_id": colleague["id"],
        "room_id": create_room(clinic.desk, clinic.location, name="Room 2")["id"],
        "location_id": elsewhere["id"],
    }
    visit = clinic.booked(TEN, therapist_id=clinic.therapist["id"])

    done = clinic.acted("reschedule", visit, **{"starts_at": TEN, field: other[field]})

    assert done["version"] == visit["version"] + 1


@pytest.mark.parametrize(("action", "names"), WAYS)
@pytest.mark.parametrize(
    ("version", "status", "expected"), [(1, "booked", 412), (2, "booked", 200), (2, "cancelled", 409)]
)
def test_it_is_asked_for_by_the_newest_version_and_in_a_status_that_moves(
    clinic: Clinic, action: str, names: tuple[str, ...], version: int, status: str, expected: int
) -> None:
    visit = clinic.acted("reschedule", clinic.booked(ELEVEN), starts_at=TEN)
    if status == "cancelled":
        clinic.acted("cancel", visit, reason_code="patient")
        version += 1

    answer = clinic.act(action, visit | {"version": version}, **present(visit, names))

    assert answer.status_code == expected


@pytest.mark.parametrize(
    ("field", "event"),
    [
        ("starts_at", "appointment.rescheduled"),
        ("therapist_id", "appointment.reassigned"),
        ("room_id", "appointment.reassigned"),
    ],
)
def test_the_event_tells_a_change_of_time_from_one_of_people_and_rooms(
    clinic: Clinic, database: Database, field: str, event: str
) -> None:
    other = {
        "starts_at": ELEVEN,
        "therapist_id": create_therapist(clinic.desk, clinic.location, name="Colleague")["id"],
        "room_id": create_room(clinic.desk, clinic.location, name="Room 2")["id"],
    }
    visit = clinic.booked(TEN, therapist_id=clinic.therapist["id"])

    clinic.acted("reschedule", visit, **{"starts_at": TEN, field: other[field]})

    assert event_types(database, clinic.desk, visit) == ["appointment.booked", event]


def test_what_the_visit_has_is_read_anew_under_its_lock(clinic: Clinic, database: Database) -> None:
    visit = clinic.booked(TEN)
    clinic.acted("reschedule", visit, starts_at=ELEVEN)

    answer = clinic.desk.post(
        f"/appointments/{visit['id']}/reschedule", {"starts_at": TEN}, **{"If-Match": "*"}
    )
    refused = clinic.act("reschedule", visit | {"version": 3}, starts_at=at("18:50"))

    assert (answer.status_code, answer.get_json()["version"]) == (200, 3)
    assert "outside_opening_hours" in codes(refused)
    assert_sound(database, clinic.desk)
