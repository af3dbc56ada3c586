"""States of courses: paused and resumed by the desk, lapsed by time, woken by a booking."""

from typing import Any

import pytest

from booking.core.caller import Caller
from booking.courses.states import lapse_due
from models import Event
from models.database import Database
from tests.support.cast import (
    Clinic,
    Made,
    audit_entries,
    create_course,
    create_key,
    create_rule,
    instant,
    performed,
    rows,
    shown,
)

NEXT = "2027-06-14T10:00:00+01:00"


def act(clinic: Clinic, course: Made, action: str, body: Made | None = None, **headers: str) -> Any:
    """Take an action on a course."""
    return clinic.desk.post(f"/courses/{course['id']}/{action}", body, **headers)


def lapse(database: Database, clinic: Clinic, on: str) -> int:
    """Do the night's work on courses on a date, at three in the morning."""
    clinic_id = clinic.desk.clinic_id
    with database.transaction(clinic_id) as session:
        return lapse_due(Caller(session, clinic_id, instant(f"{on}T03:00:00+01:00")))


def left_lying(clinic: Clinic, **rule: Any) -> Made:
    """Give a course whose only session was performed on 1 March."""
    create_rule(clinic.desk, **rule)
    course = create_course(clinic, sessions=3)
    performed(clinic, "01", course_id=course["id"])
    return course


def test_a_paused_course_keeps_its_visits_and_takes_no_more(clinic: Clinic) -> None:
    course = create_course(clinic)
    visit = clinic.booked("2027-03-01T10:00:00Z", course_id=course["id"])
    paused = act(clinic, course, "pause").get_json()
    answer = clinic.book("2027-03-02T10:00:00Z", course_id=course["id"])

    assert (paused["status"], paused["appointment_ids"]) == ("paused", [visit["id"]])
    assert (answer.status_code, answer.get_json()["code"]) == (409, "wrong_status")
    assert answer.get_json()["allowed"] == ["planned", "active", "lapsed"]


@pytest.mark.parametrize(("begun", "status"), [(False, "planned"), (True, "active")])
def test_a_resumed_course_goes_on_where_it_was(clinic: Clinic, begun: bool, status: str) -> None:
    course = create_course(clinic)
    if begun:
        clinic.booked("2027-03-01T10:00:00Z", course_id=course["id"])
    act(clinic, course, "pause")
    resumed = act(clinic, course, "resume").get_json()

    assert resumed["status"] == status
    assert clinic.book("2027-03-02T10:00:00Z", course_id=course["id"]).status_code == 201


def test_the_last_session_completes_a_paused_course(clinic: Clinic) -> None:
    course = create_course(clinic, sessions=1)
    visit = clinic.booked("2027-03-01T10:00:00Z", course_id=course["id"])
    act(clinic, course, "pause")
    for action in ("arrive", "start", "complete"):
        visit = clinic.at("2027-03-01T10:00:00Z").acted(action, visit)

    assert shown(clinic, course)["status"] == "completed"


@pytest.mark.parametrize(
    ("action", "status", "allowed"),
    [
        ("resume", "planned", ["paused"]),
        ("pause", "paused", ["planned", "active"]),
        ("pause", "cancelled", ["planned", "active"]),
        ("resume", "cancelled", ["paused"]),
    ],
)
def test_an_action_in_the_wrong_status_says_which_would_do(
    clinic: Clinic, action: str, status: str, allowed: list[str]
) -> None:
    course = create_course(clinic)
    if status == "paused":
        act(clinic, course, "pause")
    elif status == "cancelled":
        clinic.desk.patch(f"/courses/{course['id']}", {"status": status})
    answer = act(clinic, course, action)

    assert (answer.status_code, answer.get_json()["code"]) == (409, "wrong_status")
    assert answer.get_json()["allowed"] == allowed


def test_a_reason_is_kept_in_the_audit_log_alone(clinic: Clinic, database: Database) -> None:
    course = create_course(clinic)
    answer = act(clinic, course, "pause", {"reason": "Travels for a year."})
    (entry,) = audit_entries(database, clinic.desk, "course.paused")

    assert entry.changes["reason"] == "Travels for a year."
    assert "Travels" not in answer.text
    assert rows(database, clinic.desk, Event) == []


def test_a_stale_version_pauses_nothing(clinic: Clinic) -> None:
    course = create_course(clinic)
    answers = [
        act(clinic, course, "pause", {"version": 2}),
        act(clinic, course, "pause", None, **{"If-Match": '"2"'}),
        act(clinic, course, "pause", {"version": 1}),
    ]

    assert [one.status_code for one in answers] == [412, 412, 200]
    assert answers[-1].headers["ETag"] == '"2"'


def test_a_key_that_only_reads_pauses_nothing(clinic: Clinic) -> None:
    course = create_course(clinic)
    reader = clinic.using(create_key(clinic.desk, "appointments:read"))

    assert act(reader, course, "pause").status_code == 403


@pytest.mark.parametrize(
    ("rule", "on", "status"),
    [
        ({"overdue_days": 56}, "2027-04-25", "active"),
        ({"overdue_days": 56}, "2027-04-26", "active"),
        ({"overdue_days": 56}, "2027-04-27", "lapsed"),
        ({}, "2027-05-10", "active"),
        ({}, "2027-05-11", "lapsed"),
        ({"recommended_days": None}, "2027-05-24", "active"),
        ({"recommended_days": None}, "2027-05-25", "lapsed"),
    ],
)
def test_a_course_lapses_when_its_last_session_is_overdue(
    clinic: Clinic, database: Database, rule: Made, on: str, status: str
) -> None:
    course = left_lying(clinic, **rule)
    lapsed = lapse(database, clinic, on)

    assert (lapsed, shown(clinic, course)["status"]) == (int(status == "lapsed"), status)


def test_a_lapse_is_told_once_and_names_nobody(clinic: Clinic, database: Database) -> None:
    course = left_lying(clinic)
    before = shown(clinic, course)["version"]
    numbers = [lapse(database, clinic, on) for on in ("2027-06-01", "2027-06-02")]
    (event,) = [one for one in rows(database, clinic.desk, Event) if one.type == "course.lapsed"]

    assert numbers == [1, 0]
    assert (event.data["id"], event.data["version"], event.data["status"]) == (
        course["id"],
        before + 1,
        "lapsed",
    )
    assert set(event.data) == {"id", "version", "status", "template_id", "location_id", "last_session_on"}


def test_a_course_with_a_session_to_come_does_not_lapse(clinic: Clinic, database: Database) -> None:
    course = left_lying(clinic)
    clinic.booked(NEXT, course_id=course["id"])

    assert lapse(database, clinic, "2027-06-01") == 0


@pytest.mark.parametrize("action", ["pause", "cancel", "never begun"])
def test_what_is_not_active_does_not_lapse(clinic: Clinic, database: Database, action: str) -> None:
    if action == "never begun":
        create_course(clinic)
    else:
        course = left_lying(clinic)
        if action == "pause":
            act(clinic, course, "pause")
        else:
            clinic.desk.patch(f"/courses/{course['id']}", {"status": "cancelled"})

    assert lapse(database, clinic, "2027-12-01") == 0


def test_a_booking_wakes_a_lapsed_course(clinic: Clinic, database: Database) -> None:
    course = left_lying(clinic)
    lapse(database, clinic, "2027-06-01")
    clinic.at("2027-06-01T09:00:00+01:00").booked(NEXT, course_id=course["id"])

    assert shown(clinic, course)["status"] == "active"
    assert lapse(database, clinic, "2027-06-02") == 0


def test_a_lapsed_course_can_be_cancelled_or_shortened(clinic: Clinic, database: Database) -> None:
    first = left_lying(clinic)
    lapse(database, clinic, "2027-06-01")
    done = clinic.desk.patch(f"/courses/{first['id']}", {"sessions": 1}).get_json()
    second = create_course(clinic, sessions=3)
    clinic.desk.patch(f"/courses/{second['id']}", {"status": "cancelled"})

    assert done["status"] == "completed"
    assert shown(clinic, second)["status"] == "cancelled"
