"""Shows a therapist's visits as a CalDAV calendar that programs read and sync, but cannot write."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, TextClause, text

from dav.calendars import Changes, Conditions, ForbiddenError, Item, Span
from dav.names import d
from models.statuses import GONE
from sync.caldav.sync_tokens import EVERYTHING, Followed
from sync.changes.cursors import HORIZON
from sync.feeds.feeds import reference
from sync.feeds.ics import Event, calendar

_SUFFIX: Final = ".ics"
_NEWEST: Final = text(f"""
    SELECT CAST(CAST(xid AS text) AS bigint) FROM changes
    WHERE clinic_id = :clinic_id AND scope_id = :therapist_id AND xid < {HORIZON}
    ORDER BY xid DESC LIMIT 1
""")  # noqa: S608 - our own text
# A visit needs a therapist from the first to the last phase that names them, so not while the cream works.
_EVENTS: Final = f"""
    SELECT c.appointment_id AS id, CAST(CAST(c.xid AS text) AS bigint) AS xid, a.version, a.updated_at,
           needed.starts_at, needed.ends_at,
           c.present AND a.status NOT IN {GONE} AS there
    FROM changes c
    LEFT JOIN appointments a ON a.clinic_id = c.clinic_id AND a.id = c.appointment_id
    LEFT JOIN LATERAL (
        SELECT min(p.starts_at) AS starts_at, max(p.ends_at) AS ends_at FROM appointment_phases p
        WHERE p.clinic_id = c.clinic_id AND p.appointment_id = c.appointment_id
          AND c.scope_id IN (p.therapist_id, p.assistant_id)
    ) AS needed ON true
    WHERE c.clinic_id = :clinic_id AND c.scope_id = :therapist_id
"""  # noqa: S608 - our own text
_THERE: Final = f"{_EVENTS} AND c.present AND a.status NOT IN {GONE}"
_ALL: Final = text(f"{_THERE} ORDER BY c.appointment_id")
_NAMED: Final = text(f"{_THERE} AND c.appointment_id = ANY(:ids) ORDER BY c.appointment_id")
_BETWEEN: Final = text(f"""
    {_THERE} AND needed.ends_at > coalesce(CAST(:start AS timestamptz), '-infinity')
    AND needed.starts_at < coalesce(CAST(:end AS timestamptz), 'infinity') ORDER BY c.appointment_id
""")
_SINCE: Final = text(f"""
    {_EVENTS} AND c.xid < {HORIZON}
    AND (c.xid, c.appointment_id) > (CAST(CAST(:xid AS text) AS xid8), :appointment_id)
    ORDER BY c.xid, c.appointment_id LIMIT :most
""")


class VisitsCalendar(Followed):
    """The live visits that a therapist leads or assists, each for the time at which it needs them."""

    name = "appointments"
    title = "Appointments"
    writable = False
    largest = 10_000
    newest = _NEWEST

    def items(self, names: Collection[str] | None = None) -> Iterable[Item]:
        """Give all visits, or the named visits."""
        if names is None:
            return self._items(_ALL)
        return self._items(_NAMED, ids=[id_ for id_ in map(_id, names) if id_ is not None])

    def between(self, start: datetime | None, end: datetime | None) -> Iterable[Item]:
        """Give the visits that need the therapist between two instants."""
        return self._items(_BETWEEN, start=start, end=end)

    def expand(self, texts: Sequence[bytes], start: datetime, end: datetime) -> Sequence[bytes]:  # noqa: ARG002 - the protocol's
        """Give the texts as they are: no visit recurs, and each is written in UTC."""
        return texts

    def busy(self, start: datetime, end: datetime) -> Iterable[Span]:
        """Give the spans between two instants in which visits need the therapist."""
        return [(row.starts_at, row.ends_at) for row in self._rows(_BETWEEN, start=start, end=end)]

    def changes(self, token: str | None, limit: int | None) -> Changes:
        """Give the visits that were added, changed or removed since the token."""
        position, most = self._begin(token), limit or EVERYTHING
        place = {"xid": position.xid, "appointment_id": position.appointment_id, "most": most + 1}
        rows = self._rows(_SINCE, **place)
        told = rows[:most]
        gone = [_name(row.id) for row in told if not row.there and row.xid > position.since]
        here = [_item(row) for row in told if row.there]
        return Changes(here, gone, self._after(position, told), len(rows) > most)

    def put(self, name: str, body: bytes, conditions: Conditions) -> tuple[str, bool]:  # noqa: ARG002 - the protocol's
        """Refuse: visits are booked, never written by a calendar program."""
        raise ForbiddenError(d("need-privileges"))

    def delete(self, name: str, conditions: Conditions) -> bool:  # noqa: ARG002 - the protocol's
        """Refuse: visits are cancelled with a reason, never by a calendar program."""
        raise ForbiddenError(d("need-privileges"))

    def _items(self, statement: TextClause, **values: object) -> Iterator[Item]:
        return map(_item, self._rows(statement, **values))


def _name(id_: UUID) -> str:
    return f"{id_}{_SUFFIX}"


def _id(name: str) -> UUID | None:
    try:
        return UUID(name.removesuffix(_SUFFIX)) if name.endswith(_SUFFIX) else None
    except ValueError:
        return None


def _item(row: Row[Any]) -> Item:
    # Every change of a visit makes a new version, so the version is a strong validator of the text as well.
    return Item(_name(row.id), f'"{row.version}"', row.updated_at, lambda: _render(row))


def _render(row: Row[Any]) -> bytes:
    visit = Event(str(row.id), row.version, row.updated_at, row.starts_at, row.ends_at, reference(row.id))
    return calendar([visit])
