"""What a calendar feed holds, and what tells that it has changed: one tag for the same contents, always."""

import hashlib
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, text

from booking.callers import Caller
from models.calendar_feeds import FeedRow
from sync.ics import Event, calendar

BACK: Final = timedelta(days=30)
AHEAD: Final = timedelta(days=365)
CANCELLED_KEPT: Final = timedelta(days=30)
_REFERENCE: Final = 8
_PATIENTS: Final = "Your appointments"

# For whom the time of a visit counts from when to when. A resource is needed from the first to the last of
# the phases that name it: a therapist works elsewhere while the cream takes effect.
_PART: Final = """
    JOIN (
        SELECT p.appointment_id, min(p.starts_at) AS starts_at, max(p.ends_at) AS ends_at
        FROM appointment_phases p WHERE p.clinic_id = :clinic_id AND {mine} GROUP BY p.appointment_id
    ) AS part ON part.appointment_id = a.id
"""
_MINE: Final = {
    "therapist": ":scope_id IN (p.therapist_id, p.assistant_id)",
    "room": "p.room_id = :scope_id",
    "device": "p.device_id = :scope_id",
}
_EVENTS: Final = """
    SELECT a.id, a.version, a.updated_at, {part}.starts_at, {part}.ends_at, a.status, {more}
    FROM changes c
    JOIN appointments a ON a.clinic_id = c.clinic_id AND a.id = c.appointment_id
    {joined}
    WHERE c.clinic_id = :clinic_id AND c.scope_id = :scope_id AND c.present
      AND a.ends_at > :since AND a.starts_at < :until
      AND (a.status <> 'cancelled' OR (a.cancellation->>'at')::timestamptz >= :cancelled_since)
    ORDER BY a.starts_at, a.id
"""
_PATIENT: Final = "JOIN patients t ON t.clinic_id = a.clinic_id AND t.id = a.patient_id"
_LOCATION: Final = "JOIN locations l ON l.clinic_id = a.clinic_id AND l.id = a.location_id"


def tag_of(feed: FeedRow, now: datetime) -> str:
    """Give the entity tag, without quotes, of what the feed holds at an instant (aware).

    A transaction that is still running has a number at or above the horizon, so whatever it commits later
    changes the list above, or the newest below. The window moves with the day.
    """
    parts = (feed.id, feed.detail, feed.name, _day(now).date(), feed.newest, feed.above)
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:32]


def render(caller: Caller, feed: FeedRow) -> bytes:
    """Write the feed: 30 days back to 365 ahead, and what was cancelled in the last 30 days as such."""
    day = _day(caller.now)
    values = {
        "clinic_id": caller.clinic_id,
        "scope_id": feed.scope_id,
        "since": day - BACK,
        "until": day + AHEAD + timedelta(days=1),
        "cancelled_since": day - CANCELLED_KEPT,
    }
    rows = caller.session.execute(_statement(feed), values)
    return calendar(_events(feed, rows.all()), feed.name or _PATIENTS)


def _day(now: datetime) -> datetime:
    return now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def _statement(feed: FeedRow) -> Any:  # noqa: ANN401 - SQLAlchemy's own type of a text
    mine = _MINE.get(feed.kind)
    joined = [] if mine is None else [_PART.format(mine=mine)]
    if feed.detail == "initials":
        joined.append(_PATIENT)
    if feed.kind == "patient":
        joined.append(_LOCATION)
    name = "t.name" if feed.detail == "initials" else "NULL"
    place = "l.name" if feed.kind == "patient" else "NULL"
    return text(
        _EVENTS.format(
            part="a" if mine is None else "part",
            more=f"{name} AS name, {place} AS place",
            joined="\n".join(joined),
        )
    )


def _events(feed: FeedRow, rows: Sequence[Row[Any]]) -> Iterator[Event]:
    for row in rows:
        gone = row.status in {"cancelled", "no_show"}
        yield Event(
            uid=str(row.id),
            sequence=row.version,
            stamp=row.updated_at,
            starts_at=row.starts_at,
            ends_at=row.ends_at,
            summary=_summary(feed.detail, row),
            status="CANCELLED" if gone else "CONFIRMED",
            place=row.place,
            private=feed.detail == "initials",
        )


def _summary(detail: str, row: Row[Any]) -> str:
    """Name the event neutrally: nothing of it tells what is done to whom."""
    if detail == "initials":
        return initials(row.name) or "Appointment"
    return "Busy" if detail == "busy" else reference(row.id)


def reference(appointment_id: UUID) -> str:
    """Give what an appointment can be told by, by who has access to it, and nothing else."""
    # The end of a UUIDv7 is random; its beginning is the same for all of a minute.
    return f"Appointment {appointment_id.hex[-_REFERENCE:]}"


def initials(name: str) -> str:
    """Give the first letter of each part of a name, three at most: `Ada de Vries` is `A.D.V.`."""
    letters = [next((one for one in part if one.isalpha()), "") for part in name.split()]
    return "".join(f"{letter.upper()}." for letter in letters if letter)[:9]
