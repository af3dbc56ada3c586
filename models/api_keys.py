"""API keys, and the lookup that finds a key before its clinic is known."""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, text
from sqlalchemy.orm import Mapped, Session

from models.base import Base, Versioned, of_clinic


class ApiKey(Versioned, Base):
    """A key of a server, a desk or a widget; only its SHA-256 is stored.

    After a rotation the previous text may go on for a while, until `previous_until`. `last_used_at` is
    noted at most once an hour, and is no change of the key's version.
    """

    __tablename__ = "api_keys"
    __table_args__ = (
        of_clinic("api_keys"),
        CheckConstraint("kind IN ('secret', 'publishable')", name="ck_api_keys_kind"),
        CheckConstraint(
            "(previous_hash IS NULL) = (previous_until IS NULL)", name="ck_api_keys_previous"
        ),
        Index("ix_api_keys_key_hash", "key_hash", unique=True),
        Index("ix_api_keys_previous_hash", "previous_hash", unique=True,
              postgresql_where=text("previous_hash IS NOT NULL")),
    )  # fmt: skip

    name: Mapped[str]
    kind: Mapped[str]
    scopes: Mapped[list[str]]
    origins: Mapped[list[str]]
    location_ids: Mapped[list[UUID] | None]
    key_hash: Mapped[bytes]
    key_hint: Mapped[str]
    expires_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    previous_hash: Mapped[bytes | None]
    previous_until: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]


class KeyRow(NamedTuple):
    """The rights of a request, as the lookup of its key gives them."""

    clinic_id: UUID
    id: UUID
    kind: str
    scopes: list[str]
    origins: list[str]
    location_ids: list[UUID] | None
    expires_at: datetime | None


_FIND = text(
    "SELECT clinic_id, id, kind, scopes, origins, location_ids, expires_at FROM authenticate(:key_hash)"
)


def authenticate(session: Session, key_hash: bytes) -> KeyRow | None:
    """Find the key that has not been revoked by its SHA-256 and bind the transaction to its clinic."""
    row = session.execute(_FIND, {"key_hash": key_hash}).one_or_none()
    return KeyRow(*row) if row else None
