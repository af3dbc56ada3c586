"""Recalls list maintenance windows, reviews and lapsed courses, until a visit ends them."""

from typing import Any

import pytest

from booking.core.caller import Caller
from booking.courses.recalls import maintenance_due
from jobs.rounds import EACH_NIGHT
from models import Event
from models.database import Database
from tests.support.cast import (
    Clinic,
    Made,
    another_patient,
    create_key,
    create_template,
    instant,
    performed_at,
    pointers,
    rows,
    short_phases,
)
from tests.support.cast import create_clinic as create_small
from tests.support.copying import Copied, MakeClinic
from tests.support.pages import items_page_by_page

LAST = "2027-08-31"
PATH = "/recalls"


@pytest.fixture
def small(copied: Copied[Clinic]) -> Clinic:
    """Give a clinic without rules, which takes bookings for two years ahead."""
    return copied(_small)


def _small(make_clinic: MakeClinic) -> Clinic:
    return create_small(
        make_clinic().at("2027-01-04T08:00:00Z"), policy={"horizon_days": 800}, timezone="Europe/London"
    )


def completed(clinic: Clinic, on: str = LAST, **template: Any) -> Made:
    """Complete a course with a single session on a date, by default with maintenance after 6 to 12 months."""
    windows = {"maintenance_opens_months": 6, "maintenance_closes_months": 12}
    numbers = {"sessions": 1, "min_sessions": 1, "max_sessions": 1}
    found = create_template(clinic, **numbers | windows | {"code": f"T{on}"} | template)
    made = {"patient_id": clinic.patient["id"], "template_id": found["id"]}
    course = clinic.desk.made("/courses", **made)
    performed_at(clinic, f"{on}T10:00:00+01:00", course_id=course["id"])
    return course


def recalls(clinic: Clinic, due_by: str, **query: Any) -> list[Made]:
    """List the recalls that are due by a date."""
    answer = clinic.desk.get(PATH, due_by=due_by, **query)
    assert answer.status_code == 200, answer.text
    found: list[Made] = answer.get_json()["items"]
    return found


def at_noon(clinic: Clinic, on: str) -> Clinic:
    return clinic.at(f"{on}T12:00:00Z")


def tell(database: Database, clinic: Clinic, on: str) -> int:
    """Announce the maintenance that is due at three in the morning of a date."""
    clinic_id = clinic.desk.clinic_id
    with database.transaction(clinic_id) as session:
        return maintenance_due(Caller(session, clinic_id, instant(f"{on}T03:00:00Z")))


def do_nights_work(database: Database, clinic: Clinic, now: str) -> None:
    """Do the worker's nightly acts in this clinic."""
    clinic_id = clinic.desk.clinic_id
    for act in EACH_NIGHT:
        with database.transaction(clinic_id) as session:
            act(Caller(session, clinic_id, instant(now)))


def told(database: Database, clinic: Clinic) -> list[Made]:
    """Give the data of every `maintenance.due`."""
    return [one.data for one in rows(database, clinic.desk, Event) if one.type == "maintenance.due"]


def test_a_window_opens_and_closes_on_the_last_day_of_a_shorter_month(small: Clinic) -> None:
    course = completed(small)
    (recall,) = recalls(small, "2028-02-29")

    assert recall == {
        "patient_id": small.patient["id"],
        "course_id": course["id"],
        "template_id": course["template_id"],
        "location_id": small.location["id"],
        "kind": "maintenance",
        "opens_on": "2028-02-29",
        "closes_on": "2028-08-31",
        "last_session_on": "2027-08-31",
        "status": "upcoming",
    }


@pytest.mark.parametrize(("due_by", "number"), [("2028-02-28", 0), ("2028-02-29", 1), ("2028-03-01", 1)])
def test_who_is_due_by_a_date_is_listed(small: Clinic, due_by: str, number: int) -> None:
    completed(small)

    assert len(recalls(small, due_by)) == number


@pytest.mark.parametrize(
    ("on", "status"),
    [
        ("2028-02-28", "upcoming"),
        ("2028-02-29", "open"),
        ("2028-08-31", "open"),
        ("2028-09-01", "overdue"),
    ],
)
def test_a_window_has_its_first_and_its_last_day(small: Clinic, on: str, status: str) -> None:
    completed(small)

    assert [one["status"] for one in recalls(at_noon(small, on), "2028-12-31")] == [status]


@pytest.mark.parametrize("done", [False, True])
def test_a_later_session_of_the_family_ends_a_recall(small: Clinic, done: bool) -> None:
    completed(small)
    later = at_noon(small, "2028-03-01")
    (performed_at if done else Clinic.booked)(later, "2028-03-02T10:00:00Z")

    assert recalls(later, "2028-12-31") == []


def test_a_recall_comes_back_when_its_visit_is_cancelled(small: Clinic) -> None:
    completed(small)
    later = at_noon(small, "2028-03-01")
    visit = later.booked("2028-03-02T10:00:00Z")
    later.acted("cancel", visit, reason_code="patient")

    assert len(recalls(later, "2028-12-31")) == 1


def test_a_visit_of_another_family_ends_no_maintenance_but_a_talk_ends_the_review(small: Clinic) -> None:
    completed(small, review_days=84)
    talk = [{"name": "Talk", "kind": "consultation", "minutes": 20, "therapist": True}]
    other = small.desk.made("/procedures", code="TALK", name="Talk", family="TALK", areas=[], phases=talk)
    before = [one["kind"] for one in recalls(small, "2028-12-31")]
    at_noon(small, "2027-09-01").booked("2027-11-23T10:00:00Z", procedure_id=other["id"])

    assert before == ["review", "maintenance"]
    assert [one["kind"] for one in recalls(small, "2028-12-31")] == ["maintenance"]


def test_a_treatment_of_another_family_ends_neither(small: Clinic) -> None:
    completed(small, review_days=84)
    fields = {"code": "OTHER", "name": "Other", "family": "OTHER", "areas": ["HANDS"]}
    other = small.desk.made("/procedures", **fields, phases=short_phases())
    at_noon(small, "2027-09-01").booked("2027-11-23T10:00:00Z", procedure_id=other["id"])

    assert [one["kind"] for one in recalls(small, "2028-12-31")] == ["review", "maintenance"]


@pytest.mark.parametrize(("due_by", "kinds"), [("2027-11-22", []), ("2027-11-23", ["review"])])
def test_a_review_is_due_so_many_days_after_the_last_session(
    small: Clinic, due_by: str, kinds: list[str]
) -> None:
    completed(small, review_days=84)

    assert [one["kind"] for one in recalls(small, due_by)] == kinds


def test_a_lapsed_course_is_overdue_until_it_is_gone_on_with(small: Clinic, database: Database) -> None:
    fields = {"patient_id": small.patient["id"], "procedure_id": small.procedure["id"], "sessions": 3}
    course = small.desk.made("/courses", **fields)
    performed_at(small, "2027-03-01T10:00:00Z", course_id=course["id"])
    do_nights_work(database, small, "2027-05-25T03:00:00+01:00")
    later = at_noon(small, "2027-05-25")
    (recall,) = recalls(later, "2027-05-25")
    later.booked("2027-06-01T10:00:00+01:00", course_id=course["id"])

    assert (recall["kind"], recall["status"], recall["opens_on"]) == ("lapsed", "overdue", "2027-05-25")
    assert recalls(later, "2027-12-31") == []


def test_a_course_without_maintenance_or_that_goes_on_is_not_listed(small: Clinic) -> None:
    completed(small, maintenance_opens_months=None, maintenance_closes_months=None)
    fields = {"patient_id": small.patient["id"], "procedure_id": small.procedure["id"], "sessions": 2}
    course = small.desk.made("/courses", **fields)
    performed_at(small, "2027-09-01T10:00:00+01:00", course_id=course["id"])

    assert recalls(small, "2029-01-01") == []


def test_recalls_are_filtered_by_several_kinds_and_show_whom_to_call(small: Clinic) -> None:
    completed(small, review_days=84)

    found = recalls(small, "2028-12-31", kind="review,maintenance", include="patient")

    names = ("id", "name", "phone", "email")
    assert [one["kind"] for one in found] == ["review", "maintenance"]
    assert [one["patient"] for one in found] == [{name: small.patient[name] for name in names}] * 2


def test_recalls_are_filtered_by_kind_and_by_location(small: Clinic) -> None:
    completed(small, review_days=84)
    here = small.location["id"]
    other = small.desk.made("/locations", name="Other", timezone="Europe/London")["id"]

    assert [one["kind"] for one in recalls(small, "2028-12-31", kind="maintenance")] == ["maintenance"]
    assert [one["kind"] for one in recalls(small, "2028-12-31", location_id=here)] == [
        "review",
        "maintenance",
    ]
    assert recalls(small, "2028-12-31", location_id=other) == []
    limited = small.using(create_key(small.desk, "patients:read", location_ids=[other]))
    assert recalls(limited, "2028-12-31") == recalls(limited, "2028-12-31", location_id=here) == []


def test_recalls_come_page_by_page_longest_due_first(small: Clinic) -> None:
    for on in ("2027-08-31", "2027-09-01", "2027-09-02"):
        completed(another_patient(small), on, review_days=200)
    items = items_page_by_page(small.desk, PATH, limit=2, due_by="2028-12-31")
    found = [(one["opens_on"], one["kind"]) for one in items]

    assert found == [
        ("2028-02-29", "maintenance"), ("2028-03-01", "maintenance"), ("2028-03-02", "maintenance"),
        ("2028-03-18", "review"), ("2028-03-19", "review"), ("2028-03-20", "review"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ({}, "?due_by"),
        ({"due_by": "2028-02-30"}, "?due_by"),
        ({"due_by": "2028-02-29", "kind": "birthday"}, "?kind"),
        ({"due_by": "2028-02-29", "cursor": "x"}, "?cursor"),
        ({"due_by": "2028-02-29", "cursor": "_" * 28}, "?cursor"),
        ({"due_by": "2028-02-29", "since": "2028-01-01"}, "?since"),
    ],
)
def test_a_malformed_question_is_refused(small: Clinic, query: Made, pointer: str) -> None:
    assert pointers(small.desk.get(PATH, **query)) == [pointer]


def test_a_key_needs_to_read_patients(small: Clinic) -> None:
    reader = create_key(small.desk, "appointments:read")

    assert reader.get(PATH, due_by="2028-02-29").status_code == 403


def test_another_clinic_lists_nothing(small: Clinic, make_clinic: MakeClinic) -> None:
    completed(small)

    assert make_clinic().get(PATH, due_by="2029-01-01").get_json()["items"] == []


@pytest.mark.parametrize(
    ("on", "number"),
    [("2028-02-28", 0), ("2028-02-29", 1), ("2028-08-31", 1), ("2028-09-01", 0)],
)
def test_maintenance_is_told_of_within_its_window(
    small: Clinic, database: Database, on: str, number: int
) -> None:
    completed(small)

    assert tell(database, small, on) == len(told(database, small)) == number


def test_maintenance_is_told_of_once_and_names_nobody(small: Clinic, database: Database) -> None:
    course = completed(small)
    for on in ("2028-02-29", "2028-03-01"):
        do_nights_work(database, small, f"{on}T03:00:00Z")

    assert told(database, small) == [
        {
            "course_id": course["id"],
            "template_id": course["template_id"],
            "opens_on": "2028-02-29",
            "closes_on": "2028-08-31",
            "location_id": small.location["id"],
        }
    ]


def test_who_is_booked_is_not_told_of(small: Clinic, database: Database) -> None:
    completed(small)
    at_noon(small, "2028-02-01").booked("2028-03-10T10:00:00Z")

    assert tell(database, small, "2028-03-01") == 0
