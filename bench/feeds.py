"""Times a calendar feed of 5,000 events over HTTP: whole, compressed, and unchanged."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, time, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import insert, select
from uuid_utils.compat import uuid7

from bench.clinic import BenchClinic
from bench.timing import Series, timed, timed_in_turn
from bench.traffic import Client
from booking.core.caller import Caller
from models import Appointment, AppointmentPhase, Patient, Resource
from models.database import Database
from sync.feeds.calendar_feeds import create_calendar_feed

EVENTS: Final = 5_000
_APART: Final = timedelta(minutes=100)
_PATIENTS: Final = 500
_CALLS, _POLLS = 30, 400
_GZIP: Final = {"Accept-Encoding": "gzip"}


def fill(database: Database, clinic: BenchClinic, now: datetime) -> str:
    """Give a therapist 5,000 visits within the feed's window; give the path of their feed, with initials."""
    first = datetime.combine(now.astimezone(UTC).date() - timedelta(days=20), time(), UTC)
    with database.transaction(clinic.clinic_id) as session:
        therapist = select(Resource.id).where(
            Resource.clinic_id == clinic.clinic_id, Resource.type == "therapist"
        )
        therapist_id = session.scalars(therapist.order_by(Resource.id)).all()[-1]
        patients = [uuid7() for _ in range(_PATIENTS)]
        session.execute(insert(Patient), list(_people(clinic, patients)))
        visits = list(_visits(clinic, therapist_id, patients, first))
        session.execute(insert(Appointment), visits)
        session.execute(insert(AppointmentPhase), [one for visit in visits for one in _phases(visit)])
        caller = Caller(session, clinic.clinic_id, now)
        feed = create_calendar_feed(caller, {"resource_id": therapist_id, "detail": "initials"})
    return f"/calendars/{feed['token']}.ics"


def measure(client: Client, path: str) -> Iterator[tuple[Series, Series | None]]:
    """Yield each series, and beside it the trivial endpoint's where the two were timed in turn."""
    body = client.get(path)
    if body.count(b"BEGIN:VEVENT") != EVENTS:
        raise RuntimeError("The feed does not hold its events.")
    yield timed(f"calendar feed of {EVENTS} events", lambda _: client.get(path), range(_CALLS)), None
    yield timed("  compressed", lambda _: client.get(path, headers=_GZIP), range(_CALLS)), None
    tag = {"If-None-Match": client.header(path, "ETag")}
    yield timed_in_turn(
        ("  unchanged (304)", lambda: client.get(path, headers=tag, expected=304)),
        ("  GET /healthz, in turn with it", lambda: client.get("/healthz")),
        _POLLS,
    )


def _people(clinic: BenchClinic, ids: Iterable[UUID]) -> Iterator[dict[str, Any]]:
    return ({"clinic_id": clinic.clinic_id, "id": id_, "name": f"Ada Example {id_}"} for id_ in ids)


def _visits(
    clinic: BenchClinic, therapist_id: UUID, patients: Sequence[UUID], first: datetime
) -> Iterator[dict[str, Any]]:
    """Give visits that are all completed, even in the future, so that no nightly work touches them."""
    for number in range(EVENTS):
        starts_at = first + number * _APART
        yield {
            "clinic_id": clinic.clinic_id, "id": uuid7(), "status": "completed", "areas": ["FACE"],
            "location_id": clinic.location_id, "procedure_id": clinic.procedure_id,
            "patient_id": patients[number % _PATIENTS], "therapist_id": therapist_id,
            "starts_at": starts_at, "procedure_at": starts_at, "ends_at": starts_at + timedelta(minutes=85),
            "local_date": starts_at.date(), "warnings": [], "flags": [], "overrides": [],
        }  # fmt: skip


def _phases(visit: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Give the numbing phase, which needs no staff, and two phases with the therapist."""
    begun = visit["starts_at"]
    parts = (
        ("numbing", 0, 40, None),
        ("procedure", 40, 65, "therapist_id"),
        ("aftercare", 65, 85, "therapist_id"),
    )
    for position, (kind, start, end, whom) in enumerate(parts):
        yield {
            "clinic_id": visit["clinic_id"], "appointment_id": visit["id"], "position": position,
            "name": kind, "kind": kind, "starts_at": begun + timedelta(minutes=start), "patient": True,
            "ends_at": begun + timedelta(minutes=end), "therapist_id": visit[whom] if whom else None,
        }  # fmt: skip
