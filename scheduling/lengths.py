"""Gives phases of a visit the lengths that were chosen for it."""

from collections.abc import Mapping
from dataclasses import replace

from scheduling.catalog import Procedure
from scheduling.ticks import TICK_MINUTES
from scheduling.visits import phase_spans


def with_minutes(procedure: Procedure, minutes: Mapping[str, int]) -> Procedure:
    """Return the procedure with the phases of these names at these lengths, which their limits allow."""
    for place, phase in enumerate(procedure.phases):
        if phase.name in minutes:
            procedure = with_length(procedure, place, minutes[phase.name])
    return procedure


def with_length(procedure: Procedure, place: int, minutes: int) -> Procedure:
    """Return the procedure with a single phase at another length.

    Phases that run beside it stay where they are; phases that begin after it move along.
    """
    spans, phases, ends = phase_spans(procedure.phases), [], 0
    more = minutes - procedure.phases[place].minutes
    for at, phase in enumerate(procedure.phases):
        later = at != place and spans[at][0] >= spans[place][1]
        start = spans[at][0] * TICK_MINUTES + (more if later else 0)
        follows = phase.at_minute is None and start == ends
        length = minutes if at == place else phase.minutes
        phases.append(replace(phase, minutes=length, at_minute=None if follows else start))
        ends = start + length
    return replace(procedure, phases=tuple(phases))


def keeping(procedure: Procedure, minutes: Mapping[str, int]) -> Procedure:
    """Return the procedure with lengths that were chosen before, except those that it allows no more."""
    named = [phase for phase in procedure.phases if phase.name in minutes]
    refused = {phase.name for phase in named if not phase.allows(minutes[phase.name])}
    return with_minutes(procedure, {name: minutes[name] for name in minutes if name not in refused})
