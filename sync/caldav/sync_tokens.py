"""Makes and reads the sync tokens of CalDAV collections: the change feed's cursors, written as URIs."""

from collections.abc import Mapping, Sequence
from datetime import UTC
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, TextClause

from booking.core.caller import Caller
from booking.core.errors import CursorExpired, Invalid
from dav.calendars import InvalidSyncTokenError
from sync.caldav.calendar_properties import load_properties, store_properties
from sync.changes.cursors import Cursors, Position, cursors_of

EVERYTHING: Final = 1_000_000
_SCHEME: Final = "data:,"
_FIRST, _LAST = UUID(int=0), UUID(int=(1 << 128) - 1)


class Followed:
    """A therapist's collection that programs sync; `newest` selects its newest change below the horizon."""

    name: str
    newest: TextClause

    def __init__(self, caller: Caller, therapist_id: UUID) -> None:
        self._caller = caller
        self._therapist_id = therapist_id
        self._own = {"clinic_id": caller.clinic_id, "therapist_id": therapist_id}

    def properties(self) -> Mapping[str, str]:
        """Give the properties that the therapist's programs have set."""
        return load_properties(self._caller, self._therapist_id, self.name)

    def set_properties(self, changes: Mapping[str, str | None]) -> None:
        """Set properties; None removes one."""
        store_properties(self._caller, self._therapist_id, self.name, changes)

    def token(self) -> str:
        """Give the sync token after every change below the horizon."""
        newest = self._newest()
        return self._write(Position(newest, _LAST, newest))

    def _begin(self, token: str | None) -> Position:
        """Give the position of a token, or of the start without a token. InvalidSyncTokenError.

        Deletions before the first token are not reported: the program never had those objects.
        """
        if token is None:
            return Position(0, _FIRST, self._newest())
        try:
            return self._cursors().read(token.removeprefix(_SCHEME))
        except (Invalid, CursorExpired):
            raise InvalidSyncTokenError from None

    def _after(self, position: Position, rows: Sequence[Row[Any]]) -> str:
        """Give the sync token after the last of these rows."""
        if not rows:
            return self._write(position)
        return self._write(Position(rows[-1].xid, rows[-1].id, position.since))

    def _rows(self, statement: TextClause, **values: object) -> list[Row[Any]]:
        return list(self._caller.session.execute(statement, self._own | values).all())

    def _newest(self) -> int:
        return self._caller.session.scalar(self.newest, self._own) or 0

    def _write(self, position: Position) -> str:
        return _SCHEME + self._cursors().write(position)

    def _cursors(self) -> Cursors:
        scope = f"{self._caller.clinic_id}|caldav|{self.name}|{self._therapist_id}"
        # A token holds the day and not the instant: programs compare tokens to see whether anything is new.
        day = self._caller.real_now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        return cursors_of(self._caller.session, self._caller.clinic_id, scope, day)
