"""A course accepts certain visits, and its status and progress follow them."""

from dataclasses import replace

import pytest
from werkzeug.test import TestResponse

from models.database import Database
from tests.support.cast import (
    NOW,
    Clinic,
    Made,
    audit_entries,
    create_course,
    create_key,
    create_location,
    create_patient,
    create_procedure,
    create_staffed_location,
    create_template,
    performed,
    pointers,
    shown_course,
)
from tests.support.times import TEN


def test_the_first_booking_makes_a_course_active(clinic: Clinic, database: Database) -> None:
    course = create_course(clinic)
    visit = clinic.booked(TEN, course_id=course["id"])
    after = shown_course(clinic, course)

    assert visit["course_id"] == course["id"]
    assert (after["status"], after["version"]) == ("active", 2)
    assert (after["progress"], after["appointment_ids"]) == ({"performed": 0, "booked": 1}, [visit["id"]])
    (entry,) = audit_entries(database, clinic.desk, "course.changed")
    assert entry.changes == {"status": {"before": "planned", "after": "active"}}


def test_the_last_session_completes_a_course(clinic: Clinic) -> None:
    course = create_course(clinic, sessions=2)
    performed(clinic, "01", course_id=course["id"])
    first = shown_course(clinic, course)
    performed(clinic, "02", course_id=course["id"])
    second = shown_course(clinic, course)

    assert (first["status"], first["progress"]) == ("active", {"performed": 1, "booked": 0})
    assert (second["status"], second["progress"]) == ("completed", {"performed": 2, "booked": 0})


def test_a_cancelled_course_stays_cancelled_whatever_becomes_of_its_visits(clinic: Clinic) -> None:
    course = create_course(clinic, sessions=1)
    visit = clinic.booked(TEN, course_id=course["id"])
    clinic.desk.patch(f"/courses/{course['id']}", {"status": "cancelled"})
    for action in ("arrive", "start", "complete"):
        visit = clinic.at(TEN).acted(action, visit)

    assert visit["status"] == "completed"
    assert shown_course(clinic, course)["status"] == "cancelled"


@pytest.mark.parametrize(
    ("action", "now", "body"),
    [("cancel", NOW, {"reason_code": "patient"}), ("no-show", "2027-03-01T10:16:00Z", {})],
)
def test_a_visit_that_came_to_nothing_counts_no_more(
    clinic: Clinic, action: str, now: str, body: Made
) -> None:
    course = create_course(clinic)
    visit = clinic.booked(TEN, course_id=course["id"])
    before = shown_course(clinic, course)
    clinic.at(now).acted(action, visit, **body)
    after = shown_course(clinic, course)

    assert (after["progress"], after["appointment_ids"]) == ({"performed": 0, "booked": 0}, [])
    assert (after["status"], after["version"]) == ("active", before["version"] + 1)


def test_who_has_a_courses_version_has_its_progress(clinic: Clinic) -> None:
    course = create_course(clinic)
    path = f"/courses/{course['id']}"
    tag = {"If-None-Match": clinic.desk.get(path).headers["ETag"]}
    before = clinic.desk.request("GET", path, tag).status_code
    clinic.booked(TEN, course_id=course["id"])

    assert (before, clinic.desk.request("GET", path, tag).status_code) == (304, 200)


def test_a_course_shows_its_visits_in_order_of_time_and_lists_them(clinic: Clinic) -> None:
    course = create_course(clinic)
    later = clinic.booked("2027-04-01T10:00:00Z", course_id=course["id"])
    sooner = clinic.booked(TEN, course_id=course["id"])
    clinic.booked("2027-05-01T10:00:00Z")
    listed = clinic.desk.get("/appointments", course_id=course["id"]).get_json()["items"]

    assert shown_course(clinic, course)["appointment_ids"] == [sooner["id"], later["id"]]
    assert [one["id"] for one in listed] == [later["id"], sooner["id"]]


def test_a_key_of_one_location_sees_the_counts_and_not_the_visits_elsewhere(clinic: Clinic) -> None:
    course = create_course(clinic)
    clinic.booked(TEN, course_id=course["id"])
    other = create_location(clinic.desk, name="Other")
    limited = clinic.using(create_key(clinic.desk, "appointments:read", location_ids=[other["id"]]))
    found = shown_course(limited, course)

    assert (found["progress"], found["appointment_ids"]) == ({"performed": 0, "booked": 1}, [])


BOOKINGS = ("/appointments", "/appointments/validate")


def is_accepted(answer: TestResponse) -> bool:
    """Tell whether a visit was booked, or judged to be bookable."""
    return answer.status_code == 201 or answer.get_json() == {
        "bookable": True,
        "refusals": [],
        "warnings": [],
    }


@pytest.mark.parametrize("path", BOOKINGS)
def test_another_patients_course_is_404(clinic: Clinic, path: str) -> None:
    course = create_course(clinic, patient_id=create_patient(clinic.desk)["id"])
    answer = clinic.desk.post(path, clinic.wish(TEN, course_id=course["id"]))

    assert (answer.status_code, answer.get_json()["errors"][0]["pointer"]) == (404, "/course_id")


@pytest.mark.parametrize("path", BOOKINGS)
@pytest.mark.parametrize("of_template", [False, True])
def test_a_procedure_that_is_not_the_courses_is_refused(clinic: Clinic, path: str, of_template: bool) -> None:
    other = create_procedure(clinic.desk, code="OTHER")
    fields = {"template_id": create_template(clinic)["id"]} if of_template else {}
    course = create_course(clinic, **fields)
    wish = clinic.wish(TEN, course_id=course["id"])

    assert pointers(clinic.desk.post(path, wish | {"procedure_id": other["id"]})) == ["/procedure_id"]
    assert is_accepted(clinic.desk.post(path, wish))


@pytest.mark.parametrize("path", BOOKINGS)
def test_any_procedure_of_the_template_will_do(clinic: Clinic, path: str) -> None:
    other = create_procedure(clinic.desk, code="OTHER")
    template = create_template(clinic, procedure_ids=[clinic.procedure["id"], other["id"]])
    course = create_course(clinic, template_id=template["id"])
    wish = replace(clinic, procedure=other).wish(TEN, course_id=course["id"])

    assert is_accepted(clinic.desk.post(path, wish))


@pytest.mark.parametrize("path", BOOKINGS)
@pytest.mark.parametrize("status", ["cancelled", "completed"])
def test_a_course_that_is_over_takes_no_visit(clinic: Clinic, path: str, status: str) -> None:
    course = create_course(clinic, sessions=1)
    if status == "cancelled":
        clinic.desk.patch(f"/courses/{course['id']}", {"status": status})
    else:
        performed(clinic, "01", course_id=course["id"])
    answer = clinic.desk.post(path, clinic.wish("2027-04-01T10:00:00Z", course_id=course["id"]))

    assert (answer.status_code, answer.get_json()["code"]) == (409, "wrong_status")
    assert shown_course(clinic, course)["status"] == status


def test_a_refused_booking_leaves_its_course_as_it_was(clinic: Clinic) -> None:
    course = create_course(clinic)
    answer = clinic.book("2027-03-01T22:00:00Z", course_id=course["id"])

    assert answer.status_code == 409
    assert shown_course(clinic, course) == course


def test_a_dry_run_leaves_its_course_as_it_was(clinic: Clinic) -> None:
    course = create_course(clinic)
    answer = clinic.desk.post("/appointments/validate", clinic.wish(TEN, course_id=course["id"]))

    assert answer.get_json()["bookable"] is True
    assert shown_course(clinic, course) == course


def test_a_visit_that_is_moved_stays_in_its_course(clinic: Clinic) -> None:
    other = create_staffed_location(clinic.desk)
    course = create_course(clinic)
    visit = clinic.booked(TEN, course_id=course["id"])
    moved = clinic.acted("reschedule", visit, starts_at="2027-03-02T10:00:00Z", location_id=other["id"])

    assert moved["course_id"] == course["id"]
    assert shown_course(clinic, course)["progress"] == {"performed": 0, "booked": 1}
