"""A completed course has three messages about maintenance, until the patient books the family again."""

from typing import Any

import pytest

from booking.core.caller import Caller
from booking.messages.sending import announce_due
from models import Event
from models.database import Database
from tests.support.cast import (
    Clinic,
    Made,
    create_clinic,
    create_key,
    create_location,
    create_template,
    instant,
    performed_at,
    rows,
    short_phases,
)
from tests.support.copying import Copied, MakeClinic
from tests.support.messages import due, listed

LAST = "2027-08-31T10:00:00+01:00"
OPENS, NUDGE, CLOSES = "2028-02-29T10:00:00+00:00", "2028-05-31T10:00:00+01:00", "2028-08-31T10:00:00+01:00"
NUMBERS = {"sessions": 1, "min_sessions": 1, "max_sessions": 50}
WINDOW = {"maintenance_opens_months": 6, "maintenance_closes_months": 12}


@pytest.fixture
def treated(copied: Copied[Clinic]) -> Clinic:
    """Give a clinic whose patient completed a course with maintenance in August 2027."""
    return copied(_treated)


def _treated(make_clinic: MakeClinic) -> Clinic:
    clinic = create_clinic(
        make_clinic().at("2027-01-04T08:00:00Z"), policy={"horizon_days": 800}, timezone="Europe/London"
    )
    complete_course(clinic, LAST, code="YEARLY", **WINDOW)
    return clinic


def complete_course(clinic: Clinic, starts_at: str, **template: Any) -> Made:
    """Complete a course with a single session."""
    found = create_template(clinic, **NUMBERS | template)
    course = clinic.desk.made(
        "/courses", patient_id=clinic.patient["id"], template_id=found["id"], sessions=1
    )
    return performed_at(clinic, starts_at, course_id=course["id"])


def kinds(clinic: Clinic, now: str) -> list[str]:
    """Give the kinds that are due at an instant."""
    return list(due(clinic, now))


def test_a_completed_course_has_three_messages_at_its_sessions_time_of_day(treated: Clinic) -> None:
    found = [due(treated, now, until) for now, until in (
        ("2028-02-20T00:00:00Z", "2028-03-10T00:00:00Z"),
        ("2028-05-20T00:00:00Z", "2028-06-10T00:00:00Z"),
        ("2028-08-20T00:00:00Z", "2028-09-10T00:00:00Z"),
    )]  # fmt: skip

    assert found == [
        {"maintenance_opens": OPENS},
        {"maintenance_nudge": NUDGE},
        {"maintenance_last_call": CLOSES},
    ]


@pytest.mark.parametrize(
    ("now", "number"),
    [
        ("2028-02-29T09:59:59Z", 0),
        ("2028-02-29T10:00:00Z", 1),
        ("2028-02-29T10:00:01Z", 1),
        ("2028-03-01T09:59:59Z", 1),
        ("2028-03-01T10:00:00Z", 0),
    ],
)
def test_it_is_due_from_its_instant_on_for_a_day(treated: Clinic, now: str, number: int) -> None:
    assert len(kinds(treated, now)) == number


@pytest.mark.parametrize("done", [False, True])
def test_a_later_session_of_the_family_ends_what_is_unsent(treated: Clinic, done: bool) -> None:
    later = treated.at("2028-02-01T12:00:00Z")
    if done:
        performed_at(later, "2028-02-02T10:00:00Z")
    else:
        later.booked("2028-09-20T10:00:00Z")

    assert [kinds(treated, at) for at in (OPENS, NUDGE, CLOSES)] == [[], [], []]


def test_what_is_unsent_comes_back_when_the_visit_is_cancelled(treated: Clinic) -> None:
    later = treated.at("2028-02-01T12:00:00Z")
    later.acted("cancel", later.booked("2028-09-20T10:00:00Z"), reason_code="patient")

    assert kinds(treated, NUDGE) == ["maintenance_nudge"]


def test_a_visit_of_another_family_ends_nothing(treated: Clinic) -> None:
    fields = {"code": "OTHER", "name": "Other", "family": "OTHER", "areas": ["HANDS"]}
    other = treated.desk.made("/procedures", **fields, phases=short_phases())
    treated.at("2028-02-01T12:00:00Z").booked("2028-09-20T10:00:00Z", procedure_id=other["id"])

    assert kinds(treated, OPENS) == ["maintenance_opens"]


def test_only_a_completed_course_with_maintenance_has_them(treated: Clinic) -> None:
    desk = treated.desk
    template = create_template(treated, **NUMBERS | WINDOW | {"code": "LONG"})
    goes_on = {"template_id": template["id"], "sessions": 2}
    ended_without = {"procedure_id": treated.procedure["id"], "sessions": 1}
    for time, fields in (("10:00", goes_on), ("11:00", ended_without)):
        patient = desk.made("/patients", name="Patient")
        course = desk.made("/courses", patient_id=patient["id"], **fields)
        starts_at = f"2027-09-02T{time}:00+01:00"
        performed_at(treated, starts_at, course_id=course["id"], patient_id=patient["id"])

    assert kinds(treated, "2028-03-02T12:00:00Z") == []


def test_the_last_session_alone_counts(treated: Clinic) -> None:
    template = create_template(treated, **NUMBERS | WINDOW | {"code": "LONG"})
    patient = treated.desk.made("/patients", name="Patient")
    fields = {"patient_id": patient["id"], "template_id": template["id"], "sessions": 2}
    course = treated.desk.made("/courses", **fields)
    for on in ("2027-09-02", "2027-10-04"):
        visit = f"{on}T10:00:00+01:00"
        performed_at(treated, visit, course_id=course["id"], patient_id=patient["id"])

    assert [kinds(treated, f"{on}T10:00:00Z") for on in ("2028-03-02", "2028-04-04")] == [
        [],
        ["maintenance_opens"],
    ]


def test_the_months_are_those_of_the_template_by_now(treated: Clinic) -> None:
    [template] = [
        one for one in treated.desk.get("/course-templates").get_json()["items"] if one["code"] == "YEARLY"
    ]
    path = f"/course-templates/{template['id']}"
    treated.desk.patch(path, {"maintenance_opens_months": 2, "maintenance_closes_months": 3})

    assert kinds(treated, OPENS) == []
    assert kinds(treated, "2027-10-31T10:00:00Z") == ["maintenance_opens"]
    assert kinds(treated, "2027-11-15T10:00:00Z") == ["maintenance_nudge"]


def test_it_is_told_of_once_and_says_nothing_clinical(treated: Clinic, database: Database) -> None:
    clinic_id = treated.desk.clinic_id
    [message] = listed(treated, OPENS)
    for _ in range(2):
        with database.transaction(clinic_id) as session:
            announce_due(Caller(session, clinic_id, instant(OPENS), actor="Worker"))
    [event] = [one for one in rows(database, treated.desk, Event) if one.type == "message.due"]

    assert event.data["id"] == message["id"]
    assert message["kind"] == event.data["kind"] == "maintenance_opens"
    assert "course" not in message["body"].lower()


def test_what_a_gateway_has_sent_is_listed_no_more(treated: Clinic) -> None:
    [message] = listed(treated, OPENS)
    answer = treated.at(OPENS).desk.post(f"/messages/{message['id']}/sent")

    assert answer.status_code == 200
    assert kinds(treated, OPENS) == []


def test_neither_another_location_nor_another_clinic_sees_it(treated: Clinic, neighbour: Clinic) -> None:
    place = create_location(treated.desk, name="Elsewhere")
    key = create_key(treated.desk, "appointments:read", "patients:read", location_ids=[place["id"]])

    assert kinds(treated.using(key), OPENS) == []
    assert kinds(neighbour, OPENS) == []
    assert kinds(treated, OPENS) == ["maintenance_opens"]
