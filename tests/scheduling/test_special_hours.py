"""Special hours take the place of the weekly hours on their own civil date and on no other."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scheduling.bits import Window
from scheduling.catalog import Closure, Location, SpecialDay, Therapist, WeeklyPeriod
from scheduling.hours import hours_bits, local_days
from scheduling.ticks import local_date, to_tick
from tests.scheduling.cast import (
    LOCATION,
    around,
    codes,
    create_catalog,
    create_location,
    create_therapist,
    judge,
    minute,
    starts,
    tick_at,
)
from tests.scheduling.oracle import within

TUESDAY = date(2027, 6, 1)
ELSEWHERE = UUID(int=2)
# The clocks change on the date or beside it: in the night, at midnight, by half an hour, before midnight.
NIGHTS = [
    ("Europe/London", "2027-03-28"), ("Europe/London", "2027-10-31"), ("America/Havana", "2027-03-14"),
    ("America/Havana", "2027-11-07"), ("Asia/Beirut", "2027-03-28"), ("Asia/Beirut", "2027-10-30"),
    ("Australia/Lord_Howe", "2027-04-04"), ("Australia/Lord_Howe", "2027-10-03"),
    ("America/Nuuk", "2027-03-27"), ("America/Nuuk", "2027-10-30"),
]  # fmt: skip
PERIODS = st.lists(st.integers(0, 288).map(lambda tick: tick * 5), max_size=6, unique=True).map(
    lambda bounds: tuple(zip(sorted(bounds)[::2], sorted(bounds)[1::2], strict=False))
)


def special(on: date, *periods: str) -> SpecialDay:
    """Return the hours of a date, each period written as `10:00-14:00`."""
    bounds = (one.split("-") for one in periods)
    return SpecialDay(on, tuple((minute(opens), minute(closes)) for opens, closes in bounds))


def dates_found(location: Location, *people: Therapist) -> list[date]:
    """Search the days around the Tuesday; return those on which there is a slot."""
    window = Window(tick_at("2027-05-31T00:00"), tick_at("2027-06-03T00:00"))
    found = starts(window, create_catalog(*people), location=location)
    return sorted({local_date(start, location.zone) for start in found})


@pytest.mark.parametrize(("name", "day"), NIGHTS)
@settings(max_examples=25, deadline=None)
@given(PERIODS, PERIODS, st.sets(st.integers(-1, 1)))
def test_a_date_has_exactly_its_special_hours_whatever_the_clocks_do(
    name: str,
    day: str,
    usual: tuple[tuple[int, int], ...],
    named: tuple[tuple[int, int], ...],
    days: set[int],
) -> None:
    zone, on = ZoneInfo(name), date.fromisoformat(day)
    weekly = tuple(WeeklyPeriod(weekday, *one) for weekday in range(7) for one in usual)
    dates = tuple(SpecialDay(on + timedelta(days=number), named) for number in sorted(days))
    window = around(to_tick(datetime.combine(on, datetime.min.time(), UTC)), 60)

    bits = hours_bits(weekly, dates, local_days(zone, window))

    assert [bool(bits >> tick - window.start & 1) for tick in range(window.start, window.end)] == [
        within((weekly, dates), tick, zone) for tick in range(window.start, window.end)
    ]


@pytest.mark.parametrize(
    ("start", "refused"),
    [("09:00", True), ("09:55", True), ("10:00", False), ("13:40", False), ("13:45", True), ("15:00", True)],
)
def test_a_visit_lies_within_the_special_hours_of_its_date(start: str, refused: bool) -> None:
    location = create_location(special_hours=(special(TUESDAY, "10:00-14:00"),))

    assert (
        codes(judge(tick_at(f"2027-06-01T{start}"), location=location)) == ["outside_opening_hours"] * refused
    )


def test_special_hours_may_be_longer_than_the_weekly_ones_and_touch_midnight() -> None:
    location = create_location(
        special_hours=(special(TUESDAY, "19:00-24:00"), special(TUESDAY + timedelta(days=1), "00:00-01:00"))
    )
    late = [
        codes(judge(tick_at(f"2027-06-0{at}"), location=location)) for at in ("1T23:50", "2T00:40", "2T00:45")
    ]

    assert late == [[], [], ["outside_opening_hours"]]


def test_an_empty_list_closes_the_date() -> None:
    assert [one.day for one in dates_found(create_location(special_hours=(special(TUESDAY),)))] == [31, 2]


def test_special_hours_open_on_a_public_holiday_and_an_empty_list_does_not() -> None:
    opened = create_location(holidays=(TUESDAY,), special_hours=(special(TUESDAY, "10:00-14:00"),))
    closed = create_location(holidays=(TUESDAY,), special_hours=(special(TUESDAY),))
    noon = tick_at("2027-06-01T12:00")

    assert codes(judge(noon, location=opened)) == []
    assert codes(judge(noon, location=closed)) == ["outside_opening_hours", "location_closed"]


def test_a_therapists_special_hours_open_no_public_holiday() -> None:
    person = create_therapist(special_hours={LOCATION: (special(TUESDAY, "10:00-14:00"),)})
    location = create_location(holidays=(TUESDAY,))

    assert codes(judge(tick_at("2027-06-01T12:00"), create_catalog(person), location=location)) == [
        "location_closed"
    ]


def test_a_closure_closes_special_hours_too() -> None:
    noon = tick_at("2027-06-01T12:00")
    location = create_location(
        special_hours=(special(TUESDAY, "10:00-14:00"),), closures=(Closure(LOCATION, noon, noon + 12),)
    )

    assert codes(judge(noon, location=location)) == ["location_closed"]


@pytest.mark.parametrize(
    ("hours", "found"),
    [
        ({LOCATION: ("10:00-14:00",)}, [31, 1, 2]),
        ({LOCATION: ()}, [31, 2]),
        ({ELSEWHERE: ("10:00-14:00",)}, [31, 1, 2]),
    ],
)
def test_a_therapists_special_hours_are_those_at_one_location(
    hours: dict[UUID, Iterable[str]], found: list[int]
) -> None:
    days = {place: (special(TUESDAY, *periods),) for place, periods in hours.items()}

    assert [one.day for one in dates_found(create_location(), create_therapist(special_hours=days))] == found


@pytest.mark.parametrize(("periods", "found"), [(("10:00-14:00",), [1]), ((), [])])
def test_who_works_here_on_special_dates_alone_is_found_on_them(
    periods: Iterable[str], found: list[int]
) -> None:
    guest = create_therapist(working_hours={}, special_hours={LOCATION: (special(TUESDAY, *periods),)})

    assert guest.works_at(LOCATION) == bool(found)
    assert [one.day for one in dates_found(create_location(), guest)] == found
