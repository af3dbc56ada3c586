"""A moved visit keeps its id, may overlap its former time, and is judged by every rule again."""

from typing import Any
from uuid import UUID

import pytest

from models import Occupancy, SpacingClaim
from models.database import Database
from tests.support.cast import (
    UNKNOWN_ID,
    Clinic,
    codes,
    counts,
    create_key,
    create_location,
    create_patient,
    create_room,
    create_staffed_location,
    create_therapist,
    every_day,
    pointers,
    refusal,
    rows,
)
from tests.support.racing import assert_sound
from tests.support.statements import listening
from tests.support.times import ELEVEN, TEN

EXCUSE = {"codes": ["spacing_min"], "reason": "Healed well."}


@pytest.fixture
def second(clinic: Clinic) -> str:
    """Create a second therapist and a second room, and give the therapist's id."""
    create_room(clinic.desk, clinic.location, name="Room 2")
    return str(create_therapist(clinic.desk, clinic.location, name="Second")["id"])


def test_a_move_keeps_the_id_and_counts_the_version(clinic: Clinic, database: Database) -> None:
    appointment = clinic.booked(TEN, notes="Left cheek first.")

    moved = clinic.acted("reschedule", appointment, starts_at=ELEVEN)

    assert (moved["id"], moved["version"], moved["status"]) == (appointment["id"], 2, "booked")
    assert (moved["starts_at"], moved["ends_at"]) == (ELEVEN, "2027-03-01T11:20:00+00:00")
    assert moved["phases"][0]["starts_at"] == ELEVEN
    assert moved["notes"] == "Left cheek first."
    assert len(rows(database, clinic.desk, Occupancy)) == 2
    assert_sound(database, clinic.desk)


def test_a_move_is_judged_before_it_is_made(clinic: Clinic) -> None:
    appointment = clinic.booked(TEN)
    wish = clinic.wish("2027-03-01T10:10:00Z")

    new, moved = (
        clinic.desk.post("/appointments/validate", wish | more).get_json()
        for more in ({}, {"ignore_appointment_id": appointment["id"]})
    )

    assert (new["bookable"], moved["bookable"]) == (False, True)


def test_a_move_of_nothing_known_is_not_judged(clinic: Clinic) -> None:
    hold = clinic.held(TEN)
    unknown = clinic.wish(ELEVEN) | {"ignore_appointment_id": UNKNOWN_ID}
    of_a_hold = {
        "hold_id": hold["id"],
        "patient_id": clinic.patient["id"],
        "ignore_appointment_id": hold["id"],
    }

    answers = [clinic.desk.post("/appointments/validate", body) for body in (unknown, of_a_hold)]

    assert [answer.status_code for answer in answers] == [404, 422]
    assert pointers(answers[1]) == ["/ignore_appointment_id"]


def test_a_visit_may_overlap_its_own_former_time(clinic: Clinic) -> None:
    appointment = clinic.booked(TEN)

    moved = clinic.act("reschedule", appointment, starts_at="2027-03-01T10:10:00Z")

    assert moved.status_code == 200


def test_the_old_time_is_free_at_once(clinic: Clinic) -> None:
    clinic.acted("reschedule", clinic.booked(TEN), starts_at=ELEVEN)

    answer = clinic.book(TEN, patient_id=create_patient(clinic.desk)["id"])

    assert answer.status_code == 201


def test_a_move_onto_another_visit_is_refused_and_changes_nothing(clinic: Clinic, database: Database) -> None:
    appointment = clinic.booked(TEN)
    clinic.booked(ELEVEN, patient_id=create_patient(clinic.desk)["id"])
    before = counts(database, clinic.desk)

    answer = clinic.act("reschedule", appointment, starts_at=ELEVEN)

    assert codes(answer) == ["no_room_available", "no_therapist_available"]
    near = [slot["starts_at"][5:16] for slot in answer.get_json()["alternatives"]]
    assert near == ["03-01T10:35", "03-01T10:40", "03-01T11:20", "03-02T11:00", "03-03T11:00"]
    assert clinic.desk.get(f"/appointments/{appointment['id']}").get_json() == appointment
    assert counts(database, clinic.desk) == before


def test_a_move_is_spaced_from_other_sessions_but_not_from_itself(spaced: Clinic) -> None:
    spaced.booked("2027-02-01T10:00:00Z")
    appointment = spaced.booked(TEN)

    later = spaced.acted("reschedule", appointment, starts_at="2027-03-02T10:00:00Z")
    earlier = spaced.act("reschedule", later, starts_at="2027-02-28T10:00:00Z")

    assert codes(earlier) == ["spacing_min"]
    assert refusal(earlier, "spacing_min")["earliest_on"] == "2027-03-01"


def test_a_move_takes_its_claims_along(spaced: Clinic, database: Database) -> None:
    spaced.acted("reschedule", spaced.booked(TEN), starts_at="2027-05-01T10:00:00Z")

    claims = rows(database, spaced.desk, SpacingClaim)

    assert {claim.span.lower.isoformat() for claim in claims} == {"2027-05-01"}


def test_an_override_on_a_move_is_kept_beside_the_ones_before(spaced: Clinic) -> None:
    spaced.booked("2027-02-01T10:00:00Z")
    appointment = spaced.booked("2027-02-20T10:00:00Z", override=EXCUSE)

    moved = spaced.acted("reschedule", appointment, starts_at="2027-02-21T10:00:00Z", override=EXCUSE)

    assert [one["codes"] for one in moved["overrides"]] == [["spacing_min"]] * 2


def test_an_override_on_a_move_needs_its_level(spaced: Clinic) -> None:
    spaced.booked("2027-02-01T10:00:00Z")
    appointment = spaced.booked(TEN)
    lower = spaced.using(create_key(spaced.desk, "appointments:write", "override:therapist"))

    answer = lower.act("reschedule", appointment, starts_at="2027-02-20T10:00:00Z", override=EXCUSE)

    assert answer.status_code == 403


def test_the_therapist_stays_where_that_is_possible(clinic: Clinic, second: str) -> None:
    appointment = clinic.booked(TEN, therapist_id=second)

    moved = clinic.acted("reschedule", appointment, starts_at=ELEVEN)

    assert moved["therapist_id"] == second


def test_the_therapist_stays_under_an_override_too(spaced: Clinic, second: str) -> None:
    spaced.booked("2027-02-01T10:00:00Z")
    appointment = spaced.booked(TEN, therapist_id=second)

    moved = spaced.acted("reschedule", appointment, starts_at="2027-02-20T10:00:00Z", override=EXCUSE)

    assert moved["therapist_id"] == second


def test_another_therapist_takes_over_where_the_first_is_busy(clinic: Clinic, second: str) -> None:
    appointment = clinic.booked(TEN, therapist_id=second)
    other = create_patient(clinic.desk)["id"]
    clinic.booked(ELEVEN, therapist_id=second, patient_id=other)

    moved = clinic.acted("reschedule", appointment, starts_at=ELEVEN)
    named = clinic.act("reschedule", moved, starts_at=ELEVEN, therapist_id=second)

    assert moved["therapist_id"] == clinic.therapist["id"]
    assert codes(named) == ["therapist_busy"]


def test_the_present_therapist_is_locked_even_when_they_no_longer_work_there(
    clinic: Clinic, second: str, database: Database
) -> None:
    appointment = clinic.booked(TEN, therapist_id=second)
    clinic.desk.patch(f"/therapists/{second}", {"working_hours": []})
    appointment = clinic.desk.get(f"/appointments/{appointment['id']}").get_json()
    favour = {"codes": ["therapist_not_working"], "reason": "A favour."}

    with listening(database) as heard:
        moved = clinic.acted("reschedule", appointment, starts_at=ELEVEN, override=favour)

    locked = {key for _, values in heard for key in named(values, "keys")}
    assert moved["therapist_id"] == second
    assert int.from_bytes(UUID(second).bytes[8:], "big", signed=True) in locked


def named(values: Any, name: str) -> list[int]:
    """Give a statement's parameter of this name, or nothing where it has none."""
    return list(values.get(name, ())) if isinstance(values, dict) else []


@pytest.mark.parametrize("excused", [False, True])
def test_a_move_drops_the_flags_of_the_time_that_it_leaves(clinic: Clinic, excused: bool) -> None:
    appointment = clinic.booked(TEN)
    hours = {"opening_hours": every_day(opens="12:00")}
    clinic.desk.patch(f"/locations/{clinic.location['id']}", hours)
    flagged = clinic.desk.get(f"/appointments/{appointment['id']}").get_json()
    favour = {"override": {"codes": ["outside_opening_hours"], "reason": "A favour."}}
    target = {"starts_at": ELEVEN} | favour if excused else {"starts_at": "2027-03-01T13:00:00Z"}

    moved = clinic.acted("reschedule", flagged, **target)

    assert [flag["code"] for flag in flagged["flags"]] == ["outside_opening_hours"]
    assert moved["flags"] == []


def test_a_visit_moves_to_another_location_on_its_clock(clinic: Clinic, database: Database) -> None:
    other = create_location(clinic.desk, timezone="America/New_York")
    room = create_room(clinic.desk, other)
    therapist = create_therapist(clinic.desk, other)
    appointment = clinic.booked(TEN)

    moved = clinic.acted("reschedule", appointment, starts_at="2027-03-01T15:00:00Z", location_id=other["id"])

    assert moved["starts_at"] == "2027-03-01T10:00:00-05:00"
    assert (moved["location_id"], moved["therapist_id"]) == (other["id"], therapist["id"])
    assert {claim.resource_id for claim in rows(database, clinic.desk, Occupancy)} == {
        UUID(room["id"]),
        UUID(therapist["id"]),
    }


@pytest.mark.usefixtures("second")
def test_a_visit_moves_to_a_named_room(clinic: Clinic) -> None:
    appointment = clinic.booked(TEN)
    (other,) = {room["id"] for room in clinic.desk.get("/rooms").get_json()["items"]} - {
        appointment["phases"][0]["room_id"]
    }

    moved = clinic.acted("reschedule", appointment, starts_at=TEN, room_id=other)

    assert moved["phases"][0]["room_id"] == other


def test_a_visit_for_a_retired_procedure_can_still_be_moved(clinic: Clinic) -> None:
    appointment = clinic.booked(TEN)
    clinic.desk.patch(f"/procedures/{clinic.procedure['id']}", {"active": False})

    moved = clinic.act("reschedule", appointment, starts_at=ELEVEN)
    booked = clinic.book(TEN)

    assert moved.status_code == 200
    assert (booked.status_code, booked.get_json()["code"]) == (409, "retired")


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "/starts_at"),
        ({"starts_at": "2027-03-01T10:00:00"}, "/starts_at"),
        ({"starts_at": "2027-03-01T10:01:00Z"}, "/starts_at"),
        ({"starts_at": TEN, "procedure_id": "x"}, "/procedure_id"),
        ({"starts_at": TEN, "therapist_id": 7}, "/therapist_id"),
        ({"starts_at": TEN, "override": {"codes": ["off_grid"]}}, "/override/reason"),
    ],
)
def test_a_malformed_move_names_the_field(clinic: Clinic, body: dict[str, object], pointer: str) -> None:
    appointment = clinic.booked(TEN)

    answer = clinic.act("reschedule", appointment, **body)

    assert pointers(answer) == [pointer]


def test_a_visit_of_a_retired_procedure_is_still_offered_other_times(clinic: Clinic) -> None:
    moved = clinic.booked("2027-03-01T10:00:00Z")
    taken = clinic.booked("2027-03-01T14:00:00Z", patient_id=clinic.patients(1)[0])
    clinic.desk.patch(f"/procedures/{clinic.procedure['id']}", {"active": False})

    refused = clinic.act("reschedule", moved, starts_at=taken["starts_at"])
    offered = clinic.slots("2027-03-01", "2027-03-04", ignore_appointment_id=moved["id"])

    assert refused.get_json()["code"] == "refused"
    near = refused.get_json()["alternatives"]
    assert (len(near), [slot for slot in near if slot not in offered]) == (5, [])
    assert clinic.acted("reschedule", moved, starts_at=offered[0]["starts_at"])["version"] == 2


def test_no_visit_is_moved_to_a_retired_location(clinic: Clinic) -> None:
    moved = clinic.booked("2027-03-01T10:00:00Z")
    other = create_staffed_location(clinic.desk, name="Lisbon", timezone="Europe/Lisbon")
    clinic.desk.patch(f"/locations/{other['id']}", {"active": False})

    answer = clinic.act("reschedule", moved, starts_at="2027-03-01T14:00:00Z", location_id=other["id"])

    assert (answer.status_code, answer.get_json()["code"]) == (409, "retired")
