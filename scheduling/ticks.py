"""Counts time in ticks of five minutes of UTC and writes them as local time."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

TICK_MINUTES = 5
DAY_MINUTES = 1440
DAY_TICKS = DAY_MINUTES // TICK_MINUTES

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TICK = timedelta(minutes=TICK_MINUTES)
_CLOCK = tuple(f"T{minute // 60:02}:{minute % 60:02}:00" for minute in range(DAY_MINUTES))


def _since_epoch(instant: datetime) -> timedelta:
    if instant.tzinfo is None or instant.utcoffset() is None:
        raise ValueError("An instant needs a zone.")
    return instant - _EPOCH


def to_tick(instant: datetime) -> int:
    """Return the tick of an aware instant; ValueError when it is naive or off the 5-minute grid."""
    tick, rest = divmod(_since_epoch(instant), _TICK)
    if rest:
        raise ValueError("An instant must lie on the 5-minute grid.")
    return tick


def floor_tick(instant: datetime) -> int:
    """Return the last tick that is not after an aware instant."""
    return _since_epoch(instant) // _TICK


def ceil_tick(instant: datetime) -> int:
    """Return the first tick that is not before an aware instant."""
    return -(-_since_epoch(instant) // _TICK)


def from_tick(tick: int) -> datetime:
    """Return a tick's instant in UTC."""
    return _EPOCH + tick * _TICK


def minutes_to_ticks(minutes: int) -> int:
    """Return a length in ticks; ValueError unless the minutes are a multiple of 5."""
    ticks, rest = divmod(minutes, TICK_MINUTES)
    if rest:
        raise ValueError("Minutes must be multiples of 5.")
    return ticks


def local_date(tick: int, zone: ZoneInfo) -> date:
    """Return the civil date at a tick in a zone."""
    return from_tick(tick).astimezone(zone).date()


def offset_minutes(tick: int, zone: ZoneInfo) -> int:
    """Return a zone's offset from UTC at a tick, in whole minutes."""
    offset = from_tick(tick).astimezone(zone).utcoffset() or timedelta()
    return offset // timedelta(minutes=1)


def has_weekday(weekday: int, first: date, last: date) -> bool:
    """Return whether the dates from `first` to `last`, inclusive, contain a day of the week (0: Monday)."""
    return (weekday - first.weekday()) % 7 <= (last - first).days


def in_turn(on: date, first: date | None, every_weeks: int) -> bool:
    """Return whether it is the turn of a date's week: every n-th week has one, from the first on.

    Weeks are the seven days from `first` on. Without a first date every week is.
    """
    return first is None or (on - first).days // 7 % every_weeks == 0


class LocalClock:
    """Writes ticks as RFC 3339 local times of a zone, fast for many ticks of the same days."""

    def __init__(self, zone: ZoneInfo) -> None:
        self._zone = zone
        self._offsets: dict[int, tuple[int, str] | None] = {}
        self._dates: dict[int, str] = {}

    def format(self, tick: int) -> str:
        """Return a tick as local time with the offset at that instant, `2027-04-03T10:00:00+01:00`."""
        local_day, minute, suffix = self._read(tick)
        written = self._dates.get(local_day)
        if written is None:
            written = self._dates[local_day] = from_tick(local_day * DAY_TICKS).date().isoformat()
        return written + _CLOCK[minute] + suffix

    def day_and_minute(self, tick: int) -> tuple[int, int]:
        """Return the proleptic ordinal of a tick's local date and the minute of its wall clock."""
        local_day, minute, _ = self._read(tick)
        return _EPOCH.toordinal() + local_day, minute

    def _read(self, tick: int) -> tuple[int, int, str]:
        """Return a tick's local day since 1970, the minute in it and the offset as text."""
        day = tick // DAY_TICKS
        if day not in self._offsets:
            self._offsets[day] = self._steady_offset(day)
        offset, suffix = self._offsets[day] or self._offset(tick)
        return *divmod(tick * TICK_MINUTES + offset, DAY_MINUTES), suffix

    def _offset(self, tick: int) -> tuple[int, str]:
        offset = offset_minutes(tick, self._zone)
        hours, minutes = divmod(abs(offset), 60)
        return offset, f"{'-' if offset < 0 else '+'}{hours:02}:{minutes:02}"

    def _steady_offset(self, day: int) -> tuple[int, str] | None:
        """Return the offset of a whole UTC day, None for a day on which the clocks change."""
        first = self._offset(day * DAY_TICKS)
        return first if first == self._offset((day + 1) * DAY_TICKS) else None
