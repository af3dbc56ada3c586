"""Judges the places that the desk accepts for disrupted visits, whether proposed or chosen by the desk."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from booking.appointments.moving import Placing
from booking.appointments.records import Visit, get_appointment
from booking.core.caller import Caller
from booking.core.errors import Invalid, NotFound, Refused, StaleVersion, WrongStatus
from booking.disruptions.relocation import Proposal, Relocation
from models.statuses import NOT_BEGUN, TO_COME
from scheduling.reasons import Refusal
from scheduling.ticks import to_tick


@dataclass(frozen=True, slots=True)
class Accepted:
    """The place that the desk accepts for a visit, and the version of the visit that the desk has seen."""

    appointment_id: UUID
    version: int
    starts_at: datetime
    therapist_id: UUID | None = None
    room_id: UUID | None = None


def require_acceptable(caller: Caller, seen: Mapping[UUID, Visit], accepted: Sequence[Accepted]) -> None:
    """Refuse visits that are not affected, have changed, or may not move like this in their status."""
    stale = []
    for place, one in enumerate(accepted):
        pointer = f"/accept/{place}/appointment_id"
        visit = seen.get(one.appointment_id)
        found = (
            visit.appointment
            if visit
            else get_appointment(caller, one.appointment_id, for_change=True, pointer=pointer)
        )
        if found.version != one.version:
            stale.append(found.id)
        elif visit is None:
            raise Invalid(pointer, "The disruption does not affect this appointment.")
    if stale:
        raise StaleVersion(appointment_ids=stale)
    for one in accepted:
        found = seen[one.appointment_id].appointment
        allowed = NOT_BEGUN if found.starts_at == one.starts_at else TO_COME
        if found.status not in allowed:
            raise WrongStatus(allowed, f"Appointment {found.id} is {found.status}.")


def judge_accepted(
    relocation: Relocation, seen: Mapping[UUID, Visit], accepted: Sequence[Accepted]
) -> list[Proposal]:
    """Give the place of each accepted visit; raise Refused with the reasons by visit.

    A proposed place stays valid with or without the other proposals. A place that the desk has chosen
    instead is judged after the proposed places, beside them.
    """
    planned = relocation.plan(list(seen.values()))
    found = {place: planned[one.appointment_id] for place, one in enumerate(accepted)}
    chosen = {place: _is_other(found[place], one) for place, one in enumerate(accepted)}
    relocation.keep({one.appointment_id for place, one in enumerate(accepted) if not chosen[place]})
    freed = {one.appointment_id for one in accepted}
    refused: dict[int, Sequence[Refusal]] = {}
    for place, one in enumerate(accepted):
        if chosen[place]:
            found[place] = _choose(relocation, seen[one.appointment_id], one, freed, f"/accept/{place}")
            if not found[place].possible:
                refused[place] = found[place].verdict.refusals
    if refused:
        raise Refused((one for reasons in refused.values() for one in reasons), by_visit=refused)
    return list(found.values())


def _is_other(proposal: Proposal, one: Accepted) -> bool:
    """Whether the desk has chosen another place than the proposed place."""
    assignment = proposal.verdict.assignment
    return (
        assignment is None
        or proposal.start != to_tick(one.starts_at)
        or one.therapist_id not in {None, assignment.therapist_id}
        or one.room_id not in {None, proposal.room_id}
    )


def _choose(relocation: Relocation, visit: Visit, one: Accepted, freed: set[UUID], pointer: str) -> Proposal:
    engine, start = relocation.catalog.engine, to_tick(one.starts_at)
    room = engine.rooms.get(one.room_id) if one.room_id is not None else None
    if one.therapist_id is not None and one.therapist_id not in engine.therapists:
        raise NotFound("therapist", f"{pointer}/therapist_id")
    if one.room_id is not None and (room is None or room.location_id != visit.appointment.location_id):
        raise NotFound("room", f"{pointer}/room_id")
    if not relocation.covers(visit, start):
        raise Invalid(f"{pointer}/starts_at", "Must lie within the days in which proposals are made.")
    return relocation.judge(visit, start, (one.therapist_id, one.room_id), freed)


def placing(proposal: Proposal) -> Placing:
    """Turn the proposal into a move."""
    return Placing(proposal.visit.appointment, proposal.question, proposal.verdict, proposal.start)
