"""Ticks are five minutes of UTC, written as local time."""

from datetime import UTC, date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduling.ticks import (
    LocalClock,
    ceil_tick,
    floor_tick,
    from_tick,
    has_weekday,
    minutes_to_ticks,
    to_tick,
)

NOON = datetime(2027, 6, 1, 12, tzinfo=UTC)
ZONES = (
    "Europe/London",
    "America/New_York",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",
    "UTC",
    "America/Havana",
)


def test_a_tick_counts_five_minutes_since_the_epoch() -> None:
    assert to_tick(NOON) == int(NOON.timestamp()) // 300
    assert from_tick(to_tick(NOON)) == NOON


def test_the_same_instant_in_another_zone_is_the_same_tick() -> None:
    assert to_tick(NOON.astimezone(timezone(timedelta(hours=5, minutes=45)))) == to_tick(NOON)


@pytest.mark.parametrize("off", [timedelta(minutes=1), timedelta(seconds=1), timedelta(microseconds=1)])
def test_what_is_off_the_grid_is_refused_and_rounds_both_ways(off: timedelta) -> None:
    with pytest.raises(ValueError, match="grid"):
        to_tick(NOON + off)

    assert floor_tick(NOON + off) == to_tick(NOON)
    assert ceil_tick(NOON + off) == to_tick(NOON) + 1


@pytest.mark.parametrize("convert", [to_tick, floor_tick, ceil_tick])
def test_a_naive_time_is_refused(convert: "type[int]") -> None:
    with pytest.raises(ValueError, match="zone"):
        convert(NOON.replace(tzinfo=None))


def test_minutes_that_are_no_whole_ticks_are_refused() -> None:
    with pytest.raises(ValueError, match="multiples of 5"):
        minutes_to_ticks(7)


@given(st.sampled_from(ZONES), st.lists(st.integers(0, 366 * 288), min_size=1, max_size=40))
def test_local_time_is_written_as_the_standard_library_writes_it(name: str, offsets: list[int]) -> None:
    zone = ZoneInfo(name)
    clock, first = LocalClock(zone), to_tick(datetime(2027, 1, 1, tzinfo=UTC))
    ticks = [first + offset for offset in offsets]

    assert [clock.format(tick) for tick in ticks] == [
        from_tick(t).astimezone(zone).isoformat() for t in ticks
    ]


@pytest.mark.parametrize(
    ("utc", "written"),
    [
        ("2027-03-28T00:55", "2027-03-28T00:55:00+00:00"),
        ("2027-03-28T01:00", "2027-03-28T02:00:00+01:00"),
        ("2027-10-31T00:55", "2027-10-31T01:55:00+01:00"),
        ("2027-10-31T01:00", "2027-10-31T01:00:00+00:00"),
    ],
)
def test_the_offset_is_that_of_the_instant(utc: str, written: str) -> None:
    tick = to_tick(datetime.fromisoformat(utc).replace(tzinfo=UTC))

    assert LocalClock(ZoneInfo("Europe/London")).format(tick) == written


@given(st.integers(0, 6), st.dates(date(2027, 1, 1), date(2028, 1, 1)), st.integers(-3, 20))
def test_dates_have_a_weekday_when_one_of_them_is_such_a_day(weekday: int, first: date, days: int) -> None:
    found = weekday in {(first + timedelta(days=one)).weekday() for one in range(days + 1)}

    assert has_weekday(weekday, first, first + timedelta(days=days)) == found
