"""Patients: the little that scheduling needs to know of them."""

from datetime import date

from sqlalchemy import Index, UniqueConstraint
from sqlalchemy.orm import Mapped

from models.base import Base, Versioned, of_clinic


class Patient(Versioned, Base):
    """A person who is treated; contact data never leaves this table by log, event or URL."""

    __tablename__ = "patients"
    __table_args__ = (
        of_clinic("patients"),
        UniqueConstraint("clinic_id", "external_id", name="uq_patients_external_id"),
        Index("ix_patients_email", "clinic_id", "email"),
        Index("ix_patients_phone", "clinic_id", "phone"),
    )

    name: Mapped[str]
    email: Mapped[str | None]
    phone: Mapped[str | None]
    born_on: Mapped[date | None]
    external_id: Mapped[str | None]
