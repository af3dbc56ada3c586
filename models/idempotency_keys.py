"""Idempotency keys: the answers that are kept, and the lock that admits a single request at a time."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple, cast
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, SmallInteger, Table, delete, or_, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from models.base import Base, Identified, of_clinic

# Clients are promised 24 hours from the answer; the further hour allows for clocks that differ.
KEPT_FOR = timedelta(hours=25)
_INT4 = 4


class IdempotencyKey(Identified, Base):
    """The answer to a request that took effect; of its key only a SHA-256 is stored.

    `sealed` is the body, encrypted, and null where the answer was not to be stored, since it held a secret.
    `about` are the ids that the body names. `body` holds what the release before has kept.
    """

    __tablename__ = "idempotency_keys"
    __table_args__ = (
        of_clinic("idempotency_keys"),
        CheckConstraint("status BETWEEN 200 AND 299", name="ck_idempotency_keys_status"),
        Index("ix_idempotency_keys_key_hash", "clinic_id", "key_hash", unique=True),
        Index("ix_idempotency_keys_expires_at", "clinic_id", "expires_at"),
    )

    key_hash: Mapped[bytes]
    fingerprint: Mapped[bytes]
    status: Mapped[int] = mapped_column(SmallInteger)
    headers: Mapped[dict[str, Any]]
    body: Mapped[bytes | None]
    sealed: Mapped[bytes | None]
    about: Mapped[list[UUID] | None]
    expires_at: Mapped[datetime]


class Claim(NamedTuple):
    """Whether this transaction holds the key until it ends, and the answer kept for it, if there is any."""

    claimed: bool
    fingerprint: bytes | None
    status: int | None
    headers: dict[str, str] | None
    body: bytes | None
    sealed: bytes | None


_CLAIM = text("SELECT * FROM claim_idempotency_key_sealed(:key_hash, :high, :low, :at)")
_NEW = insert(cast(Table, IdempotencyKey.__table__))
_KEEP = _NEW.on_conflict_do_update(
    index_elements=["clinic_id", "key_hash"],
    set_={
        name: _NEW.excluded[name]
        for name in ("fingerprint", "status", "headers", "body", "sealed", "about", "expires_at")
    },
)


def claim(session: Session, key_hash: bytes, at: datetime) -> Claim:
    """Claim the key without waiting, and look up the answer that counts `at` this instant of the real clock.

    `key_hash` is a SHA-256 over the key and its owner. The claim ends with the transaction, so the next
    request that claims the key sees the answer that was kept.
    """
    high, low = (int.from_bytes(key_hash[start : start + _INT4], "big", signed=True) for start in (0, _INT4))
    asked = {"key_hash": key_hash, "high": high, "low": low, "at": at}
    return Claim(*session.execute(_CLAIM, asked).one())


def keep(session: Session, values: Mapping[str, object]) -> None:
    """Keep an answer together with what its request wrote, in place of an expired answer; the key is claimed.

    `values` are all columns of IdempotencyKey but the id.
    """
    session.execute(_KEEP, dict(values))


def forget_about(session: Session, clinic_id: UUID, ids: Iterable[UUID]) -> None:
    """Empty a clinic's kept answers that name any of the ids, and those of which it is not known."""
    named = or_(IdempotencyKey.about.overlap(list(ids)), IdempotencyKey.about.is_(None))
    session.execute(
        update(IdempotencyKey)
        .where(IdempotencyKey.clinic_id == clinic_id, named)
        .values(body=None, sealed=None)
    )


def purge(session: Session, clinic_id: UUID, at: datetime) -> int:
    """Delete a clinic's answers that have expired by the real clock; return their number."""
    expired = delete(IdempotencyKey).where(
        IdempotencyKey.clinic_id == clinic_id, IdempotencyKey.expires_at <= at
    )
    return len(session.scalars(expired.returning(IdempotencyKey.id)).all())
