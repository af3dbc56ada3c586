"""What can be double-booked: therapists, rooms and devices, and the blocks that keep them free."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, SmallInteger, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Identified, Versioned, belongs_to, of_clinic
from models.locations import VALIDITY, WEEKLY, WEEKS, WHOLE_TICKS


class Resource(Versioned, Base):
    """The common columns of everything that can be busy: therapists, rooms and devices."""

    __tablename__ = "resources"
    __table_args__: Any = (
        of_clinic("resources"),
        CheckConstraint("type IN ('therapist', 'room', 'device')", name="ck_resources_type"),
    )
    __mapper_args__: Any = {"polymorphic_on": "type", "eager_defaults": True}

    type: Mapped[str]
    name: Mapped[str]
    active: Mapped[bool]


class Therapist(Resource):
    """A bookable member of staff; `treats` says whether they may be a visit's therapist."""

    __tablename__ = "therapists"
    __table_args__: Any = (belongs_to("therapists", "resources", "id", cascade=True),)
    __mapper_args__: Any = {"polymorphic_identity": "therapist"}

    clinic_id: Mapped[UUID] = mapped_column(primary_key=True, sort_order=-20)
    id: Mapped[UUID] = mapped_column(primary_key=True, sort_order=-19)
    treats: Mapped[bool]


class Room(Resource):
    """A room of a kind; a capacity of n gives it n lanes."""

    __tablename__ = "rooms"
    __table_args__: Any = (
        belongs_to("rooms", "resources", "id", cascade=True),
        belongs_to("rooms", "locations", "location_id"),
        CheckConstraint("capacity BETWEEN 1 AND 100", name="ck_rooms_capacity"),
    )
    __mapper_args__: Any = {"polymorphic_identity": "room"}

    clinic_id: Mapped[UUID] = mapped_column(primary_key=True, sort_order=-20)
    id: Mapped[UUID] = mapped_column(primary_key=True, sort_order=-19)
    location_id: Mapped[UUID]
    kind: Mapped[str]
    capacity: Mapped[int] = mapped_column(SmallInteger)


class Device(Resource):
    """A machine that moves within its location, or is fixed to a room."""

    __tablename__ = "devices"
    __table_args__: Any = (
        belongs_to("devices", "resources", "id", cascade=True),
        belongs_to("devices", "locations", "location_id"),
        belongs_to("devices", "rooms", "room_id"),
    )
    __mapper_args__: Any = {"polymorphic_identity": "device"}

    clinic_id: Mapped[UUID] = mapped_column(primary_key=True, sort_order=-20)
    id: Mapped[UUID] = mapped_column(primary_key=True, sort_order=-19)
    location_id: Mapped[UUID]
    kind: Mapped[str]
    room_id: Mapped[UUID | None]


class Qualification(Identified, Base):
    """What a member of staff may do: a code, where, how deep and between which dates (inclusive)."""

    __tablename__ = "qualifications"
    __table_args__ = (
        belongs_to("qualifications", "therapists", "therapist_id", cascade=True),
        belongs_to("qualifications", "locations", "location_id"),
        CheckConstraint(VALIDITY, name="ck_qualifications_validity"),
        Index("ix_qualifications_therapist", "clinic_id", "therapist_id"),
    )

    therapist_id: Mapped[UUID]
    code: Mapped[str]
    max_depth_mm: Mapped[Any | None] = mapped_column(JSONB(none_as_null=True))
    valid_from: Mapped[date | None]
    valid_until: Mapped[date | None]
    location_id: Mapped[UUID | None]


class WorkingHours(Identified, Base):
    """A weekly period in which a member of staff works at a location."""

    __tablename__ = "working_hours"
    __table_args__ = (
        belongs_to("working_hours", "therapists", "therapist_id", cascade=True),
        belongs_to("working_hours", "locations", "location_id"),
        CheckConstraint(WEEKLY, name="ck_working_hours_period"),
        CheckConstraint(WHOLE_TICKS, name="ck_working_hours_grid"),
        CheckConstraint(VALIDITY, name="ck_working_hours_validity"),
        CheckConstraint(WEEKS, name="ck_working_hours_weeks"),
        Index("ix_working_hours_therapist", "clinic_id", "therapist_id"),
    )

    therapist_id: Mapped[UUID]
    location_id: Mapped[UUID]
    weekday: Mapped[int] = mapped_column(SmallInteger)
    starts: Mapped[int] = mapped_column(SmallInteger)
    ends: Mapped[int] = mapped_column(SmallInteger)
    valid_from: Mapped[date | None]
    valid_until: Mapped[date | None]
    every_weeks: Mapped[int] = mapped_column(SmallInteger, default=1, server_default=text("1"))


class Block(Versioned, Base):
    """Time when a resource is kept free, such as lunch or a repair; `repeats` and `skipped` as in the API."""

    __tablename__ = "blocks"
    __table_args__ = (
        belongs_to("blocks", "resources", "resource_id", cascade=True),
        CheckConstraint("starts_at < ends_at", name="ck_blocks_order"),
        Index("ix_blocks_resource", "clinic_id", "resource_id", "starts_at"),
    )

    resource_id: Mapped[UUID]
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    reason: Mapped[str]
    repeats: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    skipped: Mapped[list[dict[str, Any]]] = mapped_column(server_default=text("'[]'"))
