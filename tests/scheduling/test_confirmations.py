"""A visit's standing plan is its last one, unless it was taken back before anybody was told."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from scheduling.confirmations import Plan, standing

LONDON = ZoneInfo("Europe/London")
HERE, THERE = UUID(int=1), UUID(int=2)
NOON = datetime(2027, 1, 12, 12, tzinfo=UTC)
BOOKED = Plan(datetime(2027, 1, 4, 12, tzinfo=UTC), NOON, HERE, LONDON)


def moved(minutes: float, hours: int, *, notify: bool = True, location_id: UUID = HERE) -> Plan:
    """Give a move so many minutes after the booking, to so many hours after noon."""
    at, starts_at = BOOKED.at + timedelta(minutes=minutes), NOON + timedelta(hours=hours)
    return replace(BOOKED, at=at, starts_at=starts_at, notify=notify, location_id=location_id)


def test_a_booking_stands() -> None:
    assert standing([BOOKED]) == replace(BOOKED, moved=False)


@pytest.mark.parametrize(("back", "told"), [(61.9, False), (62, True), (62.1, True)])
def test_a_move_that_is_taken_back_within_two_minutes_leaves_the_plan_before_it(
    back: float, told: bool
) -> None:
    away, home = moved(60, 1), moved(back, 0)

    assert standing([BOOKED, away, home]) == (home if told else replace(BOOKED, moved=False))


def test_of_moves_in_haste_the_last_stands() -> None:
    plans = [BOOKED, moved(60, 1), moved(61, 2), moved(62, 3)]

    assert standing(plans) == plans[-1]


def test_moves_in_haste_that_end_where_they_began_are_none() -> None:
    first = moved(60, 1)

    plans = [BOOKED, first, moved(90, 2), moved(91, 3), moved(92, 1)]

    assert standing(plans) == first


def test_a_move_that_changes_no_start_or_location_does_not_make_its_time_newer() -> None:
    away = moved(60, 1)

    assert standing([BOOKED, away, moved(61, 1)]) == away


def test_another_location_is_another_plan() -> None:
    away = moved(60, 0, location_id=THERE)

    assert standing([BOOKED, away]) == away


def test_a_move_by_night_can_be_taken_back_until_its_confirmation_is_due_in_the_morning() -> None:
    night, nine = moved(10 * 60, 1), moved(21 * 60, 0)

    assert standing([BOOKED, night, replace(nine, at=nine.at - timedelta(seconds=1))]).moved is False
    assert standing([BOOKED, night, nine]) == nine


@pytest.mark.parametrize("quiet", [True, False])
def test_a_plan_keeps_whether_its_patient_is_told(quiet: bool) -> None:
    plans = [BOOKED, moved(60, 1, notify=not quiet)]

    assert standing(plans).notify is not quiet
