"""Answers for patients who were merged into another: their ids lead there."""

from uuid import UUID

from sqlalchemy import select

from booking.core.caller import Caller
from booking.core.errors import Merged
from models import Patient


def refuse_merged(caller: Caller, patient_id: UUID) -> None:
    """Raise Merged for a patient who was merged into another."""
    into = select(Patient.merged_into_id).where(
        Patient.clinic_id == caller.clinic_id, Patient.id == patient_id
    )
    found = caller.session.scalar(into)
    if found is not None:
        raise Merged(found)
