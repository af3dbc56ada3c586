"""Adapts a visit's plan to a late arrival or a wait: other minutes of numbing, later phases moved along."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from scheduling.catalog import Phase, Procedure
from scheduling.lengths import with_length
from scheduling.ticks import TICK_MINUTES
from scheduling.visits import Span, phase_spans


@dataclass(frozen=True, slots=True)
class Option:
    """A way to place a visit: the tick of its arrival, and its plan."""

    start: int
    procedure: Procedure


@dataclass(frozen=True, slots=True)
class Planned:
    """A phase of a booked visit: its ticks after arrival, and the limits in minutes of its length."""

    start: int
    end: int
    min_minutes: int | None = None
    max_minutes: int | None = None


def as_planned(procedure: Procedure, planned: Sequence[Planned]) -> Procedure:
    """Return the procedure with its phases as they were planned; ValueError unless there are as many."""
    pairs = zip(procedure.phases, planned, strict=True)
    return replace(procedure, phases=tuple(_planned_phase(phase, one) for phase, one in pairs))


def _planned_phase(phase: Phase, planned: Planned) -> Phase:
    return replace(
        phase,
        at_minute=planned.start * TICK_MINUTES,
        minutes=(planned.end - planned.start) * TICK_MINUTES,
        min_minutes=planned.min_minutes,
        max_minutes=planned.max_minutes,
    )


def for_late_arrival(procedure: Procedure, planned: int, start: int, most: int) -> Iterator[Option]:
    """Yield the plans of a visit that arrives at tick `start` in place of `planned`, best first.

    A shorter numbing lets the needling come as near to its plan as it can, then later, by at most `most`
    ticks. A visit without numbing starts later as a whole.
    """
    late = start - planned
    for delay in range(most + 1):
        bent = with_numbing(procedure, delay - late)
        if bent is not None:
            yield Option(start, bent)
        elif delay >= late and _numbing_place(procedure) is None:
            yield Option(planned + delay, procedure)


def for_waiting(procedure: Procedure, planned: int, most: int, *, here: bool) -> Iterator[Option]:
    """Yield the plans of a visit that has to wait, by as little as possible and at most `most` ticks.

    The numbing lasts longer as far as its limit allows; beyond that the whole visit comes later, unless
    the patient is here already.
    """
    for delay in range(1, most + 1):
        bent = with_numbing(procedure, delay)
        if bent is not None:
            yield Option(planned, bent)
        elif not here:
            yield Option(planned + delay, procedure)


def with_numbing(procedure: Procedure, more: int) -> Procedure | None:
    """Return the procedure with `more` ticks of numbing (fewer when negative).

    Return None when it has no numbing before its needling, or when the phase does not allow that length.
    """
    place = _numbing_place(procedure)
    if place is None:
        return None
    numbing, spans = procedure.phases[place], phase_spans(procedure.phases)
    minutes = numbing.minutes + more * TICK_MINUTES
    if (
        not _least_minutes(procedure, place, spans)
        <= minutes
        <= max(numbing.minutes, numbing.max_minutes or 0)
    ):
        return None
    return with_length(procedure, place, minutes)


def _numbing_place(procedure: Procedure) -> int | None:
    """Return the list position of the numbing; None when no numbing comes before the main phase."""
    for place, phase in enumerate(procedure.phases):
        if phase.kind in {"procedure", "consultation"}:
            break
        if phase.kind == "numbing":
            return place
    return None


def _least_minutes(procedure: Procedure, place: int, spans: Sequence[Span]) -> int:
    """Return the least minutes of the numbing: its own limit, and the time of phases that end during it."""
    start, end = spans[place]
    beside = [stop - start for at, (_, stop) in enumerate(spans) if at != place and start < stop <= end]
    numbing = procedure.phases[place]
    least = numbing.minutes if numbing.min_minutes is None else numbing.min_minutes
    return max(least, TICK_MINUTES, *(ticks * TICK_MINUTES for ticks in beside))
