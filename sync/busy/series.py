"""Expands an event and its repetitions into the times at which it takes place.

Everything is reckoned by the clock of the series, which is that of its first date (RFC 5545, 3.8.5): whatever
else a calendar gives in another zone, or in none, is read by that clock first.
"""

from collections import defaultdict
from collections.abc import Container, Iterable, Iterator
from datetime import date, datetime, timedelta
from typing import Final

from sync.busy.events import Event, Span, Thing
from sync.busy.moments import Clock, Length, Moment, Range
from sync.busy.recurrence_rules import Rule, midnight

MOST_EVENTS: Final = 20_000
"""The most occurrences of a calendar, or of an event, within the window."""
_DAY: Final = timedelta(days=1)


class TooManyError(Exception):
    """An event takes place too often to be counted."""


def at_most(most: int, things: Iterable[Thing]) -> Iterator[Thing]:
    """Give these things; TooManyError when there are more than `most`."""
    for number, one in enumerate(things):
        if number >= most:
            raise TooManyError
        yield one


class _Names:
    """Names of occurrences of a series: by instant, by time of the clock, or by date alone."""

    def __init__(self, clock: Clock, moments: Iterable[Moment] = ()) -> None:
        self._clock = clock
        self._instants: set[datetime] = set()
        self._walls: set[datetime] = set()
        self._either: defaultdict[datetime, set[datetime]] = defaultdict(set)
        self.dates: set[date] = set()
        for one in moments:
            self.add(one)

    def add(self, moment: Moment) -> None:
        """Add the name that a moment is."""
        wall, local = _wall_of(moment, self._clock), self._clock.local(moment)
        if moment.is_date and not self._clock.is_date:
            self.dates.add(moment.wall.date())
        elif moment.instant is not None and not self._clock.is_date:
            self._instants.add(moment.instant)
        elif local is not None and local.replace(tzinfo=None) != wall:
            other = local.replace(tzinfo=None)
            self._either[wall].add(other)
            self._either[other].add(wall)
        else:
            self._walls.add(wall)

    def have(self, wall: datetime, occurrences: Container[datetime]) -> bool:
        """Whether they name one of these occurrences, otherwise than by its date alone.

        A name that may be read in two ways, and so as that of two occurrences, names neither.
        """
        return (
            wall in self._walls
            or (bool(self._instants) and self._clock.instant(wall) in self._instants)
            or any(other not in occurrences for other in self._either.get(wall, ()))
        )


def _wall_of(named: Moment, clock: Clock) -> datetime:
    wall = clock.wall(named)
    if not clock.is_date:
        return wall
    # Midnight of UTC is how programs write a date.
    return named.wall if not named.wall.time() else midnight(wall)


class Series:
    """One recurring event with the occurrences that take the place of some of its own."""

    def __init__(self, event: Event) -> None:
        self._event = event
        self._clock = event.clock
        self._left_out = _Names(event.clock, event.left_out)
        self._moved = _Names(event.clock)
        self._futures: list[tuple[datetime, Event]] = []

    def move(self, event: Event, named: Moment) -> None:
        """Put an event in the place of the occurrence that it names, or of all from there on."""
        if event.future:
            self._futures.append((self._wall(named), event))
        else:
            self._moved.add(named)

    def has(self, named: Moment) -> bool:
        """Whether the series has an occurrence of this name."""
        names, wall = _Names(self._clock, [named]), self._wall(named)
        near = dict(self._occurrences(wall - 2 * _DAY, wall + 2 * _DAY))
        return any(names.have(one, near) or one.date() in names.dates for one in near)

    def spans(self, within: Range) -> Iterator[Span]:
        """Give the instants between which its occurrences take place, about the window."""
        room = 2 * _DAY + self._farthest()
        low, high = (at.replace(tzinfo=None) for at in (within.first - room, within.last + room))
        moved_dates = set(self._moved.dates)
        occurrences = dict(self._occurrences(low, high))
        for wall, lengths in occurrences.items():
            if self._moved.have(wall, occurrences):
                continue
            # A date names the first occurrence on it: of others that day nothing says that they have moved.
            if wall.date() in moved_dates:
                moved_dates.remove(wall.date())
                continue
            for length in lengths:
                yield from self._span(wall, length)

    def _wall(self, named: Moment) -> datetime:
        """Give the time of an occurrence by its name."""
        if named.is_date and not self._clock.is_date:
            return datetime.combine(named.wall.date(), self._event.starts.wall.time())
        return _wall_of(named, self._clock)

    def _farthest(self) -> timedelta:
        """Give the most by which an occurrence's end or new place may lie apart from its own time."""
        lengths = [self._event.length, *(length for _, length in self._event.added)]
        moved = [
            one.length.longest + abs(one.starts.wall - (one.moved_from or one.starts).wall)
            for _, one in self._futures
        ]
        return max([*(one.longest for one in lengths), *moved])

    def _span(self, wall: datetime, length: Length) -> Iterator[Span]:
        """Give the busy spans of an occurrence; none when its event is free."""
        latest = max((first for first, _ in self._futures if first <= wall), default=None)
        if latest is None:
            if not self._event.is_free:
                yield length.span(wall, self._clock)
            return
        for first, future in self._futures:
            if first == latest and not future.is_free:
                # The change for this and all that follow moves each of them by as much as the first.
                yield future.length.span(future.starts.wall + (wall - first), future.clock)

    def _occurrences(self, low: datetime, high: datetime) -> Iterator[tuple[datetime, list[Length]]]:
        """Give the times and lengths of the occurrences between two times that are not left out."""
        event = self._event
        found = {wall: [event.length] for wall in (event.starts.wall, *self._ruled(event.rules, low, high))}
        for wall, length in event.added:
            found.setdefault(wall, []).append(length)
        without = set(self._ruled(event.without, low, high))
        for wall in sorted(found):
            is_left_out = self._left_out.have(wall, found) or wall.date() in self._left_out.dates
            if low <= wall <= high and wall not in without and not is_left_out:
                yield wall, found[wall]

    def _ruled(self, rules: Iterable[Rule], low: datetime, high: datetime) -> Iterator[datetime]:
        for rule in rules:
            for wall in at_most(MOST_EVENTS, rule.times(self._event.starts.wall, low, high, self._clock)):
                yield midnight(wall) if self._clock.is_date else wall


def expand_events(events: Iterable[Event], within: Range) -> Iterator[Span]:
    """Give the busy spans of all events with one UID; TooManyError.

    Several events that recur by themselves are all busy: nothing says which of them is meant. What takes the
    place of an occurrence is given to the first of them that has it.
    """
    told = list(events)
    masters = [Series(one) for one in told if one.moved_from is None]
    for one in told:
        if one.moved_from is None:
            continue
        if not one.is_free:
            # It should not recur by itself; where it does all the same, that counts too.
            yield from Series(one).spans(within) if one.rules or one.added else (one.first,)
        found = masters if len(masters) == 1 else [had for had in masters if had.has(one.moved_from)]
        for series in found[:1]:
            series.move(one, one.moved_from)
    for series in masters:
        yield from series.spans(within)
