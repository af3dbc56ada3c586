"""Holds the columns and joins of every selection of messages: visit, patient, template and dispatch."""

from datetime import timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, Integer, Select, and_, case, cast, func, null, select

from models import (
    Appointment,
    Clinic,
    Location,
    MessageDispatch,
    MessageTemplate,
    Patient,
)
from models.statuses import NOT_BOOKED

_NONE: Final = cast(null(), Integer)
_COMPLETED: Final = Appointment.status == "completed"
# A visit is performed on a date of its own, or of the night after it.
OFF_PLAN: Final = timedelta(days=2)
"""How far, at most, a visit really is from its planned time."""


def columns(
    kind: Any,  # noqa: ANN401 - SQL expressions
    anchor_at: Any,  # noqa: ANN401
    plans: Any,  # noqa: ANN401
    opens: Any = _NONE,  # noqa: ANN401
    closes: Any = _NONE,  # noqa: ANN401
) -> Select[Any]:
    """Select the columns of a message: the instant that it counts from, its visit, patient and template."""
    return select(
        kind.label("kind"),
        anchor_at.label("anchor_at"),
        plans.label("plans"),
        opens.label("opens_months"),
        closes.label("closes_months"),
        Appointment.id.label("appointment_id"),
        Appointment.location_id,
        Appointment.patient_id,
        Appointment.starts_at,
        Appointment.links_issue,
        case((_COMPLETED, func.coalesce(Appointment.status_since, Appointment.ends_at))).label("ended_at"),
        func.coalesce(Appointment.performed_on - Appointment.local_date, 0).label("days_off_plan"),
        Location.name.label("location_name"),
        Clinic.name.label("clinic_name"),
        Patient.name.label("patient_name"),
        Patient.email,
        Patient.phone,
        MessageTemplate.subject,
        MessageTemplate.body,
        MessageDispatch.status,
    )


def with_words(visits: Select[Any], kind: Any, anchor_at: Any) -> Select[Any]:  # noqa: ANN401 - see above
    """Join patient, active template and dispatch; leave out messages that are sent or cancelled."""
    same_message = and_(
        MessageDispatch.clinic_id == Appointment.clinic_id,
        MessageDispatch.appointment_id == Appointment.id,
        MessageDispatch.kind == kind,
        MessageDispatch.anchor_at == anchor_at,
    )
    of_kind = and_(
        MessageTemplate.clinic_id == Appointment.clinic_id,
        MessageTemplate.kind == kind,
        MessageTemplate.active,
    )
    known = and_(same(Appointment.patient_id, Patient), Patient.anonymised_at.is_(None))
    return (
        visits.join(Patient, known)
        .join(Clinic, Clinic.id == Appointment.clinic_id)
        .join(MessageTemplate, of_kind)
        .outerjoin(MessageDispatch, same_message)
        .where(func.coalesce(MessageDispatch.status, "due").in_(("due", "sending", "failed")))
    )


def same(reference: Any, model: Any) -> ColumnElement[bool]:  # noqa: ANN401 - a column and a mapped class
    """Match the row that a column refers to, in the same clinic."""
    return and_(model.clinic_id == reference.class_.clinic_id, model.id == reference)


def is_later_of_patient(later: type[Appointment]) -> ColumnElement[bool]:
    """Match the patient's later visits that are performed or booked."""
    return and_(
        later.clinic_id == Appointment.clinic_id,
        later.patient_id == Appointment.patient_id,
        later.starts_at > Appointment.starts_at,
        later.status.not_in(NOT_BOOKED),
    )
