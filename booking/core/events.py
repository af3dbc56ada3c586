"""Writes what happened: an event for integrations, and an audit entry that names the author."""

from typing import Any
from uuid import UUID

from uuid_utils.compat import uuid7

from booking.core.bulk_insert import Batch, insert_rows
from booking.core.caller import Caller
from models import Appointment, AuditEntry, Event


def audit(caller: Caller, action: str, subject_type: str, subject_id: UUID, changes: dict[str, Any]) -> None:
    """Append an audit entry; `changes` has old and new values, but for a patient only the names of fields."""
    insert_rows(caller.session, _entry(caller, action, subject_type, subject_id, changes))


def record(
    caller: Caller,
    action: str,
    appointment: Appointment,
    changes: dict[str, Any] | None = None,
    *,
    of: str = "appointment",
    notify: bool = True,
) -> None:
    """Append the event `<of>.<action>` and its audit entry, in the act's own transaction."""
    insert_rows(caller.session, *facts(caller, action, appointment, changes, of=of, notify=notify))


def facts(
    caller: Caller,
    action: str,
    appointment: Appointment,
    changes: dict[str, Any] | None = None,
    *,
    of: str = "appointment",
    notify: bool = True,
) -> tuple[Batch, Batch]:
    """Give the event `<of>.<action>` (of an appointment or a `hold`) and its audit entry as rows.

    Without `notify` no message about it goes to the patient, and the audit entry says so.
    """
    kind = f"{of}.{action}"
    told = event(caller, kind, appointment.id, thin(appointment), notify=notify)
    kept = (changes or {}) | ({} if notify else {"notify": False})
    return told, _entry(caller, kind, of, appointment.id, kept)


def tell(caller: Caller, kind: str, subject_id: UUID, data: dict[str, Any]) -> None:
    """Append an event about another subject than an appointment; `data` holds no patient and no names."""
    insert_rows(caller.session, event(caller, kind, subject_id, data))


def event(caller: Caller, kind: str, subject_id: UUID, data: dict[str, Any], *, notify: bool = True) -> Batch:
    """Give an event as a row."""
    row = {
        "clinic_id": caller.clinic_id,
        "id": uuid7(),
        "type": kind,
        "subject_id": subject_id,
        "data": data,
        "occurred_at": caller.now,
        "notify": notify,
    }
    return Event, [row]


def _entry(
    caller: Caller, action: str, subject_type: str, subject_id: UUID, changes: dict[str, Any]
) -> Batch:
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
    return AuditEntry, [entry]


def thin(appointment: Appointment) -> dict[str, Any]:
    """Give the data of an event about an appointment or a slot hold, without patient and names."""
    expiry = {} if appointment.expires_at is None else {"expires_at": appointment.expires_at}
    return {
        "id": appointment.id,
        "version": appointment.version,
        "status": appointment.status,
        "location_id": appointment.location_id,
        "procedure_id": appointment.procedure_id,
        "therapist_id": appointment.therapist_id,
        "starts_at": appointment.starts_at,
        "ends_at": appointment.ends_at,
        **expiry,
    }
