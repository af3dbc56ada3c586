"""What a therapist's calendar programs have set on a calendar, such as its name and its colour."""

from uuid import UUID

from sqlalchemy import CheckConstraint
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Tenant, belongs_to

LONGEST_VALUE = 1_000
"""The most characters that a property may have."""


class CalendarProperty(Tenant, Base):
    """A property of one of a therapist's calendars; `name` is `{namespace}name` as in its XML."""

    __tablename__ = "calendar_properties"
    __table_args__ = (
        belongs_to("calendar_properties", "therapists", "therapist_id", cascade=True),
        CheckConstraint("length(name) <= 100", name="ck_calendar_properties_name"),
        CheckConstraint(f"length(value) <= {LONGEST_VALUE}", name="ck_calendar_properties_value"),
    )

    therapist_id: Mapped[UUID] = mapped_column(primary_key=True)
    calendar: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[str]
