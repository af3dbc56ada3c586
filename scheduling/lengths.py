"""Gives phases of a visit the lengths that were chosen for it."""

from collections.abc import Mapping
from dataclasses import replace

from scheduling.catalog import Procedure
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
    spans = phase_spans(procedure.phases)
    end = spans[place][1]
    more = minutes - procedure.phases[place].minutes
    phases = list(procedure.phases)
    for at, phase in enumerate(procedure.phases):
        if at == place:
            phases[at] = replace(phase, minutes=minutes)
        elif phase.at_minute is not None and spans[at][0] >= end:
            phases[at] = replace(phase, at_minute=phase.at_minute + more)
    return replace(procedure, phases=tuple(phases))


def keeping(procedure: Procedure, minutes: Mapping[str, int]) -> Procedure:
    """Return the procedure with lengths that were chosen before, except those that it allows no more."""
    named = [phase for phase in procedure.phases if phase.name in minutes]
    refused = {phase.name for phase in named if not phase.allows(minutes[phase.name])}
    return with_minutes(procedure, {name: minutes[name] for name in minutes if name not in refused})
