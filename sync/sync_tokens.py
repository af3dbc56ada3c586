"""Sync tokens of CalDAV collections: the change feed's cursors, as URIs."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row

from booking.callers import Caller
from booking.errors import CursorExpired, Invalid
from dav.calendars import InvalidSyncTokenError
from sync.cursors import Cursors, Position, cursors_of

HORIZON: Final = "pg_snapshot_xmin(pg_current_snapshot())"
"""Below it every transaction has ended, so nothing can turn up there any more: see sync/changes.py."""
EVERYTHING: Final = 1_000_000
_SCHEME: Final = "data:,"
_FIRST, _LAST = UUID(int=0), UUID(int=(1 << 128) - 1)


@dataclass(frozen=True, slots=True)
class SyncTokens:
    """The tokens of one collection, which `name` names."""

    caller: Caller
    name: str

    def present(self, newest: int) -> str:
        """Give the token behind every change up to the newest."""
        return self._write(Position(newest, _LAST, newest))

    def begin(self, token: str | None, newest: int) -> Position:
        """Give where to read on; what had gone by the first token is not told. InvalidSyncTokenError."""
        if token is None:
            return Position(0, _FIRST, newest)
        try:
            return self._cursors().read(token.removeprefix(_SCHEME))
        except (Invalid, CursorExpired):
            raise InvalidSyncTokenError from None

    def after(self, position: Position, rows: Sequence[Row[Any]]) -> str:
        """Give the token behind the last of these rows."""
        if not rows:
            return self._write(position)
        return self._write(Position(rows[-1].xid, rows[-1].id, position.since))

    def _write(self, position: Position) -> str:
        return _SCHEME + self._cursors().write(position)

    def _cursors(self) -> Cursors:
        scope = f"{self.caller.clinic_id}|caldav|{self.name}"
        # By whole days: a program compares tokens to see whether anything is new.
        day = self.caller.real_now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        return cursors_of(self.caller.session, self.caller.clinic_id, scope, day)
