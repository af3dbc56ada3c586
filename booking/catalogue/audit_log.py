"""Reads the audit log: acts and looks at patients' records together, the newest first."""

import heapq
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time
from itertools import islice
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, CompoundSelect, select, tuple_, union_all

from booking.core.caller import Caller
from models import (
    Appointment,
    AuditEntry,
    CalendarFeed,
    Clinic,
    Course,
    ExternalTreatment,
    MedicalHold,
    Patient,
    PatientRead,
    WaitlistEntry,
)

Entry = Mapping[str, Any]
Place = tuple[datetime, UUID]
_OF_PATIENTS: Final = (Appointment, Course, ExternalTreatment, MedicalHold, WaitlistEntry, CalendarFeed)
_EXACT: Final = ("actor", "key_id", "action")


def list_entries(
    caller: Caller, query: Mapping[str, Any], most: int, after: Place | None = None
) -> list[Entry]:
    """Give at most so many entries, the newest first, that come behind a place.

    `query`: from_ and until (dates or instants, half-open), actor, key_id, action, patient_id,
    appointment_id. OtherLocations for a key of some locations, since the log tells of all.
    """
    caller.require_every_location("The audit log tells of every location.")
    zone = ZoneInfo(caller.session.scalars(select(Clinic.timezone)).one())
    found = [_acts(caller, query, zone, after, most)]
    if "appointment_id" not in query:
        found.append(_reads(caller, query, zone, after, most))
    merged = heapq.merge(*found, key=lambda one: (one["at"], one["id"]), reverse=True)
    return list(islice(merged, most))


def subjects_of(caller: Caller, patient_id: UUID) -> CompoundSelect[Any]:
    """Select the ids of the patient, of records that were merged into theirs, and of all that is theirs."""
    own = caller.clinic_id
    merged = select(Patient.id).where(Patient.clinic_id == own, Patient.merged_into_id == patient_id)
    itself = select(Patient.id).where(Patient.clinic_id == own, Patient.id == patient_id)
    others = (
        select(model.id).where(model.clinic_id == own, model.patient_id == patient_id)
        for model in _OF_PATIENTS
    )
    return union_all(itself, merged, *others)


def _acts(
    caller: Caller, query: Mapping[str, Any], zone: ZoneInfo, after: Place | None, most: int
) -> Sequence[Entry]:
    named = AuditEntry
    where = list(_conditions(named, caller, query, zone, after))
    if "patient_id" in query:
        where.append(named.subject_id.in_(subjects_of(caller, query["patient_id"])))
    if "appointment_id" in query:
        where.append(named.subject_id == query["appointment_id"])
    statement = select(
        named.id, named.at, named.action, named.subject_type, named.subject_id, named.key_id, named.actor,
        named.request_id, named.changes,
    )  # fmt: skip
    newest = statement.where(*where).order_by(named.at.desc(), named.id.desc()).limit(most)
    return [dict(row) for row in caller.session.execute(newest).mappings()]


def _reads(
    caller: Caller, query: Mapping[str, Any], zone: ZoneInfo, after: Place | None, most: int
) -> Sequence[Entry]:
    read = PatientRead
    where = list(_conditions(read, caller, query, zone, after))
    if "patient_id" in query:
        where.append(read.patient_id == query["patient_id"])
    statement = select(
        read.id, read.at, read.action, read.patient_id.label("subject_id"), read.key_id, read.actor,
        read.request_id,
    )  # fmt: skip
    newest = statement.where(*where).order_by(read.at.desc(), read.id.desc()).limit(most)
    rows = caller.session.execute(newest).mappings()
    return [{**row, "subject_type": "patient", "changes": {}} for row in rows]


def _conditions(
    model: Any,  # noqa: ANN401 - one of two mapped classes
    caller: Caller,
    query: Mapping[str, Any],
    zone: ZoneInfo,
    after: Place | None,
) -> list[ColumnElement[bool]]:
    where = [model.clinic_id == caller.clinic_id]
    if "from_" in query:
        where.append(model.at >= _instant(query["from_"], zone))
    if "until" in query:
        where.append(model.at < _instant(query["until"], zone))
    where += [getattr(model, name) == query[name] for name in _EXACT if name in query]
    if after is not None:
        where.append(tuple_(model.at, model.id) < after)
    return where


def _instant(bound: date | datetime, zone: ZoneInfo) -> datetime:
    return bound if isinstance(bound, datetime) else datetime.combine(bound, time(), zone)
