"""Selects appointments for lists, and the audit history of an appointment."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, exists, false, func, literal_column, or_, select

from booking.core.caller import Caller
from models import Appointment, AppointmentPhase, AuditEntry
from models.statuses import UNDER_WAY

_EQUAL = ("location_id", "patient_id", "course_id")


def select_appointments(caller: Caller, query: dict[str, Any]) -> Select[Appointment]:
    """Select appointments by the given filters; dates are compared with each appointment's local date.

    Live holds appear only when the status `held` is asked for, and holds that have ended never.
    `status` is a list of statuses.
    """
    chosen = select(Appointment).where(Appointment.clinic_id == caller.clinic_id)
    if caller.location_ids is not None:
        chosen = chosen.where(Appointment.location_id.in_(caller.location_ids))
    if caller.publishable:
        chosen = chosen.where(Appointment.patient_id.in_(caller.token.patient_ids if caller.token else ()))
    for name in _EQUAL:
        if query.get(name) is not None:
            chosen = chosen.where(getattr(Appointment, name) == query[name])
    chosen = chosen.where(_of_status(caller, query.get("status")))
    if query.get("from_") is not None:
        chosen = chosen.where(Appointment.local_date >= query["from_"])
    if query.get("until") is not None:
        chosen = chosen.where(Appointment.local_date < query["until"])
    if query.get("updated_since") is not None:
        chosen = chosen.where(Appointment.updated_at >= query["updated_since"])
    if query.get("flagged") is not None:
        flagged = or_(Appointment.flags != literal_column("'[]'"), _unclosed(caller))
        chosen = chosen.where(flagged if query["flagged"] else ~flagged)
    return chosen.where(*_taking_part(query))


def _unclosed(caller: Caller) -> ColumnElement[bool]:
    """Match visits that are under way although they should be over: their flag is worked out when read."""
    past = func.coalesce(Appointment.closes_at < caller.now, false())
    return and_(Appointment.status.in_(UNDER_WAY), past)


def _of_status(caller: Caller, wanted: list[str] | None) -> ColumnElement[bool]:
    """Match appointments of any of the statuses, by default of every status but `held`."""
    # A hold is no appointment until it has been converted.
    booked = or_(Appointment.hold.is_(None), Appointment.hold["ended"].astext == "converted")
    if wanted is None:
        return booked
    matched = [and_(booked, Appointment.status.in_(wanted))]
    if "held" in wanted:
        matched.append(and_(Appointment.status == "held", Appointment.expires_at > caller.real_now))
    return or_(*matched)


def _taking_part(query: dict[str, Any]) -> Iterator[ColumnElement[bool]]:
    """Yield the conditions for the room and the therapist; as in the change feed, assisting counts."""
    if query.get("room_id") is not None:
        yield _in_a_phase(AppointmentPhase.room_id == query["room_id"])
    if query.get("therapist_id") is not None:
        yield or_(
            Appointment.therapist_id == query["therapist_id"],
            _in_a_phase(AppointmentPhase.therapist_id == query["therapist_id"]),
            _in_a_phase(AppointmentPhase.assistant_id == query["therapist_id"]),
        )


def _in_a_phase(what: ColumnElement[bool]) -> ColumnElement[bool]:
    return exists().where(
        AppointmentPhase.clinic_id == Appointment.clinic_id,
        AppointmentPhase.appointment_id == Appointment.id,
        what,
    )


def select_history(caller: Caller, appointment_id: UUID) -> Select[AuditEntry]:
    """Select every audit entry about an appointment."""
    return select(AuditEntry).where(
        AuditEntry.clinic_id == caller.clinic_id, AuditEntry.subject_id == appointment_id
    )
