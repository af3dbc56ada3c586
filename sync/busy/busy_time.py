"""Stores external busy time: the calendar objects of a source and the time that they take."""

import hashlib
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, TextClause, select, text, update
from uuid_utils.compat import uuid7

from booking.claims.freed_time import freed_resource
from booking.core.bulk_insert import insert_rows
from booking.core.caller import Caller
from booking.core.locks import lock_resources
from booking.flags.external_busy import follow_busy
from booking.questions.zones import zones_of
from models import BusyObject, ExternalBusy
from models.appointments import LONGEST_OCCUPANCY
from scheduling.bits import merge
from scheduling.ticks import ceil_tick, floor_tick
from sync.busy.expansion import Expanded, Unread, UnusableError
from sync.busy.moments import Range

KEPT_BEFORE: Final = timedelta(days=30)
KEPT_AHEAD: Final = timedelta(days=400)
MOST_PIECES: Final = 20_000
"""The most stretches of busy time, each at most a day long, that one write may hold."""
_LONGEST_NAME: Final = 255
# The ids are passed as one array, because a statement takes at most 65,535 parameters.
_FREE = text("DELETE FROM external_busy WHERE clinic_id = :clinic_id AND busy_object_id = ANY(:ids)")
_FORGET = text("DELETE FROM busy_objects WHERE clinic_id = :clinic_id AND id = ANY(:ids)")
_TAKEN = text("""
    SELECT busy_object_id, start_tick, end_tick FROM external_busy
    WHERE clinic_id = :clinic_id AND busy_object_id = ANY(:ids) ORDER BY busy_object_id, start_tick
""")

Piece = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Source:
    """Where objects come from: an external calendar, or (None) the therapist's own CalDAV collection."""

    therapist_id: UUID
    external_calendar_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """The present state of an object: its busy time as sorted, separate spans of ticks.

    `unread` are its events that could not be read as they are meant; `body` is the text, kept only for
    objects of the therapist's own collection.
    """

    uid: str
    etag: str
    spans: Sequence[Piece]
    body: str | None = None
    unread: Sequence[Unread] = ()


def window_of(caller: Caller, therapist_id: UUID) -> Range:
    """Give the days for which busy time is kept, and the zone where the therapist works on each of them."""
    today = caller.now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    first, last = today - KEPT_BEFORE, today + KEPT_AHEAD
    zones = zones_of(caller, [therapist_id])[therapist_id]
    days = (first.date() + timedelta(days=number) for number in range(-1, (last - first).days + 2))
    return Range(
        first, last, zones.home, {day: zone for day in days if (zone := zones.on(day)) != zones.home}
    )


def spans_of(expanded: Expanded) -> dict[str, tuple[Piece, ...]]:
    """Give each UID's busy time in ticks, rounded outward; UnusableError beyond MOST_PIECES."""
    found = {
        uid: merge((floor_tick(first), ceil_tick(last)) for first, last in spans)
        for uid, spans in expanded.busy.items()
    }
    if sum(1 for spans in found.values() for _ in _pieces(spans)) > MOST_PIECES:
        raise UnusableError("too_many_events")
    return found


def found_in(expanded: Expanded, etag: str, body: str | None = None) -> Found:
    """Join the busy time of all UIDs in a text (usually there is only one) into an object to store."""
    by_uid = spans_of(expanded)
    spans = merge(span for spans in by_uid.values() for span in spans)
    name, unread = stored_name(next(iter(by_uid), "")), _told(expanded)
    # Of a calendar that breaks off the code of its fetch tells; of an object in a collection only this does.
    return Found(name, etag, spans, body, unread if expanded.is_whole or unread else [Unread(name, 1)])


def found_by_uid(expanded: Expanded) -> dict[str, Found]:
    """Make each UID of a text an object to store."""
    unread: defaultdict[str, list[Unread]] = defaultdict(list)
    for one in _told(expanded):
        unread[one.uid].append(one)
    # What takes no time within the window, such as all of the past, need not be stored.
    spans = {stored_name(uid): found for uid, found in spans_of(expanded).items() if found}
    names = dict.fromkeys((*spans, *unread))
    if len(names) > MOST_PIECES:
        raise UnusableError("too_many_events")
    return {name: Found(name, "", spans.get(name, ()), unread=unread.get(name, ())) for name in names}


def _told(expanded: Expanded) -> list[Unread]:
    """Give what the desk is told of: the events that could not be read, or only by a guess."""
    return [Unread(stored_name(one.uid), one.line) for one in (*expanded.unread, *expanded.doubtful)]


def stored_name(name: str) -> str:
    """Give a foreign name as it is stored: its SHA-256 when it is too long or not printable."""
    if len(name) <= _LONGEST_NAME and name.isprintable():
        return name
    return hashlib.sha256(name.encode(errors="surrogatepass")).hexdigest()


def of_source(caller: Caller, source: Source) -> Iterator[ColumnElement[bool]]:
    """Give the SQL conditions that select the objects of a source."""
    yield BusyObject.clinic_id == caller.clinic_id
    yield BusyObject.therapist_id == source.therapist_id
    yield BusyObject.external_calendar_id.is_not_distinct_from(source.external_calendar_id)


def store(
    caller: Caller, source: Source, found: Mapping[str, Found], gone: Collection[str] | None = None
) -> None:
    """Write the objects found in a source, by href; flag visits under new busy time and offer freed time.

    `gone` names stored objects that no longer exist; None means all that are not in `found`. The therapist
    is locked first, as by a booking: a visit booked meanwhile is either refused, or seen here and flagged.
    """
    lock_resources(caller.session, [source.therapist_id])
    stored = _stored(caller, source)
    left = {href for href in stored if href not in found and (gone is None or href in gone)}
    taken = _taken(caller, [stored[href].id for href in stored if href in found or href in left])
    made = [_row(caller, source, href, one) for href, one in found.items() if href not in stored]
    keys = {href: one.id for href, one in stored.items()} | {row["href"]: row["id"] for row in made}
    wanted = {keys[href]: tuple(_pieces(one.spans)) for href, one in found.items()}
    # Objects whose time is unchanged keep their rows, so that a calendar that changes little costs little.
    renewed = {key: pieces for key, pieces in wanted.items() if pieces != taken.get(key, ())}
    _drop(caller, _FORGET, [stored[href].id for href in left])
    _drop(caller, _FREE, list(renewed))
    for href, one in found.items():
        if href in stored and stored[href].differs(one):
            _change(caller, stored[href].id, one)
    insert_rows(caller.session, (BusyObject, made))
    insert_rows(caller.session, (ExternalBusy, _claims(caller, source.therapist_id, renewed)))
    lost = [piece for key, pieces in taken.items() for piece in set(pieces).difference(wanted.get(key, ()))]
    follow_busy(caller, source.therapist_id)
    if lost:
        # From the first lost piece to the last: the search for offers skips what is still busy between them.
        span = min(start for start, _ in lost), max(end for _, end in lost)
        freed_resource(caller, source.therapist_id, None, span)


def forget_source(caller: Caller, source: Source) -> None:
    """Delete every object of a source, and the time that they take."""
    store(caller, source, {})


@dataclass(frozen=True, slots=True)
class _Stored:
    id: UUID
    etag: str
    uid: str
    unread: Sequence[Mapping[str, Any]]

    def differs(self, found: Found) -> bool:
        """Whether an object is another now than what is stored of it."""
        return (self.etag, self.uid, self.unread) != (found.etag, found.uid, _rows(found.unread))


def _rows(unread: Iterable[Unread]) -> list[dict[str, Any]]:
    return [asdict(one) for one in unread]


def _stored(caller: Caller, source: Source) -> dict[str, _Stored]:
    columns = select(BusyObject.href, BusyObject.id, BusyObject.etag, BusyObject.uid, BusyObject.unread)
    rows = caller.session.execute(columns.where(*of_source(caller, source)))
    return {href: _Stored(key, etag, uid, unread) for href, key, etag, uid, unread in rows}


def _taken(caller: Caller, ids: Sequence[UUID]) -> dict[UUID, tuple[Piece, ...]]:
    """Give the stored busy time of these objects."""
    found: dict[UUID, list[Piece]] = {}
    for key, start, end in caller.session.execute(_TAKEN, {"clinic_id": caller.clinic_id, "ids": ids}):
        found.setdefault(key, []).append((start, end))
    return {key: tuple(pieces) for key, pieces in found.items()}


def _drop(caller: Caller, statement: TextClause, ids: Sequence[UUID]) -> None:
    if ids:
        caller.session.execute(statement, {"clinic_id": caller.clinic_id, "ids": ids})


def _claims(
    caller: Caller, therapist_id: UUID, renewed: Mapping[UUID, Sequence[Piece]]
) -> list[dict[str, object]]:
    return [
        {
            "clinic_id": caller.clinic_id,
            "busy_object_id": key,
            "start_tick": start,
            "end_tick": end,
            "resource_id": therapist_id,
        }
        for key, pieces in renewed.items()
        for start, end in pieces
    ]


def _change(caller: Caller, key: UUID, found: Found) -> None:
    mine = (BusyObject.clinic_id == caller.clinic_id, BusyObject.id == key)
    values = {
        "etag": found.etag,
        "uid": found.uid,
        "body": found.body,
        "unread": _rows(found.unread),
        "updated_at": caller.real_now,
    }
    caller.session.execute(
        update(BusyObject).where(*mine).values(values), execution_options={"synchronize_session": False}
    )


def _row(caller: Caller, source: Source, href: str, found: Found) -> dict[str, Any]:
    return {
        "clinic_id": caller.clinic_id,
        "id": uuid7(),
        "therapist_id": source.therapist_id,
        "external_calendar_id": source.external_calendar_id,
        "href": href,
        "uid": found.uid,
        "etag": found.etag,
        "body": found.body,
        "unread": _rows(found.unread),
        "updated_at": caller.real_now,
    }


def _pieces(spans: Iterable[Piece]) -> Iterator[Piece]:
    """Cut spans into pieces of at most LONGEST_OCCUPANCY, which lets an index find all by their end."""
    for start, end in spans:
        for cut in range(start, end, LONGEST_OCCUPANCY):
            yield cut, min(cut + LONGEST_OCCUPANCY, end)
