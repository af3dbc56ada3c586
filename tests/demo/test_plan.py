"""The plan of the demo visits is the same in every run, and plausible."""

from collections import Counter
from datetime import UTC, datetime
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from jobs.demo_plan import PlannedVisit, Scale, Site, draw_up

MADE_AT = datetime(2026, 11, 19, 15, 20, tzinfo=UTC)
SITES = (
    Site(ZoneInfo("Europe/London"), frozenset(range(6))),
    Site(ZoneInfo("America/New_York"), frozenset(range(1, 7))),
)


@pytest.fixture(scope="module")
def plan() -> list[PlannedVisit]:
    """Plan three months at two locations."""
    return draw_up(SITES, MADE_AT, Scale(), 7)


def test_the_same_seed_gives_the_same_plan(plan: list[PlannedVisit]) -> None:
    again = draw_up(SITES, MADE_AT, Scale(), 7)

    assert again == plan


def test_no_visit_is_booked_after_the_clinic_was_made(plan: list[PlannedVisit]) -> None:
    latest = max(visit.booked_at for visit in plan)

    assert latest <= MADE_AT


def test_a_new_patient_begins_with_a_consultation(plan: list[PlannedVisit]) -> None:
    first_visits = {visit.patient: visit.procedure for visit in reversed(plan)}

    assert set(first_visits.values()) == {"CONSULT_NEW"}


def test_the_standard_session_is_booked_most(plan: list[PlannedVisit]) -> None:
    procedures = Counter(visit.procedure for visit in plan)

    assert procedures.most_common(1)[0][0] == "MN_FACE_STD"


def test_about_283_visits_a_month_come_to_each_location(plan: list[PlannedVisit]) -> None:
    first_day = MADE_AT.date().toordinal() - 61
    in_three_months = [visit for visit in plan if visit.on.toordinal() >= first_day]

    assert 0.9 < len(in_three_months) / (2 * 283 * 92 / 30.4) < 1.1


def test_sessions_of_a_course_lie_at_least_four_weeks_apart(plan: list[PlannedVisit]) -> None:
    sessions: dict[int, list[PlannedVisit]] = {}
    for visit in plan:
        if visit.procedure == "MN_FACE_STD" and visit.fate == "performed":
            sessions.setdefault(visit.patient, []).append(visit)
    gaps = [(later.on - one.on).days for course in sessions.values() for one, later in pairwise(course)]

    assert min(gaps) >= 28
