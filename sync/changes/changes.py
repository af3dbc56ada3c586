"""Reads what has changed since a cursor: every change once all older ones can be seen, never a gap."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final
from uuid import UUID

from sqlalchemy import TextClause, select, text

from booking.appointments.book import Visit, present
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
# Of an appointment that went from one of the key's locations to another, the newest word counts.
_ONCE: Final = """
    AND NOT EXISTS (
        SELECT FROM changes n
        WHERE n.clinic_id = c.clinic_id AND n.appointment_id = c.appointment_id AND n.scope_id = ANY(:scopes)
          AND (n.xid, n.present, n.scope_id) > (c.xid, c.present, c.scope_id)
    )
"""
# Whether an appointment is in the key's locations now, and no row if it has never been.
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
    """An appointment as it is now, or the word that it is not in the scope (any more)."""

    id: UUID
    version: int
    appointment: Visit | None
    type: str = "appointment"

    @property
    def deleted(self) -> bool:
        """Whether it is not in the scope."""
        return self.appointment is None


@dataclass(frozen=True, slots=True)
class Page:
    """Changes in order, and the cursor behind the last; `pending` when others are committed, untold yet."""

    items: Sequence[Change]
    next_cursor: str
    has_more: bool
    pending: bool


@dataclass(frozen=True, slots=True)
class Scope:
    """Whose changes: those of any of `ids`, as far as they are in `locations` where the key has only some."""

    ids: Sequence[UUID]
    locations: Sequence[UUID] | None
    name: str

    def statement(self, form: str) -> TextClause:
        """Fill a statement's form in."""
        return _statement(form, several=len(self.ids) != 1, limited=self.locations is not None)

    def values(self, caller: Caller) -> dict[str, Any]:
        """Give what every statement asks for."""
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
    """Give whose changes these are; NotFound for what the clinic does not have or the key may not see."""
    for field, id_ in named.items():
        KINDS[field](caller).require(id_, f"/{field}")
    limits = None if caller.location_ids is None else sorted(caller.location_ids)
    name = ["changes", *map(str, named.items()), "everywhere" if limits is None else str(limits)]
    ids = list(named.values()) or ([caller.clinic_id] if limits is None else limits)
    # A key of some locations may name these and their rooms alone; therapists work elsewhere too.
    return Scope(ids, limits if "therapist_id" in named else None, "|".join([str(caller.clinic_id), *name]))


def read(caller: Caller, named: Mapping[str, UUID], cursor: str | None, limit: int) -> Page:
    """Give what has changed since the cursor, or from none on everything there is.

    `named` holds the id of one of KINDS, or nothing for the whole clinic; NotFound for an unknown one. The
    caller's transaction must see one snapshot: all of a page is as it was at one instant.
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
    """Forget what left a scope before every valid cursor, and give how much that was."""
    before = forgotten_before(caller.real_now)
    done = caller.session.execute(_PURGE, {"clinic_id": caller.clinic_id, "before": before})
    return int(getattr(done, "rowcount", 0))


def _begin(caller: Caller, scope: Scope) -> Position:
    """Start before everything; what has gone until now is nothing to somebody who never had it."""
    newest = caller.session.scalar(scope.statement(_NEWEST), scope.values(caller))
    return Position(0, _NOWHERE, newest or 0)


def _next(cursors: Cursors, position: Position, rows: Sequence[Any]) -> str:
    """Write the cursor behind the last row.

    It never runs ahead to the horizon: a transaction that was undone and is lost in a crash gives its
    number to a later one.
    """
    if not rows:
        return cursors.write(position)
    return cursors.write(Position(rows[-1].xid, rows[-1].appointment_id, position.since))


def _shown(caller: Caller, rows: Sequence[Any]) -> list[Change]:
    """Give the appointments as they are in this snapshot."""
    if not rows:
        return []
    ids = [row.appointment_id for row in rows]
    statement = select(Appointment).where(Appointment.clinic_id == caller.clinic_id, Appointment.id.in_(ids))
    found = {one.id: one for one in caller.session.scalars(statement)}
    here = present(caller, [found[row.appointment_id] for row in rows if row.present])
    visits = {one.appointment.id: one for one in here}
    return [Change(one, found[one].version if one in found else 0, visits.get(one)) for one in ids]
