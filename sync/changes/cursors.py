"""Writes and reads the change feed's cursors, signed for a clinic, a scope and an epoch."""

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

from itsdangerous import BadData, URLSafeSerializer
from sqlalchemy import text
from sqlalchemy.orm import Session

from booking.core.errors import CursorExpired, Invalid

VALID_FOR: Final = timedelta(days=90)
_MARGIN: Final = timedelta(days=1)
HORIZON: Final = "pg_snapshot_xmin(pg_current_snapshot())"
"""The number of the oldest transaction that still runs, in SQL.

Below it every transaction has ended, so no change can turn up there any more. Above it there may be
changes that are committed already, while an older transaction still runs.
"""

# An epoch names a history of the database. A restored copy carries the stored part of it along, so the
# server's identifier and timeline, which PostgreSQL itself changes, are added: another server, or a standby
# that took over, may lack transactions that cursors have seen, and would give their numbers to others.
_SERVER = text("""
    SELECT sync_secret, sync_epoch || '/' || (pg_control_system()).system_identifier || '/'
           || left(pg_walfile_name(pg_current_wal_lsn()), 8),
           CAST(CAST(pg_snapshot_xmax(pg_current_snapshot()) AS text) AS bigint)
    FROM clinics WHERE id = :clinic_id
""")
_RENEW = text("UPDATE clinics SET sync_epoch = gen_random_uuid() WHERE id = current_clinic()")


@dataclass(frozen=True, slots=True)
class Position:
    """The last change that a client was given, and (`since`) the newest change when it began to read.

    What had left the scope by `since` is not reported: the client never had it.
    """

    xid: int
    appointment_id: UUID
    since: int


@dataclass(frozen=True, slots=True)
class Cursors:
    """Writes and reads the cursors of a clinic and a `scope`, a text that names what they read.

    `epoch` names the history of the database, `newest` is its next transaction's number, `now` is aware.
    """

    secret: UUID
    epoch: str
    newest: int
    scope: str
    now: datetime

    def write(self, position: Position) -> str:
        """Sign a position as a cursor."""
        place = [position.xid, position.appointment_id.hex, position.since]
        written: str = self._serializer().dumps([self.epoch, int(self.now.timestamp()), *place])
        return written

    def read(self, cursor: str) -> Position:
        """Give a cursor's position; Invalid unless signed for this scope, CursorExpired when too old."""
        try:
            epoch, issued, xid, appointment_id, since = self._serializer().loads(cursor)
        except BadData:
            raise Invalid("/cursor", "Not a cursor of these changes: another filter has others.") from None
        issued_at = datetime.fromtimestamp(issued, UTC)
        # A number that is not given out yet comes from another history, even under the same epoch.
        if epoch != self.epoch or self.now > issued_at + VALID_FOR or xid >= self.newest:
            raise CursorExpired
        return Position(xid, UUID(appointment_id), since)

    def _serializer(self) -> URLSafeSerializer:
        how = {"key_derivation": "hmac", "digest_method": hashlib.sha256}
        return URLSafeSerializer(self.secret.hex, salt=self.scope, signer_kwargs=how)


def cursors_of(session: Session, clinic_id: UUID, scope: str, now: datetime) -> Cursors:
    """Read a clinic's secret and epoch, and give the cursors of a scope."""
    secret, epoch, newest = session.execute(_SERVER, {"clinic_id": clinic_id}).one()
    return Cursors(secret, epoch, newest, scope, now)


def forgotten_before(now: datetime) -> datetime:
    """Give the instant before which records of what is gone can be deleted: no valid cursor is older."""
    return now - VALID_FOR - _MARGIN


def renew_epoch(session: Session) -> None:
    """Expire every cursor of the transaction's clinic, as is needed after a restore."""
    session.execute(_RENEW)
