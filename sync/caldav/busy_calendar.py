"""Shows a therapist's own busy time as a CalDAV calendar that their programs write."""

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Row, TextClause, text

from booking.core.caller import Caller
from booking.core.errors import NotFound, StaleVersion
from dav.calendars import Changes, Conditions, ForbiddenError, Item, PreconditionFailedError, Span
from dav.names import c
from dav.recurrences import TooManyInstancesError
from models.appointments import LONGEST_OCCUPANCY
from scheduling.bits import merge
from scheduling.ticks import ceil_tick, floor_tick, from_tick
from sync.busy.busy_time import window_of
from sync.busy.expansion import UnusableError
from sync.caldav.own_busy import delete_object, put_object
from sync.caldav.sandboxed_expansion import expand_all
from sync.caldav.sync_tokens import EVERYTHING, Followed
from sync.caldav.uploads import require_object
from sync.changes.cursors import HORIZON, forgotten_before

LONGEST_NAME: Final = 255
_OWN: Final = "o.clinic_id = :clinic_id AND o.therapist_id = :therapist_id AND o.external_calendar_id IS NULL"
_OBJECTS: Final = f"SELECT o.href, o.uid, o.etag, o.body, o.updated_at FROM busy_objects o WHERE {_OWN}"  # noqa: S608 - our own text
_ALL: Final = text(f"{_OBJECTS} ORDER BY o.href")
_NAMED: Final = text(f"{_OBJECTS} AND o.href = ANY(:names) ORDER BY o.href")
_MEETS: Final = """
    b.clinic_id = o.clinic_id AND b.busy_object_id = o.id AND b.end_tick > :first
    AND b.end_tick < :farthest AND b.start_tick < :last
"""
# An object that takes no time lies in no range, yet a program that asks by time must get all its objects.
_BETWEEN: Final = text(f"""
    {_OBJECTS} AND (
        EXISTS (SELECT FROM external_busy b WHERE {_MEETS})
        OR NOT EXISTS (
            SELECT FROM external_busy b WHERE b.clinic_id = o.clinic_id AND b.busy_object_id = o.id
        )
    ) ORDER BY o.href
""")  # noqa: S608 - our own text
_BUSY: Final = text(f"""
    SELECT b.start_tick, b.end_tick FROM busy_objects o JOIN external_busy b ON {_MEETS} WHERE {_OWN}
""")  # noqa: S608 - our own text
_UID: Final = text(f"SELECT o.uid FROM busy_objects o WHERE {_OWN} AND o.href = :name")  # noqa: S608 - our own text
_SAME: Final = text(f"SELECT o.href FROM busy_objects o WHERE {_OWN} AND o.uid = :uid AND o.href <> :name")  # noqa: S608 - our own text
_ENTRIES: Final = f"""
    SELECT o.id, o.xid, o.href, o.etag, o.body, o.updated_at, true AS there FROM busy_objects o WHERE {_OWN}
    UNION ALL
    SELECT d.id, d.xid, d.href, NULL, NULL, NULL, false FROM busy_deletions d
    WHERE d.clinic_id = :clinic_id AND d.therapist_id = :therapist_id
"""  # noqa: S608 - our own text
_NEWEST: Final = text(f"""
    SELECT CAST(CAST(xid AS text) AS bigint) FROM ({_ENTRIES}) AS e
    WHERE xid < {HORIZON} ORDER BY xid DESC LIMIT 1
""")  # noqa: S608 - our own text
_SINCE: Final = text(f"""
    SELECT id, CAST(CAST(xid AS text) AS bigint) AS xid, href, etag, body, updated_at, there
    FROM ({_ENTRIES}) AS e
    WHERE e.xid < {HORIZON} AND (e.xid, id) > (CAST(CAST(:xid AS text) AS xid8), :id)
    ORDER BY e.xid, id LIMIT :most
""")  # noqa: S608 - our own text
_FORGET: Final = text("DELETE FROM busy_deletions WHERE clinic_id = :clinic_id AND deleted_at < :before")
_FOLD: Final = re.compile(rb"\r?\n[ \t]")
_EXPANDABLE: Final = re.compile(rb"^(RRULE|RDATE|RECURRENCE-ID)|TZID|VTIMEZONE", re.IGNORECASE | re.MULTILINE)
_REFUSED: Final = {
    "not_a_calendar": c("valid-calendar-data"),
    "too_large": c("max-resource-size"),
    "too_slow": c("max-instances"),
    "too_many_events": c("max-instances"),
}


class BusyCalendar(Followed):
    """The busy time that a therapist's programs write: it blocks free time, and removes no visit."""

    name = "busy"
    title = "Busy"
    writable = True
    largest = 65_536
    newest = _NEWEST

    def items(self, names: Collection[str] | None = None) -> Iterable[Item]:
        """Give all objects, or the named objects."""
        return self._items(_ALL) if names is None else self._items(_NAMED, names=list(names))

    def between(self, start: datetime | None, end: datetime | None) -> Iterable[Item]:
        """Give the objects that take time between two instants.

        Beyond the window in which busy time is kept this is not known: then give all objects.
        """
        known = window_of(self._caller, self._therapist_id)
        if start is None or end is None or start < known.first or end > known.last:
            return self._items(_ALL)
        return self._items(_BETWEEN, **_ticks(start, end))

    def expand(self, texts: Sequence[bytes], start: datetime, end: datetime) -> Sequence[bytes]:
        """Expand texts, in a child process as soon as one of them recurs or names a zone."""
        to_expand = [place for place, one in enumerate(texts) if _EXPANDABLE.search(_FOLD.sub(b"", one))]
        try:
            expanded = expand_all([texts[place] for place in to_expand], start, end)
        except TooManyInstancesError:
            raise ForbiddenError(c("max-instances")) from None
        found = dict(zip(to_expand, expanded, strict=True))
        return [found.get(place, one) for place, one in enumerate(texts)]

    def busy(self, start: datetime, end: datetime) -> Iterable[Span]:
        """Give the spans between two instants in which this calendar keeps the therapist busy."""
        spans = merge((row.start_tick, row.end_tick) for row in self._rows(_BUSY, **_ticks(start, end)))
        return [(max(from_tick(first), start), min(from_tick(last), end)) for first, last in spans]

    def changes(self, token: str | None, limit: int | None) -> Changes:
        """Give the objects that were added, changed or deleted since the token."""
        position, most = self._begin(token), limit or EVERYTHING
        rows = self._rows(_SINCE, xid=position.xid, id=position.appointment_id, most=most + 1)
        told = rows[:most]
        here = {row.href: _item(row) for row in told if row.there}
        # An object that was deleted and then written again under its name is not gone.
        left = [row.href for row in told if not row.there and row.xid > position.since]
        present = {one.name for one in self.items(left)} if left else set()
        gone = [href for href in dict.fromkeys(left) if href not in present]
        return Changes(list(here.values()), gone, self._after(position, told), len(rows) > most)

    def put(self, name: str, body: bytes, conditions: Conditions) -> tuple[str, bool]:
        """Write an object under the lock that bookings take; over a visit it is stored, and flags the visit.

        ForbiddenError names the violated precondition; PreconditionFailedError when it has changed.
        """
        if len(name) > LONGEST_NAME or not name.isprintable():
            raise ForbiddenError(c("valid-calendar-object-resource"))
        require_object(body)
        present = self._present(name, conditions)
        only_if: dict[str, Any] = {}
        if conditions.if_match or conditions.if_none_match:
            only_if = {"if_match": present and present.etag, "if_none_match": present is None}
        # A refusal is an answer too, which commits: the savepoint undoes what was written before it.
        with self._caller.session.begin_nested():
            etag = self._put(name, body, only_if)
            self._refuse_another(name, present)
        return f'"{etag}"', present is None

    def _refuse_another(self, name: str, before: Row[Any] | None) -> None:
        """Refuse a UID that another object has, or a new UID for a stored object (RFC 4791, 5.3.2.1)."""
        uid = self._caller.session.scalar(_UID, self._own | {"name": name})
        if before is not None and before.uid != uid:
            raise ForbiddenError(c("no-uid-conflict"), name)
        other = self._caller.session.scalar(_SAME, self._own | {"uid": uid, "name": name})
        if other is not None:
            raise ForbiddenError(c("no-uid-conflict"), other)

    def _put(self, name: str, body: bytes, only_if: dict[str, Any]) -> str:
        try:
            return put_object(self._caller, self._therapist_id, name, body.decode(), **only_if)
        except StaleVersion:
            raise PreconditionFailedError from None
        except UnusableError as error:
            raise ForbiddenError(_REFUSED[str(error)]) from None

    def delete(self, name: str, conditions: Conditions) -> bool:
        """Remove an object; False when there is none, PreconditionFailedError when it has changed."""
        present = self._present(name, conditions)
        only_if = present.etag if conditions.if_match and present is not None else None
        try:
            delete_object(self._caller, self._therapist_id, name, if_match=only_if)
        except NotFound:
            return False
        except StaleVersion:
            raise PreconditionFailedError from None
        return True

    def _present(self, name: str, conditions: Conditions) -> Row[Any] | None:
        """Give the stored object, or None; PreconditionFailedError when it does not meet the conditions."""
        present = next(iter(self._rows(_NAMED, names=[name])), None)
        if not conditions.hold(None if present is None else f'"{present.etag}"'):
            raise PreconditionFailedError
        return present

    def _items(self, statement: TextClause, **values: object) -> Iterator[Item]:
        return map(_item, self._rows(statement, **values))


def forget_deletions(caller: Caller) -> int:
    """Delete the records of deletions that are older than every valid sync token; give their number."""
    before = forgotten_before(caller.real_now)
    done = caller.session.execute(_FORGET, {"clinic_id": caller.clinic_id, "before": before})
    return int(getattr(done, "rowcount", 0))


def _ticks(start: datetime, end: datetime) -> dict[str, int]:
    last = ceil_tick(end)
    return {"first": floor_tick(start), "last": last, "farthest": last + LONGEST_OCCUPANCY}


def _item(row: Row[Any]) -> Item:
    return Item(row.href, f'"{row.etag}"', row.updated_at, row.body.encode)
