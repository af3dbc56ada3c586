"""Reads the pages of the change feed: what has changed since a cursor, never with a gap."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final
from uuid import UUID

from sqlalchemy import TextClause, select, text

from booking.appointments.records import Visit, with_phases
from booking.catalogue.locations import Locations
from booking.catalogue.rooms import Rooms
from booking.catalogue.therapists import Therapists
from booking.core.caller import Caller
from booking.core.crud import Collection
from models import Appointment
from sync.changes.cursors import HORIZON, Cursors, Position, cursors_of, forgotten_before

KINDS: Final[Mapping[str, type[Collection]]] = {
    "location_id": Locations,
    "therapist_id": Therapists,
    "room_id": Rooms,
}
_NOWHERE: Final = UUID(int=0)

# A cursor says "this client has read everything up to here", so nothing may ever turn up behind it. No
# clock, sequence or `updated_at` can promise that: its value is taken when a statement runs, and what the
# statement wrote can be seen only after the commit. Let a slow booking take number 7 and a quick booking
# take 8 and commit first. A client that reads now goes on to 8; number 7 appears a moment later, behind
# its cursor, and that visit is missing from its copy for good, without any error.
#
# So each row of `changes` carries the number of the transaction that changed it last, and a page shows only
# rows below the horizon: the oldest transaction that still ran when the snapshot was taken. All the
# transactions below it have ended, by commit or rollback, so nothing can appear there any more. The price
# is delay: a long transaction anywhere on the PostgreSQL server holds back the changes that came after it,
# which a page reports as `pending`, but it never loses any.
#
# A whole page is read in one snapshot (`one_snapshot=True`). With a snapshot for each statement, a visit
# could leave the scope between two of them, and the page would show it to a key that may not see it any
# more. The order is (transaction, appointment), as a transaction may change many appointments and a page
# may end between two of them. A cursor stops at the last row that was given, and never runs ahead to the
# horizon: after a crash PostgreSQL may give the number of a transaction that was undone to a new one.
# The decision is docs/adr/0015; tests/sync/changes/test_overlapping_writers.py shows what others lose.
_OWN: Final = "c.clinic_id = :clinic_id AND c.scope_id = {scopes}"
_NEWEST: Final = f"""
    SELECT CAST(CAST(c.xid AS text) AS bigint) FROM changes c
    WHERE {_OWN} AND c.xid < {HORIZON} ORDER BY c.xid DESC LIMIT 1
"""  # noqa: S608 - our own text
_PENDING: Final = f"SELECT EXISTS (SELECT FROM changes c WHERE {_OWN} AND c.xid >= {HORIZON})"  # noqa: S608 - our own
_CHANGES: Final = f"""
    SELECT c.appointment_id, CAST(CAST(c.xid AS text) AS bigint) AS xid, {{present}} AS present
    FROM changes c {{joined}}
    WHERE {_OWN} AND c.xid < {HORIZON}
      AND (c.xid, c.appointment_id) > (CAST(CAST(:xid AS text) AS xid8), :appointment_id)
      AND ({{present}} OR c.xid > CAST(CAST(:since AS text) AS xid8)) {{also}}
    ORDER BY c.xid, c.appointment_id LIMIT :most
"""  # noqa: S608 - our own text
# An appointment that moved between two of the key's locations has a row for each: the newest counts.
_ONCE: Final = """
    AND NOT EXISTS (
        SELECT FROM changes n
        WHERE n.clinic_id = c.clinic_id AND n.appointment_id = c.appointment_id AND n.scope_id = ANY(:scopes)
          AND (n.xid, n.present, n.scope_id) > (c.xid, c.present, c.scope_id)
    )
"""
# Whether an appointment is in the key's locations now; no row at all if it has never been there.
_THERE: Final = """
    JOIN LATERAL (
        SELECT bool_or(l.present) AS present FROM changes l
        WHERE l.clinic_id = c.clinic_id AND l.appointment_id = c.appointment_id
          AND l.scope_id = ANY(:locations)
        HAVING count(*) > 0
    ) AS there ON true
"""
_PURGE = text("""
    DELETE FROM changes WHERE clinic_id = :clinic_id AND NOT present AND changed_at < :before
""")


@dataclass(frozen=True, slots=True)
class Change:
    """An appointment as it is now; `appointment` is None when it is not in the scope (any more)."""

    id: UUID
    version: int
    appointment: Visit | None
    type: str = "appointment"

    @property
    def deleted(self) -> bool:
        """Whether the appointment is not in the scope (any more)."""
        return self.appointment is None


@dataclass(frozen=True, slots=True)
class Page:
    """Changes in order, and the cursor after the last.

    `pending` says that further changes are committed, but still lie above the horizon.
    """

    items: Sequence[Change]
    next_cursor: str
    has_more: bool
    pending: bool


@dataclass(frozen=True, slots=True)
class Scope:
    """Whose changes are read: those of any of `ids`, within `locations` for a key of some locations."""

    ids: Sequence[UUID]
    locations: Sequence[UUID] | None
    name: str

    def statement(self, form: str) -> TextClause:
        """Fill in the template `form` of a statement for this scope."""
        return _statement(form, several=len(self.ids) != 1, limited=self.locations is not None)

    def values(self, caller: Caller) -> dict[str, Any]:
        """Give the parameters that every statement needs."""
        one = {"scope": self.ids[0]} if len(self.ids) == 1 else {"scopes": list(self.ids)}
        there = {} if self.locations is None else {"locations": list(self.locations)}
        return {"clinic_id": caller.clinic_id, **one, **there}


@cache
def _statement(form: str, *, several: bool, limited: bool) -> TextClause:
    return text(
        form.format(
            scopes="ANY(:scopes)" if several else ":scope",
            present="(c.present AND there.present)" if limited else "c.present",
            joined=_THERE if limited else "",
            also=_ONCE if several else "",
        )
    )


def scope_of(caller: Caller, named: Mapping[str, UUID]) -> Scope:
    """Give the scope of a filter; NotFound for an id that the clinic lacks or the key may not see."""
    for field, id_ in named.items():
        KINDS[field](caller).require(id_, f"/{field}")
    limits = None if caller.location_ids is None else sorted(caller.location_ids)
    name = ["changes", *map(str, named.items()), "everywhere" if limits is None else str(limits)]
    ids = list(named.values()) or ([caller.clinic_id] if limits is None else limits)
    # Such a key can name its own locations and rooms alone, but a therapist works at other locations too.
    return Scope(ids, limits if "therapist_id" in named else None, "|".join([str(caller.clinic_id), *name]))


def read(caller: Caller, named: Mapping[str, UUID], cursor: str | None, limit: int) -> Page:
    """Give a page of what has changed since the cursor; without a cursor, of everything there is.

    `named` holds at most one id, by a name of KINDS; without an id the whole clinic is read. NotFound for
    an unknown id. The caller's transaction must see one snapshot, so that a page shows a single instant.
    """
    scope = scope_of(caller, named)
    cursors = cursors_of(caller.session, caller.clinic_id, scope.name, caller.real_now)
    position = _begin(caller, scope) if cursor is None else cursors.read(cursor)
    place = {"xid": position.xid, "appointment_id": position.appointment_id, "since": position.since}
    values = scope.values(caller)
    rows = caller.session.execute(scope.statement(_CHANGES), {**values, **place, "most": limit + 1}).all()
    more = len(rows) > limit
    pending = not more and bool(caller.session.scalar(scope.statement(_PENDING), values))
    return Page(_shown(caller, rows[:limit]), _next(cursors, position, rows[:limit]), more, pending)


def purge(caller: Caller) -> int:
    """Delete the rows of appointments that left a scope before every valid cursor; give their number."""
    before = forgotten_before(caller.real_now)
    done = caller.session.execute(_PURGE, {"clinic_id": caller.clinic_id, "before": before})
    return int(getattr(done, "rowcount", 0))


def _begin(caller: Caller, scope: Scope) -> Position:
    """Start before every change; what is gone by now is not reported, as this client never had it."""
    newest = caller.session.scalar(scope.statement(_NEWEST), scope.values(caller))
    return Position(0, _NOWHERE, newest or 0)


def _next(cursors: Cursors, position: Position, rows: Sequence[Any]) -> str:
    """Write the cursor after the last row, and never the horizon itself.

    After a crash, the number of a transaction that was undone may be given to a new transaction.
    """
    if not rows:
        return cursors.write(position)
    return cursors.write(Position(rows[-1].xid, rows[-1].appointment_id, position.since))


def _shown(caller: Caller, rows: Sequence[Any]) -> list[Change]:
    """Give the appointment of each row as it is in this snapshot."""
    if not rows:
        return []
    ids = [row.appointment_id for row in rows]
    statement = select(Appointment).where(Appointment.clinic_id == caller.clinic_id, Appointment.id.in_(ids))
    found = {one.id: one for one in caller.session.scalars(statement)}
    here = with_phases(caller, [found[row.appointment_id] for row in rows if row.present])
    visits = {one.appointment.id: one for one in here}
    return [Change(one, found[one].version if one in found else 0, visits.get(one)) for one in ids]
