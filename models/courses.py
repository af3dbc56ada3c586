"""Courses of treatment, and the templates that describe a kind of course."""

from datetime import date
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, SmallInteger, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Versioned, belongs_to, of_clinic
from models.statuses import COURSE_STATUSES


class CourseTemplate(Versioned, Base):
    """A kind of course: its procedures (the first is the default), sessions, review and maintenance."""

    __tablename__ = "course_templates"
    __table_args__ = (
        of_clinic("course_templates"),
        UniqueConstraint("clinic_id", "code", name="uq_course_templates_code"),
        CheckConstraint("cardinality(procedure_ids) >= 1", name="ck_course_templates_procedures"),
        CheckConstraint(
            "1 <= min_sessions AND min_sessions <= sessions AND sessions <= max_sessions"
            " AND max_sessions <= 50",
            name="ck_course_templates_sessions",
        ),
        CheckConstraint("review_days >= 1", name="ck_course_templates_review"),
        CheckConstraint(
            "(maintenance_opens_months IS NULL) = (maintenance_closes_months IS NULL)"
            " AND 0 < maintenance_opens_months AND maintenance_opens_months < maintenance_closes_months"
            " AND maintenance_closes_months <= 60",
            name="ck_course_templates_maintenance",
        ),
    )

    code: Mapped[str]
    name: Mapped[str]
    procedure_ids: Mapped[list[UUID]]
    sessions: Mapped[int] = mapped_column(SmallInteger)
    min_sessions: Mapped[int] = mapped_column(SmallInteger)
    max_sessions: Mapped[int] = mapped_column(SmallInteger)
    review_days: Mapped[int | None]
    maintenance_opens_months: Mapped[int | None] = mapped_column(SmallInteger)
    maintenance_closes_months: Mapped[int | None] = mapped_column(SmallInteger)
    active: Mapped[bool]


class Course(Versioned, Base):
    """A number of sessions for a patient, of a template or of a procedure.

    `maintenance_told_on` is the date on which integrations were told that its maintenance is due.
    """

    __tablename__ = "courses"
    __table_args__ = (
        belongs_to("courses", "patients", "patient_id"),
        belongs_to("courses", "course_templates", "template_id"),
        belongs_to("courses", "procedures", "procedure_id"),
        CheckConstraint("num_nonnulls(template_id, procedure_id) = 1", name="ck_courses_subject"),
        CheckConstraint("sessions BETWEEN 1 AND 50", name="ck_courses_sessions"),
        CheckConstraint(f"status IN {COURSE_STATUSES}", name="ck_courses_status"),
        CheckConstraint("(lapsed_on IS NOT NULL) = (status = 'lapsed')", name="ck_courses_lapsed"),
        Index("ix_courses_patient", "clinic_id", "patient_id"),
        Index(
            "ix_courses_template",
            "clinic_id",
            "template_id",
            postgresql_where=text("template_id IS NOT NULL"),
        ),
    )

    patient_id: Mapped[UUID]
    template_id: Mapped[UUID | None]
    procedure_id: Mapped[UUID | None]
    sessions: Mapped[int] = mapped_column(SmallInteger)
    status: Mapped[str]
    lapsed_on: Mapped[date | None]
    maintenance_told_on: Mapped[date | None]
