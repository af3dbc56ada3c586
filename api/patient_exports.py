"""Puts together everything that is held about one patient."""

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select

from booking.appointments.records import with_phases
from booking.catalogue.audit_log import list_entries
from booking.catalogue.patients import Patients
from booking.clinical.medical_holds import MedicalHolds
from booking.clinical.treatments_elsewhere import TreatmentsElsewhere
from booking.core.caller import Caller
from booking.core.crud import Collection, Values
from booking.courses.courses import Courses
from booking.waitlist.entries import WaitlistEntries
from models import Appointment, MessageDispatch, Patient
from sync.feeds.calendar_feeds import CalendarFeeds

_LISTS: Final[dict[str, type[Collection]]] = {
    "courses": Courses,
    "treatments": TreatmentsElsewhere,
    "medical_holds": MedicalHolds,
    "waitlist": WaitlistEntries,
    "calendar_feeds": CalendarFeeds,
}
_MOST_ENTRIES: Final = 1_000_000


def export(caller: Caller, patient_id: UUID) -> Values:
    """Give everything held about a patient; NotFound, Merged, and OtherLocations for a key of some."""
    caller.require_every_location("A patient may have visits at every location.")
    patient = Patients(caller).get(patient_id)
    merged = select(Patient.id).where(
        Patient.clinic_id == caller.clinic_id, Patient.merged_into_id == patient_id
    )
    visits = _rows(caller, Appointment, Appointment.patient_id == patient_id)
    sent = _rows(caller, MessageDispatch, MessageDispatch.appointment_id.in_([one.id for one in visits]))
    lists = {name: _list(kind(caller), patient_id) for name, kind in _LISTS.items()}
    return {
        "exported_at": caller.real_now,
        "patient": patient,
        "merged_ids": list(caller.session.scalars(merged)),
        "appointments": with_phases(caller, visits),
        "messages": sent,
        "audit": list_entries(caller, {"patient_id": patient_id}, _MOST_ENTRIES),
        **lists,
    }


def _list(collection: Collection, patient_id: UUID) -> list[Values]:
    chosen = collection.select({"patient_id": patient_id}).order_by(collection.model.id)
    return collection.represent(collection.caller.session.scalars(chosen).all())


def _rows(caller: Caller, model: Any, which: Any) -> Sequence[Any]:  # noqa: ANN401 - a mapped class
    own = select(model).where(model.clinic_id == caller.clinic_id, which).order_by(model.id)
    return caller.session.scalars(own).all()
