"""Writes a recurring object as its single instances in UTC (RFC 4791, 9.6.5)."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final

from icalendar import Calendar as ICalendar
from recurring_ical_events import of

from dav.objects import NONSENSE, read_object

MOST_INSTANCES: Final = 2_000
"""The most instances that one answer gives."""
_EVENT: Final = "VEVENT"
_RECURS: Final = frozenset({"RRULE", "RDATE", "RECURRENCE-ID"})
_TIMES: Final = ("DTSTART", "DTEND", "RECURRENCE-ID")


class TooManyInstancesError(Exception):
    """The objects have more instances than one answer gives."""


def expand(body: bytes, start: datetime, end: datetime, most: int) -> tuple[bytes, int] | None:
    """Give the text of an object with its instances between two instants, and the number of its events.

    An object that does not recur is given whole. None when the object cannot be read; TooManyInstancesError.
    """
    try:
        calendar = read_object(body)
        if calendar is None:
            return None
        found = _instances(calendar, start, end)
        if len(found) > most:
            raise TooManyInstancesError
        return _write(calendar, found), len(found)
    except NONSENSE:
        return None


def _instances(calendar: Any, start: datetime, end: datetime) -> Sequence[Any]:  # noqa: ANN401 - untyped
    events: list[Any] = calendar.walk(_EVENT)
    if any(not _RECURS.isdisjoint(one) for one in events):
        events = of(calendar, components=[_EVENT]).between(start.astimezone(UTC), end.astimezone(UTC))
    return events


def _write(calendar: Any, events: Sequence[Any]) -> bytes:  # noqa: ANN401 - untyped
    written = ICalendar()
    for name, value in calendar.items():
        written[name] = value
    for event in events:
        for name in _TIMES:
            _in_utc(event, name)
        written.add_component(event)
    text: bytes = written.to_ical()
    return text


def _in_utc(event: Any, name: str) -> None:  # noqa: ANN401 - untyped
    """Write an instant in UTC; dates, and times without a zone, stay what they are."""
    at = event[name].dt if name in event else None
    if isinstance(at, datetime) and at.tzinfo is not None:
        del event[name]
        event.add(name, at.astimezone(UTC))
