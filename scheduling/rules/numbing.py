"""The rules on numbing: how long the cream works, and how soon after it the needling begins (table b3)."""

from collections.abc import Iterator
from dataclasses import dataclass

from scheduling.reasons import Refusal, refuse
from scheduling.ticks import TICK_MINUTES
from scheduling.visits import Visit


@dataclass(frozen=True, slots=True)
class Numbing:
    """The minutes that the cream is on, the gap from then to the needling, and limits (None: no limit)."""

    minutes: float
    gap: float
    min_minutes: int | None = None
    max_minutes: int | None = None


def numbing_refusals(numbing: Numbing, longest_gap: int) -> Iterator[Refusal]:
    """Yield the reasons against needling after this numbing; `longest_gap` is in minutes."""
    if numbing.min_minutes is not None and numbing.minutes < numbing.min_minutes:
        yield refuse("numbing_too_short")
    too_long = numbing.max_minutes is not None and numbing.minutes > numbing.max_minutes
    if too_long or numbing.gap > longest_gap:
        yield refuse("numbing_too_long")


def planned_numbing(visit: Visit) -> Iterator[Numbing]:
    """Yield each numbing that a visit plans before its first needling; the gap follows the last numbing."""
    needling = visit.procedure_at
    planned = zip(visit.procedure.phases, visit.spans, strict=True)
    before = [(phase, span) for phase, span in planned if phase.kind == "numbing" and span[0] < needling]
    if not before or not visit.procedure.has("procedure"):
        return
    off = max(min(end, needling) for _, (_, end) in before)
    for phase, (start, end) in before:
        yield Numbing(
            minutes=(min(end, needling) - start) * TICK_MINUTES,
            gap=(needling - off) * TICK_MINUTES,
            min_minutes=phase.min_minutes,
            max_minutes=phase.max_minutes,
        )
