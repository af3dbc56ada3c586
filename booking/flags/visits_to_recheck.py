"""Finds and locks the booked visits that a change may leave outside the rules."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, or_, select

from booking.core.caller import Caller
from models import Appointment, AppointmentPhase, Course, ExternalTreatment, MedicalHold, Patient, Procedure
from models.statuses import GONE, TO_COME

LONGEST_VISIT: Final = timedelta(days=1)


def visits_at(caller: Caller, location_id: UUID, *where: ColumnElement[bool]) -> Sequence[Appointment]:
    """Lock and give the visits still to come at a location."""
    return visits_at_any(caller, [location_id], *where)


def visits_at_any(
    caller: Caller, locations: Iterable[UUID], *where: ColumnElement[bool]
) -> Sequence[Appointment]:
    """Lock and give the visits still to come at several locations."""
    return _to_come(caller, Appointment.location_id.in_(list(locations)), *where)


def visits_of(caller: Caller, therapist_id: UUID, *where: ColumnElement[bool]) -> Sequence[Appointment]:
    """Lock and give the visits still to come in which this therapist treats or assists."""
    assisted = select(AppointmentPhase.appointment_id).where(
        AppointmentPhase.clinic_id == caller.clinic_id, AppointmentPhase.assistant_id == therapist_id
    )
    takes_part = or_(Appointment.therapist_id == therapist_id, Appointment.id.in_(assisted))
    return _to_come(caller, takes_part, *where)


def visits_for(caller: Caller, procedure_id: UUID) -> Sequence[Appointment]:
    """Lock and give the visits still to come for a procedure."""
    return _to_come(caller, Appointment.procedure_id == procedure_id)


def visits_spaced_by(caller: Caller, rule: Mapping[str, Any]) -> Sequence[Appointment]:
    """Lock and give the visits still to come that a spacing rule may keep apart from another treatment."""
    sides = [_matched(rule["after"]), _matched(rule["before"])]
    own = select(Procedure.id).where(Procedure.clinic_id == caller.clinic_id)
    live = select(Appointment.patient_id).where(
        Appointment.clinic_id == caller.clinic_id,
        Appointment.patient_id.is_not(None),
        Appointment.status.not_in(GONE),
    )
    several = live.group_by(Appointment.patient_id).having(func.count() > 1)
    elsewhere = select(ExternalTreatment.patient_id).where(ExternalTreatment.clinic_id == caller.clinic_id)
    return _to_come(
        caller,
        Appointment.procedure_id.in_(own.where(or_(*sides))),
        or_(Appointment.patient_id.in_(several), Appointment.patient_id.in_(elsewhere)),
    )


def visits_of_patients(caller: Caller, patients: Iterable[UUID]) -> Sequence[Appointment]:
    """Lock and give the visits still to come of these patients."""
    return _to_come(caller, Appointment.patient_id.in_(list(patients)))


def visits_in_courses_of(caller: Caller, template_id: UUID) -> Sequence[Appointment]:
    """Lock and give the visits still to come that belong to courses of a template."""
    courses = select(Course.id).where(Course.clinic_id == caller.clinic_id, Course.template_id == template_id)
    return _to_come(caller, Appointment.course_id.in_(courses))


def visits_with_medical_hold(caller: Caller, code: str) -> Sequence[Appointment]:
    """Lock and give the visits still to come of patients whose medical holds, or age, may match the code."""
    held = select(MedicalHold.patient_id).where(
        MedicalHold.clinic_id == caller.clinic_id, MedicalHold.code == code
    )
    if code == "under_age":
        aged = select(Patient.id).where(Patient.clinic_id == caller.clinic_id, Patient.born_on.is_not(None))
        return _to_come(caller, or_(Appointment.patient_id.in_(held), Appointment.patient_id.in_(aged)))
    return _to_come(caller, Appointment.patient_id.in_(held))


def _matched(side: Mapping[str, Any]) -> ColumnElement[bool]:
    """Match the procedures that a rule's side names."""
    columns = {"family": Procedure.family, "procedure": Procedure.code, "event": Procedure.counts_as}
    return and_(*(column == side[name] for name, column in columns.items() if side[name] is not None))


def _to_come(caller: Caller, *where: ColumnElement[bool]) -> Sequence[Appointment]:
    return lock_rows(caller, Appointment.starts_at >= caller.now, Appointment.status.in_(TO_COME), *where)


def lock_rows(caller: Caller, *where: ColumnElement[bool]) -> Sequence[Appointment]:
    """Lock and give the visits of the clinic that meet these conditions, in id order."""
    statement = (
        select(Appointment)
        .where(Appointment.clinic_id == caller.clinic_id, *where)
        .order_by(Appointment.id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )
    return caller.session.scalars(statement).all()
