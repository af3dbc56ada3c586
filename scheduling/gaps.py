"""Measures the time that a visit would leave unusable beside its claims, for one start or for all."""

from collections.abc import Iterable, Sequence
from itertools import zip_longest

from scheduling.visits import Span

Levels = list[int]
"""Arrivals as bits by the ticks they waste: the entry at w has those that waste exactly w."""


def gap_before(free: int, start: int) -> int:
    """Return how many ticks directly before position `start` are free."""
    below = (1 << start) - 1
    return start - (~free & below).bit_length()


def gap_after(free: int, end: int) -> int:
    """Return how many ticks from position `end` on are free."""
    rest = free >> end
    return (rest ^ (rest + 1)).bit_length() - 1


def waste_and_slack(free: int, spans: Iterable[Span]) -> tuple[int, int]:
    """Return the ticks left beside spans (positions) that are too few for them, and all ticks left."""
    spans = tuple(spans)
    for start, end in spans:
        free &= ~((1 << end) - (1 << start))
    waste = slack = 0
    for start, end in spans:
        for gap in (gap_before(free, start), gap_after(free, end)):
            waste += gap if gap < end - start else 0
            slack += gap
    return waste, slack


def waste_levels(free: int, fits: int, spans: Sequence[Span]) -> Levels:
    """Return by waste the arrivals among `fits` whose spans (ticks after arrival) take of `free` time."""
    levels = [fits]
    for start, end in spans:
        length = end - start
        before = _edge_levels(fits, [_shift(free, start - gap) for gap in range(1, length + 1)])
        after = _edge_levels(fits, [_shift(free, end + gap) for gap in range(length)])
        levels = add(levels, add(before, after))
    return levels


def _shift(free: int, offset: int) -> int:
    return free >> offset if offset >= 0 else free << -offset


def _edge_levels(fits: int, neighbours: Sequence[int]) -> Levels:
    """Return the arrivals by gap on one side; a gap as long as the span or longer is no waste."""
    levels, reaching = [], fits
    for free in neighbours:
        levels.append(reaching & ~free)
        reaching &= free
    levels[0] |= reaching
    return levels


def add(first: Levels, second: Levels) -> Levels:
    """Return the levels of two wastes that add up."""
    total = [0] * (len(first) + len(second) - 1)
    for waste, bits in enumerate(first):
        for more, others in enumerate(second):
            total[waste + more] |= bits & others
    return total


def least(choices: Iterable[Levels]) -> Levels:
    """Return for each arrival the least waste that one of the choices leaves."""
    reached, levels = 0, []
    for bits in zip_longest(*choices, fillvalue=0):
        level = 0
        for choice in bits:
            level |= choice
        levels.append(level & ~reached)
        reached |= level
    return levels
