"""Expands iCalendar objects to the times at which they say that somebody is busy."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import icalendar
from recurring_ical_events import EventAdapter, Occurrence, Series

MOST_BYTES: Final = 5_000_000
"""Longest calendar that is read."""
MOST_EVENTS: Final = 20_000
"""Most occurrences of one calendar within the window."""
# Occurrences are asked for with room on both sides, as dates and floating times are placed in a zone later.
_ROOM: Final = timedelta(days=2)
_FREE: Final = frozenset({"TRANSPARENT", "CANCELLED"})
# What the libraries raise at values that make no sense.
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
    """What is looked at: from an aware instant to another, and the zone of dates and floating times."""

    first: datetime
    last: datetime
    zone: ZoneInfo


@dataclass(frozen=True, slots=True)
class Expanded:
    """The busy spans (aware, UTC, half-open, sorted) by UID, and how many events could not be read."""

    busy: Mapping[str, Sequence[Span]]
    unread: int


class _Event(EventAdapter):  # type: ignore[misc]  # The library has no types.
    """An event of the library's, which lets its component be seen."""

    @property
    def component(self) -> Any:  # noqa: ANN401 - see above
        return self._component


class _Busy(Occurrence):  # type: ignore[misc]  # see above
    """One occurrence: when it is, and whether it keeps anybody busy."""

    @property
    def event(self) -> Any:  # noqa: ANN401 - see above
        return self._adapter.component

    @property
    def is_free(self) -> bool:
        return not _FREE.isdisjoint({_word(self.event, "TRANSP"), _word(self.event, "STATUS")})


class _Series(Series):  # type: ignore[misc]  # see above
    """All components of one UID: the rule and the occurrences that differ from it."""

    def occurrence(self, adapter: Any, start: Any = None, end: Any = None) -> _Busy:  # noqa: ANN401 - see above
        return _Busy(adapter, start, end, sequence=self.sequence)


def expand(text: bytes, within: Range) -> Expanded:
    """Expand all calendars of a text; UnusableError when it holds none, or too much.

    Recurring events with their exceptions (RANGE=THISANDFUTURE too) and VFREEBUSY count; what is
    transparent, cancelled, free or of no length does not. An event that makes no sense is left out and
    counted.
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
        here = _at_home(calendar, within)
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


def _at_home(calendar: Any, within: Range) -> Range:  # noqa: ANN401 - the library has no types
    """Place dates and floating times in the calendar's own zone, where it names one that is known."""
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
            yield _span(one, within.zone)


def _span(one: _Busy, zone: ZoneInfo) -> Span:
    """Give an occurrence's instants: of DURATION the days are civil ones, of DTEND the longer reading counts.

    RFC 5545 repeats the exact length of DTEND where the clocks change, most calendars its wall-clock time.
    """
    start, length = one.start, one.event.get("DURATION")
    begins = _instant(start, zone)
    if not isinstance(start, datetime):
        return begins, _instant(one.end, zone)
    if "DTEND" in one.event:
        first, last = (_instant(one.event[name].dt, zone) for name in ("DTSTART", "DTEND"))
        return begins, max(_instant(one.end, zone), begins + (last - first))
    if length is not None:
        days = timedelta(length.dt.days)
        return begins, _instant(start + days, zone) + (length.dt - days)
    return begins, _instant(one.end, zone)


def _instant(at: date, zone: tzinfo) -> datetime:
    """Place a date, a floating time or an instant."""
    if not isinstance(at, datetime):
        at = datetime.combine(at, time())
    return (at if at.tzinfo is not None else at.replace(tzinfo=zone)).astimezone(UTC)


def _of_freebusy(calendar: Any, within: Range) -> Iterator[tuple[str, Iterator[Span]]]:  # noqa: ANN401 - see above
    for place, component in enumerate(calendar.walk("VFREEBUSY")):
        yield _uid(component, place), _periods(component, within.zone)


def _periods(component: Any, zone: ZoneInfo) -> Iterator[Span]:  # noqa: ANN401 - see above
    given = component.get("FREEBUSY", [])
    for one in given if isinstance(given, list) else [given]:
        if str(one.params.get("FBTYPE", "BUSY")).upper() == "FREE":
            continue
        start, end = one.dt
        begins = _instant(start, zone)
        yield begins, begins + end if isinstance(end, timedelta) else _instant(end, zone)


def _clipped(span: Span, within: Range) -> Iterator[Span]:
    first, last = max(span[0], within.first), min(span[1], within.last)
    if first < last:
        yield first, last


def _word(component: Any, name: str) -> str:  # noqa: ANN401 - see above
    return str(component.get(name, "")).upper()


def _uid(component: Any, place: int) -> str:  # noqa: ANN401 - see above
    """Name an event that has no UID by its place."""
    return str(component.get("UID", "")).strip() or f"#{place}"
