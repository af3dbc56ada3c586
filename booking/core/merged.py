"""Answers for patients who are not there any more: merged into another, or anonymised."""

from uuid import UUID

from sqlalchemy import select

from booking.core.caller import Caller
from booking.core.errors import Anonymised, Merged
from models import Patient


def refuse_merged(caller: Caller, patient_id: UUID) -> None:
    """Raise Merged for a patient who was merged into another, and Anonymised for one who was anonymised."""
    if not caller.acts_for(patient_id):
        return
    gone = select(Patient.merged_into_id, Patient.anonymised_at).where(
        Patient.clinic_id == caller.clinic_id, Patient.id == patient_id
    )
    found = caller.session.execute(gone).one_or_none()
    if found is not None and found.merged_into_id is not None:
        raise Merged(found.merged_into_id)
    if found is not None and found.anonymised_at is not None:
        raise Anonymised
