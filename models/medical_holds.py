"""Medical holds: reasons not to treat a patient."""

from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Versioned, belongs_to
from models.hold_rules import HOLD_CODES


class MedicalHold(Versioned, Base):
    """A reason not to treat a patient, on some areas or all, until it is resolved or signed off."""

    __tablename__ = "medical_holds"
    __table_args__ = (
        belongs_to("medical_holds", "patients", "patient_id"),
        CheckConstraint(f"code IN {HOLD_CODES}", name="ck_medical_holds_code"),
        CheckConstraint("resolved_on >= opened_on", name="ck_medical_holds_order"),
        Index("ix_medical_holds_patient", "clinic_id", "patient_id"),
    )

    patient_id: Mapped[UUID]
    code: Mapped[str]
    areas: Mapped[list[str]]
    opened_on: Mapped[date]
    resolved_on: Mapped[date | None]
    earliest_on: Mapped[date | None]
    signed_off: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
