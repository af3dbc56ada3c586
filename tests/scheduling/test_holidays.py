"""A holiday closes exactly one civil day of its location, also when a clock change makes it longer."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from scheduling.bits import Window
from scheduling.catalog import Closure
from scheduling.hours import closed_bits, local_days
from scheduling.ticks import local_date, to_tick
from tests.scheduling.cast import LOCATION, around, codes, create_location, judge, starts, tick_at, week

HOLIDAY = date(2027, 6, 1)
ALL_DAY = week("00:00", "24:00")

# The clocks change before, on or after the day, at midnight, by half an hour, or never.
DAYS = [
    *(("Europe/London", f"2027-03-{day}") for day in (27, 28, 29)),
    *(("Europe/London", f"2027-10-{day}") for day in (30, 31)),
    ("Europe/London", "2027-11-01"),
    *(("America/Havana", f"2027-03-{day}") for day in (13, 14, 15)),
    *(("America/Havana", f"2027-11-0{day}") for day in (6, 7, 8)),
    *(("Asia/Beirut", f"2027-03-{day}") for day in (27, 28, 29)),
    *(("Asia/Beirut", f"2027-10-{day}") for day in (29, 30, 31)),
    ("Australia/Lord_Howe", "2027-04-04"),
    ("Pacific/Kiritimati", "2027-06-01"),
    ("Pacific/Pago_Pago", "2027-06-01"),
    ("Asia/Kathmandu", "2027-06-01"),
]


def closed_ticks(window: Window, zone: ZoneInfo, *holidays: date) -> list[int]:
    """Return the ticks of a window at which a location with these holidays is closed."""
    bits = closed_bits(create_location(zone=zone, holidays=holidays), local_days(zone, window))
    return [tick for tick in range(window.start, window.end) if bits >> tick - window.start & 1]


@pytest.mark.parametrize(("name", "day"), DAYS)
def test_a_holiday_is_every_tick_of_its_civil_day_and_no_other(name: str, day: str) -> None:
    zone, on = ZoneInfo(name), date.fromisoformat(day)
    window = around(to_tick(datetime.combine(on, datetime.min.time(), UTC)), 72)
    civil_day = [tick for tick in range(window.start, window.end) if local_date(tick, zone) == on]

    assert closed_ticks(window, zone, on) == civil_day


@pytest.mark.parametrize("cut", [-12, 0, 12])
def test_a_holiday_is_cut_at_the_windows_edges(cut: int) -> None:
    zone, midnight = ZoneInfo("Europe/London"), tick_at("2027-06-01T00:00")
    window = Window(midnight - cut, midnight + 24)

    assert closed_ticks(window, zone, HOLIDAY) == list(range(max(midnight, window.start), window.end))


def test_holidays_outside_the_window_close_nothing_in_it() -> None:
    window = Window(tick_at("2027-06-01T00:00"), tick_at("2027-06-02T00:00"))
    far = [HOLIDAY + timedelta(days=days) for days in (-400, -1, 1, 400)]

    assert closed_ticks(window, ZoneInfo("Europe/London"), *far) == []


def test_holidays_in_a_row_and_closures_close_together() -> None:
    window = around(tick_at("2027-06-01T12:00"), 48)
    closure = Closure(LOCATION, tick_at("2027-06-02T23:00"), tick_at("2027-06-03T01:00"))
    row = (HOLIDAY, HOLIDAY + timedelta(days=1))
    location = create_location(holidays=row, closures=(closure,))

    closed = closed_bits(location, local_days(location.zone, window))

    assert closed == window.span(tick_at("2027-06-01T00:00"), tick_at("2027-06-03T01:00"))


@pytest.mark.parametrize(
    ("start", "refused"),
    [
        ("2027-05-31T23:35", False),
        ("2027-05-31T23:40", False),
        ("2027-05-31T23:45", True),
        ("2027-06-01T10:00", True),
        ("2027-06-01T23:55", True),
        ("2027-06-02T00:00", False),
    ],
)
def test_a_visit_may_touch_a_holiday(start: str, refused: bool) -> None:
    location = create_location(opening_hours=ALL_DAY, holidays=(HOLIDAY,))

    assert codes(judge(tick_at(start), location=location)) == ["location_closed"] * refused


def test_a_search_finds_nothing_on_a_holiday() -> None:
    window = Window(tick_at("2027-05-31T00:00"), tick_at("2027-06-03T00:00"))
    location = create_location(holidays=(HOLIDAY,))

    found = {local_date(start, location.zone).day for start in starts(window, location=location)}

    assert found == {31, 2}


def test_nobody_may_waive_a_holiday() -> None:
    location = create_location(holidays=(HOLIDAY,))

    verdict = judge(tick_at("2027-06-01T10:00"), location=location, waived=frozenset({"location_closed"}))

    assert codes(verdict) == ["location_closed"]
