"""Descriptions of calendars, from which the text is written and the oracle tells the busy time.

All times are naive: what the clock shows where the event takes place.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Final, Literal
from zoneinfo import ZoneInfo

from tests.sync.calendars import calendar

DATE: Final = "date"
FLOATING: Final = "floating"
IN_UTC: Final = "UTC"
"""Where an event takes place, unless that is the name of a zone."""
WEEKDAYS: Final = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")

Frequency = Literal["DAILY", "WEEKLY", "MONTHLY"]
State = Literal["busy", "transparent", "cancelled", "free in Outlook"]
Place = Callable[[datetime, str], ZoneInfo]
"""The zone of a floating time, or of a date, by its day."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A recurrence; `weekdays` are pairs of an ordinal (0: each) and a weekday, Monday being 0.

    `until` is the last moment, written as a date if `until_is_date`, and in UTC for floating times too if
    `until_in_utc`.
    """

    frequency: Frequency
    interval: int = 1
    weekdays: tuple[tuple[int, int], ...] = ()
    month_days: tuple[int, ...] = ()
    first_weekday: int = 0
    count: int | None = None
    until: datetime | None = None
    until_is_date: bool = False
    until_in_utc: bool = False


@dataclass(frozen=True, slots=True)
class Length:
    """How long an event lasts: to the end that a clock shows, or a duration of days and exact time."""

    to_end: timedelta | None = None
    days: int = 0
    exactly: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Override:
    """An occurrence, or all from it on (`future`), that takes place at another time or not at all."""

    of: datetime
    start: datetime
    where: str
    length: Length
    state: State
    future: bool = False


@dataclass(frozen=True, slots=True)
class Event:
    """An event with all that repeats it; `excluded_in_utc` tells how its EXDATE is written."""

    uid: str
    where: str
    start: datetime
    length: Length
    state: State = "busy"
    rule: Rule | None = None
    excluded: tuple[datetime, ...] = ()
    excluded_in_utc: bool = False
    added: tuple[datetime, ...] = ()
    periods: tuple[tuple[datetime, timedelta], ...] = ()
    overrides: tuple[Override, ...] = ()


@dataclass(frozen=True, slots=True)
class Described:
    """A calendar: its events, and the zone that it names for floating times."""

    events: tuple[Event, ...]
    own_zone: str | None = None


def instant(at: datetime, where: str, place: Place) -> datetime:
    """Turn a moment into an instant in UTC."""
    if where == IN_UTC:
        return at.replace(tzinfo=UTC)
    zone = place(at, where) if where in {DATE, FLOATING} else ZoneInfo(where)
    return at.replace(tzinfo=zone).astimezone(UTC)


def written(described: Described, place: Place) -> bytes:
    """Write a calendar as text."""
    own_zone = [f"X-WR-TIMEZONE:{described.own_zone}"] if described.own_zone else []
    parts = [part for event in described.events for part in _parts(event, place)]
    return calendar(*own_zone, *parts)


def _parts(event: Event, place: Place) -> Iterator[str]:
    yield _component(
        event.uid,
        _moment("DTSTART", event.start, event.where),
        *_length(event.start, event.length, event.where),
        *_state(event.state),
        *([] if event.rule is None else [_rule(event.rule, event.where, place)]),
        *(_excluded(at, event, place) for at in event.excluded),
        *(_moment("RDATE", at, event.where) for at in event.added),
        *(_period(at, length, event.where) for at, length in event.periods),
    )
    for one in event.overrides:
        named = "RECURRENCE-ID;RANGE=THISANDFUTURE" if one.future else "RECURRENCE-ID"
        yield _component(
            event.uid,
            _moment(named, one.of, event.where),
            _moment("DTSTART", one.start, one.where),
            *_length(one.start, one.length, one.where),
            *_state(one.state),
        )


def _component(uid: str, *lines: str) -> str:
    return "\n".join(["BEGIN:VEVENT", f"UID:{uid}", "DTSTAMP:20260101T000000Z", *lines, "END:VEVENT"])


def _moment(name: str, at: datetime, where: str) -> str:
    if where == DATE:
        return f"{name};VALUE=DATE:{at:%Y%m%d}"
    zone = "" if where in {FLOATING, IN_UTC} else f";TZID={where}"
    return f"{name}{zone}:{_time(at, where)}"


def _time(at: datetime, where: str) -> str:
    return f"{at:%Y%m%dT%H%M%S}{'Z' if where == IN_UTC else ''}"


def _excluded(at: datetime, event: Event, place: Place) -> str:
    if event.excluded_in_utc and event.where != DATE:
        return _moment("EXDATE", instant(at, event.where, place), IN_UTC)
    return _moment("EXDATE", at, event.where)


def _period(at: datetime, length: timedelta, where: str) -> str:
    zone = "" if where in {FLOATING, IN_UTC} else f";TZID={where}"
    return f"RDATE;VALUE=PERIOD{zone}:{_time(at, where)}/{_duration(0, length)}"


def _length(start: datetime, length: Length, where: str) -> list[str]:
    if length.to_end is not None:
        return [_moment("DTEND", start + length.to_end, where)]
    if length.exactly is not None:
        return [f"DURATION:{_duration(length.days, length.exactly)}"]
    return [f"DURATION:P{length.days}D"] if length.days else []


def _duration(days: int, exactly: timedelta) -> str:
    hours, minutes = divmod(exactly // timedelta(minutes=1), 60)
    return f"P{f'{days}D' if days else ''}T{hours}H{minutes}M"


def _state(state: State) -> list[str]:
    return {
        "busy": [],
        "transparent": ["TRANSP:TRANSPARENT"],
        "cancelled": ["STATUS:CANCELLED"],
        "free in Outlook": ["X-MICROSOFT-CDO-BUSYSTATUS:FREE"],
    }[state]


def _rule(rule: Rule, where: str, place: Place) -> str:
    weekdays = ",".join(f"{nth or ''}{WEEKDAYS[day]}" for nth, day in rule.weekdays)
    parts = {
        "FREQ": rule.frequency,
        "INTERVAL": str(rule.interval) if rule.interval > 1 else "",
        "BYDAY": weekdays,
        "BYMONTHDAY": ",".join(map(str, rule.month_days)),
        "WKST": WEEKDAYS[rule.first_weekday] if rule.first_weekday else "",
        "COUNT": str(rule.count or ""),
        "UNTIL": _until(rule, where, place),
    }
    return "RRULE:" + ";".join(f"{name}={value}" for name, value in parts.items() if value)


def _until(rule: Rule, where: str, place: Place) -> str:
    if rule.until is None:
        return ""
    if rule.until_is_date or where == DATE:
        return f"{rule.until:%Y%m%d}"
    if where == FLOATING and not rule.until_in_utc:
        return _time(rule.until, FLOATING)
    return _time(instant(rule.until, where, place), IN_UTC)


def midnight(at: datetime) -> datetime:
    """Give the beginning of a moment's day."""
    return datetime.combine(at.date(), time())
