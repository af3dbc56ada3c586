"""The waitlist: patients who wait for a visit for which there is no time yet, and their offers."""

from datetime import date
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, SmallInteger, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Versioned, belongs_to
from models.statuses import ENTRIES_OPEN, ENTRY_STATUSES


class WaitlistEntry(Versioned, Base):
    """A patient's wish; dates and wall-clock times (minutes after midnight) are the location's own.

    No weekdays means any. `course_id` is the course that the visit is to be a session of, `appointment_id`
    a visit of the patient to bring forward. `hold_id` is the offer's hold, which keeps its id as the
    appointment, except where a visit is brought forward.
    """

    __tablename__ = "waitlist_entries"
    __table_args__ = (
        belongs_to("waitlist_entries", "patients", "patient_id"),
        belongs_to("waitlist_entries", "procedures", "procedure_id"),
        belongs_to("waitlist_entries", "locations", "location_id"),
        belongs_to("waitlist_entries", "therapists", "therapist_id"),
        belongs_to("waitlist_entries", "courses", "course_id"),
        belongs_to("waitlist_entries", "appointments", "appointment_id"),
        belongs_to("waitlist_entries", "appointments", "hold_id"),
        CheckConstraint(f"status IN {ENTRY_STATUSES}", name="ck_waitlist_entries_status"),
        CheckConstraint("earliest_on <= latest_on", name="ck_waitlist_entries_dates"),
        CheckConstraint(
            "0 <= from_time AND from_time < until_time AND until_time <= 1440",
            name="ck_waitlist_entries_times",
        ),
        CheckConstraint(
            "status NOT IN ('offered', 'accepted') OR hold_id IS NOT NULL", name="ck_waitlist_entries_offer"
        ),
        Index(
            "ix_waitlist_entries_open",
            "clinic_id",
            "patient_id",
            "procedure_id",
            "location_id",
            unique=True,
            postgresql_where=text(f"status IN {ENTRIES_OPEN}"),
        ),
        Index(
            "ix_waitlist_entries_waiting",
            "clinic_id",
            "location_id",
            "id",
            postgresql_where=text("status = 'waiting'"),
        ),
        Index(
            "ix_waitlist_entries_appointment",
            "clinic_id",
            "appointment_id",
            postgresql_where=text("appointment_id IS NOT NULL"),
        ),
        Index("ix_waitlist_entries_hold", "clinic_id", "hold_id", unique=True),
        Index("ix_waitlist_entries_patient", "clinic_id", "patient_id"),
    )

    patient_id: Mapped[UUID]
    procedure_id: Mapped[UUID]
    location_id: Mapped[UUID]
    areas: Mapped[list[str]]
    therapist_id: Mapped[UUID | None]
    earliest_on: Mapped[date | None]
    latest_on: Mapped[date | None]
    weekdays: Mapped[list[int] | None] = mapped_column(ARRAY(SmallInteger))
    from_time: Mapped[int | None] = mapped_column(SmallInteger)
    until_time: Mapped[int | None] = mapped_column(SmallInteger)
    course_id: Mapped[UUID | None]
    appointment_id: Mapped[UUID | None]
    status: Mapped[str]
    hold_id: Mapped[UUID | None]
