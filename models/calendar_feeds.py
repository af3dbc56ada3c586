"""Calendar feeds, and the lookup that opens a feed before its clinic is known."""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import CheckConstraint, Connection, Index, text
from sqlalchemy.orm import Mapped, Session

from models.base import Base, Versioned, belongs_to

DETAILS = ("busy", "reference", "initials")


class CalendarFeed(Versioned, Base):
    """A calendar whose address is the permission to subscribe to it; only its token's SHA-256 is stored."""

    __tablename__ = "calendar_feeds"
    __table_args__ = (
        belongs_to("calendar_feeds", "resources", "resource_id", cascade=True),
        belongs_to("calendar_feeds", "locations", "location_id", cascade=True),
        belongs_to("calendar_feeds", "patients", "patient_id", cascade=True),
        CheckConstraint(
            "num_nonnulls(resource_id, location_id, patient_id) = 1", name="ck_calendar_feeds_of"
        ),
        CheckConstraint(f"detail IN {DETAILS}", name="ck_calendar_feeds_detail"),
        Index("ix_calendar_feeds_token_hash", "token_hash", unique=True),
        Index("ix_calendar_feeds_resource", "clinic_id", "resource_id"),
        Index("ix_calendar_feeds_location", "clinic_id", "location_id"),
        Index("ix_calendar_feeds_patient", "clinic_id", "patient_id"),
    )

    resource_id: Mapped[UUID | None]
    location_id: Mapped[UUID | None]
    patient_id: Mapped[UUID | None]
    detail: Mapped[str]
    token_hash: Mapped[bytes]
    token_hint: Mapped[str]
    last_used_at: Mapped[datetime | None]


class FeedRow(NamedTuple):
    """A feed as found by its token, with what decides its contents.

    `kind` is therapist, room, device, location or patient, and `scope_id` the id of that object. `names`
    has the name of the calendar; a patient's feed has none, so it gets the names of all locations.
    `newest` is the newest change below the horizon, `above` the changes at or above it.
    """

    clinic_id: UUID
    id: UUID
    kind: str
    scope_id: UUID
    detail: str
    names: list[str]
    newest: str | None
    above: str | None


_OPEN = text("SELECT clinic_id, id, kind, scope_id, detail, names, newest, above FROM open_feed(:token_hash)")


def open_feed(database: Session | Connection, token_hash: bytes) -> FeedRow | None:
    """Find the feed by the SHA-256 of its token and bind the transaction to its clinic."""
    row = database.execute(_OPEN, {"token_hash": token_hash}).one_or_none()
    return FeedRow(*row) if row else None
