"""Writes and deletes the claims of a visit: its occupancies and spacing claims, and its phases with them."""

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.orm import Session
from uuid_utils.compat import uuid7

from booking.core.bulk_insert import Batch, columns_of, insert_rows
from booking.core.caller import Caller
from booking.questions.catalog import ClinicCatalog
from models import Appointment, AppointmentPhase, Occupancy, SpacingClaim
from scheduling.claims import spacing_claims
from scheduling.questions import Assignment, Claim, Question
from scheduling.ticks import from_tick


def claims_of(
    catalog: ClinicCatalog, question: Question, appointment: Appointment, assignment: Assignment
) -> tuple[list[AppointmentPhase], list[Batch]]:
    """Give the visit's phases, and the rows to insert for them and its claims; the caller holds the locks."""
    phases = planned_phases(question, appointment, assignment)
    return phases, [
        (AppointmentPhase, [columns_of(phase) for phase in phases]),
        (Occupancy, _occupancies(appointment, assignment.claims)),
        (SpacingClaim, _spacing(catalog, question, appointment)),
    ]


def planned_phases(
    question: Question, appointment: Appointment, assignment: Assignment
) -> list[AppointmentPhase]:
    """Give the visit's phases as they are planned, not yet in the session."""
    planned = zip(question.procedure.phases, assignment.phases, strict=True)
    return [
        AppointmentPhase(
            clinic_id=appointment.clinic_id,
            appointment_id=appointment.id,
            position=position,
            name=phase.name,
            kind=phase.kind,
            starts_at=from_tick(given.start),
            ends_at=from_tick(given.end),
            min_minutes=phase.min_minutes,
            max_minutes=phase.max_minutes,
            patient=phase.patient,
            room_id=given.room_id,
            lane=given.lane,
            therapist_id=given.therapist_id,
            assistant_id=given.assistant_id,
            device_id=given.device_id,
            runs_on=False,
        )
        for position, (phase, given) in enumerate(planned)
    ]


def claim_spacing(
    session: Session, catalog: ClinicCatalog, question: Question, appointment: Appointment
) -> None:
    """Replace the spacing claims by those for the appointment's patient, course and date.

    Its occupancies stay.
    """
    session.execute(
        delete(SpacingClaim).where(
            SpacingClaim.clinic_id == appointment.clinic_id, SpacingClaim.appointment_id == appointment.id
        )
    )
    insert_rows(session, (SpacingClaim, _spacing(catalog, question, appointment)))


def load_claims(caller: Caller, appointment_ids: Iterable[UUID]) -> Mapping[UUID, list[Claim]]:
    """Give the lanes that each of these appointments occupies now, and from which tick to which."""
    found: dict[Any, list[Claim]] = {one: [] for one in appointment_ids}
    rows = select(
        Occupancy.appointment_id,
        Occupancy.resource_id,
        Occupancy.lane,
        Occupancy.start_tick,
        Occupancy.end_tick,
    ).where(Occupancy.clinic_id == caller.clinic_id, Occupancy.appointment_id.in_(found))
    for appointment_id, resource_id, lane, start, end in caller.session.execute(rows):
        found[appointment_id].append((resource_id, lane, start, end))
    return found


def delete_claims(session: Session, appointment: Appointment, *, phases: bool = False) -> None:
    """Delete all claims of the appointment; with `phases` also its phases, because it gets other phases."""
    for model in (Occupancy, SpacingClaim, *((AppointmentPhase,) if phases else ())):
        session.execute(
            delete(model).where(
                model.clinic_id == appointment.clinic_id, model.appointment_id == appointment.id
            )
        )


def replace_occupancies(session: Session, appointment: Appointment, claims: Iterable[Claim]) -> None:
    """Replace what the appointment occupies; its spacing claims stay."""
    session.execute(
        delete(Occupancy).where(
            Occupancy.clinic_id == appointment.clinic_id, Occupancy.appointment_id == appointment.id
        )
    )
    insert_rows(session, (Occupancy, _occupancies(appointment, claims)))


def _occupancies(appointment: Appointment, claims: Iterable[Claim]) -> list[dict[str, Any]]:
    return [
        {
            "clinic_id": appointment.clinic_id,
            "id": uuid7(),
            "resource_id": resource_id,
            "lane": lane,
            "start_tick": start,
            "end_tick": end,
            "appointment_id": appointment.id,
        }
        for resource_id, lane, start, end in claims
    ]


def _spacing(catalog: ClinicCatalog, question: Question, appointment: Appointment) -> list[dict[str, Any]]:
    if appointment.patient_id is None:
        return []
    claims = spacing_claims(question, appointment.counts_from, catalog.paired_rules, catalog.engine)
    return [
        {
            "clinic_id": appointment.clinic_id,
            "id": uuid7(),
            "appointment_id": appointment.id,
            "patient_id": appointment.patient_id,
            "rule_id": claim.rule_id,
            "area": claim.area,
            "role": claim.role,
            "owner": claim.owner or appointment.id,
            "span": f"[{claim.span[0]},{claim.span[1]})",
        }
        for claim in claims
    ]
