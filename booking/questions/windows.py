"""Cuts the stretch of time that a question is judged in: whole local days."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from scheduling.bits import Window
from scheduling.ticks import ceil_tick, floor_tick, local_date


def midnight(on: date, zone: ZoneInfo) -> int:
    """Give the tick at which a local day begins."""
    return floor_tick(datetime.combine(on, time(), zone))


def day_of(start: int, length: int, zone: ZoneInfo) -> Window:
    """Give the local day around a visit, and more where the visit runs beyond midnight (lengths in ticks)."""
    on = local_date(start, zone)
    return Window(midnight(on, zone), max(midnight(on + timedelta(days=1), zone), start + length))


def days(first: date, until: date, length: int, zone: ZoneInfo) -> Window:
    """Give the local days from `first` to `until`, half-open, with room for a visit that arrives last."""
    return Window(midnight(first, zone), midnight(until, zone) + length)


def not_before(window: Window, now: datetime) -> Window:
    """Cut off what has passed; what is left keeps at least one tick."""
    return Window(min(max(window.start, ceil_tick(now)), window.end - 1), window.end)
