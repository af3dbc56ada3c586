"""Makes the windows in which questions are judged: whole local days, in ticks."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from scheduling.bits import Window
from scheduling.questions import Question
from scheduling.ticks import floor_tick, local_date


def midnight(on: date, zone: ZoneInfo) -> int:
    """Give the tick at which a local day begins."""
    return floor_tick(datetime.combine(on, time(), zone))


def day_of(question: Question, start: int) -> Window:
    """Give the local day of an arrival (a tick), longer if the visit runs beyond midnight."""
    zone, leaves = question.location.zone, start + question.visit.length
    on = local_date(start, zone)
    return Window(midnight(on, zone), max(midnight(on + timedelta(days=1), zone), leaves))


def day_and_week(question: Question, start: int) -> tuple[Window, Window]:
    """Give the local day of an arrival (a tick) and the local week, Monday to Sunday, that it lies in."""
    zone, on = question.location.zone, local_date(start, question.location.zone)
    monday = on - timedelta(days=on.weekday())
    return days(on, on + timedelta(days=1), 0, zone), days(monday, monday + timedelta(days=7), 0, zone)


def days(first: date, until: date, length: int, zone: ZoneInfo) -> Window:
    """Give the local days from `first` to `until`, half-open, with `length` ticks for a last visit."""
    return Window(midnight(first, zone), midnight(until, zone) + length)


def arrivals(question: Question, first: date, until: date, now: datetime) -> Window:
    """Give the local days from `first` to `until`, half-open, for arrivals: from the present tick on.

    The window has room for a whole visit that arrives in the last tick of the days, and keeps at least one
    tick when all the days have passed.
    """
    window = days(first, until, question.visit.length - 1, question.location.zone)
    return Window(min(max(window.start, floor_tick(now)), window.end - 1), window.end)
