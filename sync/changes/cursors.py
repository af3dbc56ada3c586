"""Writes and reads cursors: how far a client has read, signed for one clinic, one scope and one epoch."""

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
"""Below it every transaction has ended, so no change can turn up there any more.

Above it there may be changes that are committed already, with an older transaction still running.
"""

# A copy of the data carries the epoch that is stored; another server, and the timeline of one that took
# over, are told apart by what PostgreSQL itself knows. Both may lack transactions that cursors have seen.
_SERVER = text("""
    SELECT sync_secret, sync_epoch || '/' || (pg_control_system()).system_identifier || '/'
           || left(pg_walfile_name(pg_current_wal_lsn()), 8),
           CAST(CAST(pg_snapshot_xmax(pg_current_snapshot()) AS text) AS bigint)
    FROM clinics WHERE id = :clinic_id
""")
_RENEW = text("UPDATE clinics SET sync_epoch = gen_random_uuid() WHERE id = current_clinic()")


@dataclass(frozen=True, slots=True)
class Position:
    """The last change that a client was given, and the transaction with which its full state began.

    What had gone by then it is not told: it never had it.
    """

    xid: int
    appointment_id: UUID
    since: int


@dataclass(frozen=True, slots=True)
class Cursors:
    """The cursors of one clinic and `scope`, a text that says what they lead through; `now` is aware.

    `epoch` is the history of the database that they belong to, `newest` its next transaction's number.
    """

    secret: UUID
    epoch: str
    newest: int
    scope: str
    now: datetime

    def write(self, position: Position) -> str:
        """Give the cursor of a position."""
        place = [position.xid, position.appointment_id.hex, position.since]
        written: str = self._serializer().dumps([self.epoch, int(self.now.timestamp()), *place])
        return written

    def read(self, cursor: str) -> Position:
        """Give the position; Invalid unless we wrote it for this scope, CursorExpired if it leads nowhere."""
        try:
            epoch, issued, xid, appointment_id, since = self._serializer().loads(cursor)
        except BadData:
            raise Invalid("/cursor", "Not a cursor of these changes: another filter has others.") from None
        issued_at = datetime.fromtimestamp(issued, UTC)
        if epoch != self.epoch or self.now > issued_at + VALID_FOR or xid >= self.newest:
            raise CursorExpired
        return Position(xid, UUID(appointment_id), since)

    def _serializer(self) -> URLSafeSerializer:
        how = {"key_derivation": "hmac", "digest_method": hashlib.sha256}
        return URLSafeSerializer(self.secret.hex, salt=self.scope, signer_kwargs=how)


def cursors_of(session: Session, clinic_id: UUID, scope: str, now: datetime) -> Cursors:
    """Give the cursors of a clinic and a scope as the database stands."""
    secret, epoch, newest = session.execute(_SERVER, {"clinic_id": clinic_id}).one()
    return Cursors(secret, epoch, newest, scope, now)


def forgotten_before(now: datetime) -> datetime:
    """Give the instant before which nothing that has gone needs to be told: no cursor lies there."""
    return now - VALID_FOR - _MARGIN


def renew_epoch(session: Session) -> None:
    """Let every cursor of the transaction's clinic expire, as after a restore: all begin again."""
    session.execute(_RENEW)
