"""Reads VEVENTs: when they begin, how long they last, what repeats them, and whom they keep busy."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final, TypeVar

from dav.objects import NONSENSE
from sync.busy.calendar_zones import Zones
from sync.busy.components import BrokenError, Component, ContentLine
from sync.busy.moments import (
    Clock,
    Duration,
    Length,
    Moment,
    Range,
    length_of,
    length_until,
    read_duration,
    read_moment,
    read_moments,
)
from sync.busy.recurrence_rules import Rule, is_plain, midnight, read_rule

Span = tuple[datetime, datetime]
Thing = TypeVar("Thing")

TENTATIVE, DECLINED, ALL_DAY = "tentative", "declined", "all_day"
_STATE: Final = "X-MICROSOFT-CDO-BUSYSTATUS"


@dataclass(frozen=True, slots=True)
class Counted:
    """Which events do not count as busy, and the owner's address among an event's attendees.

    `ignore` may hold TENTATIVE, DECLINED and ALL_DAY.
    """

    ignore: frozenset[str] = frozenset({DECLINED})
    attendee: str | None = None


AS_A_RULE: Final = Counted()


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


def read_added(line: ContentLine, event: Event, zones: Zones) -> Iterator[tuple[datetime, Length]]:
    """Read the times of an RDATE, each with the length of its period or of the event."""
    clock = event.clock
    for moment, ends in read_moments(line, zones):
        wall = clock.wall(moment)
        if clock.is_date:
            wall = midnight(wall)
        elif moment.is_date:
            wall = datetime.combine(wall.date(), event.starts.wall.time())
        yield wall, event.length if ends is None else length_from(ends, wall, clock)
        local = clock.local(moment)
        if local is not None:
            wall = local.replace(tzinfo=None)
            yield wall, event.length if ends is None else length_from(ends, wall, clock)


def read_event(uid: str, component: Component, within: Range, zones: Zones, counted: Counted) -> Event:
    """Read a VEVENT; BrokenError when nothing tells when it begins.

    Any other line that makes no sense costs no more than what it says.
    """
    broken, guesses = list[int](), zones.guesses
    named = component.named("RECURRENCE-ID")
    stated = component.named("DTSTART") or (named if _is_free(component, counted, is_date=False) else [])
    if not stated:
        raise BrokenError(component.line)
    starts = read_moment(stated[0], zones)
    clock = Clock(within, starts.zone, starts.is_date)
    moved_from = next(_readable(iter(_moments(named[:1], zones)), broken), None)
    event = Event(
        uid,
        component.line,
        starts,
        clock,
        _length(component, stated[0], starts, clock, zones, broken),
        moved_from=moved_from,
        future=moved_from is not None and _is_for_all_that_follow(named[0]),
        is_free=_is_free(component, counted, is_date=starts.is_date),
        broken=broken,
        guessed=_guessed(component, starts, stated),
    )
    repeated = _repeated(event, component, zones)
    is_told = zones.guesses > guesses or (named and (repeated.rules or repeated.added))
    return replace(repeated, guessed=[*repeated.guessed, component.line]) if is_told else repeated


def _moments(lines: Iterable[ContentLine], zones: Zones) -> Iterator[Moment]:
    return (read_moment(line, zones) for line in lines)


def _is_for_all_that_follow(line: ContentLine) -> bool:
    return str(line.parts()[0].get("RANGE", "")).upper() == "THISANDFUTURE"


def _guessed(component: Component, starts: Moment, stated: Sequence[ContentLine]) -> list[int]:
    """Give the numbers of lines that are read by a guess: an unknown TZID, a second DTSTART, no END."""
    found = [stated[0].number] if starts.is_guess else []
    return [*found, *(one.number for one in stated[1:]), *([] if component.is_whole else [component.line])]


def _length(
    component: Component, stated: ContentLine, starts: Moment, clock: Clock, zones: Zones, broken: list[int]
) -> Length:
    """Give the length: a day for a date without an end, nothing for a time without one.

    A time whose end makes no sense lasts for the rest of its day.
    """
    before = len(broken)
    ends = [*_readable(_ends(component, zones), broken)]
    ends += [end for _, end in _readable(read_moments(stated, zones), broken) if end is not None][:1]
    readings = [reading for one in ends for reading in length_from(one, starts.wall, clock).readings]
    if not readings and len(broken) > before and not clock.is_date:
        rest = midnight(starts.wall) + timedelta(days=1) - starts.wall
        return Length([(rest, timedelta(0))])
    return Length(readings) if readings else length_of(Duration(timedelta(0), timedelta(0)), clock)


def _ends(component: Component, zones: Zones) -> Iterator[Moment | Duration]:
    """Give all that is said of the end; BrokenError, after that, when something of it makes no sense."""
    broken: list[int] = []
    for line in component.named("DTEND", "DURATION"):
        try:
            yield read_moment(line, zones) if line.name == "DTEND" else read_duration(line.parts()[1])
        except (BrokenError, *NONSENSE):
            broken.append(line.number)
    if broken:
        raise BrokenError(broken[0])


def _repeated(event: Event, component: Component, zones: Zones) -> Event:
    """Add what repeats an event, and what is left out; what makes no sense of that is noted."""
    broken, guessed = [*event.broken], [*event.guessed]
    rules: list[Rule] = []
    without: list[Rule] = []
    added: list[tuple[datetime, Length]] = []
    left_out: list[Moment] = []
    for line in component.named("RRULE", "RDATE"):
        try:
            if line.name == "RRULE":
                rules.append(read_rule(line, event.starts, event.clock, zones))
                broken += [] if is_plain(line) else [line.number]
            else:
                added += _readable(read_added(line, event, zones), broken)
        except BrokenError:
            broken.append(line.number)
    # Without what is left out, the event takes more time than it should, not less: so that is only a guess.
    for line in component.named("EXRULE", "EXDATE"):
        try:
            if line.name == "EXRULE":
                without.append(read_rule(line, event.starts, event.clock, zones))
            else:
                left_out += [moment for moment, _ in _readable(read_moments(line, zones), guessed)]
        except BrokenError:
            guessed.append(line.number)
    return replace(
        event, rules=rules, without=without, added=added, left_out=left_out, broken=broken, guessed=guessed
    )


def _readable(found: Iterator[Thing], broken: list[int]) -> Iterator[Thing]:
    """Give what of a line can be read, and note the line when that is not all."""
    try:
        yield from found
    except BrokenError as error:
        broken.append(error.line)


def _is_free(component: Component, counted: Counted, *, is_date: bool) -> bool:
    """Whether an event keeps its owner free; where its lines contradict each other, it does not."""
    state, status = _words(component, _STATE), _words(component, "STATUS")
    is_away = not state.isdisjoint({"BUSY", "OOF"})
    is_transparent = {"TRANSPARENT"} == _words(component, "TRANSP") and not is_away
    if is_transparent or {"CANCELLED"} == status or {"FREE"} == state:
        return True
    answers = _answers(component, counted.attendee)
    ignored = {
        TENTATIVE: {"TENTATIVE"} in (state, status, answers) and not is_away,
        DECLINED: {"DECLINED"} == answers,
        ALL_DAY: is_date,
    }
    return any(ignored[name] for name in counted.ignore)


def _words(component: Component, name: str) -> set[str]:
    return {line.text.rpartition(":")[2].strip().upper() for line in component.named(name)}


def _answers(component: Component, attendee: str | None) -> set[str]:
    """Give how an attendee has answered, by the attendee's address."""
    found = set()
    for line in component.named("ATTENDEE") if attendee else ():
        with suppress(BrokenError):
            parameters, value = line.parts()
            addresses = {_address(value), _address(str(parameters.get("EMAIL", "")))}
            if _address(attendee or "") in addresses:
                found.add(str(parameters.get("PARTSTAT", "")).upper())
    return found


def _address(text: str) -> str:
    return text.strip().lower().removeprefix("mailto:").strip()
