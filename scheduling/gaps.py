"""Measures the time that a visit would leave unusable beside its claims."""

from collections.abc import Sequence

from scheduling.visits import Span


def gap_before(free: int, start: int) -> int:
    """Return how many ticks directly before position `start` are free."""
    below = (1 << start) - 1
    return start - (~free & below).bit_length()


def gap_after(free: int, end: int) -> int:
    """Return how many ticks from position `end` on are free."""
    rest = free >> end
    return (rest ^ (rest + 1)).bit_length() - 1


def waste_and_slack(free: int, spans: Sequence[Span]) -> tuple[int, int]:
    """Return the ticks left beside spans (positions) that are too few for them, and all ticks left."""
    if len(spans) > 1:
        for start, end in spans:
            free &= ~((1 << end) - (1 << start))
    waste = slack = 0
    for start, end in spans:
        length, before, after = end - start, gap_before(free, start), gap_after(free, end)
        waste += (before if before < length else 0) + (after if after < length else 0)
        slack += before + after
    return waste, slack
