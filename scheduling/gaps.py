"""Measures the free time that a visit would leave unusable beside its claims."""

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
    """Return the waste and the slack, in ticks, that spans (positions) leave beside them in free time.

    Slack is all the free time directly beside the spans; waste is the part in gaps shorter than their
    span.
    """
    if len(spans) > 1:
        # The visit takes its other spans too, so a gap between two of its spans ends at the next span.
        for start, end in spans:
            free &= ~((1 << end) - (1 << start))
    waste = slack = 0
    for start, end in spans:
        length, before, after = end - start, gap_before(free, start), gap_after(free, end)
        waste += (before if before < length else 0) + (after if after < length else 0)
        slack += before + after
    return waste, slack
