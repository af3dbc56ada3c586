"""External treatments: those that a patient had elsewhere, or before the clinic kept its records here."""

from datetime import date
from uuid import UUID

from sqlalchemy import CheckConstraint, Index
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Versioned, belongs_to

EVENTS = (
    "micro_needling", "rf_micro_needling",
    "botulinum_toxin", "dermal_filler", "superficial_peel", "medium_peel", "deep_peel",
    "ipl", "fractional_laser", "waxing", "laser_hair_removal", "microdermabrasion",
    "sun_exposure", "topical_retinoid", "acids", "isotretinoin", "facelift",
    "other_surgery", "radiotherapy", "home_roller", "important_event", "consultation",
)  # fmt: skip


class ExternalTreatment(Versioned, Base):
    """An event that wash-out rules or prerequisites count, on areas and on a civil date."""

    __tablename__ = "external_treatments"
    __table_args__ = (
        belongs_to("external_treatments", "patients", "patient_id"),
        CheckConstraint(f"event IN {EVENTS}", name="ck_external_treatments_event"),
        Index("ix_external_treatments_patient", "clinic_id", "patient_id"),
    )

    patient_id: Mapped[UUID]
    event: Mapped[str]
    areas: Mapped[list[str]]
    # `on` is a reserved word in SQL, so the column has another name.
    on: Mapped[date] = mapped_column("treated_on")
