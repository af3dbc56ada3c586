"""Patients: the few facts that scheduling needs to know of them."""

from datetime import date

from sqlalchemy import CheckConstraint, Index, SmallInteger, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Versioned, of_clinic


class Patient(Versioned, Base):
    """A person who is treated; contact data never leaves this table by log, event or URL."""

    __tablename__ = "patients"
    __table_args__ = (
        of_clinic("patients"),
        UniqueConstraint("clinic_id", "external_id", name="uq_patients_external_id"),
        CheckConstraint("skin_type BETWEEN 1 AND 6", name="ck_patients_skin_type"),
        Index("ix_patients_email", "clinic_id", "email"),
        Index("ix_patients_phone", "clinic_id", "phone"),
    )

    name: Mapped[str]
    email: Mapped[str | None]
    phone: Mapped[str | None]
    born_on: Mapped[date | None]
    skin_type: Mapped[int | None] = mapped_column(SmallInteger)
    external_id: Mapped[str | None]
