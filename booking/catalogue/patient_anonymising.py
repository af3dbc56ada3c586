"""Anonymises patients: who they are goes for good, and the dates that prove spacing stay."""

from typing import Final
from uuid import UUID

from sqlalchemy import delete, func, literal_column, or_, select, text, update

from booking.catalogue.audit_log import subjects_of
from booking.catalogue.patients import Patients
from booking.claims.expired_holds import drop_expired, end_hold
from booking.core.caller import Caller
from booking.core.crud import Values
from booking.core.errors import HasVisits, StaleVersion
from booking.core.events import audit, tell
from booking.core.locks import lock, lock_catalogue
from booking.flags.visits_to_recheck import lock_rows
from models import (
    Appointment,
    AppointmentStep,
    BookingCode,
    BookingToken,
    CalendarFeed,
    Course,
    MedicalHold,
    MessageDispatch,
    Patient,
    WaitlistEntry,
)
from models.idempotency_keys import forget_about
from models.patients import ANONYMOUS
from models.statuses import COURSES_OPEN, ENTRIES_OPEN, UNFINISHED

_FORGET: Final = text("SELECT forget_in_audit_log(CAST(:subjects AS uuid[]))")
_PERSON: Final = ("email", "phone", "born_on", "skin_type", "external_id")


# All that is held of a person lies in these places: the patient's row and the rows that were merged into it,
# texts beside visits and medical holds, feeds of their calendar, notes of messages, entries of the audit log
# and the answers kept for repeated requests. Events, webhooks and the change feed hold ids alone.
def anonymise(caller: Caller, patient_id: UUID, reason: str, expected: int | None = None) -> Values:
    """Take away for good who a patient is: name, contacts, date of birth, notes, messages, words of the log.

    HasVisits while visits are to come or not closed; StaleVersion, Merged, and OtherLocations for a key of
    some locations. A patient who is anonymised already stays as they are.
    """
    caller.require_every_location("A patient may have visits at every location.")
    lock_catalogue(caller)
    lock(caller.session, patients=[patient_id])
    patients = Patients(caller)
    row = patients.find_row(patient_id)
    if expected is not None and row.version != expected:
        raise StaleVersion
    if row.anonymised_at is None:
        _release_holds(caller, patient_id)
        _require_no_visits(caller, patient_id)
        subjects = caller.session.scalars(subjects_of(caller, patient_id)).all()
        _forget_texts(caller, patient_id)
        _end_what_is_open(caller, patient_id)
        _forget_person(caller, row)
        caller.session.execute(_FORGET, {"subjects": list(subjects)})
        forget_about(caller.session, caller.clinic_id, subjects)
        tell(caller, "patient.anonymised", patient_id, {"id": patient_id})
        audit(caller, "patient.anonymised", "patient", patient_id, {"reason": reason})
    return patients.get(patient_id)


def _release_holds(caller: Caller, patient_id: UUID) -> None:
    """End the slot holds that are kept for the patient, and those that were offered to them."""
    drop_expired(caller, [patient_id])
    offered = select(WaitlistEntry.hold_id).where(
        WaitlistEntry.clinic_id == caller.clinic_id, WaitlistEntry.patient_id == patient_id
    )
    own = or_(Appointment.patient_id == patient_id, Appointment.id.in_(offered))
    for hold in lock_rows(caller, Appointment.status == "held", own):
        end_hold(caller, hold, "released")


def _require_no_visits(caller: Caller, patient_id: UUID) -> None:
    visits = lock_rows(caller, Appointment.patient_id == patient_id, Appointment.status.in_(UNFINISHED))
    if visits:
        raise HasVisits([one.id for one in visits])


def _forget_texts(caller: Caller, patient_id: UUID) -> None:
    """Empty what people wrote beside the patient's visits and medical holds."""
    visits = lock_rows(caller, Appointment.patient_id == patient_id)
    for visit in visits:
        before = (visit.notes, visit.overrides, visit.cancellation)
        visit.notes = None
        visit.overrides = [one | {"reason": ""} for one in visit.overrides]
        if visit.cancellation is not None:
            visit.cancellation = visit.cancellation | {"note": None}
        if before != (visit.notes, visit.overrides, visit.cancellation):
            visit.version += 1
    caller.session.flush()
    ids = [one.id for one in visits]
    for table in (AppointmentStep, MessageDispatch):
        mine = (table.clinic_id == caller.clinic_id, table.appointment_id.in_(ids))
        caller.session.execute(delete(table).where(*mine))
    signed = update(MedicalHold).where(
        MedicalHold.clinic_id == caller.clinic_id,
        MedicalHold.patient_id == patient_id,
        MedicalHold.signed_off.is_not(None),
    )
    emptied = MedicalHold.signed_off.op("||")(literal_column('\'{"reason": ""}\'::jsonb'))
    caller.session.execute(signed.values(signed_off=emptied, version=MedicalHold.version + 1))


def _end_what_is_open(caller: Caller, patient_id: UUID) -> None:
    """Cancel the patient's courses, let waitlist entries expire, and delete the feeds of their calendar."""
    for model, from_, to in (
        (Course, COURSES_OPEN, "cancelled"),
        (WaitlistEntry, ENTRIES_OPEN, "expired"),
    ):
        mine = (model.clinic_id == caller.clinic_id, model.patient_id == patient_id)
        ended = update(model).where(*mine, model.status.in_(from_))
        caller.session.execute(ended.values(status=to, version=model.version + 1, updated_at=func.now()))
    feeds = (CalendarFeed.clinic_id == caller.clinic_id, CalendarFeed.patient_id == patient_id)
    caller.session.execute(delete(CalendarFeed).where(*feeds))


def _forget_person(caller: Caller, row: Patient) -> None:
    """Empty the patient's row and the rows merged into it; codes and tokens of the addresses go."""
    for model in (BookingCode, BookingToken):
        at = or_(model.email == row.email, model.phone == row.phone)
        caller.session.execute(delete(model).where(model.clinic_id == caller.clinic_id, at))
    nothing: Values = dict.fromkeys(_PERSON)
    merged = (Patient.clinic_id == caller.clinic_id, Patient.merged_into_id == row.id)
    caller.session.execute(update(Patient).where(*merged).values(nothing))
    known = {"name": ANONYMOUS, "anonymised_at": caller.real_now}
    Patients(caller).write_changes(row, nothing | known)
