"""Messages are due by civil days across clock changes, outside quiet hours, and while they are of use."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from models.messages import MESSAGE_KINDS
from scheduling.messages import MOMENT_OF, MOMENTS, after_quiet, due, in_window, shifted

LONDON = ZoneInfo("Europe/London")
LORD_HOWE = ZoneInfo("Australia/Lord_Howe")


def as_instant(text: str, zone: ZoneInfo = LONDON) -> datetime:
    """Give a local time as an instant."""
    return datetime.fromisoformat(text).replace(tzinfo=zone).astimezone(UTC)


def local(instant: datetime, zone: ZoneInfo = LONDON) -> str:
    """Write an instant as local time."""
    return instant.astimezone(zone).isoformat(timespec="minutes")


def due_at(kind: str, starts_at: str, since: str | None = None) -> str:
    """Give the local time at which a message is due, counted from the visit's start or another instant."""
    return local(due(MOMENT_OF[kind], as_instant(since or starts_at), as_instant(starts_at), LONDON).at)


def test_the_tables_kinds_are_those_of_the_moments() -> None:
    assert tuple(moment.kind for moment in MOMENTS) == MESSAGE_KINDS


@pytest.mark.parametrize(
    ("wanted", "moved"),
    [
        ("2027-01-05T19:59", "2027-01-05T19:59"),
        ("2027-01-05T20:00", "2027-01-06T09:00"),
        ("2027-01-05T20:01", "2027-01-06T09:00"),
        ("2027-01-05T23:59", "2027-01-06T09:00"),
        ("2027-01-06T00:00", "2027-01-06T09:00"),
        ("2027-01-06T08:59", "2027-01-06T09:00"),
        ("2027-01-06T09:00", "2027-01-06T09:00"),
        ("2027-01-06T09:01", "2027-01-06T09:01"),
    ],
)
def test_quiet_hours_move_to_nine_in_the_morning(wanted: str, moved: str) -> None:
    assert after_quiet(as_instant(wanted), LONDON) == as_instant(moved)


@pytest.mark.parametrize(
    ("night", "morning"),
    [
        ("2027-03-27T22:00", "2027-03-28T09:00+01:00"),
        ("2027-10-30T22:00", "2027-10-31T09:00+00:00"),
    ],
)
def test_nine_in_the_morning_is_that_of_the_new_time(night: str, morning: str) -> None:
    assert local(after_quiet(as_instant(night), LONDON)) == morning


@pytest.mark.parametrize(
    ("starts_at", "next_day", "hours"),
    [
        ("2027-03-26T10:00", "2027-03-27T10:00+00:00", 24),
        ("2027-03-27T10:00", "2027-03-28T10:00+01:00", 23),
        ("2027-03-28T10:00", "2027-03-29T10:00+01:00", 24),
        ("2027-10-29T10:00", "2027-10-30T10:00+01:00", 24),
        ("2027-10-30T10:00", "2027-10-31T10:00+00:00", 25),
        ("2027-10-31T10:00", "2027-11-01T10:00+00:00", 24),
    ],
)
def test_a_day_later_is_the_same_wall_clock_time(starts_at: str, next_day: str, hours: int) -> None:
    found = due(MOMENT_OF["aftercare_1d"], as_instant(starts_at), as_instant(starts_at), LONDON).at

    assert local(found) == next_day
    assert found - as_instant(starts_at) == timedelta(hours=hours)


@pytest.mark.parametrize(
    ("starts_at", "day_before"),
    [("2027-03-28T10:00", "2027-03-27T10:00+00:00"), ("2027-10-31T10:00", "2027-10-30T10:00+01:00")],
)
def test_a_day_before_is_the_same_wall_clock_time(starts_at: str, day_before: str) -> None:
    assert due_at("screening_1d", starts_at) == day_before


@pytest.mark.parametrize(
    ("day_before", "shown"),
    [
        ("2027-03-27T00:59", "2027-03-28T00:59+00:00"),
        ("2027-03-27T01:00", "2027-03-28T02:00+01:00"),
        ("2027-03-27T01:59", "2027-03-28T02:59+01:00"),
        ("2027-03-27T02:00", "2027-03-28T02:00+01:00"),
        ("2027-10-30T01:30", "2027-10-31T01:30+01:00"),
    ],
)
def test_a_time_that_a_clock_change_leaves_out_or_repeats_has_one_meaning(
    day_before: str, shown: str
) -> None:
    assert local(shifted(as_instant(day_before), 1, LONDON)) == shown


def test_a_clock_may_change_by_half_an_hour() -> None:
    start = as_instant("2027-10-02T10:00", LORD_HOWE)

    assert shifted(start, 1, LORD_HOWE) - start == timedelta(hours=23, minutes=30)


@pytest.mark.parametrize(
    ("starts_at", "reminded"),
    [
        ("2027-01-06T08:55", "2027-01-05T19:30+00:00"),
        ("2027-01-06T09:00", "2027-01-05T19:30+00:00"),
        ("2027-01-06T09:05", "2027-01-06T09:00+00:00"),
        ("2027-01-06T11:00", "2027-01-06T09:00+00:00"),
        ("2027-01-06T11:05", "2027-01-06T09:05+00:00"),
        ("2027-01-06T21:55", "2027-01-06T19:55+00:00"),
        ("2027-01-06T22:00", "2027-01-06T19:30+00:00"),
        ("2027-01-06T22:05", "2027-01-06T19:30+00:00"),
    ],
)
def test_a_reminder_that_would_come_after_the_visit_comes_on_the_evening_before(
    starts_at: str, reminded: str
) -> None:
    assert due_at("reminder_2h", starts_at) == reminded


def test_a_confirmation_at_night_waits_for_the_morning() -> None:
    assert due_at("confirmation", "2027-01-09T10:00", since="2027-01-05T22:00") == "2027-01-06T09:00+00:00"


def test_a_confirmation_at_night_of_a_visit_at_nine_comes_at_once() -> None:
    assert due_at("confirmation", "2027-01-06T09:00", since="2027-01-05T22:00") == "2027-01-05T22:00+00:00"


def test_what_comes_before_a_visit_is_of_no_use_once_it_begins() -> None:
    starts_at = as_instant("2027-01-06T15:00")

    assert due(MOMENT_OF["reminder_2h"], starts_at, starts_at, LONDON).until == starts_at


def test_what_comes_after_a_visit_is_of_no_use_a_day_later() -> None:
    starts_at = as_instant("2027-01-06T15:00")

    found = due(MOMENT_OF["aftercare_3d"], starts_at, starts_at, LONDON)

    assert (local(found.at), local(found.until)) == ("2027-01-09T15:00+00:00", "2027-01-10T15:00+00:00")


def of_window(last: str, opens: int, closes: int) -> list[str]:
    """Give the local times at which the three messages of a maintenance window are due."""
    kinds = ("maintenance_opens", "maintenance_nudge", "maintenance_last_call")
    moments = [in_window(MOMENT_OF[kind], opens, closes) for kind in kinds]
    return [local(due(one, as_instant(last), as_instant(last), LONDON).at) for one in moments]


@pytest.mark.parametrize(
    ("last", "opens", "nudge", "closes"),
    [
        ("2027-08-30T10:00", "2028-02-29T10:00+00:00", "2028-05-30T10:00+01:00", "2028-08-30T10:00+01:00"),
        ("2027-08-31T10:00", "2028-02-29T10:00+00:00", "2028-05-31T10:00+01:00", "2028-08-31T10:00+01:00"),
        ("2027-09-01T10:00", "2028-03-01T10:00+00:00", "2028-06-01T10:00+01:00", "2028-09-01T10:00+01:00"),
        ("2026-08-31T08:30", "2027-02-28T09:00+00:00", "2027-05-31T09:00+01:00", "2027-08-31T09:00+01:00"),
    ],
)
def test_a_window_is_told_of_in_calendar_months_at_the_sessions_time_of_day(
    last: str, opens: str, nudge: str, closes: str
) -> None:
    assert of_window(last, 6, 12) == [opens, nudge, closes]


def test_the_middle_of_an_odd_window_is_half_a_month_later() -> None:
    found = [one[:10] for one in of_window("2027-01-10T10:00", 2, 3)]

    assert found == ["2027-03-10", "2027-03-25", "2027-04-10"]
