"""Shows a disrupted visit and the place that is proposed for it, as clients see them."""

from typing import Any

from booking.appointments.records import Visit
from booking.disruptions.relocation import Proposal
from scheduling.questions import Assignment
from scheduling.ticks import from_tick

_OF_THE_VISIT = ("version", "status", "location_id", "procedure_id", "patient_id", "therapist_id")
_TIMES = ("starts_at", "procedure_at", "ends_at")
_STAFF = ("therapist_id", "assistant_id")


def told(visit: Visit, proposal: Proposal | None) -> dict[str, Any]:
    """Give the visit with its proposal, or the refusals at its time; times are in its location's zone."""
    appointment = visit.appointment
    refusals = proposal.verdict.refusals if proposal is not None else ()
    return {
        "appointment_id": appointment.id,
        **{name: getattr(appointment, name) for name in _OF_THE_VISIT},
        **{name: getattr(appointment, name).astimezone(visit.zone) for name in _TIMES},
        "proposal": _shown(proposal) if proposal is not None and proposal.possible else None,
        "refusals": refusals,
    }


def _shown(proposal: Proposal) -> dict[str, Any] | None:
    assignment, visit = proposal.verdict.assignment, proposal.question.visit
    if assignment is None:
        return None
    zone, start = proposal.visit.zone, proposal.start
    ticks = (start, start + visit.procedure_at, start + visit.leaves)
    return {
        "kind": _kind(proposal, assignment),
        **{name: from_tick(tick).astimezone(zone) for name, tick in zip(_TIMES, ticks, strict=True)},
        "therapist_id": assignment.therapist_id,
        "room_id": proposal.room_id,
        "minutes_moved": proposal.minutes_moved,
        "phases": [
            {
                "name": phase.name,
                "kind": phase.kind,
                "starts_at": from_tick(given.start).astimezone(zone),
                "ends_at": from_tick(given.end).astimezone(zone),
                "room_id": given.room_id,
                "therapist_id": given.therapist_id,
                "assistant_id": given.assistant_id,
                "device_id": given.device_id,
            }
            for phase, given in zip(proposal.question.procedure.phases, assignment.phases, strict=True)
        ],
    }


def _kind(proposal: Proposal, assignment: Assignment) -> str:
    """Name the change that matters most to the patient: time, therapist, room or device."""
    if proposal.minutes_moved:
        return "time"
    for kind, names in (("therapist", _STAFF), ("room", ("room_id",))):
        before, after = (
            [getattr(phase, name) for phase in phases for name in names]
            for phases in (proposal.visit.phases, assignment.phases)
        )
        if before != after:
            return kind
    return "device"
