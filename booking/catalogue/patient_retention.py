"""Anonymises patients of whom nothing has been heard for as long as the clinic says."""

from datetime import timedelta
from typing import Final

from sqlalchemy import exists, select

from booking.catalogue.patient_anonymising import anonymise
from booking.claims.retention import kept_days
from booking.core.caller import Caller
from booking.core.locks import lock, lock_catalogue
from models import Appointment, Course, ExternalTreatment, MedicalHold, Patient, WaitlistEntry
from models.statuses import COURSES_OPEN, ENTRIES_OPEN, UNFINISHED

_AT_ONCE: Final = 50
_REASON: Final = "Nothing was heard for as long as the clinic keeps patients."


def forget_patients(caller: Caller) -> int:
    """Anonymise at most 50 patients without a visit or a change for as long as the clinic keeps them.

    Who has a visit to come, an open course or waits is kept, and all are unless the clinic has said how long.
    """
    days = kept_days(caller, "patients_days")
    if days is None:
        return 0
    since = caller.real_now - timedelta(days=days)
    own = caller.clinic_id
    recent = [
        exists().where(model.clinic_id == own, model.patient_id == Patient.id, *which)
        for model, which in (
            (Appointment, [Appointment.ends_at > since]),
            (Appointment, [Appointment.status.in_(("held", *UNFINISHED))]),
            (Course, [Course.status.in_(COURSES_OPEN)]),
            (WaitlistEntry, [WaitlistEntry.status.in_(ENTRIES_OPEN)]),
            (ExternalTreatment, [ExternalTreatment.updated_at > since]),
            (MedicalHold, [MedicalHold.updated_at > since]),
        )
    ]
    old = select(Patient.id).where(
        Patient.clinic_id == own,
        Patient.updated_at < since,
        Patient.anonymised_at.is_(None),
        Patient.merged_into_id.is_(None),
        *(~one for one in recent),
    )
    found = caller.session.scalars(old.order_by(Patient.id).limit(_AT_ONCE)).all()
    lock_catalogue(caller)
    lock(caller.session, patients=found)
    # Somebody may have booked for one of them before they were locked.
    for patient_id in caller.session.scalars(old.where(Patient.id.in_(found))).all():
        anonymise(caller, patient_id, _REASON)
    return len(found)
