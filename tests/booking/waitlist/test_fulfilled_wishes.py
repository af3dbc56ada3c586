"""A patient who books what they waited for by other means waits no more, and is offered nothing more."""

from collections.abc import Callable

import pytest

from models.database import Database
from tests.support.cast import (
    Clinic,
    Made,
    another_patient,
    audit_entries,
    create_course,
    create_location,
    create_procedure,
    create_room,
    create_rule,
    create_staffed_location,
    create_therapist,
    event_types,
    pointers,
)
from tests.support.courses import act_on_course
from tests.support.times import TEN
from tests.support.waitlist import answer, entry, freed, offer, shown_entry

MARCH = {"earliest_on": "2027-03-01", "latest_on": "2027-03-31"}
ELEVEN = "2027-03-02T11:00:00Z"
MAY = "2027-05-04T10:00:00Z"


def status(clinic: Clinic, made: Made) -> str:
    """Give the status of an entry."""
    return str(shown_entry(clinic, made)["status"])


def by_booking(clinic: Clinic) -> None:
    """Book at the desk."""
    clinic.booked(ELEVEN)


def by_a_hold(clinic: Clinic) -> None:
    """Hold a slot and book the hold."""
    assert clinic.convert(clinic.held(ELEVEN)).status_code == 201


def by_booking_together(clinic: Clinic) -> None:
    """Book two visits in one call."""
    talk = create_procedure(clinic.desk, code="TALK", family="TALK")
    second = clinic.wish(MAY, patient_id=None, procedure_id=talk["id"])
    body = {"patient_id": clinic.patient["id"], "visits": [clinic.wish(ELEVEN, patient_id=None), second]}
    assert clinic.desk.post("/appointments/together", body).status_code == 201


def by_a_course(clinic: Clinic) -> None:
    """Book the sessions of a course."""
    course = create_course(clinic, sessions=1)
    body = {"location_id": clinic.location["id"], "starts_at": [ELEVEN]}
    assert act_on_course(clinic, course, "book", body).status_code == 201


def by_a_move(clinic: Clinic) -> None:
    """Move a visit in May to March."""
    clinic.acted("reschedule", clinic.booked(MAY), starts_at=ELEVEN)


@pytest.mark.parametrize("means", [by_booking, by_a_hold, by_booking_together, by_a_course, by_a_move])
@pytest.mark.parametrize("offered", [False, True])
def test_whoever_books_what_they_waited_for_waits_no_more(
    clinic: Clinic, database: Database, means: Callable[[Clinic], None], offered: bool
) -> None:
    made = entry(clinic, **MARCH)
    if offered:
        offer(clinic, database, freed(clinic))

    means(clinic)

    after = shown_entry(clinic, made)
    assert (after["status"], after["offer"]) == ("fulfilled", None)
    assert answer(clinic, made, "accept").get_json()["code"] == "wrong_status"
    assert clinic.desk.get("/appointments", status="held").get_json()["items"] == []


def test_an_offer_of_who_books_goes_to_the_next(clinic: Clinic, database: Database) -> None:
    at = {"from_time": "10:00", "until_time": "10:05"} | MARCH
    first, second = entry(clinic, **MARCH), entry(another_patient(clinic), **at)
    gone = freed(clinic)
    offer(clinic, database, gone)
    hold = {"id": shown_entry(clinic, first)["offer"]["hold_id"]}

    clinic.booked(ELEVEN)
    made = offer(clinic, database, gone)

    assert event_types(database, clinic.desk, hold) == ["hold.created", "hold.released"]
    assert made == 1
    assert shown_entry(clinic, second)["offer"]["starts_at"] == TEN


def test_an_offer_stands_in_no_way_of_what_its_patient_books(spaced: Clinic, database: Database) -> None:
    made = entry(spaced, **MARCH)
    offer(spaced, database, freed(spaced))
    wish = spaced.wish(ELEVEN)

    found = spaced.starts("2027-03-02", "2027-03-03", patient_id=spaced.patient["id"])
    judged = spaced.desk.post("/appointments/validate", wish).get_json()
    booked = spaced.desk.post("/appointments", wish)

    assert "2027-03-02T11:00:00+00:00" in found
    assert (judged["bookable"], booked.status_code, status(spaced, made)) == (True, 201, "fulfilled")


def test_the_offered_slot_itself_is_booked_by_accepting_alone(clinic: Clinic, database: Database) -> None:
    made = entry(clinic, **MARCH)
    offer(clinic, database, freed(clinic))

    judged = clinic.desk.post("/appointments/validate", clinic.wish(TEN)).get_json()
    booked = clinic.book(TEN)

    assert (judged["bookable"], booked.status_code, status(clinic, made)) == (False, 409, "offered")
    assert answer(clinic, made, "accept").status_code == 200


def test_an_offer_is_booked_for_its_own_patient_alone(clinic: Clinic, database: Database) -> None:
    made = entry(clinic, **MARCH)
    offer(clinic, database, freed(clinic))
    hold = {"id": shown_entry(clinic, made)["offer"]["hold_id"]}

    wrong = another_patient(clinic).convert(hold)
    right = clinic.convert(hold)

    assert (pointers(wrong), right.status_code) == (["/patient_id"], 201)
    assert status(clinic, made) == "accepted"


def test_two_offers_of_a_patient_can_both_be_accepted(clinic: Clinic, database: Database) -> None:
    other = create_procedure(clinic.desk, code="B", family="B")
    create_therapist(clinic.desk, clinic.location, name="Another")
    create_room(clinic.desk, clinic.location, name="Room 2")
    at = {"from_time": "10:00", "until_time": "10:30"}
    made = [entry(clinic, **MARCH, **at), entry(clinic, procedure_id=other["id"], **MARCH, **at)]

    offer(clinic, database, freed(clinic) | {"ends_at": "2027-03-01T10:40:00Z"})

    accepted = [answer(clinic, one, "accept") for one in made]
    assert [one.status_code for one in accepted] == [200, 200]
    assert [one.get_json()["starts_at"][11:16] for one in accepted] == ["10:00", "10:20"]


def test_a_hold_can_be_booked_although_another_slot_is_offered(spaced: Clinic, database: Database) -> None:
    made = entry(spaced, **MARCH)
    held = spaced.held(ELEVEN)
    offer(spaced, database, freed(spaced))

    judged = spaced.desk.post(
        "/appointments/validate", {"hold_id": held["id"], "patient_id": spaced.patient["id"]}
    ).get_json()
    booked = spaced.convert(held)

    assert (judged["bookable"], booked.status_code, status(spaced, made)) == (True, 201, "fulfilled")


def test_a_booking_that_is_refused_leaves_the_offer_as_it_is(clinic: Clinic, database: Database) -> None:
    made = entry(clinic, **MARCH)
    offer(clinic, database, freed(clinic))
    another_patient(clinic).booked(ELEVEN)

    refused = clinic.book(ELEVEN)

    assert (refused.status_code, status(clinic, made)) == (409, "offered")
    assert answer(clinic, made, "accept").status_code == 200


def elsewhere(clinic: Clinic) -> Made:
    """Book at another location."""
    return clinic.booked(ELEVEN, location_id=create_staffed_location(clinic.desk)["id"])


def another_procedure(clinic: Clinic) -> Made:
    """Book something else."""
    return clinic.booked(ELEVEN, procedure_id=create_procedure(clinic.desk, code="B", family="B")["id"])


def another_therapist(clinic: Clinic) -> Made:
    """Book with another therapist than the one wanted."""
    other = create_therapist(clinic.desk, clinic.location, name="Another")
    return clinic.booked(ELEVEN, therapist_id=other["id"])


def too_late(clinic: Clinic) -> Made:
    """Book a later day to fall back on."""
    return clinic.booked(MAY)


def another_weekday(clinic: Clinic) -> Made:
    """Book a Monday where a Tuesday is wanted."""
    return clinic.booked("2027-03-01T11:00:00Z")


def another_time_of_day(clinic: Clinic) -> Made:
    """Book an afternoon where a morning is wanted."""
    return clinic.booked("2027-03-02T12:00:00Z")


def another_patients(clinic: Clinic) -> Made:
    """Book what is wanted for another patient."""
    return another_patient(clinic).booked(ELEVEN)


@pytest.mark.parametrize(
    "fallback",
    [
        elsewhere,
        another_procedure,
        another_therapist,
        too_late,
        another_weekday,
        another_time_of_day,
        another_patients,
    ],
)
def test_who_books_something_else_goes_on_waiting(clinic: Clinic, fallback: Callable[[Clinic], Made]) -> None:
    wish = {"weekdays": ["tue"], "until_time": "12:00", "therapist_id": clinic.therapist["id"]}
    made = entry(clinic, **MARCH, **wish)

    fallback(clinic)
    waiting = status(clinic, made)
    clinic.booked("2027-03-09T11:55:00Z")

    assert (waiting, status(clinic, made)) == ("waiting", "fulfilled")


@pytest.mark.parametrize(
    ("at", "after"),
    [
        ("2027-02-28T10:00:00Z", "waiting"),
        ("2027-03-01T10:00:00Z", "fulfilled"),
        ("2027-03-31T09:00:00Z", "fulfilled"),
        ("2027-04-01T09:00:00Z", "waiting"),
    ],
)
def test_both_dates_of_a_wish_belong_to_it(clinic: Clinic, at: str, after: str) -> None:
    made = entry(clinic, **MARCH)

    clinic.booked(at)

    assert status(clinic, made) == after


def test_the_times_of_a_wish_are_the_locations_own_on_the_day_that_the_clocks_change(clinic: Clinic) -> None:
    made = entry(clinic, earliest_on="2027-03-28", latest_on="2027-03-28", from_time="10:00")

    clinic.booked("2027-03-28T08:55:00Z")
    before = status(clinic, made)
    clinic.booked("2027-03-28T09:15:00Z")

    assert (before, status(clinic, made)) == ("waiting", "fulfilled")


def test_other_areas_than_those_wanted_are_another_visit(clinic: Clinic) -> None:
    choice = create_procedure(
        clinic.desk, code="CHOICE", family="C", areas=["FACE", "NECK"], choose_areas=True
    )
    made = entry(clinic, procedure_id=choice["id"], areas=["NECK"])

    clinic.booked(TEN, procedure_id=choice["id"], areas=["FACE"])
    before = status(clinic, made)
    clinic.booked(ELEVEN, procedure_id=choice["id"], areas=["NECK"])

    assert (before, status(clinic, made)) == ("waiting", "fulfilled")


def test_a_move_within_what_is_wanted_is_no_new_visit(clinic: Clinic) -> None:
    visit = clinic.booked(TEN)
    made = entry(clinic, **MARCH)

    clinic.acted("reschedule", visit, starts_at=ELEVEN)

    assert status(clinic, made) == "waiting"


def test_an_end_is_audited_and_final(clinic: Clinic, database: Database) -> None:
    made = entry(clinic)
    clinic.booked(TEN)

    changed = clinic.desk.patch(f"/waitlist/{made['id']}", {"status": "waiting"})
    again = entry(clinic)

    (kept,) = audit_entries(database, clinic.desk, "waitlist_entry.fulfilled")
    assert kept.changes == {"status": ["waiting", "fulfilled"]}
    assert (changed.status_code, changed.get_json()["code"]) == (409, "wrong_status")
    assert again["status"] == "waiting"
    assert [
        one["id"] for one in clinic.desk.get("/waitlist", status="fulfilled,accepted").get_json()["items"]
    ] == [made["id"]]


def test_accepting_fulfils_no_entry_but_its_own(clinic: Clinic, database: Database) -> None:
    other = entry(clinic, location_id=create_location(clinic.desk, name="Elsewhere")["id"])
    made = entry(clinic)
    offer(clinic, database, freed(clinic))

    answer(clinic, made, "accept")

    assert [status(clinic, one) for one in (made, other)] == ["accepted", "waiting"]


@pytest.mark.parametrize(("minutes", "made"), [(29, 0), (30, 1), (31, 1)])
def test_a_slot_is_offered_only_if_it_leaves_the_time_to_answer(
    clinic: Clinic, database: Database, minutes: int, made: int
) -> None:
    entry(clinic, earliest_on="2027-03-01", from_time="10:00", until_time="10:05")
    gone = freed(clinic)
    now = clinic.at(f"2027-03-01T09:{60 - minutes}:00Z")

    assert offer(now, database, gone) == made


def test_who_has_a_medical_hold_is_offered_nothing(clinic: Clinic, database: Database) -> None:
    create_rule(clinic.desk)
    made = entry(clinic)
    hold = {"code": "infection", "opened_on": "2027-01-03"}
    clinic.desk.made(f"/patients/{clinic.patient['id']}/medical-holds", **hold)

    assert (offer(clinic, database, freed(clinic)), status(clinic, made)) == (0, "waiting")


def test_a_cancellation_that_is_taken_back_gives_the_visit_that_was_waited_for(
    clinic: Clinic, database: Database
) -> None:
    gone = clinic.acted("cancel", clinic.booked(ELEVEN), reason_code="patient")
    made = entry(clinic, **MARCH)
    offer(clinic, database, freed(clinic))

    clinic.acted("undo", gone, reason="A slip")

    assert (status(clinic, made), answer(clinic, made, "accept").status_code) == ("fulfilled", 409)
