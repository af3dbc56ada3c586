"""Special hours of locations and staff: the hours of one date in place of the weekly hours."""

from datetime import date
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, SmallInteger, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import ExcludeConstraint
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Identified, Versioned, belongs_to
from models.locations import WHOLE_TICKS

PERIOD = "0 <= starts AND starts < ends AND ends <= 1440"


class SpecialOpeningDay(Versioned, Base):
    """A date on which a location opens at special hours; without periods it does not open."""

    __tablename__ = "special_opening_days"
    __table_args__ = (
        belongs_to("special_opening_days", "locations", "location_id", cascade=True),
        UniqueConstraint("clinic_id", "location_id", "on_date", name="uq_special_opening_days_date"),
    )

    location_id: Mapped[UUID]
    # `on` is a reserved word in SQL, so the column has another name.
    on: Mapped[date] = mapped_column("on_date")


class SpecialOpeningPeriod(Identified, Base):
    """A part of a special opening day; minutes after local midnight."""

    __tablename__ = "special_opening_periods"
    __table_args__ = (
        belongs_to("special_opening_periods", "special_opening_days", "day_id", cascade=True),
        CheckConstraint(PERIOD, name="ck_special_opening_periods_period"),
        CheckConstraint(WHOLE_TICKS, name="ck_special_opening_periods_grid"),
        ExcludeConstraint(
            ("clinic_id", "="), ("day_id", "="), (text("int4range(starts, ends)"), "&&"),
            using="gist", name="ex_special_opening_periods_overlap",
        ),
    )  # fmt: skip

    day_id: Mapped[UUID]
    starts: Mapped[int] = mapped_column(SmallInteger)
    ends: Mapped[int] = mapped_column(SmallInteger)


class SpecialWorkingDay(Versioned, Base):
    """A date on which a member of staff works at special hours at a location; without periods not there."""

    __tablename__ = "special_working_days"
    __table_args__ = (
        belongs_to("special_working_days", "therapists", "therapist_id", cascade=True),
        belongs_to("special_working_days", "locations", "location_id"),
        UniqueConstraint(
            "clinic_id", "therapist_id", "on_date", "location_id", name="uq_special_working_days_date"
        ),
        Index("ix_special_working_days_location", "clinic_id", "location_id"),
    )

    therapist_id: Mapped[UUID]
    location_id: Mapped[UUID]
    on: Mapped[date] = mapped_column("on_date")


class SpecialWorkingPeriod(Identified, Base):
    """A part of a special working day; minutes after local midnight."""

    __tablename__ = "special_working_periods"
    __table_args__ = (
        belongs_to("special_working_periods", "special_working_days", "day_id", cascade=True),
        CheckConstraint(PERIOD, name="ck_special_working_periods_period"),
        CheckConstraint(WHOLE_TICKS, name="ck_special_working_periods_grid"),
        ExcludeConstraint(
            ("clinic_id", "="), ("day_id", "="), (text("int4range(starts, ends)"), "&&"),
            using="gist", name="ex_special_working_periods_overlap",
        ),
    )  # fmt: skip

    day_id: Mapped[UUID]
    starts: Mapped[int] = mapped_column(SmallInteger)
    ends: Mapped[int] = mapped_column(SmallInteger)
