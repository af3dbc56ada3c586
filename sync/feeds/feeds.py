"""Renders a calendar feed and its entity tag: under the same tag the contents are always the same."""

import hashlib
import unicodedata
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, Final
from uuid import UUID

from sqlalchemy import TextClause, text

from booking.core.caller import Caller
from models.calendar_feeds import FeedRow
from models.statuses import GONE
from sync.feeds.ics import Event, calendar

BACK: Final = timedelta(days=30)
AHEAD: Final = timedelta(days=365)
CANCELLED_KEPT: Final = timedelta(days=30)
_REFERENCE: Final = 8
_INITIALS: Final = 3
_PATIENTS: Final = "Your appointments"

# A visit counts for a resource from the first to the last of the phases that name it: a therapist works
# elsewhere while the cream takes effect. Each visit is looked up by its key. OFFSET 0 keeps the planner from
# joining in another way: while a table's statistics are young, it would sum up all phases for every visit.
_PARTS: Final = """(
    SELECT p.appointment_id, min(p.starts_at) AS starts_at, max(p.ends_at) AS ends_at
    FROM appointment_phases p WHERE p.clinic_id = :clinic_id AND {mine} GROUP BY p.appointment_id
    HAVING max(p.ends_at) > :since AND min(p.starts_at) < :until
) AS part CROSS JOIN LATERAL (
    SELECT * FROM appointments v WHERE v.clinic_id = :clinic_id AND v.id = part.appointment_id OFFSET 0
) AS a"""
_WHOLE: Final = "appointments a"
# Whose visits a feed shows, by its kind.
_MINE: Final = {
    "therapist": "(p.therapist_id = :scope_id OR p.assistant_id = :scope_id)",
    "room": "p.room_id = :scope_id",
    "device": "p.device_id = :scope_id",
    "location": "a.location_id = :scope_id",
    "patient": "a.patient_id = :scope_id",
}
# No visit is longer than two days, so a bound on its start lets an index serve. Holds are not shown.
_EVENTS: Final = """
    SELECT CAST(a.id AS text), a.version, a.updated_at, {part}.starts_at, {part}.ends_at, a.status,
           {name} AS name, {place} AS place
    FROM {visits} {joined}
    WHERE a.clinic_id = :clinic_id AND {whose}
      AND (a.hold IS NULL OR a.hold->>'ended' = 'converted')
      AND a.starts_at > CAST(:since AS timestamptz) - interval '2 days' AND a.starts_at < :until
      AND {part}.ends_at > :since AND {part}.starts_at < :until
      AND (a.status <> 'cancelled' OR (a.cancellation->>'at')::timestamptz >= :cancelled_since)
    ORDER BY {part}.starts_at, a.id
"""
_PATIENT: Final = "JOIN patients t ON t.clinic_id = a.clinic_id AND t.id = a.patient_id"
_LOCATION: Final = "JOIN locations l ON l.clinic_id = a.clinic_id AND l.id = a.location_id"


def tag_of(feed: FeedRow, now: datetime) -> str:
    """Give the entity tag, without quotes, of the feed's contents at an instant (aware).

    A transaction that still runs has a number at or above the horizon, so what it commits later changes
    either `above`, the changes above the horizon, or `newest`, the newest change below it. The day is in
    the tag because the window moves with it.
    """
    parts = (feed.id, feed.detail, feed.names, _day(now).date(), feed.newest, feed.above)
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:32]


def render(caller: Caller, feed: FeedRow) -> bytes:
    """Write the visits from 30 days ago to 365 ahead, and what the last 30 days cancelled, marked so."""
    day = _day(caller.now)
    values = {
        "clinic_id": caller.clinic_id,
        "scope_id": feed.scope_id,
        "since": day - BACK,
        "until": day + AHEAD + timedelta(days=1),
        "cancelled_since": day - CANCELLED_KEPT,
    }
    rows = caller.session.execute(_statement(feed.kind, feed.detail), values)
    return calendar(_events(feed, rows), _PATIENTS if feed.kind == "patient" else feed.names[0])


def _day(now: datetime) -> datetime:
    return now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


@cache
def _statement(kind: str, detail: str) -> TextClause:
    whole, mine = kind in {"location", "patient"}, _MINE[kind]
    named, placed = detail == "initials", kind == "patient"
    return text(
        _EVENTS.format(
            part="a" if whole else "part",
            visits=_WHOLE if whole else _PARTS.format(mine=mine),
            whose=mine if whole else "true",
            name="t.name" if named else "NULL",
            place="l.name" if placed else "NULL",
            joined=f"{_PATIENT if named else ''} {_LOCATION if placed else ''}",
        )
    )


def _events(feed: FeedRow, rows: Iterable[Any]) -> Iterator[Event]:
    private = feed.detail == "initials"
    for id_, version, changed_at, starts_at, ends_at, status, name, place in rows:
        summary = _summary(feed.detail, id_, name)
        told = "CANCELLED" if status in GONE else "CONFIRMED"
        yield Event(id_, version, changed_at, starts_at, ends_at, summary, told, place, private)


def _summary(detail: str, id_: str, name: str | None) -> str:
    """Give a neutral title, which tells no treatment and at most the patient's initials."""
    if detail == "busy":
        return "Busy"
    return reference(id_) if name is None else initials(name) or "Appointment"


def reference(appointment_id: UUID | str) -> str:
    """Give a short name by which staff recognise the appointment, and which tells nothing else."""
    # The end of a UUIDv7 is random; its beginning is the same for all of a minute.
    return f"Appointment {str(appointment_id)[-_REFERENCE:]}"


def initials(name: str) -> str:
    """Give the first letter of each part of a name, three at most: `Ada de Vries` is `A.D.V.`."""
    parts = (name if name.isascii() else unicodedata.normalize("NFC", name)).split()
    letters = [next(filter(str.isalnum, part), "") for part in parts]
    return "".join([f"{_capital(letter)}." for letter in letters if letter][:_INITIALS])


def _capital(letter: str) -> str:
    """Give the capital of a letter, or the letter itself where its capital is two letters."""
    capital = letter.upper()
    return capital if len(capital) == 1 else letter
