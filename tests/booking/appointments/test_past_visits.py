"""What lies wholly in the past is a fact: no want of a room or person refuses it."""

from uuid import UUID

import pytest
from sqlalchemy import select

from booking.claims.reconciling import differences_of
from models import Occupancy
from models.database import Database
from tests.support.cast import Clinic, another_patient, codes
from tests.support.overrides import overriding
from tests.support.times import TEN, at
from tests.support.visits import shown_visit

EVENING = at("18:00")
LATE_ENTRY = overriding("in_the_past")


def test_a_walk_in_that_is_noted_later_needs_no_free_room(clinic: Clinic, database: Database) -> None:
    clinic.booked(TEN)
    evening = another_patient(clinic).at(EVENING)

    made = evening.booked(at("10:10"), **LATE_ENTRY)

    assert [flag["code"] for flag in made["flags"]] == ["overlap"]
    assert made["phases"][0]["room_id"] is not None
    with database.transaction(clinic.desk.clinic_id) as session:
        taken = select(Occupancy.start_tick, Occupancy.end_tick).where(
            Occupancy.appointment_id == UUID(made["id"])
        )
        assert {end - start for start, end in session.execute(taken)} == {2}
    assert list(differences_of(database, clinic.desk.clinic_id)) == []


def test_what_was_free_then_is_taken_as_ever(clinic: Clinic) -> None:
    made = clinic.at(EVENING).booked(TEN, **LATE_ENTRY)

    assert made["flags"] == []


def test_without_an_override_only_the_past_stands_against_it(clinic: Clinic) -> None:
    clinic.booked(TEN)
    evening = another_patient(clinic).at(EVENING)

    assert codes(evening.book(TEN)) == ["in_the_past"]


def test_a_dry_run_says_the_same(clinic: Clinic) -> None:
    clinic.booked(TEN)
    evening = another_patient(clinic).at(EVENING)

    verdict = evening.desk.post("/appointments/validate", evening.wish(TEN, **LATE_ENTRY)).get_json()

    assert (verdict["bookable"], verdict["refusals"]) == (True, [])


@pytest.mark.parametrize(("now", "fact"), [("10:29", False), ("10:30", True), ("10:31", True)])
def test_a_visit_is_past_when_its_last_five_minutes_are(clinic: Clinic, now: str, fact: bool) -> None:
    clinic.booked(TEN)

    answer = another_patient(clinic).at(at(now)).book(at("10:10"), **LATE_ENTRY)

    assert answer.status_code == (201 if fact else 409)


def test_the_patient_is_still_in_one_place_at_a_time(clinic: Clinic) -> None:
    clinic.booked(TEN)

    refused = clinic.at(EVENING).book(at("10:10"), **LATE_ENTRY)

    assert codes(refused) == ["in_the_past", "patient_busy"]


def test_an_unqualified_therapist_is_refused_in_the_past_too(clinic: Clinic) -> None:
    path = f"/procedures/{clinic.procedure['id']}"
    assert clinic.desk.patch(path, {"qualifications": ["MN_DEEP"]}).status_code == 200

    refused = clinic.at(EVENING).book(TEN, **LATE_ENTRY)

    assert "no_therapist_available" in codes(refused)


def test_a_visit_moves_into_the_past_over_another(clinic: Clinic) -> None:
    clinic.booked(TEN)
    visit = another_patient(clinic).booked(at("17:00"))
    evening = clinic.at(EVENING)

    moved = evening.acted("reschedule", visit, starts_at=at("10:10"), **LATE_ENTRY)

    assert [flag["code"] for flag in moved["flags"]] == ["overlap"]
    assert shown_visit(clinic, moved)["starts_at"] == at("10:10")


def test_a_past_visit_is_taken_through_its_day(clinic: Clinic) -> None:
    clinic.booked(TEN)
    evening = another_patient(clinic).at(EVENING)
    visit = evening.booked(at("10:10"), **LATE_ENTRY)

    for action, clock in (("arrive", "10:11"), ("start", "10:12"), ("complete", "10:31")):
        visit = evening.acted(action, visit, at=at(clock))

    assert (visit["status"], visit["performed_on"]) == ("completed", "2027-03-01")


def test_a_step_of_a_past_visit_that_overlaps_is_taken_back(clinic: Clinic, database: Database) -> None:
    clinic.booked(TEN)
    evening = another_patient(clinic).at(EVENING)
    visit = evening.booked(at("10:10"), **LATE_ENTRY)
    here = evening.acted("arrive", visit, at=at("10:11"))
    begun = evening.acted("start", here, at=at("10:12"))

    undone = evening.acted("undo", begun, reason="Noted by mistake")

    assert (undone["status"], undone["performed_on"]) == ("arrived", None)
    assert list(differences_of(database, clinic.desk.clinic_id)) == []


def test_a_visit_that_moves_out_of_the_past_overlaps_no_more(clinic: Clinic) -> None:
    clinic.booked(TEN)
    evening = another_patient(clinic).at(EVENING)
    visit = evening.booked(at("10:10"), **LATE_ENTRY)

    moved = evening.acted("reschedule", visit, starts_at="2027-03-02T10:00:00Z")

    assert (visit["flags"][0]["code"], moved["flags"]) == ("overlap", [])
