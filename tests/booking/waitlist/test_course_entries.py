"""An entry of a course waits for the course's next session, by the course's own rules."""

import pytest

from models.database import Database
from tests.support.cast import (
    UNKNOWN_ID,
    Clinic,
    Made,
    another_patient,
    create_course,
    create_procedure,
    create_template,
    performed,
    pointers,
    shown_course,
)
from tests.support.courses import act_on_course
from tests.support.times import TEN
from tests.support.waitlist import answer, entry, freed, nights_work, offer, shown_entry, wanted

DENSE = {"floor_days": 7, "min_days": 14, "recommended_days": 14}


def test_accepting_books_a_session_of_the_course(clinic: Clinic, database: Database) -> None:
    course = create_course(clinic)
    made = entry(clinic, course_id=course["id"])
    offer(clinic, database, freed(clinic))

    visit = answer(clinic, made, "accept").get_json()

    after = shown_course(clinic, course)
    assert (made["course_id"], visit["course_id"], visit["status"]) == (course["id"], course["id"], "booked")
    assert (after["status"], after["progress"]) == ("active", {"performed": 0, "booked": 1})


@pytest.mark.parametrize(("of_course", "made"), [(True, 1), (False, 0)])
def test_the_courses_own_spacing_decides(
    spaced: Clinic, database: Database, of_course: bool, made: int
) -> None:
    template = create_template(spaced, spacing=DENSE)
    course = create_course(spaced, template_id=template["id"])
    performed(spaced, "01", course_id=course["id"])
    now = spaced.at("2027-03-02T08:00:00Z")
    entry(now, **({"course_id": course["id"]} if of_course else {}), latest_on="2027-03-15")
    gone = freed(now, "2027-03-15T10:00:00Z")

    assert offer(now, database, gone) == made


def test_a_full_course_is_offered_nothing_until_a_session_is_free_again(
    clinic: Clinic, database: Database
) -> None:
    course = create_course(clinic, sessions=1)
    made = entry(clinic, course_id=course["id"], latest_on="2027-03-31")
    last = clinic.booked("2027-05-03T10:00:00Z", course_id=course["id"])
    full = offer(clinic, database, freed(clinic))
    clinic.acted("cancel", last, reason_code="patient")

    assert (full, offer(clinic, database, freed(clinic, "2027-03-02T10:00:00Z"))) == (0, 1)
    assert shown_entry(clinic, made)["status"] == "offered"


def test_a_course_that_was_filled_meanwhile_refuses_and_keeps_the_offer(
    clinic: Clinic, database: Database
) -> None:
    course = create_course(clinic, sessions=1)
    made = entry(clinic, course_id=course["id"], latest_on="2027-03-31")
    offer(clinic, database, freed(clinic))
    clinic.booked("2027-05-03T10:00:00Z", course_id=course["id"])

    refused = answer(clinic, made, "accept")

    assert (refused.status_code, refused.get_json()["code"]) == (409, "course_full")
    assert shown_entry(clinic, made)["status"] == "offered"


def test_a_course_that_cannot_take_such_a_session_is_refused(clinic: Clinic) -> None:
    course, other = create_course(clinic), another_patient(clinic)
    talk = create_procedure(clinic.desk, code="TALK", family="TALK")
    unknown, theirs = (
        clinic.desk.post("/waitlist", body)
        for body in (wanted(clinic, course_id=UNKNOWN_ID), wanted(other, course_id=course["id"]))
    )

    wrong = clinic.desk.post("/waitlist", wanted(clinic, course_id=course["id"], procedure_id=talk["id"]))

    assert [one.status_code for one in (unknown, theirs)] == [404, 404]
    assert [one.get_json()["errors"][0]["pointer"] for one in (unknown, theirs)] == ["/course_id"] * 2
    assert pointers(wrong) == ["/procedure_id"]


def fill(clinic: Clinic, course: Made) -> None:
    """Book every session of the course."""
    clinic.booked(TEN, course_id=course["id"])


def pause(clinic: Clinic, course: Made) -> None:
    """Pause the course."""
    act_on_course(clinic, course, "pause")


def give_up(clinic: Clinic, course: Made) -> None:
    """Cancel the course."""
    clinic.desk.patch(f"/courses/{course['id']}", {"status": "cancelled"})


@pytest.mark.parametrize(
    ("happening", "code"), [(fill, "course_full"), (pause, "wrong_status"), (give_up, "wrong_status")]
)
def test_a_course_that_takes_no_sessions_now_is_409(clinic: Clinic, happening: object, code: str) -> None:
    course = create_course(clinic, sessions=1)
    assert callable(happening)
    happening(clinic, course)

    refused = clinic.desk.post("/waitlist", wanted(clinic, course_id=course["id"]))

    assert (refused.status_code, refused.get_json()["code"]) == (409, code)


def test_an_entry_expires_in_the_night_after_its_course(clinic: Clinic, database: Database) -> None:
    course = create_course(clinic)
    made = entry(clinic, course_id=course["id"])
    nights_work(database, clinic)
    before = shown_entry(clinic, made)["status"]
    give_up(clinic, course)

    nights_work(database, clinic)

    assert (before, shown_entry(clinic, made)["status"]) == ("waiting", "expired")
