"""Expands iCalendar texts, recurring events included, into busy times.

In every doubtful case the reading is *busy*: a therapist who looks free and is not gets a booking that nobody
keeps. What could not be read, or only by a guess, is told by its UID and the number of its line.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import dataclass
from typing import Final

from dav.objects import NONSENSE
from sync.busy.calendar_zones import Zones
from sync.busy.components import BrokenError, Component, ContentLine, read_components
from sync.busy.events import AS_A_RULE, TENTATIVE, Counted, Event, Span, length_from, read_event
from sync.busy.moments import Clock, Range, read_moments
from sync.busy.series import MOST_EVENTS, TooManyError, at_most, expand_events

MOST_BYTES: Final = 5_000_000
"""The largest calendar that is read."""


class UnusableError(Exception):
    """The calendar cannot be used.

    `str()` is a code: not_a_calendar, too_large, too_slow or too_many_events.
    """


class TooSlowError(BaseException):
    """An event takes too long to expand; not an Exception, which a library might take for its own."""


@dataclass(frozen=True, slots=True)
class Unread:
    """An event that could not be read as it is meant: its UID, and the number of the line that is wrong."""

    uid: str
    line: int


@dataclass(frozen=True, slots=True)
class Expanded:
    """The busy spans (aware, UTC, half-open, sorted) by UID, and the events that could not be read.

    `doubtful` are events that were read by a guess, and count as busy. Without `is_whole` the text breaks
    off.
    """

    busy: Mapping[str, Sequence[Span]]
    unread: Sequence[Unread] = ()
    doubtful: Sequence[Unread] = ()
    is_whole: bool = True


Limit = Callable[[], AbstractContextManager[None]]
"""Bounds the time that one event takes, and raises TooSlowError."""


def expand(
    text: bytes, within: Range, counted: Counted = AS_A_RULE, limit: Limit = nullcontext
) -> Expanded:  # fmt: skip
    """Expand all calendars of a text; UnusableError when it holds none, or too much.

    Recurring events with their exceptions (RANGE=THISANDFUTURE too) and VFREEBUSY count; events that are
    transparent, cancelled, free, of no length, or not `counted` do not.
    """
    if len(text) > MOST_BYTES:
        raise UnusableError("too_large")
    read = read_components(text)
    if not any(one.parts for one in read.calendars) and not (read.calendars and read.is_whole):
        raise UnusableError("not_a_calendar")
    reading = _Reading(within, counted, limit)
    for calendar in read.calendars:
        reading.add(calendar)
    return reading.result(is_whole=read.is_whole)


class _Reading:
    """Collects the busy time of calendars, and what in them could not be read."""

    def __init__(self, within: Range, counted: Counted, limit: Limit) -> None:
        self._within, self._counted, self._limit = within, counted, limit
        self._busy: defaultdict[str, set[Span]] = defaultdict(set)
        self._unread: dict[Unread, None] = {}
        self._doubtful: dict[Unread, None] = {}
        self._failure: str | None = None
        self._is_any_read = False

    def result(self, *, is_whole: bool) -> Expanded:
        """Give what was read; UnusableError when it is too much, or nothing but what took too long."""
        if self._failure is not None and not self._is_any_read:
            raise UnusableError(self._failure)
        if sum(map(len, self._busy.values())) > MOST_EVENTS:
            raise UnusableError("too_many_events")
        busy = {uid: sorted(spans) for uid, spans in self._busy.items()}
        doubtful = [one for one in self._doubtful if one not in self._unread]
        return Expanded(busy, list(self._unread), doubtful, is_whole)

    def add(self, calendar: Component) -> None:
        """Read the events and the free-busy times of a calendar."""
        zones = Zones(calendar)
        by_uid: defaultdict[str, list[Event]] = defaultdict(list)
        seen = set()
        for place, component in enumerate(calendar.parts):
            uid = component.text("UID") or f"#{place}"
            if component.name == "VFREEBUSY":
                self._add_periods(uid, component, zones)
            if component.name != "VEVENT":
                continue
            # A copy says nothing new, though both may be in a calendar that was put together of others.
            written = (uid, *sorted(one.text for one in component.lines))
            if written not in seen:
                seen.add(written)
                by_uid[uid] += self._read(uid, component, zones)
        for uid, events in by_uid.items():
            self._add_events(uid, events)

    def _read(self, uid: str, component: Component, zones: Zones) -> Iterator[Event]:
        """Give the event of a component, unless it cannot be read, and note what is wrong with it."""
        try:
            with self._limit():
                event = read_event(uid, component, self._within, zones, self._counted)
        except TooSlowError:
            self._failure = "too_slow"
            self._unread[Unread(uid, component.line)] = None
        except BrokenError as error:
            self._unread[Unread(uid, error.line)] = None
        except NONSENSE:
            self._unread[Unread(uid, component.line)] = None
        else:
            if event.broken:
                self._unread[Unread(uid, event.broken[0])] = None
            elif event.guessed and not event.is_free:
                self._doubtful[Unread(uid, event.guessed[0])] = None
            yield event

    def _add_events(self, uid: str, events: Sequence[Event]) -> None:
        """Add what the events of a UID take; where they cannot be expanded, the first date of each."""
        found: set[Span] = set()
        try:
            with self._limit():
                for span in at_most(MOST_EVENTS, expand_events(events, self._within)):
                    found.update(self._clipped(span))
        except TooManyError:
            self._failure, found = "too_many_events", self._firsts(events)
        except TooSlowError:
            self._failure, found = "too_slow", self._firsts(events)
        except NONSENSE:
            found |= self._firsts(events)
        else:
            self._is_any_read = self._is_any_read or bool(events)
            self._busy[uid] |= found
            return
        self._unread |= {Unread(uid, one.line): None for one in events}
        self._busy[uid] |= found

    def _firsts(self, events: Iterable[Event]) -> set[Span]:
        found: set[Span] = set()
        for one in events:
            with suppress(*NONSENSE):
                found.update(() if one.is_free else self._clipped(one.first))
        return found

    def _add_periods(self, uid: str, component: Component, zones: Zones) -> None:
        """Add the busy periods of a VFREEBUSY."""
        clock = Clock(self._within, zones.floating, is_date=False)
        for line in component.named("FREEBUSY"):
            try:
                for span in _periods(line, clock, zones, self._counted):
                    self._busy[uid].update(self._clipped(span))
            except (BrokenError, *NONSENSE):
                self._unread[Unread(uid, line.number)] = None
            else:
                self._is_any_read = True

    def _clipped(self, span: Span) -> Iterator[Span]:
        first, last = max(span[0], self._within.first), min(span[1], self._within.last)
        if first < last:
            yield first, last


def _periods(line: ContentLine, clock: Clock, zones: Zones, counted: Counted) -> Iterator[Span]:
    kind = str(line.parts()[0].get("FBTYPE", "BUSY")).upper()
    if kind == "FREE" or (kind == "BUSY-TENTATIVE" and TENTATIVE in counted.ignore):
        return
    is_broken = False
    for starts, ends in read_moments(line, zones):
        is_broken = is_broken or ends is None
        if ends is not None:
            start = clock.wall(starts)
            yield length_from(ends, start, clock).span(start, clock)
    if is_broken:
        raise BrokenError(line.number)
