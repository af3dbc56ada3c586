"""Generates calendars of nights on which the clocks change, and therapists who work in several zones."""

from datetime import UTC, date, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from sync.busy.moments import Range
from tests.sync.busy.described_calendars import (
    DATE,
    FLOATING,
    IN_UTC,
    Described,
    Event,
    Frequency,
    Length,
    Override,
    Rule,
    State,
    midnight,
)

ZONES: Final = (
    "Europe/Berlin", "Europe/London", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata",
)  # fmt: skip
# The clocks change on 14 March (New York), 28 March (Europe), 4 April (Lord Howe), 31 October, 7 November.
WINDOWS: Final = (date(2027, 3, 10), date(2027, 3, 24), date(2027, 6, 1), date(2027, 10, 22))
WEEKS: Final = timedelta(weeks=3)
WHERE: Final = st.sampled_from([*ZONES[:4], IN_UTC, FLOATING, DATE, DATE])
WHERE_THE_THERAPIST_IS: Final = st.sampled_from([FLOATING, FLOATING, DATE])
STATES: Final[st.SearchStrategy[State]] = st.sampled_from(
    ["busy", "busy", "busy", "busy", "transparent", "cancelled", "free in Outlook"]
)
FREQUENCIES: Final[st.SearchStrategy[Frequency]] = st.sampled_from(
    ["DAILY", "DAILY", "WEEKLY", "WEEKLY", "MONTHLY"]
)
# Half of all times lie in the hours in which the clocks change.
TIMES: Final = st.one_of(st.integers(0, 4 * 4), st.integers(0, 24 * 4 - 1)).map(
    lambda quarters: timedelta(minutes=15 * quarters)
)


@st.composite
def windows(draw: st.DrawFn, *, is_travelling: bool = False) -> Range:
    """Generate a window, and where the therapist works in it: each week in two zones if `is_travelling`."""
    first = datetime.combine(draw(st.sampled_from(WINDOWS)), datetime.min.time(), UTC)
    first += draw(st.sampled_from([timedelta(0), timedelta(hours=5, minutes=30)]))
    days = [first.date() + timedelta(days=day) for day in range(-1, WEEKS.days + 2)]
    some_days = st.lists(st.sampled_from(days), max_size=5)
    away = _weekly(days) if is_travelling else st.one_of(st.builds(list[date]), some_days, _weekly(days))
    elsewhere = dict.fromkeys(draw(away), ZoneInfo(draw(st.sampled_from(ZONES))))
    return Range(first, first + WEEKS, ZoneInfo(draw(st.sampled_from(ZONES))), elsewhere)


def _weekly(days: list[date]) -> st.SearchStrategy[list[date]]:
    """Generate the days that fall on two weekdays."""
    weekdays = st.tuples(st.integers(0, 6), st.integers(0, 6))
    return weekdays.map(lambda pair: [day for day in days if day.weekday() in pair])


@st.composite
def calendars(draw: st.DrawFn, within: Range, wheres: st.SearchStrategy[str] = WHERE) -> Described:
    """Generate a calendar whose events lie around a window; some of them share a UID."""
    events = draw(st.lists(_events(within, wheres), min_size=1, max_size=4))
    share = draw(st.booleans())
    named = [
        _named(event, "shared" if share and not event.overrides else f"{place}")
        for place, event in enumerate(events)
    ]
    own_zone = draw(st.sampled_from([None, None, None, *ZONES[:2]]))
    return Described(tuple(named), own_zone)


def _named(event: Event, uid: str) -> Event:
    parts: dict[str, Any] = {name: getattr(event, name) for name in Event.__slots__}
    return Event(**parts | {"uid": uid})


@st.composite
def _events(draw: st.DrawFn, within: Range, wheres: st.SearchStrategy[str]) -> Event:
    where = draw(wheres)
    start = draw(_moments(within, where, before=20))
    length, state = draw(_lengths(where)), draw(STATES)
    if draw(st.integers(0, 4)) == 0:
        return Event("", where, start, length, state)
    rule = draw(_rules(start, where))
    candidates = st.sampled_from(_near(rule, start))
    others = _moments(within, where, before=5)
    return Event(
        "",
        where,
        start,
        length,
        state,
        rule,
        excluded=tuple(draw(st.lists(candidates, max_size=2))),
        excluded_in_utc=draw(st.booleans()),
        added=tuple(draw(st.lists(others, max_size=1))),
        periods=tuple(draw(st.lists(st.tuples(others, _PERIODS), max_size=1))) if where != DATE else (),
        overrides=_one_each(draw(st.lists(_overrides(where, candidates), max_size=2))),
    )


def _one_each(overrides: list[Override]) -> tuple[Override, ...]:
    return tuple({one.of: one for one in overrides}.values())


def _near(rule: Rule, start: datetime) -> list[datetime]:
    """Give moments that are likely dates of the rule."""
    step = {"DAILY": 1, "WEEKLY": 7, "MONTHLY": 28}[rule.frequency] * rule.interval
    return [start + timedelta(days=step * place) for place in range(16 if step == 1 else 4)]


@st.composite
def _moments(draw: st.DrawFn, within: Range, where: str, before: int) -> datetime:
    day = draw(st.integers(-before, WEEKS.days))
    time = timedelta(0) if where == DATE else draw(TIMES)
    return midnight(within.first.replace(tzinfo=None)) + timedelta(days=day) + time


_PERIODS: Final = st.sampled_from([timedelta(minutes=30), timedelta(hours=3), timedelta(hours=26)])


def _lengths(where: str) -> st.SearchStrategy[Length]:
    if where == DATE:
        ends = st.sampled_from([Length(to_end=timedelta(days=days)) for days in (0, 1, 1, 2, 3)])
        return st.one_of(st.just(Length()), ends, st.sampled_from([Length(days=1), Length(days=2)]))
    minutes = st.sampled_from([15, 60, 60, 90, 180, 12 * 60, 24 * 60, 25 * 60]).map(
        lambda number: timedelta(minutes=number)
    )
    exact = st.one_of(minutes, st.sampled_from([timedelta(hours=24), timedelta(hours=36)]))
    ends = minutes.map(lambda to_end: Length(to_end=to_end))
    durations = st.builds(
        lambda days, rest: Length(days=days, exactly=rest), st.sampled_from([0, 0, 1]), exact
    )
    return st.one_of(ends, durations, st.sampled_from([Length(days=1), Length()]))


@st.composite
def _rules(draw: st.DrawFn, start: datetime, where: str) -> Rule:
    frequency = draw(FREQUENCIES)
    weekdays: list[tuple[int, int]] = []
    month_days: list[int] = []
    if frequency == "MONTHLY":
        ordinals = st.tuples(st.sampled_from([1, 2, -1, 0]), st.integers(0, 6))
        weekdays = draw(st.lists(ordinals, max_size=2, unique=True))
        if not weekdays:
            month_days = draw(st.lists(st.sampled_from([1, 15, 28, 31, -1]), max_size=2, unique=True))
    elif draw(st.booleans()):
        weekdays = draw(
            st.lists(st.tuples(st.just(0), st.integers(0, 6)), min_size=1, max_size=3, unique=True)
        )
    ends = draw(st.sampled_from(["never", "count", "until", "until a date"]))
    last = midnight(start) + timedelta(days=draw(st.integers(0, 40)))
    times = (start - midnight(start), timedelta(0), timedelta(hours=23, minutes=59))
    return Rule(
        frequency,
        draw(st.sampled_from([1, 1, 2, 3])),
        tuple(weekdays),
        tuple(month_days),
        first_weekday=draw(st.sampled_from([0, 0, 6])) if frequency == "WEEKLY" else 0,
        count=draw(st.integers(1, 12)) if ends == "count" else None,
        until=last + (timedelta(0) if where == DATE else draw(st.sampled_from(times)))
        if "until" in ends
        else None,
        until_is_date=ends == "until a date",
        until_in_utc=draw(st.booleans()),
    )


@st.composite
def _overrides(draw: st.DrawFn, where: str, candidates: st.SearchStrategy[datetime]) -> Override:
    of = draw(candidates)
    future = draw(st.integers(0, 3)) == 0
    if not future and where != DATE and draw(st.integers(0, 4)) == 0:
        return Override(of, midnight(of), DATE, draw(_lengths(DATE)), draw(STATES))
    steps = [timedelta(days=days) for days in (0, 1, -1, 3)]
    if where != DATE:
        steps += [timedelta(hours=2), timedelta(minutes=-45), timedelta(days=1, hours=3)]
    return Override(of, of + draw(st.sampled_from(steps)), where, draw(_lengths(where)), draw(STATES), future)
