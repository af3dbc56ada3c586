"""Hold rules: what each code of a medical hold means in a clinic."""

from sqlalchemy import CheckConstraint, SmallInteger, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Versioned, of_clinic

HOLD_CODES = (
    "infection", "pregnancy", "breastfeeding", "keloid_tendency", "anticoagulant",
    "under_age", "prolonged_redness", "hyperpigmentation", "serious_adverse_effect", "anaesthetic_reaction",
)  # fmt: skip


class HoldRule(Versioned, Base):
    """Whether a medical hold of this code blocks or advises, what it is against and who may release it."""

    __tablename__ = "hold_rules"
    __table_args__ = (
        of_clinic("hold_rules"),
        UniqueConstraint("clinic_id", "code", name="uq_hold_rules_code"),
        CheckConstraint(f"code IN {HOLD_CODES}", name="ck_hold_rules_code"),
        CheckConstraint("effect IN ('block', 'advise')", name="ck_hold_rules_effect"),
        CheckConstraint("against IN ('treatment', 'numbing')", name="ck_hold_rules_against"),
        CheckConstraint("days_after_resolved BETWEEN 0 AND 3660", name="ck_hold_rules_days_after_resolved"),
        CheckConstraint("minimum_age BETWEEN 0 AND 120", name="ck_hold_rules_minimum_age"),
        CheckConstraint(
            "released_by IN ('therapist', 'clinician', 'dermatologist')", name="ck_hold_rules_released_by"
        ),
    )

    code: Mapped[str]
    rule_id: Mapped[str]
    effect: Mapped[str]
    against: Mapped[str]
    days_after_resolved: Mapped[int] = mapped_column(SmallInteger)
    minimum_age: Mapped[int | None] = mapped_column(SmallInteger)
    released_by: Mapped[str]
    active: Mapped[bool]
