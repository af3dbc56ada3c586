"""A course under an open medical hold is shown as paused, and neither lapses nor is recalled."""

import pytest

from models.database import Database
from tests.support.cast import Clinic, Made, create_clinic, create_course, create_template, shown_course
from tests.support.courses import act_on_course, create_unfinished_course, lapse_courses
from tests.support.desk import Desk
from tests.support.records import open_medical_hold
from tests.support.times import TEN
from tests.support.visits import begun


def path_of(hold: Made) -> str:
    """Give the path of a medical hold."""
    return f"/patients/{hold['patient_id']}/medical-holds/{hold['id']}"


def state(clinic: Clinic, course: Made) -> tuple[str, list[str]]:
    """Give a course's status and the medical holds that pause it."""
    found = shown_course(clinic, course)
    return found["status"], found["medical_hold_ids"]


def of_status(clinic: Clinic, status: str) -> list[str]:
    """List the courses of a status."""
    items = clinic.desk.get("/courses", status=status).get_json()["items"]
    assert {one["status"] for one in items} <= {status}
    return [one["id"] for one in items]


def lapsed_recalls(clinic: Clinic, on: str) -> list[str]:
    """List the lapsed courses whose patients are to be called."""
    desk = clinic.at(f"{on}T12:00:00Z").desk
    items = desk.get("/recalls", due_by=on, kind="lapsed").get_json()["items"]
    return [one["course_id"] for one in items]


def test_an_open_hold_pauses_a_course_until_it_is_resolved(clinic: Clinic) -> None:
    course = create_course(clinic)
    hold = open_medical_hold(clinic, "pregnancy")
    held = state(clinic, course), of_status(clinic, "paused"), of_status(clinic, "planned")
    clinic.desk.patch(path_of(hold), {"resolved_on": "2027-01-04"})

    assert held == (("paused", [hold["id"]]), [course["id"]], [])
    assert state(clinic, course) == ("planned", [])
    assert (of_status(clinic, "paused"), of_status(clinic, "planned")) == ([], [course["id"]])


def test_a_hold_that_is_signed_off_pauses_no_more(clinic: Clinic) -> None:
    course = create_course(clinic)
    hold = open_medical_hold(clinic, "pregnancy")
    signed = clinic.desk.post(f"{path_of(hold)}/sign-off", {"reason": "Seen by a dermatologist."})

    assert signed.status_code == 200
    assert state(clinic, course) == ("planned", [])


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"areas": ["FACE"]}, "paused"),
        ({"areas": ["SCALP"]}, "planned"),
        ({"areas": []}, "paused"),
        ({"code": "breastfeeding"}, "planned"),
        ({"code": "anaesthetic_reaction"}, "planned"),
        ({"earliest_on": "2027-01-04"}, "planned"),
        ({"earliest_on": "2027-01-05"}, "paused"),
    ],
)
def test_only_a_hold_that_refuses_its_sessions_pauses_a_course(
    clinic: Clinic, fields: Made, status: str
) -> None:
    course = create_course(clinic)
    open_medical_hold(clinic, **{"code": "pregnancy"} | fields)

    assert state(clinic, course)[0] == status


def test_what_a_session_did_to_the_patient_pauses_the_course(clinic: Clinic) -> None:
    course = create_course(clinic)
    at_visit = clinic.at(TEN)
    visit = begun(clinic, TEN, course_id=course["id"])
    at_visit.acted("complete", visit, adverse_effects=["hyperpigmentation"])

    assert state(at_visit, course)[0] == "paused"


def test_the_desks_own_pause_outlasts_a_hold(clinic: Clinic) -> None:
    course = create_course(clinic)
    hold = open_medical_hold(clinic, "pregnancy")
    act_on_course(clinic, course, "pause")
    clinic.desk.patch(path_of(hold), {"resolved_on": "2027-01-04"})

    assert state(clinic, course) == ("paused", [])
    assert act_on_course(clinic, course, "resume").get_json()["status"] == "planned"


def test_a_cancelled_course_stays_cancelled_under_a_hold(clinic: Clinic) -> None:
    course = create_course(clinic)
    open_medical_hold(clinic, "pregnancy")
    answer = clinic.desk.patch(f"/courses/{course['id']}", {"status": "cancelled"})

    assert answer.get_json()["status"] == "cancelled"
    assert state(clinic, course) == ("cancelled", [])


def test_an_override_still_books_a_session_of_a_held_course(clinic: Clinic) -> None:
    course = create_course(clinic)
    open_medical_hold(clinic, "pregnancy")
    waived = {"codes": ["medical_hold"], "reason": "Seen by a dermatologist."}
    refused = clinic.book("2027-03-01T10:00:00Z", course_id=course["id"])
    clinic.booked("2027-03-01T10:00:00Z", course_id=course["id"], override=waived)

    assert [one["code"] for one in refused.get_json()["refusals"]] == ["medical_hold"]
    assert state(clinic, course)[0] == "paused"


@pytest.mark.parametrize(
    ("resolved_on", "on", "number"),
    [
        (None, "2027-12-01", 0),
        # Overdue after 56 days, which count from 14 days after 1 June.
        ("2027-06-01", "2027-06-14", 0),
        ("2027-06-01", "2027-08-10", 0),
        ("2027-06-01", "2027-08-11", 1),
        # A medical hold that ended before the last session changes nothing.
        ("2027-01-10", "2027-04-26", 0),
        ("2027-01-10", "2027-04-27", 1),
    ],
)
def test_a_held_course_does_not_lapse_and_its_days_count_from_the_holds_end(
    clinic: Clinic, database: Database, resolved_on: str | None, on: str, number: int
) -> None:
    create_unfinished_course(clinic, overdue_days=56)
    late = clinic.at("2027-06-01T12:00:00Z")
    opened_on = "2027-01-05" if resolved_on == "2027-01-10" else "2027-03-02"
    hold = open_medical_hold(late, "infection", opened_on)
    if resolved_on is not None:
        assert late.desk.patch(path_of(hold), {"resolved_on": resolved_on}).status_code == 200

    assert lapse_courses(database, clinic, on) == number


def test_nobody_is_called_to_go_on_while_a_hold_is_open(clinic: Clinic, database: Database) -> None:
    course = create_unfinished_course(clinic, overdue_days=56)
    lapse_courses(database, clinic, "2027-05-01")
    late = clinic.at("2027-06-01T12:00:00Z")
    before = lapsed_recalls(clinic, "2027-06-01")
    hold = open_medical_hold(late, "pregnancy", "2027-05-15")
    during = lapsed_recalls(clinic, "2027-06-01"), state(late, course)[0]
    late.desk.patch(path_of(hold), {"resolved_on": "2027-06-01"})

    assert before == lapsed_recalls(clinic, "2027-06-01") == [course["id"]]
    assert during == ([], "paused")
    assert state(late, course) == ("lapsed", [])


def test_a_hold_concerns_what_the_last_session_treated(desk: Desk) -> None:
    clinic = create_clinic(desk, procedure={"areas": ["FACE", "NECK"], "choose_areas": True})
    course = create_course(clinic, template_id=create_template(clinic)["id"])
    hold = open_medical_hold(clinic, "pregnancy", areas=["FACE"])
    before = state(clinic, course)
    clinic.booked("2027-03-01T10:00:00Z", course_id=course["id"], areas=["NECK"])

    assert before == ("paused", [hold["id"]])
    assert state(clinic, course) == ("active", [])
