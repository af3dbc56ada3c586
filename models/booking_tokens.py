"""The codes that prove a patient's address, and the booking tokens that they are exchanged for."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, SmallInteger, text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Identified, belongs_to, of_clinic

MOST_TRIES = 5


class BookingCode(Identified, Base):
    """A code that was sent to an address; only its digest stays once it is sent or over.

    `sealed` is the code itself, encrypted, until it is sent or over. `over_at` is when it was used, replaced
    or tried too often. `visitor` is a digest of the address on the network that asked for it.
    """

    __tablename__ = "booking_codes"
    __table_args__ = (
        of_clinic("booking_codes"),
        CheckConstraint("num_nonnulls(email, phone) = 1", name="ck_booking_codes_address"),
        CheckConstraint(f"tries BETWEEN 0 AND {MOST_TRIES}", name="ck_booking_codes_tries"),
        Index("ix_booking_codes_email", "clinic_id", "email", "made_at"),
        Index("ix_booking_codes_phone", "clinic_id", "phone", "made_at"),
        Index("ix_booking_codes_visitor", "clinic_id", "visitor", "made_at"),
        Index("ix_booking_codes_made_at", "clinic_id", "made_at"),
    )

    email: Mapped[str | None]
    phone: Mapped[str | None]
    key_id: Mapped[UUID | None]
    visitor: Mapped[bytes]
    code_digest: Mapped[bytes]
    sealed: Mapped[bytes | None]
    tries: Mapped[int] = mapped_column(SmallInteger, default=0, server_default=text("0"))
    made_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    over_at: Mapped[datetime | None]


class BookingToken(Identified, Base):
    """A proof of an address, for one publishable key; only the token's SHA-256 is stored."""

    __tablename__ = "booking_tokens"
    __table_args__ = (
        belongs_to("booking_tokens", "api_keys", "key_id", cascade=True),
        CheckConstraint("num_nonnulls(email, phone) = 1", name="ck_booking_tokens_address"),
        Index("ix_booking_tokens_token_hash", "clinic_id", "token_hash", unique=True),
        Index("ix_booking_tokens_expires_at", "clinic_id", "expires_at"),
        Index("ix_booking_tokens_key", "clinic_id", "key_id"),
    )

    email: Mapped[str | None]
    phone: Mapped[str | None]
    key_id: Mapped[UUID]
    token_hash: Mapped[bytes]
    made_at: Mapped[datetime]
    expires_at: Mapped[datetime]
