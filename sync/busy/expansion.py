"""Expands iCalendar texts, recurring events included, into busy times."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import icalendar
from recurring_ical_events import EventAdapter, Occurrence, Series

MOST_BYTES: Final = 5_000_000
"""The largest calendar that is read."""
MOST_EVENTS: Final = 20_000
"""The most occurrences of a calendar within the window."""
# The library gets a wider window, because dates and floating times are placed in a zone only later.
_ROOM: Final = timedelta(days=2)
_FREE: Final = frozenset({"TRANSPARENT", "CANCELLED"})
# Exceptions that the libraries raise at values that make no sense.
_NONSENSE: Final = (
    ArithmeticError, AssertionError, AttributeError, LookupError, RecursionError, TypeError, ValueError,
)  # fmt: skip

Span = tuple[datetime, datetime]


class UnusableError(Exception):
    """The calendar cannot be used.

    `str()` is a code: not_a_calendar, too_large, too_slow or too_many_events.
    """


@dataclass(frozen=True, slots=True)
class Range:
    """The window to expand, between two aware instants, and the zone of dates and floating times.

    `elsewhere` are the dates on which that zone is another.
    """

    first: datetime
    last: datetime
    zone: ZoneInfo
    elsewhere: Mapping[date, ZoneInfo] = field(default_factory=dict)

    def zone_on(self, day: date) -> ZoneInfo:
        """Give the zone of a date."""
        return self.elsewhere.get(day, self.zone)


@dataclass(frozen=True, slots=True)
class Expanded:
    """The busy spans (aware, UTC, half-open, sorted) by UID, and how many events could not be read."""

    busy: Mapping[str, Sequence[Span]]
    unread: int


class _Event(EventAdapter):  # type: ignore[misc]  # The library has no types.
    """The library's event, with access to its iCalendar component."""

    @property
    def component(self) -> Any:  # noqa: ANN401 - see above
        return self._component


class _Busy(Occurrence):  # type: ignore[misc]  # see above
    """An occurrence of an event: its time, and whether it leaves its owner free."""

    @property
    def event(self) -> Any:  # noqa: ANN401 - see above
        return self._adapter.component

    @property
    def is_free(self) -> bool:
        return not _FREE.isdisjoint({_word(self.event, "TRANSP"), _word(self.event, "STATUS")})


class _Series(Series):  # type: ignore[misc]  # see above
    """All components of a UID: the recurring event and the occurrences that differ from it."""

    def occurrence(self, adapter: Any, start: Any = None, end: Any = None) -> _Busy:  # noqa: ANN401 - see above
        return _Busy(adapter, start, end, sequence=self.sequence)


def expand(text: bytes, within: Range) -> Expanded:
    """Expand all calendars of a text; UnusableError when it holds none, or too much.

    Recurring events with their exceptions (RANGE=THISANDFUTURE too) and VFREEBUSY count; events that are
    transparent, cancelled, free or of no length do not. An event that makes no sense is left out and
    counted as unread.
    """
    if len(text) > MOST_BYTES:
        raise UnusableError("too_large")
    found: defaultdict[str, list[Span]] = defaultdict(list)
    unread, left = 0, MOST_EVENTS
    for uid, spans in _stated(text, within):
        kept = found[uid]
        try:
            for span in spans:
                left -= 1
                if left < 0:
                    raise UnusableError("too_many_events")
                kept.extend(_clipped(span, within))
        except _NONSENSE:
            unread += 1
    return Expanded({uid: sorted(set(spans)) for uid, spans in found.items()}, unread)


def _stated(text: bytes, within: Range) -> Iterator[tuple[str, Iterator[Span]]]:
    for calendar in _read(text):
        here = _in_own_zone(calendar, within)
        yield from _of_events(calendar, here)
        yield from _of_freebusy(calendar, here)


def _read(text: bytes) -> list[Any]:
    try:
        found = icalendar.Calendar.from_ical(text.removeprefix(b"\xef\xbb\xbf"), multiple=True)
        calendars = [one for one in found if one.name == "VCALENDAR"]
    except _NONSENSE as error:
        raise UnusableError("not_a_calendar") from error
    if not calendars:
        raise UnusableError("not_a_calendar")
    return calendars


def _in_own_zone(calendar: Any, within: Range) -> Range:  # noqa: ANN401 - the library has no types
    """Use the calendar's own zone for dates and floating times, if it names a known zone."""
    try:
        return Range(within.first, within.last, ZoneInfo(str(calendar.get("X-WR-TIMEZONE", ""))))
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return within


def _of_events(calendar: Any, within: Range) -> Iterator[tuple[str, Iterator[Span]]]:  # noqa: ANN401 - see above
    by_uid: defaultdict[str, list[Any]] = defaultdict(list)
    for place, event in enumerate(calendar.walk("VEVENT")):
        by_uid[_uid(event, place)].append(event)
    for uid, events in by_uid.items():
        yield uid, _occurrences(events, within)


def _occurrences(events: Iterable[Any], within: Range) -> Iterator[Span]:
    series = _Series([_Event(one) for one in events])
    for one in series.between(within.first - _ROOM, within.last + _ROOM):
        if not one.is_free:
            yield _span(one, within)


def _span(one: _Busy, within: Range) -> Span:
    """Give the instants between which an occurrence lasts, also where the clocks change.

    The days of a DURATION are civil days. With a DTEND, RFC 5545 repeats the exact length while most
    calendars repeat the wall-clock time: the longer of the two counts, so that no busy time is missed.
    """
    start, length = one.start, one.event.get("DURATION")
    begins = _instant(start, within)
    if not isinstance(start, datetime):
        return begins, _end(one.end, start, within)
    if "DTEND" in one.event:
        first, last = (one.event[name].dt for name in ("DTSTART", "DTEND"))
        exactly = _end(last, first, within) - _instant(first, within)
        return begins, max(_end(one.end, start, within), begins + exactly)
    if length is not None:
        days = timedelta(length.dt.days)
        return begins, _end(start + days, start, within) + (length.dt - days)
    return begins, _end(one.end, start, within)


def _instant(at: date, within: Range) -> datetime:
    """Turn an instant, or a date or floating time of the zone of its date, into an instant in UTC."""
    return _placed(at, within.zone_on(_day(at)))


def _end(at: date, start: date, within: Range) -> datetime:
    """Turn the end of what begins at `start` into an instant in UTC.

    Where the zone has changed meanwhile, the later of its readings by the zones of the first and the last
    day counts, so that no busy time is missed. The last day of a whole-day event is the day before its end.
    """
    last = at.date() if isinstance(at, datetime) else at - timedelta(days=1)
    return max(_placed(at, within.zone_on(day)) for day in (_day(start), last))


def _day(at: date) -> date:
    return at.date() if isinstance(at, datetime) else at


def _placed(at: date, zone: ZoneInfo) -> datetime:
    if not isinstance(at, datetime):
        at = datetime.combine(at, time())
    return (at if at.tzinfo is not None else at.replace(tzinfo=zone)).astimezone(UTC)


def _of_freebusy(calendar: Any, within: Range) -> Iterator[tuple[str, Iterator[Span]]]:  # noqa: ANN401 - see above
    for place, component in enumerate(calendar.walk("VFREEBUSY")):
        yield _uid(component, place), _periods(component, within)


def _periods(component: Any, within: Range) -> Iterator[Span]:  # noqa: ANN401 - see above
    given = component.get("FREEBUSY", [])
    for one in given if isinstance(given, list) else [given]:
        if str(one.params.get("FBTYPE", "BUSY")).upper() == "FREE":
            continue
        start, end = one.dt
        begins = _instant(start, within)
        yield begins, begins + end if isinstance(end, timedelta) else _end(end, start, within)


def _clipped(span: Span, within: Range) -> Iterator[Span]:
    first, last = max(span[0], within.first), min(span[1], within.last)
    if first < last:
        yield first, last


def _word(component: Any, name: str) -> str:  # noqa: ANN401 - see above
    return str(component.get(name, "")).upper()


def _uid(component: Any, place: int) -> str:  # noqa: ANN401 - see above
    """Give the UID of an event; an event without a UID is named by its place in the calendar."""
    return str(component.get("UID", "")).strip() or f"#{place}"
