"""Writes what requests note in passing: which accesses were used, and whose records were read."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple
from uuid import UUID

from sqlalchemy import or_, update
from sqlalchemy.orm import Session
from uuid_utils.compat import uuid7

from booking.core.bulk_insert import insert_rows
from models import ApiKey, AppPassword, CalendarFeed, PatientRead

USE_NOTED_EVERY: Final = timedelta(hours=1)
"""The last use of an access is noted no more often."""
READ: Final = "patient.read"
"""A patient's record was shown, or what lies below it."""
LISTED: Final = "patient.listed"
"""A patient's name and contacts were shown beside something of theirs."""
EXPORTED: Final = "patient.exported"
"""Everything held about a patient was given out."""
_ACCESSES: Final[Mapping[str, Any]] = {one.__tablename__: one for one in (ApiKey, AppPassword, CalendarFeed)}


class Reader(NamedTuple):
    """Who read: the key, the person behind it, and the request."""

    key_id: UUID | None
    actor: str | None
    request_id: str | None


class Read(NamedTuple):
    """A patient's record that was shown to a reader."""

    action: str
    patient_id: UUID
    reader: Reader
    at: datetime


def write_uses(session: Session, clinic_id: UUID, uses: Mapping[tuple[str, UUID], datetime]) -> None:
    """Write when accesses, each by its table and id, were used last; it is no change of their versions."""
    # In one order, so that two processes that note the same keys cannot wait for each other.
    for (table, id_), at in sorted(uses.items()):
        access = _ACCESSES[table]
        long_ago = or_(access.last_used_at.is_(None), access.last_used_at < at - USE_NOTED_EVERY)
        noted = update(access).where(access.clinic_id == clinic_id, access.id == id_, long_ago)
        session.execute(noted.values(last_used_at=at, updated_at=access.updated_at))


def write_reads(session: Session, clinic_id: UUID, reads: Iterable[Read]) -> None:
    """Write whose records were read, and by whom."""
    rows = [
        {
            "clinic_id": clinic_id,
            "id": uuid7(),
            "at": one.at,
            "action": one.action,
            "patient_id": one.patient_id,
            **one.reader._asdict(),
        }
        for one in reads
    ]
    insert_rows(session, (PatientRead, rows))
