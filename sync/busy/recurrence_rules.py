"""Reads rules of recurrence, and gives the times of a series by them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta, timezone
from typing import Final

from dateutil.rrule import rrulestr

from dav.objects import NONSENSE
from sync.busy.calendar_zones import Zones
from sync.busy.components import BrokenError, ContentLine
from sync.busy.moments import Clock, Moment, read_moment

_DAY: Final = timedelta(days=1)
# Zones lie between -12 and +14 hours: so far a time of an unknown zone may be from where it seems to be.
_FARTHEST: Final = timedelta(hours=14)
_PARTS: Final = frozenset({
    "FREQ", "INTERVAL", "COUNT", "BYSECOND", "BYMINUTE", "BYHOUR", "BYDAY", "BYMONTHDAY", "BYYEARDAY",
    "BYWEEKNO", "BYMONTH", "BYSETPOS", "WKST",
})  # fmt: skip
_OF_THE_CLOCK: Final = frozenset({"BYSECOND", "BYMINUTE", "BYHOUR"})


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


def read_rule(line: ContentLine, first: Moment, clock: Clock, zones: Zones) -> Rule:
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


def is_plain(line: ContentLine) -> bool:
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


def _value(text: str, line: ContentLine, zones: Zones) -> Moment:
    return read_moment(ContentLine("UNTIL", f"UNTIL:{text}", line.number), zones)


def _until(until: Moment, first: Moment, clock: Clock) -> tuple[datetime, datetime | None]:
    """Give the last time by the clock, and as an instant, in the reading that keeps the last date."""
    if clock.is_date:
        # Midnight of UTC is how programs write a date; another time is on a date where the person is.
        is_midnight = not until.is_date and not until.wall.time()
        wall = until.wall if is_midnight else clock.wall(until)
        return midnight(wall), None
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


def midnight(wall: datetime) -> datetime:
    """Give the beginning of a wall-clock time's day."""
    return datetime.combine(wall.date(), time())
