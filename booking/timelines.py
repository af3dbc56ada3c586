"""Loads who is busy, packed: the busy bits of resources and the live visits of a patient."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, select, text
from sqlalchemy.orm import Session

from booking.catalog import ClinicCatalog
from booking.errors import NotFound
from models import Appointment
from models import Patient as PatientRow
from models.appointments import LONGEST_OCCUPANCY
from scheduling.bits import Busy, Window, busy_bits
from scheduling.questions import Patient
from scheduling.questions import Session as Treatment
from scheduling.ticks import ceil_tick, floor_tick

# Comparisons of integers may use the index below row-level security, range operators may not. No
# occupancy is longer than LONGEST_OCCUPANCY, so its end alone bounds the scan from both sides.
_PACKED = """
    SELECT resource_id, lane,
           string_agg(int4send(start_tick) || int4send(end_tick), ''::bytea ORDER BY end_tick)
    FROM occupancies
    WHERE clinic_id = :clinic_id AND resource_id = ANY(:ids)
      AND end_tick > :first AND end_tick < :last + :longest AND start_tick < :last {others}
    GROUP BY resource_id, lane
"""
_BUSY = text(_PACKED.format(others=""))
_BUSY_BUT_FOR = text(_PACKED.format(others="AND appointment_id IS DISTINCT FROM :ignore"))

# One row without a visit for a patient who has none; no row for no patient.
_VISITS = (
    select(
        Appointment.id,
        Appointment.starts_at,
        Appointment.ends_at,
        Appointment.local_date,
        Appointment.procedure_id,
        Appointment.areas,
        Appointment.status,
    )
    .select_from(PatientRow)
    .outerjoin(
        Appointment,
        (Appointment.clinic_id == PatientRow.clinic_id)
        & (Appointment.patient_id == PatientRow.id)
        & Appointment.status.not_in(("cancelled", "no_show")),
    )
    .where(PatientRow.clinic_id == bindparam("clinic_id"), PatientRow.id == bindparam("patient_id"))
)
_SESSIONS = text("""
    SELECT id, patient_id, local_date, procedure_id, areas, status
    FROM appointments
    WHERE clinic_id = :clinic_id AND patient_id = ANY(:ids) AND status NOT IN ('cancelled', 'no_show')
    ORDER BY id
""")


def load_busy(
    session: Session, clinic_id: UUID, resources: Iterable[UUID], window: Window, ignore: UUID | None = None
) -> Busy:
    """Give each lane's busy bits over the window; `ignore` leaves one appointment's own claims out."""
    values = {
        "clinic_id": clinic_id,
        "ids": list(resources),
        "first": window.start,
        "last": window.end,
        "longest": LONGEST_OCCUPANCY,
    }
    statement = _BUSY if ignore is None else _BUSY_BUT_FOR
    rows = session.execute(statement, values if ignore is None else values | {"ignore": ignore})
    return {(resource_id, lane): busy_bits(packed, window) for resource_id, lane, packed in rows}


def load_patient(
    session: Session, catalog: ClinicCatalog, clinic_id: UUID, patient_id: UUID, ignore: UUID | None = None
) -> Patient:
    """Give the patient's live visits as busy ticks and as treatments; NotFound for an unknown one."""
    visits = session.execute(_VISITS, {"clinic_id": clinic_id, "patient_id": patient_id}).all()
    if not visits:
        raise NotFound("patient", "/patient_id")
    others = [visit for visit in visits if visit.id not in {None, ignore}]
    return Patient(
        patient_id,
        tuple((floor_tick(visit.starts_at), ceil_tick(visit.ends_at)) for visit in others),
        tuple(_treatment(catalog, visit) for visit in others),
    )


def load_sessions(
    session: Session, catalog: ClinicCatalog, clinic_id: UUID, patients: Iterable[UUID]
) -> dict[UUID, list[Treatment]]:
    """Give the live visits of many patients as treatments, by patient."""
    sessions: defaultdict[UUID, list[Treatment]] = defaultdict(list)
    for visit in session.execute(_SESSIONS, {"clinic_id": clinic_id, "ids": list(patients)}):
        sessions[visit.patient_id].append(_treatment(catalog, visit))
    return sessions


def _treatment(catalog: ClinicCatalog, visit: Any) -> Treatment:  # noqa: ANN401 - a row of either query
    procedure = catalog.engine.procedures[visit.procedure_id]
    return Treatment(
        appointment_id=visit.id,
        on=visit.local_date,
        procedure=procedure.code,
        family=procedure.family,
        event=procedure.counts_as,
        areas=tuple(visit.areas),
        performed=visit.status == "completed",
    )
