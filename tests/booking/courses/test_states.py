"""Courses are paused and resumed by the desk, lapse with time, and become active again by a booking."""

import pytest

from models import Event
from models.database import Database
from tests.support.cast import (
    Clinic,
    Made,
    audit_entries,
    create_course,
    create_key,
    rows,
    shown_course,
    told,
)
from tests.support.courses import act_on_course, create_unfinished_course, lapse_courses

NEXT = "2027-06-14T10:00:00+01:00"


def test_a_paused_course_keeps_its_visits_and_takes_no_more(clinic: Clinic) -> None:
    course = create_course(clinic)
    visit = clinic.booked("2027-03-01T10:00:00Z", course_id=course["id"])
    paused = act_on_course(clinic, course, "pause").get_json()
    answer = clinic.book("2027-03-02T10:00:00Z", course_id=course["id"])

    assert (paused["status"], paused["appointment_ids"]) == ("paused", [visit["id"]])
    assert (answer.status_code, answer.get_json()["code"]) == (409, "wrong_status")
    assert answer.get_json()["allowed"] == ["planned", "active", "lapsed"]


@pytest.mark.parametrize(("begun", "status"), [(False, "planned"), (True, "active")])
def test_a_resumed_course_goes_on_where_it_was(clinic: Clinic, begun: bool, status: str) -> None:
    course = create_course(clinic)
    if begun:
        clinic.booked("2027-03-01T10:00:00Z", course_id=course["id"])
    act_on_course(clinic, course, "pause")
    resumed = act_on_course(clinic, course, "resume").get_json()

    assert resumed["status"] == status
    assert clinic.book("2027-03-02T10:00:00Z", course_id=course["id"]).status_code == 201


def test_the_last_session_completes_a_paused_course(clinic: Clinic) -> None:
    course = create_course(clinic, sessions=1)
    visit = clinic.booked("2027-03-01T10:00:00Z", course_id=course["id"])
    act_on_course(clinic, course, "pause")
    for action in ("arrive", "start", "complete"):
        visit = clinic.at("2027-03-01T10:00:00Z").acted(action, visit)

    assert shown_course(clinic, course)["status"] == "completed"


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
        act_on_course(clinic, course, "pause")
    elif status == "cancelled":
        clinic.desk.patch(f"/courses/{course['id']}", {"status": status})
    answer = act_on_course(clinic, course, action)

    assert (answer.status_code, answer.get_json()["code"]) == (409, "wrong_status")
    assert answer.get_json()["allowed"] == allowed


def test_a_reason_is_kept_in_the_audit_log_alone(clinic: Clinic, database: Database) -> None:
    course = create_course(clinic)
    answer = act_on_course(clinic, course, "pause", {"reason": "Travels for a year."})
    (entry,) = audit_entries(database, clinic.desk, "course.paused")

    assert entry.changes["reason"] == "Travels for a year."
    assert "Travels" not in answer.text
    assert told(database, clinic.desk) == []


def test_a_stale_version_pauses_nothing(clinic: Clinic) -> None:
    course = create_course(clinic)
    answers = [
        act_on_course(clinic, course, "pause", {"version": 2}),
        act_on_course(clinic, course, "pause", None, **{"If-Match": '"2"'}),
        act_on_course(clinic, course, "pause", {"version": 1}),
    ]

    assert [one.status_code for one in answers] == [412, 412, 200]
    assert answers[-1].headers["ETag"] == '"2"'


def test_a_key_that_only_reads_pauses_nothing(clinic: Clinic) -> None:
    course = create_course(clinic)
    reader = clinic.using(create_key(clinic.desk, "appointments:read"))

    assert act_on_course(reader, course, "pause").status_code == 403


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
    course = create_unfinished_course(clinic, **rule)
    lapsed = lapse_courses(database, clinic, on)

    assert (lapsed, shown_course(clinic, course)["status"]) == (int(status == "lapsed"), status)


def test_a_lapse_is_told_once_and_names_nobody(clinic: Clinic, database: Database) -> None:
    course = create_unfinished_course(clinic)
    before = shown_course(clinic, course)["version"]
    numbers = [lapse_courses(database, clinic, on) for on in ("2027-06-01", "2027-06-02")]
    (event,) = [one for one in rows(database, clinic.desk, Event) if one.type == "course.lapsed"]

    assert numbers == [1, 0]
    assert (event.data["id"], event.data["version"], event.data["status"]) == (
        course["id"],
        before + 1,
        "lapsed",
    )
    assert set(event.data) == {"id", "version", "status", "template_id", "location_id", "last_session_on"}


def test_a_course_with_a_session_to_come_does_not_lapse(clinic: Clinic, database: Database) -> None:
    course = create_unfinished_course(clinic)
    clinic.booked(NEXT, course_id=course["id"])

    assert lapse_courses(database, clinic, "2027-06-01") == 0


@pytest.mark.parametrize("action", ["pause", "cancel", "never begun"])
def test_what_is_not_active_does_not_lapse(clinic: Clinic, database: Database, action: str) -> None:
    if action == "never begun":
        create_course(clinic)
    else:
        course = create_unfinished_course(clinic)
        if action == "pause":
            act_on_course(clinic, course, "pause")
        else:
            clinic.desk.patch(f"/courses/{course['id']}", {"status": "cancelled"})

    assert lapse_courses(database, clinic, "2027-12-01") == 0


def test_a_booking_wakes_a_lapsed_course(clinic: Clinic, database: Database) -> None:
    course = create_unfinished_course(clinic)
    lapse_courses(database, clinic, "2027-06-01")
    clinic.at("2027-06-01T09:00:00+01:00").booked(NEXT, course_id=course["id"])

    assert shown_course(clinic, course)["status"] == "active"
    assert lapse_courses(database, clinic, "2027-06-02") == 0


def test_a_lapsed_course_can_be_cancelled_or_shortened(clinic: Clinic, database: Database) -> None:
    first = create_unfinished_course(clinic)
    lapse_courses(database, clinic, "2027-06-01")
    done = clinic.desk.patch(f"/courses/{first['id']}", {"sessions": 1}).get_json()
    second = create_course(clinic, sessions=3)
    clinic.desk.patch(f"/courses/{second['id']}", {"status": "cancelled"})

    assert done["status"] == "completed"
    assert shown_course(clinic, second)["status"] == "cancelled"
