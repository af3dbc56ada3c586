"""Turns a location's local days, its hours and its closed times into bits, over changes of the clock."""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from operator import attrgetter
from zoneinfo import ZoneInfo

from scheduling.bits import Window
from scheduling.catalog import Location, SpecialDay, WeeklyPeriod
from scheduling.ticks import (
    DAY_MINUTES,
    DAY_TICKS,
    TICK_MINUTES,
    floor_tick,
    local_date,
    minutes_to_ticks,
    offset_minutes,
)

_ONE_DAY = timedelta(days=1)
_DATE = attrgetter("on")


@dataclass(frozen=True, slots=True, eq=False)
class Days:
    """The civil days of a zone that meet a window, made by `local_days`; only the same object is equal.

    `midnights` are the ticks at which the days from `first` on begin, and the end of the last day.
    `marks` has the midnights of each weekday as bits from the first midnight on, without the days of a
    clock change, whose dates are in `changes`.
    """

    zone: ZoneInfo
    window: Window
    first: date
    midnights: tuple[int, ...]
    marks: tuple[int, ...]
    changes: tuple[date, ...]

    def date_at(self, tick: int) -> date:
        """Return the civil date at a tick."""
        return local_date(tick, self.zone)

    def midnight(self, on: date) -> int:
        """Return the tick at which a date begins, clipped to the days of the window."""
        place = min(max((on - self.first).days, 0), len(self.midnights) - 1)
        return self.midnights[place]

    def between(self, first: date, until: date) -> int:
        """Return the bits of the dates from `first` to `until`, half-open."""
        return self.window.span(self.midnight(first), self.midnight(until))

    def wall(self, on: date, minute: int, *, last: bool) -> int:
        """Return the tick of a wall-clock time on a date.

        A time that the clocks skip maps forward. For a time that comes twice, `last` chooses the second
        time, else it is the first. Minute 1440 is the end of the date.
        """
        if minute == DAY_MINUTES:
            return self.midnight(on + _ONE_DAY)
        local = datetime.combine(on, time(minute // 60, minute % 60), self.zone)
        first = floor_tick(local)
        return max(first, floor_tick(local.replace(fold=1))) if last else first


@lru_cache(maxsize=256)
def local_days(zone: ZoneInfo, window: Window) -> Days:
    """Return the civil days of a zone that meet a window."""
    first, last = local_date(window.start, zone), local_date(window.end - 1, zone)
    dates = [first + timedelta(days=day) for day in range((last - first).days + 2)]
    midnights = [floor_tick(datetime.combine(on, time(), zone)) for on in dates]
    marks, changes = [0] * 7, []
    for on, starts, ends in zip(dates, midnights, midnights[1:], strict=False):
        if ends - starts == DAY_TICKS:
            marks[on.weekday()] |= 1 << (starts - midnights[0])
        else:
            changes.append(on)
    return Days(zone, window, first, tuple(midnights), tuple(marks), tuple(changes))


def hours_bits(weekly: tuple[WeeklyPeriod, ...], special: Sequence[SpecialDay], days: Days) -> int:
    """Return the bits of weekly hours, and on dates with special hours those of the special hours instead."""
    if not special:
        return weekly_bits(weekly, days)
    inside = _within(special, days)
    return weekly_bits(weekly, days, tuple(one.on for one in inside)) | days.window.spans(
        (days.wall(one.on, starts, last=False), days.wall(one.on, ends, last=True))
        for one in inside
        for starts, ends in one.periods
    )


def _within(special: Sequence[SpecialDay], days: Days) -> Sequence[SpecialDay]:
    """Return the special hours of those dates that meet the window; they are in order of their dates."""
    last = days.first + timedelta(days=len(days.midnights) - 1)
    return special[bisect_left(special, days.first, key=_DATE) : bisect_left(special, last, key=_DATE)]


@lru_cache(maxsize=1024)
def weekly_bits(periods: tuple[WeeklyPeriod, ...], days: Days, without: tuple[date, ...] = ()) -> int:
    """Return the bits of weekly hours; a period that lies wholly in a skipped hour is left out.

    So are the periods of the dates `without` weekly hours. Staff share their hours and searches share their
    windows, so the cache answers most calls.
    """
    bits, left_out = 0, sum(1 << days.midnight(on) - days.midnights[0] for on in without)
    for period in periods:
        marks = _marks(period, days) & ~left_out
        # The days of a period are disjoint, so the difference of its ends and starts is their union.
        bits |= (marks << minutes_to_ticks(period.ends)) - (marks << minutes_to_ticks(period.starts))
    return _clipped_to_window(bits, days) | _changed_days(periods, days, without)


def _clipped_to_window(bits: int, days: Days) -> int:
    return bits >> days.window.start - days.midnights[0] & days.window.full


def _marks(period: WeeklyPeriod, days: Days) -> int:
    """Return the midnights of the days that have the period, as bits, without those of a clock change."""
    if period.every_weeks == 1:
        return days.marks[period.weekday] & _valid_marks(period, days)
    dates = (days.first + timedelta(days=number) for number in range(len(days.midnights) - 1))
    held = (on for on in dates if period.holds_on(on) and on not in days.changes)
    return sum(1 << days.midnight(on) - days.midnights[0] for on in held)


def _valid_marks(period: WeeklyPeriod, days: Days) -> int:
    if period.valid_from is None and period.valid_until is None:
        return -1
    first = days.midnight(period.valid_from or date.min) - days.midnights[0]
    until = days.midnight(_day_after(period.valid_until)) - days.midnights[0]
    return (1 << max(first, until)) - (1 << first)


def _day_after(last: date | None) -> date:
    return date.max if last is None or last == date.max else last + _ONE_DAY


def _changed_days(periods: Iterable[WeeklyPeriod], days: Days, without: Sequence[date]) -> int:
    return days.window.spans(
        (days.wall(on, period.starts, last=False), days.wall(on, period.ends, last=True))
        for on in days.changes
        for period in periods
        if period.holds_on(on) and on not in without
    )


def closed_bits(location: Location, days: Days) -> int:
    """Return the bits of closures and holidays, at which a location is closed despite its weekly hours."""
    closures = days.window.spans((closure.starts, closure.ends) for closure in location.closures)
    return closures | days.window.spans(_holidays(location, days))


def _holidays(location: Location, days: Days) -> Iterator[tuple[int, int]]:
    """Yield the ticks of those holidays that meet the window, half-open, but none with special hours."""
    dates, last = location.holidays, days.first + timedelta(days=len(days.midnights) - 1)
    opened = {one.on for one in _within(location.special_hours, days) if one.periods}
    for on in dates[bisect_left(dates, days.first) : bisect_left(dates, last)]:
        if on not in opened:
            yield days.midnight(on), days.midnight(on + _ONE_DAY)


def open_bits(location: Location, days: Days) -> int:
    """Return the bits at which a location is open: its hours without what closes it."""
    return hours_bits(location.opening_hours, location.special_hours, days) & ~closed_bits(location, days)


def grid_bits(grid_minutes: int, days: Days) -> int:
    """Return the bits whose local minute of the day is a multiple of the grid."""
    if grid_minutes == TICK_MINUTES:
        return days.window.full
    marks, bits = sum(days.marks), 0
    for minute in range(0, DAY_MINUTES, grid_minutes):
        bits |= marks << minutes_to_ticks(minute)
    bits = _clipped_to_window(bits, days)
    for on in days.changes:
        bits |= days.window.spans(
            (tick, tick + 1)
            for tick in range(days.midnight(on), days.midnight(on + _ONE_DAY))
            if (tick * TICK_MINUTES + offset_minutes(tick, days.zone)) % DAY_MINUTES % grid_minutes == 0
        )
    return bits
