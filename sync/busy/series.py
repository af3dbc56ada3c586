"""Expands an event and its repetitions into the times at which it takes place.

Everything is reckoned by the clock of the series, which is that of its first date (RFC 5545, 3.8.5): whatever
else a calendar gives in another zone, or in none, is read by that clock first.
"""

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone
from typing import Final, TypeVar

from dateutil.rrule import rrulestr

from sync.busy.components import BrokenError, Line
from sync.busy.moments import (
    NONSENSE,
    Clock,
    Duration,
    Length,
    Moment,
    Range,
    Zones,
    length_of,
    length_until,
    read_moment,
    read_moments,
)

Span = tuple[datetime, datetime]
Thing = TypeVar("Thing")

MOST_EVENTS: Final = 20_000
"""The most occurrences of a calendar, or of an event, within the window."""
_DAY: Final = timedelta(days=1)
# Zones lie between -12 and +14 hours: so far a time of an unknown zone may be from where it seems to be.
_FARTHEST: Final = timedelta(hours=14)
_PARTS: Final = frozenset({
    "FREQ", "INTERVAL", "COUNT", "BYSECOND", "BYMINUTE", "BYHOUR", "BYDAY", "BYMONTHDAY", "BYYEARDAY",
    "BYWEEKNO", "BYMONTH", "BYSETPOS", "WKST",
})  # fmt: skip
_OF_THE_CLOCK: Final = frozenset({"BYSECOND", "BYMINUTE", "BYHOUR"})


class TooManyError(Exception):
    """An event takes place too often to be counted."""


def at_most(most: int, things: Iterable[Thing]) -> Iterator[Thing]:
    """Give these things; TooManyError when there are more than `most`."""
    for number, one in enumerate(things):
        if number >= most:
            raise TooManyError
        yield one


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule of recurrence: its text for dateutil, and until when it holds, by the clock and exactly."""

    text: str
    until: datetime | None = None
    until_instant: datetime | None = None

    def times(self, first: datetime, low: datetime, high: datetime, clock: Clock) -> Iterator[datetime]:
        """Give the times of the rule between two times (inclusive), when the series begins at `first`."""
        most = high if self.until is None else min(high, self.until + _DAY)
        for wall in rrulestr(self.text, dtstart=first).xafter(low, inc=True):
            if wall > most:
                return
            if self._holds(wall, clock):
                yield wall

    def _holds(self, wall: datetime, clock: Clock) -> bool:
        if self.until is None or wall <= self.until:
            return True
        # In the hour that the clocks repeat, what is later by the wall may be earlier.
        return self.until_instant is not None and clock.instant(wall) <= self.until_instant


def read_rule(line: Line, first: Moment, clock: Clock, zones: Zones) -> Rule:
    """Read an RRULE or EXRULE of a series that begins at `first`; BrokenError.

    Where its end may be read in two ways, an RRULE gives more dates, and an EXRULE leaves out less.
    """
    _, value = line.parts()
    pairs = (one.partition("=") for one in value.upper().replace(" ", "").split(";") if one)
    parts = {name: text for name, _, text in pairs}
    # Some programs write -1 for a rule that never ends.
    if parts.get("COUNT", "").startswith("-"):
        del parts["COUNT"]
    if parts.get("RSCALE", "GREGORIAN") != "GREGORIAN" or parts.get("COUNT", "").strip("0") == "0":
        raise BrokenError(line.number)
    kept = _PARTS - _OF_THE_CLOCK if clock.is_date else _PARTS
    parts["BYDAY"] = _weekdays(parts)
    text = ";".join(f"{name}={text}" for name, text in parts.items() if name in kept and text)
    try:
        if int(parts.get("INTERVAL") or 1) < 1 or int(parts.get("COUNT") or 1) < 1:
            raise BrokenError(line.number)
        rrulestr(text, dtstart=first.wall)
        until = parts.get("UNTIL")
        if not until:
            return Rule(text)
        found = _value(until, line, zones)
        if line.name == "EXRULE":
            return Rule(text, min(found.wall, clock.wall(found), clock.wall(Moment(found.wall, UTC))))
        return Rule(text, *_until(found, first, clock))
    except NONSENSE:
        raise BrokenError(line.number) from None


def is_plain(line: Line) -> bool:
    """Whether a rule has no parts that are not understood, and so are left out (such as SKIP)."""
    names = {one.partition("=")[0].strip().upper() for one in line.parts()[1].split(";") if "=" in one}
    return all(name in _PARTS | {"UNTIL", "RSCALE"} or name.startswith("X-") for name in names)


def _weekdays(parts: Mapping[str, str]) -> str:
    """Give the weekdays of a rule; beside numbered ones (1TU,WE), dateutil takes plain ones for none."""
    days = [one for one in parts.get("BYDAY", "").split(",") if one]
    most = {"MONTHLY": 5, "YEARLY": 5 if parts.get("BYMONTH") else 53}.get(parts.get("FREQ", ""), 0)
    if not most or not any(one[:1] in "+-0123456789" for one in days):
        return ",".join(days)
    numbered = (
        [one] if one[:1] in "+-0123456789" else [f"{number}{one}" for number in range(1, most + 1)]
        for one in days
    )
    return ",".join(one for some in numbered for one in some)


def _value(text: str, line: Line, zones: Zones) -> Moment:
    return read_moment(Line("UNTIL", f"UNTIL:{text}", line.number), zones)


def _until(until: Moment, first: Moment, clock: Clock) -> tuple[datetime, datetime | None]:
    """Give the last time by the clock, and as an instant, in the reading that keeps the last date."""
    if clock.is_date:
        # Midnight of UTC is how programs write a date; another time is on a date where the person is.
        is_midnight = not until.is_date and not until.wall.time()
        wall = until.wall if is_midnight else clock.wall(until)
        return _midnight(wall), None
    if until.is_date:
        return until.wall + _DAY - timedelta(seconds=1), None
    if until.instant is not None and isinstance(until.zone, timezone):
        if first.is_guess:
            return until.wall + _FARTHEST, None
        # By a clock of the place, the digits may be meant as they stand.
        wall = clock.wall(until)
        return wall if clock.zone is not None else max(wall, until.wall), until.instant
    if clock.zone is None:
        return until.wall, None
    # A local time where UTC is due: it may be either.
    return max(until.wall, clock.wall(Moment(until.wall, UTC))), None


@dataclass(frozen=True, slots=True)
class Event:
    """An event as it is written: its first time, its length, and what repeats, adds and leaves out.

    `moved_from` is the time of the series that it takes the place of (RECURRENCE-ID), and with `future` of
    all that follow as well. `is_free` says that it keeps nobody busy. `broken` and `guessed` are the numbers
    of the lines that could not be read, and of those that were read by a guess.
    """

    uid: str
    line: int
    starts: Moment
    clock: Clock
    length: Length
    rules: Sequence[Rule] = ()
    without: Sequence[Rule] = ()
    added: Sequence[tuple[datetime, Length]] = ()
    left_out: Sequence[Moment] = ()
    moved_from: Moment | None = None
    future: bool = False
    is_free: bool = False
    broken: Sequence[int] = ()
    guessed: Sequence[int] = ()

    @property
    def first(self) -> Span:
        """The instants between which it takes place first."""
        return self.length.span(self.starts.wall, self.clock)


def length_from(ends: Moment | Duration, start: datetime, clock: Clock) -> Length:
    """Give the length of what begins at `start` by the clock, and has this end or duration."""
    return length_of(ends, clock) if isinstance(ends, Duration) else length_until(start, ends, clock)


def read_added(line: Line, event: Event, zones: Zones) -> Iterator[tuple[datetime, Length]]:
    """Read the times of an RDATE, each with the length of its period or of the event."""
    clock = event.clock
    for moment, ends in read_moments(line, zones):
        wall = clock.wall(moment)
        if clock.is_date:
            wall = _midnight(wall)
        elif moment.is_date:
            wall = datetime.combine(wall.date(), event.starts.wall.time())
        yield wall, event.length if ends is None else length_from(ends, wall, clock)
        local = clock.local(moment)
        if local is not None:
            wall = local.replace(tzinfo=None)
            yield wall, event.length if ends is None else length_from(ends, wall, clock)


class _Names:
    """Names of occurrences of a series: by instant, by time of the clock, or by date alone."""

    def __init__(self, clock: Clock, moments: Iterable[Moment] = ()) -> None:
        self._clock = clock
        self._instants: set[datetime] = set()
        self._walls: set[datetime] = set()
        self._either: list[frozenset[datetime]] = []
        self.dates: set[date] = set()
        for one in moments:
            self.add(one)

    def add(self, moment: Moment) -> None:
        """Add the name that a moment is."""
        local = self._clock.local(moment)
        if moment.is_date and not self._clock.is_date:
            self.dates.add(moment.wall.date())
        elif moment.instant is not None and not self._clock.is_date:
            self._instants.add(moment.instant)
        elif local is not None:
            self._either.append(frozenset({moment.wall, local.replace(tzinfo=None)}))
        else:
            self._walls.add(_wall_of(moment, self._clock))

    def have(self, wall: datetime, occurrences: Container[datetime]) -> bool:
        """Whether they name one of these occurrences, otherwise than by its date alone.

        A name that may be read in two ways, and so as that of two occurrences, names neither.
        """
        return (
            wall in self._walls
            or (bool(self._instants) and self._clock.instant(wall) in self._instants)
            or any(
                wall in two and not any(one in occurrences for one in two - {wall}) for two in self._either
            )
        )


def _wall_of(named: Moment, clock: Clock) -> datetime:
    wall = clock.wall(named)
    if not clock.is_date:
        return wall
    # Midnight of UTC is how programs write a date.
    return named.wall if not named.wall.time() else _midnight(wall)


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
        """Give when an occurrence takes place, if it keeps anybody busy."""
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
                yield _midnight(wall) if self._clock.is_date else wall


def _midnight(wall: datetime) -> datetime:
    return datetime.combine(wall.date(), time())


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
