"""Locations with their opening hours and closures."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, SmallInteger, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Identified, Versioned, belongs_to, of_clinic

WEEKLY = "weekday BETWEEN 0 AND 6 AND 0 <= starts AND starts < ends AND ends <= 1440"
WHOLE_TICKS = "mod(starts, 5) = 0 AND mod(ends, 5) = 0"
# Weeks are counted from a date.
WEEKS = "every_weeks BETWEEN 1 AND 52 AND (every_weeks = 1 OR valid_from IS NOT NULL)"
VALIDITY = "valid_from IS NULL OR valid_until IS NULL OR valid_from <= valid_until"


class Location(Versioned, Base):
    """A place of treatment with its own zone; its wall clock decides hours, dates and gaps."""

    __tablename__ = "locations"
    __table_args__ = (of_clinic("locations"),)

    name: Mapped[str]
    timezone: Mapped[str]
    country: Mapped[str | None]
    subdivision: Mapped[str | None]
    observes_public_holidays: Mapped[bool]
    address: Mapped[str | None]
    phone: Mapped[str | None]
    email: Mapped[str | None]
    policy: Mapped[dict[str, Any]]
    active: Mapped[bool]


class OpeningHours(Identified, Base):
    """A weekly period of opening; minutes after local midnight, dates inclusive."""

    __tablename__ = "opening_hours"
    __table_args__ = (
        belongs_to("opening_hours", "locations", "location_id", cascade=True),
        CheckConstraint(WEEKLY, name="ck_opening_hours_period"),
        CheckConstraint(WHOLE_TICKS, name="ck_opening_hours_grid"),
        CheckConstraint(VALIDITY, name="ck_opening_hours_validity"),
        CheckConstraint(WEEKS, name="ck_opening_hours_weeks"),
        Index("ix_opening_hours_location", "clinic_id", "location_id"),
    )

    location_id: Mapped[UUID]
    weekday: Mapped[int] = mapped_column(SmallInteger)
    starts: Mapped[int] = mapped_column(SmallInteger)
    ends: Mapped[int] = mapped_column(SmallInteger)
    valid_from: Mapped[date | None]
    valid_until: Mapped[date | None]
    every_weeks: Mapped[int] = mapped_column(SmallInteger, default=1, server_default=text("1"))


class TravelTime(Identified, Base):
    """How many minutes the way between two locations takes, as one of them states it."""

    __tablename__ = "travel_times"
    __table_args__ = (
        belongs_to("travel_times", "locations", "location_id", cascade=True),
        belongs_to("travel_times", "locations", "other_location_id", cascade=True),
        CheckConstraint("location_id <> other_location_id", name="ck_travel_times_elsewhere"),
        CheckConstraint("minutes BETWEEN 0 AND 1440 AND mod(minutes, 5) = 0", name="ck_travel_times_minutes"),
        UniqueConstraint("clinic_id", "location_id", "other_location_id", name="uq_travel_times_way"),
        Index("ix_travel_times_other_location", "clinic_id", "other_location_id"),
    )

    location_id: Mapped[UUID]
    other_location_id: Mapped[UUID]
    minutes: Mapped[int] = mapped_column(SmallInteger)


class Closure(Versioned, Base):
    """A time in which the whole location is closed."""

    __tablename__ = "closures"
    __table_args__ = (
        belongs_to("closures", "locations", "location_id", cascade=True),
        CheckConstraint("starts_at < ends_at", name="ck_closures_order"),
        Index("ix_closures_location", "clinic_id", "location_id", "starts_at"),
    )

    location_id: Mapped[UUID]
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    reason: Mapped[str]
