"""Reads the times of calendars: dates, times of a named zone, of UTC or of no zone, and durations."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from dav.objects import NONSENSE
from sync.busy.calendar_zones import Zones
from sync.busy.components import BrokenError, ContentLine

# Also as ISO 8601 writes it, and with an offset, as some programs do.
_TIME: Final = re.compile(
    r"(\d{4})-?(\d\d)-?(\d\d)(?:[T ](\d\d):?(\d\d)(?::?(\d\d)(?:\.\d+)?)?(Z|[+-]\d\d:?\d\d)?)?", re.IGNORECASE
)
# A name with a colon should be quoted; where it is not, the value is what follows the last colon.
_UNQUOTED: Final = re.compile(r'TZID="?([^";]*)"?(?:;.*)?:([^:]*)', re.IGNORECASE)
_DURATION: Final = re.compile(
    r"([+-]?)P(?:(\d+)W)?(?:(\d+)D)?(?:T?(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?", re.IGNORECASE
)
_DAY: Final = timedelta(days=1)
_NOTHING: Final = timedelta(0)
# Both are leap years, so that no date of another year is none in them.
_FIRST_YEAR: Final = 1904
_LAST_YEAR: Final = 2196
_LONGEST_DURATION: Final = timedelta(days=36_500)


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

    def local(self, instant: datetime) -> datetime:
        """Give the wall-clock time (naive) of an instant where the person is that day."""
        for zone in dict.fromkeys((self.zone, *self.elsewhere.values())):
            local = instant.astimezone(zone).replace(tzinfo=None)
            if self.zone_on(local.date()) == zone:
                return local
        return instant.astimezone(self.zone).replace(tzinfo=None)


@dataclass(frozen=True, slots=True)
class Moment:
    """A date or time as a calendar gives it: `wall` is naive, and midnight for a date.

    Without a `zone` it is a date or a floating time. `is_guess` says that nobody knows the zone it names.
    """

    wall: datetime
    zone: tzinfo | None = None
    is_date: bool = False
    is_guess: bool = False

    @property
    def instant(self) -> datetime | None:
        """The instant in UTC, of a time in a zone."""
        return None if self.zone is None else self.wall.replace(tzinfo=self.zone).astimezone(UTC)


def read_moments(line: ContentLine, zones: Zones) -> Iterator[tuple[Moment, "Moment | Duration | None"]]:
    """Give the dates, times or periods of a line, each with its end if it has one.

    BrokenError, after all others have been given, when one of them makes no sense.
    """
    parameters, value = line.parts()
    zone = str(parameters.get("TZID", ""))
    as_date = str(parameters.get("VALUE", "")).upper() == "DATE"
    if not _TIME.match(value):
        unquoted = _UNQUOTED.search(line.text)
        zone, value = (unquoted[1], unquoted[2]) if unquoted else (zone, value)
    is_broken = False
    for one in filter(None, map(str.strip, value.split(","))):
        try:
            found = _period(one, zone, zones, as_date=as_date)
        except NONSENSE:
            is_broken = True
        else:
            yield found
    if is_broken:
        raise BrokenError(line.number)


def read_moment(line: ContentLine, zones: Zones) -> Moment:
    """Read the first date or time of a line; BrokenError."""
    found = next(read_moments(line, zones), None)
    if found is None:
        raise BrokenError(line.number)
    return found[0]


def _period(
    text: str, zone: str, zones: Zones, *, as_date: bool
) -> tuple[Moment, "Moment | Duration | None"]:
    first, _, last = text.partition("/")
    starts = _moment(first, zone, zones, as_date=as_date)
    if not last:
        return starts, None
    is_long = last.lstrip("+-")[:1].upper() == "P"
    return starts, read_duration(last) if is_long else _moment(last, zone, zones, as_date=as_date)


def _moment(text: str, zone: str, zones: Zones, *, as_date: bool) -> Moment:
    found = _TIME.fullmatch(text.strip())
    if found is None:
        raise ValueError(text)
    year, month, day, hours, minutes, seconds, offset = found.groups()
    # Programs write the first or the last year there is for "never" and "for ever".
    known_year = min(max(int(year), _FIRST_YEAR), _LAST_YEAR)
    midnight = datetime(known_year, int(month), int(day))  # noqa: DTZ001 - a wall-clock time
    if hours is None or as_date:
        return Moment(midnight, is_date=True)
    # Hour 24 is the next day's midnight, and second 60 a leap second, which no clock of ours has.
    since = timedelta(hours=int(hours), minutes=int(minutes), seconds=min(int(seconds or 0), 59))
    if since > _DAY:
        raise ValueError(text)
    wall = midnight + since
    if offset:
        return Moment(wall, _offset(offset))
    known = zones.find(zone)
    is_guess = bool(zone.strip()) and known is None
    zones.guesses += is_guess
    return Moment(wall, known or zones.floating, is_guess=is_guess)


def _offset(text: str) -> tzinfo:
    return datetime.strptime("+0000" if text in "Zz" else text, "%z").tzinfo or UTC


class Duration(NamedTuple):
    """A duration: days by the civil calendar, and exact time, which is no day even where it has 24 hours."""

    days: timedelta
    time: timedelta


def read_duration(text: str) -> Duration:
    """Read a duration; ValueError when it makes no sense or lasts for more than a century."""
    found = _DURATION.fullmatch(text.strip())
    if found is None or not any(found.groups()[1:]):
        raise ValueError(text)
    sign = -1 if found[1] == "-" else 1
    weeks, days, hours, minutes, seconds = (sign * int(one or 0) for one in found.groups()[1:])
    duration = Duration(
        timedelta(weeks=weeks, days=days), timedelta(hours=hours, minutes=minutes, seconds=seconds)
    )
    if abs(sum(duration, _NOTHING)) > _LONGEST_DURATION:
        raise ValueError(text)
    return duration


@dataclass(frozen=True, slots=True)
class Clock:
    """The clock of a series: that of its first date, by which all its other times are read.

    `zone` is None for dates and floating times, which go by where the person is on each day.
    """

    within: Range
    zone: tzinfo | None
    is_date: bool

    def wall(self, moment: Moment) -> datetime:
        """Give a moment by this clock (naive), whatever its own zone."""
        instant = moment.instant
        if instant is None or moment.zone == self.zone:
            return moment.wall
        if self.zone is not None:
            return instant.astimezone(self.zone).replace(tzinfo=None)
        return self.within.local(instant)

    def local(self, moment: Moment) -> datetime | None:
        """Give the instant of a floating time beside times of UTC: it may be meant by the place's clock."""
        if self.zone is None or moment.zone is not None or moment.is_date or str(self.zone) != "UTC":
            return None
        return moment.wall.replace(tzinfo=self.within.zone_on(moment.wall.date())).astimezone(UTC)

    def instant(self, wall: datetime) -> datetime:
        """Give the instant in UTC of a time by this clock."""
        zone = self.zone or self.within.zone_on(wall.date())
        return wall.replace(tzinfo=zone).astimezone(UTC)

    def end(self, wall: datetime, start: datetime) -> datetime:
        """Give the instant in UTC of the end of what begins at `start`.

        Where the person has changed the zone meanwhile, the later of the readings by the first and the
        last day counts, so that no busy time is missed. The last day of a date is the day before its end.
        """
        if self.zone is not None:
            return self.instant(wall)
        last = max(wall - _DAY, start) if self.is_date else wall
        zones = (self.within.zone_on(day.date()) for day in (start, last))
        return max(wall.replace(tzinfo=zone).astimezone(UTC) for zone in zones)


@dataclass(frozen=True, slots=True)
class Length:
    """How long something lasts: the longest of pairs of time by the clock on the wall, and exact time."""

    readings: Sequence[tuple[timedelta, timedelta]]

    def span(self, start: datetime, clock: Clock) -> tuple[datetime, datetime]:
        """Give the instants between which what begins at `start` lasts; what ends first is turned round."""
        begins = clock.instant(start)
        ends = [clock.end(start + civil, start) + exact for civil, exact in self.readings]
        return min([begins, *ends]), max([begins, *ends])

    @property
    def longest(self) -> timedelta:
        """The most time that it can last, the clocks' changes aside."""
        return max((abs(civil) + abs(exact) for civil, exact in self.readings), default=_NOTHING)


def length_until(start: datetime, ends: Moment, clock: Clock) -> Length:
    """Give the length of what begins at `start` by the clock and ends at a moment.

    With an end, RFC 5545 repeats the exact length while most calendars repeat the wall-clock time: the
    longer of the two counts.
    """
    if clock.is_date:
        last = ends.wall if ends.is_date else _next_midnight(clock.wall(ends))
        # The end of a day is the next day; programs that write the day itself mean that day too.
        first = [] if last > start else [(_DAY, _NOTHING)]
        return Length([(last - start, _NOTHING), *first])
    wall = clock.wall(ends)
    if ends.is_date and wall <= start:
        wall += _DAY
    ended = ends.instant or clock.end(wall, start)
    return Length([(wall - start, _NOTHING), (_NOTHING, ended - clock.instant(start))])


def length_of(duration: Duration, clock: Clock) -> Length:
    """Give the length of a duration; a date lasts for whole days, and for one at least."""
    if clock.is_date:
        return Length([(max(-(-abs(sum(duration, _NOTHING)) // _DAY), 1) * _DAY, _NOTHING)])
    return Length([duration])


def _next_midnight(wall: datetime) -> datetime:
    day = datetime.combine(wall.date(), time())
    return day if day == wall else day + _DAY
