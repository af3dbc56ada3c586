"""Spacing below the recommended days, maintenance early or late, and many sessions a year give warnings."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest

from scheduling.catalog import Catalog, Policy
from scheduling.questions import CourseOf, Session
from scheduling.reasons import Notice
from scheduling.rulebook import CourseTemplate, Matcher
from scheduling.rules.warnings import warnings
from tests.scheduling.cast import (
    ask,
    create_catalog,
    create_location,
    create_patient,
    create_phase,
    create_procedure,
    create_rule,
    create_session,
)

S02 = create_catalog(create_rule())
# Rule X19: an event that the patient looks forward to asks for days before it.
X19 = create_rule(
    id=UUID(int=59), code="X19", before=Matcher(event="important_event"), scope="patient", floor_days=0,
    min_days=0, recommended_days=7, overdue_days=None,
)  # fmt: skip
SCARS = CourseTemplate("SCARS", (UUID(int=40),), 3, maintenance_opens_months=6, maintenance_closes_months=12)
TUESDAY = date(2027, 6, 1)


def noticed(
    on: str, *sessions: Session, catalog: Catalog | None = None, skin: int | None = None, **question: Any
) -> list[Notice]:
    patient = create_patient(*sessions, skin_type=skin)
    return list(
        warnings(ask(patient=patient, **question), catalog or create_catalog(), date.fromisoformat(on))
    )


def named(notices: list[Notice]) -> list[tuple[str, str | None, date | None]]:
    return [(notice.code, notice.rule_id, notice.earliest_on) for notice in notices]


@pytest.mark.parametrize(
    ("day", "warned"),
    [
        ("2027-05-27", False),
        ("2027-05-28", False),
        ("2027-05-29", True),
        ("2027-06-04", True),
        ("2027-06-05", False),
    ],
)
def test_fewer_days_than_recommended_before_a_later_session_are_mentioned_without_a_date(
    day: str, warned: bool
) -> None:
    found = noticed(day, create_session("2027-07-02"), catalog=S02)

    assert named(found) == [("below_recommended_spacing", "S02", None)] * warned


@pytest.mark.parametrize(("days", "warned"), [(27, False), (28, True), (34, True), (35, False)])
def test_fewer_days_than_recommended_after_an_earlier_session_name_the_better_date(
    days: int, warned: bool
) -> None:
    found = noticed((TUESDAY + timedelta(days=days)).isoformat(), create_session("2027-06-01"), catalog=S02)

    assert named(found) == [("below_recommended_spacing", "S02", date(2027, 7, 6))] * warned


@pytest.mark.parametrize(
    ("day", "warned"), [("2027-05-24", True), ("2027-05-25", False), ("2027-05-26", False)]
)
def test_skin_that_takes_more_days_takes_more_recommended_ones(day: str, warned: bool) -> None:
    location = create_location(policy=Policy(skin_type_extra_days=14))
    found = noticed(day, create_session("2027-04-06"), catalog=S02, skin=5, location=location)

    assert bool(found) is warned


@pytest.mark.parametrize(("days", "warned"), [(6, True), (7, False), (8, False)])
def test_an_important_event_within_the_week_after_is_mentioned(days: int, warned: bool) -> None:
    wedding = create_session(
        (TUESDAY + timedelta(days=days)).isoformat(), appointment_id=None, procedure="", family="",
        event="important_event", areas=(),
    )  # fmt: skip
    found = noticed("2027-06-01", wedding, catalog=create_catalog(X19))

    assert named(found) == [("below_recommended_spacing", "X19", None)] * warned


def test_a_rule_warns_once_with_the_latest_of_its_dates() -> None:
    sessions = create_session("2027-05-01"), create_session("2027-05-03")
    found = noticed("2027-06-01", *sessions, catalog=S02)

    assert named(found) == [("below_recommended_spacing", "S02", date(2027, 6, 7))]


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        ("2028-02-28", [("maintenance_early", None, date(2028, 2, 29))]),
        ("2028-02-29", []),
        ("2028-03-01", []),
        ("2028-08-30", []),
        ("2028-08-31", []),
        ("2028-09-01", [("maintenance_overdue", None, None)]),
    ],
)
def test_maintenance_is_due_from_6_to_12_calendar_months_after_the_courses_last_session(
    day: str, expected: list[tuple[str, str | None, date | None]]
) -> None:
    done = CourseOf(UUID(int=1), SCARS, completed=True)
    sessions = [create_session(on, performed=True, course=done) for on in ("2027-07-20", "2027-08-31")]

    assert named(noticed(day, *sessions)) == expected


@pytest.mark.parametrize(
    "changes",
    [
        {"course": CourseOf(UUID(int=1), SCARS, completed=False)},
        {"course": CourseOf(UUID(int=1), None, completed=True)},
        {"course": CourseOf(UUID(int=1), CourseTemplate("ONCE", (UUID(int=40),), 1), completed=True)},
        {"course": CourseOf(UUID(int=1), CourseTemplate("OTHER", (UUID(int=41),), 3, 6, 12), completed=True)},
        {"course": None},
        {"performed": False},
    ],
)
def test_only_a_completed_course_of_the_same_procedure_asks_for_maintenance(changes: dict[str, Any]) -> None:
    given = {"performed": True, "course": CourseOf(UUID(int=1), SCARS, completed=True)}

    assert noticed("2027-10-01", create_session("2027-08-31", **given | changes)) == []


def every_month(count: int, last: date = TUESDAY, **overrides: Any) -> list[Session]:
    """Return sessions every 30 days up to 30 days before a date."""
    days = [last - timedelta(days=30 * number) for number in range(1, count + 1)]
    return [create_session(on.isoformat(), performed=True, **overrides) for on in days]


@pytest.mark.parametrize(("before", "warned"), [(6, False), (7, True), (8, True)])
def test_the_eighth_session_of_a_year_on_an_area_is_mentioned(before: int, warned: bool) -> None:
    found = noticed("2027-06-01", *every_month(before))

    assert named(found) == [("many_sessions", "S13", None)] * warned


@pytest.mark.parametrize(("days", "warned"), [(364, True), (365, False), (366, False)])
def test_a_year_is_365_days(days: int, warned: bool) -> None:
    first = create_session((TUESDAY - timedelta(days=days)).isoformat())

    assert bool(noticed("2027-06-01", *every_month(6), first)) is warned


@pytest.mark.parametrize(
    ("changes", "warned"),
    [
        ({"areas": ("PERIORBITAL",)}, True),
        ({"areas": ("SCALP",)}, False),
        ({"event": "rf_micro_needling"}, True),
        ({"event": "ipl"}, False),
        ({"appointment_id": None, "areas": (), "event": "micro_needling"}, True),
        ({"areas": ()}, False),
    ],
)
def test_only_needling_of_an_area_that_is_treated_again_counts(changes: dict[str, Any], warned: bool) -> None:
    assert bool(noticed("2027-06-01", *every_month(7, **changes))) is warned


@pytest.mark.parametrize(("event", "warned"), [(None, True), ("micro_needling", True), ("ipl", False)])
def test_a_visit_that_counts_as_needling_elsewhere_is_a_session_too(event: str | None, warned: bool) -> None:
    found = noticed("2027-06-01", *every_month(7), procedure=create_procedure(counts_as=event))

    assert bool(found) is warned


def test_a_consultation_is_no_session() -> None:
    procedure = create_procedure(create_phase(kind="consultation"))

    assert noticed("2027-06-01", *every_month(7), procedure=procedure) == []


def test_a_location_sets_how_many_are_many() -> None:
    location = create_location(policy=Policy(many_sessions_a_year=3))

    assert named(noticed("2027-06-01", *every_month(2), location=location)) == [
        ("many_sessions", "S13", None)
    ]


def test_without_a_patient_nothing_is_mentioned() -> None:
    assert warnings(ask(), S02, TUESDAY) == ()
