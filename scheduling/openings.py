"""Turns openings into slots, in time order or with those first that keep the most further visits."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from itertools import compress, islice
from operator import itemgetter
from uuid import UUID

from scheduling.bits import Busy, Window, positions
from scheduling.capacity import Cost, costs
from scheduling.case import open_case
from scheduling.catalog import Catalog
from scheduling.questions import Openings, Question, Slot
from scheduling.scene import survey
from scheduling.ticks import local_date

FEWEST_OFFERED = 3
"""The least number of arrivals of a day that a compact offer leaves to choose from."""


def slots(openings: Openings, window: Window, limit: int | None = None) -> list[Slot]:
    """Return the feasible arrivals in time order, at most `limit`."""
    return list(islice(_slots(openings, window), limit))


def _slots(openings: Openings, window: Window) -> Iterator[Slot]:
    therapist_ids, length = sorted(openings.by_therapist), window.length
    # Each therapist is a row of digits, the last position first, so a column is a slice with a step.
    rows = (format(openings.by_therapist[key], f"0{length}b") for key in therapist_ids)
    table = "".join(rows).encode().translate(bytes.maketrans(b"01", b"\0\1"))
    groups: dict[bytes, tuple[UUID, ...]] = {}
    for position in positions(openings.starts):
        column = table[length - 1 - position :: length]
        if column not in groups:
            groups[column] = tuple(compress(therapist_ids, column))
        yield Slot(window.start + position, groups[column])


def rank_compact(
    openings: Openings, question: Question, catalog: Catalog, busy: Busy, window: Window
) -> list[Slot]:
    """Return the feasible arrivals, first those that cost the fewest further visits.

    Among equals those come first that leave the least unusable time beside themselves, then the earliest.
    """
    return [slot for _, slot in _by_cost(openings, question, catalog, busy, window)]


def offer_compact(
    openings: Openings, question: Question, catalog: Catalog, busy: Busy, window: Window
) -> list[Slot]:
    """Return the arrivals of every local day that cost the fewest further visits, in compact order.

    The next arrivals in order fill a day up to `FEWEST_OFFERED`, as far as the day has so many.
    """
    zone, by_day = question.location.zone, defaultdict[date, list[tuple[Cost, Slot]]](list)
    ranked = _by_cost(openings, question, catalog, busy, window)
    for cost, slot in ranked:
        by_day[local_date(slot.start, zone)].append((cost, slot))
    offered = {
        slot.start
        for day in by_day.values()
        for place, (cost, slot) in enumerate(day)
        if place < FEWEST_OFFERED or cost.visits == day[0][0].visits
    }
    return [slot for _, slot in ranked if slot.start in offered]


def _by_cost(
    openings: Openings, question: Question, catalog: Catalog, busy: Busy, window: Window
) -> list[tuple[Cost, Slot]]:
    found = costs(open_case(survey(question, catalog, busy, window)), openings.starts)
    priced = [(found[slot.start - window.start], slot) for slot in _slots(openings, window)]
    return sorted(priced, key=itemgetter(0))
