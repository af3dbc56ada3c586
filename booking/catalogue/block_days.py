"""Works out on which days a block takes place and when, and which of them have visits in the way."""

from bisect import bisect_left
from collections.abc import Container, Iterable, Iterator, Sequence
from datetime import date, datetime, time, timedelta
from operator import attrgetter
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from booking.core.crud import Values, Where
from booking.questions.zones import Period, Zones
from models.appointments import LONGEST_OCCUPANCY
from scheduling.ticks import ceil_tick, floor_tick, from_tick, in_turn

Span = tuple[int, int]
Day = tuple[date, Span]
"""A local date on which a block begins, and the ticks that it takes, half-open."""


def days_of(zones: Zones, block: Where) -> Iterator[Day]:
    """Give the days of a block except those that it leaves out."""
    skipped = {one["on"] for one in skipped_days(block)}
    return (
        (on, span)
        for on, span in occurrences(zones, block["starts_at"], block["ends_at"], block["repeats"])
        if on not in skipped
    )


def occurrences(
    zones: Zones, starts_at: datetime, ends_at: datetime, repeats: Values | None
) -> Iterator[Day]:
    """Give the days of a block's times: the first as it is, the others at its wall-clock time.

    The wall-clock time of each is that of the place where the resource is on that local date.
    """
    zone = zones.of_instant(starts_at)
    first, last = (at.astimezone(zone).replace(tzinfo=None) for at in (starts_at, ends_at))
    yield first.date(), (floor_tick(starts_at), ceil_tick(ends_at))
    if repeats is None:
        return
    for days in range(1, (last_date(repeats) - first.date()).days + 1):
        step = timedelta(days=days)
        on, every = (first + step).date(), repeats.get("every_weeks", 1)
        if on.weekday() not in repeats["weekdays"] or not in_turn(on, first.date(), every):
            continue
        there = zones.of_wall(first + step)
        span = _on_the_wall(first + step, there)[0], max(_on_the_wall(last + step, there))
        # A block in the hour that a spring night leaves out has no length that day.
        if span[0] < span[1]:
            yield on, span


def takes_elsewhere(zones: Zones, days: Iterable[Day], seen: Container[UUID]) -> bool:
    """Whether a block's days take time in which its person works at a location that is not among the seen."""
    return any(
        _meets(span, zones.works_elsewhere(day, seen), day) for _, span in days for day in _dates(span)
    )


def _dates(span: Span) -> Iterator[date]:
    """Give the dates that a span may touch in any zone."""
    first, last = (from_tick(tick).date() for tick in span)
    return (first + timedelta(days=days) for days in range(-1, (last - first).days + 2))


def _meets(span: Span, periods: Iterable[Period], day: date) -> bool:
    midnight = datetime.combine(day, time())
    for starts, ends, zone in periods:
        first, last = (_on_the_wall(midnight + timedelta(minutes=one), zone) for one in (starts, ends))
        if min(first) < span[1] and span[0] < max(last):
            return True
    return False


def last_date(repeats: Values) -> date:
    """Read the last date of a repeating block, which JSON stores as text."""
    return date.fromisoformat(str(repeats["until"]))


def skipped_days(block: Where) -> list[Values]:
    """Read the dates that a block leaves out, each with its visits; JSON stores them as text."""
    return [
        {
            "on": date.fromisoformat(str(one["on"])),
            "appointment_ids": [UUID(str(id_)) for id_ in one["appointment_ids"]],
        }
        for one in block["skipped"]
    ]


def in_the_way(days: Iterable[Day], claims: Sequence[Any]) -> list[Values]:
    """Give the days that meet claims of visits, each with its visits; the claims are sorted by start."""
    found = []
    for on, (start, end) in days:
        first, last = (
            bisect_left(claims, tick, key=attrgetter("start_tick"))
            for tick in (start - LONGEST_OCCUPANCY, end)
        )
        met = {one.appointment_id for one in claims[first:last] if one.end_tick > start}
        if met:
            found.append({"on": on, "appointment_ids": sorted(met)})
    return found


def _on_the_wall(local: datetime, zone: ZoneInfo) -> Span:
    """Give both ticks at which the clock may show a local time; in spring the first is an hour later."""
    first, second = (floor_tick(local.replace(tzinfo=zone, fold=fold)) for fold in (0, 1))
    return first, second
