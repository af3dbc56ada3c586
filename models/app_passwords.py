"""App passwords of calendar programs, and the lookup that finds a password before its clinic is known."""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import Index, text
from sqlalchemy.orm import Mapped, Session

from models.base import Base, Versioned, belongs_to


class AppPassword(Versioned, Base):
    """A calendar program's password for a therapist's calendars; only its SHA-256 is stored."""

    __tablename__ = "app_passwords"
    __table_args__ = (
        belongs_to("app_passwords", "therapists", "therapist_id", cascade=True),
        Index("ix_app_passwords_password_hash", "password_hash", unique=True),
        Index("ix_app_passwords_therapist", "clinic_id", "therapist_id"),
    )

    therapist_id: Mapped[UUID]
    name: Mapped[str]
    password_hash: Mapped[bytes]
    password_hint: Mapped[str]
    last_used_at: Mapped[datetime | None]


class PasswordRow(NamedTuple):
    """The therapist whose calendars a program may use, as the lookup of its password gives it."""

    clinic_id: UUID
    id: UUID
    therapist_id: UUID


_FIND = text("SELECT clinic_id, id, therapist_id FROM authenticate_app(:password_hash)")


def authenticate_app(session: Session, password_hash: bytes) -> PasswordRow | None:
    """Find the password by its SHA-256 and bind the transaction to its clinic."""
    row = session.execute(_FIND, {"password_hash": password_hash}).one_or_none()
    return PasswordRow(*row) if row else None
