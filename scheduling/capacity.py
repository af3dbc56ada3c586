"""Counts what each feasible arrival costs in further visits of the same kind."""

from collections.abc import Iterator, Mapping
from functools import lru_cache
from itertools import pairwise
from typing import Final, NamedTuple

from scheduling.bits import positions
from scheduling.case import Case
from scheduling.needs import Needs, needs_of
from scheduling.packing import Packing, Shape, cut

_DAYS_KEPT: Final = 1024


class Cost(NamedTuple):
    """How many fewer visits fit on the day (not counting the visit itself), and how many ticks it wastes."""

    visits: int
    waste: int


def costs(case: Case, starts: int) -> Mapping[int, Cost]:
    """Return the cost of each feasible arrival by its position; usually it is at most a single visit.

    Only visits of the same question on the same local day count, each placed as early as possible. A
    visit that takes no staff, room or device costs nothing.
    """
    needs, takers = needs_of(case)
    found = dict.fromkeys(positions(starts), Cost(0, 0))
    for first, last in _independent_groups(case, starts):
        counted = count_day(needs, cut(takers, starts, first, last, needs.length))
        found.update((first + at, cost) for at, cost in counted)
    return found


@lru_cache(maxsize=_DAYS_KEPT)
def count_day(needs: Needs, shape: Shape) -> tuple[tuple[int, Cost], ...]:
    """Count a single day. The result is cached: a booking changes one day and leaves all others alike."""
    return tuple((at, Cost(*cost)) for at, cost in Packing(needs, shape).costs())


def _independent_groups(case: Case, starts: int) -> Iterator[tuple[int, int]]:
    """Yield the first and the last arrival of each group on a local day that meets no arrival outside it."""
    length, window = case.scene.visit.length, case.scene.window
    midnights = [max(midnight - window.start, 0) for midnight in case.scene.days.midnights]
    for low, high in pairwise(midnights):
        first = last = -1
        for at in positions(starts >> low & (1 << high - low) - 1):
            if first >= 0 and at - last >= length:
                yield low + first, low + last
                first = at
            first, last = at if first < 0 else first, at
        if first >= 0:
            yield low + first, low + last
