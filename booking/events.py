"""Writes what happened: the event that integrations read and the audit entry that names its author."""

from typing import Any
from uuid import UUID

from uuid_utils.compat import uuid7

from booking.callers import Caller
from booking.rows import insert_rows
from models import Appointment, AuditEntry, Event


def audit(caller: Caller, action: str, subject_type: str, subject_id: UUID, changes: dict[str, Any]) -> None:
    """Append one audit entry; `changes` holds before and after, for a patient only the names of fields."""
    entry = {
        "clinic_id": caller.clinic_id,
        "id": uuid7(),
        "clinical_at": caller.now,
        "action": action,
        "subject_type": subject_type,
        "subject_id": subject_id,
        "key_id": caller.key_id,
        "actor": caller.actor,
        "request_id": caller.request_id,
        "changes": changes,
    }
    insert_rows(caller.session, AuditEntry, [entry])


def emit(caller: Caller, kind: str, subject_id: UUID, data: dict[str, Any]) -> None:
    """Append one event; thin: ids, codes and times, never a name or a clinical reason."""
    event = {
        "clinic_id": caller.clinic_id,
        "id": uuid7(),
        "type": kind,
        "subject_id": subject_id,
        "data": data,
        "occurred_at": caller.now,
    }
    insert_rows(caller.session, Event, [event])


def record(
    caller: Caller, action: str, appointment: Appointment, changes: dict[str, Any] | None = None
) -> None:
    """Append the event `appointment.<action>` and its audit entry in the act's own transaction."""
    emit(caller, f"appointment.{action}", appointment.id, thin(appointment))
    audit(caller, f"appointment.{action}", "appointment", appointment.id, changes or {})


def thin(appointment: Appointment) -> dict[str, Any]:
    """Give the body that an event carries about an appointment: no patient, no names."""
    return {
        "id": appointment.id,
        "version": appointment.version,
        "status": appointment.status,
        "location_id": appointment.location_id,
        "procedure_id": appointment.procedure_id,
        "therapist_id": appointment.therapist_id,
        "starts_at": appointment.starts_at,
        "ends_at": appointment.ends_at,
    }
