"""Procedures with their phases, and the spacing rules between them."""

from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, Numeric, SmallInteger, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Tenant, Versioned, belongs_to, of_clinic


class Procedure(Versioned, Base):
    """What a visit is for: family, areas, depth, required qualifications and prerequisites.

    Patients see and book it by a widget if it is `online`; `price` has `amount`, in minor units, and
    `currency`.
    """

    __tablename__ = "procedures"
    __table_args__ = (
        of_clinic("procedures"),
        UniqueConstraint("clinic_id", "code", name="uq_procedures_code"),
    )

    code: Mapped[str]
    name: Mapped[str]
    family: Mapped[str]
    areas: Mapped[list[str]]
    choose_areas: Mapped[bool]
    depth_mm: Mapped[float | None] = mapped_column(Numeric(4, 2, asdecimal=False))
    qualifications: Mapped[list[str]]
    qualifications_any: Mapped[list[str]]
    counts_as: Mapped[str | None]
    prerequisites: Mapped[list[dict[str, Any]]]
    online: Mapped[bool] = mapped_column(server_default=text("false"))
    description: Mapped[str | None]
    price: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    active: Mapped[bool]


class Phase(Tenant, Base):
    """A step of a visit, and what it holds meanwhile; minutes are multiples of five."""

    __tablename__ = "phases"
    __table_args__ = (
        belongs_to("phases", "procedures", "procedure_id", cascade=True),
        CheckConstraint("minutes BETWEEN 5 AND 600 AND mod(minutes, 5) = 0", name="ck_phases_minutes"),
        CheckConstraint("0 <= min_minutes AND min_minutes <= minutes", name="ck_phases_min_minutes"),
        CheckConstraint("max_minutes >= minutes", name="ck_phases_max_minutes"),
        CheckConstraint("at_minute >= 0 AND mod(at_minute, 5) = 0", name="ck_phases_at_minute"),
        CheckConstraint(
            "kind IN ('intake', 'numbing', 'prep', 'procedure', 'aftercare', 'turnover', 'consultation')",
            name="ck_phases_kind",
        ),
    )

    procedure_id: Mapped[UUID] = mapped_column(primary_key=True)
    position: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    name: Mapped[str]
    kind: Mapped[str]
    minutes: Mapped[int] = mapped_column(SmallInteger)
    min_minutes: Mapped[int | None] = mapped_column(SmallInteger)
    max_minutes: Mapped[int | None] = mapped_column(SmallInteger)
    therapist: Mapped[bool]
    assistant: Mapped[str | None]
    room_kinds: Mapped[list[str]]
    device_kinds: Mapped[list[str]]
    patient: Mapped[bool]
    at_minute: Mapped[int | None] = mapped_column(SmallInteger)


class SpacingRule(Versioned, Base):
    """Days between an earlier treatment (`after`) and a later treatment (`before`); codes may recur.

    With a `template_id` it is a course template's own spacing; a template has at most one such row.
    """

    __tablename__ = "spacing_rules"
    __table_args__ = (
        of_clinic("spacing_rules"),
        belongs_to("spacing_rules", "course_templates", "template_id", cascade=True),
        CheckConstraint("scope IN ('area', 'patient')", name="ck_spacing_rules_scope"),
        CheckConstraint("0 <= floor_days AND floor_days <= min_days", name="ck_spacing_rules_floor"),
        CheckConstraint("recommended_days >= min_days", name="ck_spacing_rules_recommended"),
        CheckConstraint(
            "overdue_days >= coalesce(recommended_days, min_days)", name="ck_spacing_rules_overdue"
        ),
        CheckConstraint(
            "override_by IN ('desk', 'therapist', 'clinician', 'dermatologist')",
            name="ck_spacing_rules_override_by",
        ),
        Index("ix_spacing_rules_code", "clinic_id", "code"),
        Index(
            "uq_spacing_rules_template",
            "clinic_id",
            "template_id",
            unique=True,
            postgresql_where=text("template_id IS NOT NULL"),
        ),
    )

    code: Mapped[str]
    after: Mapped[dict[str, Any]]
    before: Mapped[dict[str, Any]]
    scope: Mapped[str]
    floor_days: Mapped[int] = mapped_column(SmallInteger)
    min_days: Mapped[int] = mapped_column(SmallInteger)
    recommended_days: Mapped[int | None] = mapped_column(SmallInteger)
    overdue_days: Mapped[int | None] = mapped_column(SmallInteger)
    override_by: Mapped[str | None]
    active: Mapped[bool]
    template_id: Mapped[UUID | None]
