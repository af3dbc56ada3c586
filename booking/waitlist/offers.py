"""Offers freed time to waiting patients: holds the first slot that suits an entry by every rule."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import func, select

from booking.appointments.records import Visit
from booking.appointments.slot_holds import hold
from booking.core.caller import Caller
from booking.core.errors import DomainError, Refused
from booking.core.events import audit, tell
from booking.core.locks import lock, lock_catalogue
from booking.questions.availability import find
from booking.questions.catalog import load_catalog
from booking.questions.visit_requests import VisitRequest
from models import Location, WaitlistEntry
from scheduling.catalog import Location as Place
from scheduling.openings import slots
from scheduling.ticks import DAY_MINUTES, from_tick, local_date

# Another act may take a slot between the search and the hold; then the search is repeated.
_ATTEMPTS: Final = 3
_STEP: Final = timedelta(days=31)
_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Freed:
    """A stretch of ticks, half-open, in which a location has time again."""

    location_id: UUID
    first: int
    until: int


def waiting(caller: Caller, location_id: UUID) -> Sequence[UUID]:
    """Give the ids of the entries that wait at a location, the oldest first."""
    statement = select(WaitlistEntry.id).where(
        WaitlistEntry.clinic_id == caller.clinic_id,
        WaitlistEntry.location_id == location_id,
        WaitlistEntry.status == "waiting",
    )
    return caller.session.scalars(statement.order_by(WaitlistEntry.id)).all()


def offer(caller: Caller, entry_id: UUID, freed: Freed) -> bool:
    """Hold the first slot in freed time that suits an entry, and offer it; False when there is none.

    This needs a transaction of its own, because it locks as a booking does. Of several transactions at
    the same time, only one makes an offer; an entry that does not wait any more gets none.
    """
    for _ in range(_ATTEMPTS):
        entry = _read(caller, entry_id)
        if entry is None:
            return False
        try:
            place = load_catalog(caller).engine.locations[entry.location_id]
            start = next(_suitable(caller, entry, freed, place), None)
            return start is not None and _offered(caller, entry, start, place)
        except Refused:
            continue
        except DomainError:
            # The visit cannot be asked for any more, for example because its procedure has retired.
            return False
    return False


def _read(caller: Caller, entry_id: UUID) -> WaitlistEntry | None:
    statement = select(WaitlistEntry).where(
        WaitlistEntry.clinic_id == caller.clinic_id,
        WaitlistEntry.id == entry_id,
        WaitlistEntry.status == "waiting",
    )
    return caller.session.scalar(statement.execution_options(populate_existing=True))


def _suitable(caller: Caller, entry: WaitlistEntry, freed: Freed, place: Place) -> Iterator[int]:
    """Yield the arrivals that suit: first at the beginning of the freed time, then in order of time."""
    first, last = _dates(caller, entry, freed, place)
    while first <= last:
        until = min(first + _STEP, last + _DAY)
        found = find(caller, visit_request_of(entry), first, until)
        stay = found.question.visit.leaves
        starts = [slot.start for slot in slots(found.openings, found.window)]
        fitting = [
            one for one in starts if freed.first - stay < one < freed.until and _wanted(entry, one, place)
        ]
        yield from sorted(fitting, key=lambda one: (one != freed.first, one))
        first = until


def _dates(caller: Caller, entry: WaitlistEntry, freed: Freed, place: Place) -> tuple[date, date]:
    today = caller.now.astimezone(place.zone).date()
    horizon = today + timedelta(days=place.policy.horizon_days)
    first = max(today, entry.earliest_on or today, local_date(freed.first, place.zone))
    return first, min(horizon, entry.latest_on or horizon, local_date(freed.until - 1, place.zone))


def _wanted(entry: WaitlistEntry, start: int, place: Place) -> bool:
    """Whether an arrival lies on a weekday and at a time of day that the patient wants."""
    at = from_tick(start).astimezone(place.zone)
    first, until = entry.from_time or 0, entry.until_time or DAY_MINUTES
    on_a_day = not entry.weekdays or at.weekday() in entry.weekdays
    return on_a_day and first <= at.hour * 60 + at.minute < until


def visit_request_of(entry: WaitlistEntry) -> VisitRequest:
    """Give the request of the visit that an entry waits for."""
    return VisitRequest(
        procedure_id=entry.procedure_id,
        location_id=entry.location_id,
        areas=tuple(entry.areas),
        therapist_id=entry.therapist_id,
        patient_id=entry.patient_id,
    )


def _offered(caller: Caller, entry: WaitlistEntry, start: int, place: Place) -> bool:
    """Hold the slot and offer it, unless the entry has changed before its patient was locked."""
    version = entry.version
    with caller.session.begin_nested():
        lock_catalogue(caller)
        lock(caller.session, patients=[entry.patient_id])
        current = _read(caller, entry.id)
        if current is None or current.version != version:
            return False
        lasting = timedelta(minutes=place.policy.offer_minutes)
        held = hold(caller, visit_request_of(current), from_tick(start), lasting)
        current.status = "offered"
        current.hold_id = held.appointment.id
        current.version += 1
        caller.session.flush()
        _tell(caller, current, held)
    return True


def _tell(caller: Caller, entry: WaitlistEntry, held: Visit) -> None:
    """Append the event, which names no patient, and the audit entry."""
    told = {
        "id": entry.id,
        "hold_id": entry.hold_id,
        "location_id": entry.location_id,
        "procedure_id": entry.procedure_id,
        "starts_at": held.appointment.starts_at,
        "expires_at": held.appointment.expires_at,
    }
    tell(caller, "waitlist.offered", entry.id, told)
    changes = {"status": ["waiting", "offered"], "hold_id": entry.hold_id}
    audit(caller, "waitlist_entry.offered", "waitlist_entry", entry.id, changes)


def expire(caller: Caller) -> int:
    """Expire the entries whose last date has passed at their location; give their number."""
    today = func.date(func.timezone(Location.timezone, caller.now))
    over = (
        select(WaitlistEntry)
        .join(
            Location,
            (Location.clinic_id == WaitlistEntry.clinic_id) & (Location.id == WaitlistEntry.location_id),
        )
        .where(
            WaitlistEntry.clinic_id == caller.clinic_id,
            WaitlistEntry.status == "waiting",
            WaitlistEntry.latest_on < today,
        )
        .with_for_update(of=WaitlistEntry, key_share=True, skip_locked=True)
    )
    found = caller.session.scalars(over.execution_options(populate_existing=True)).all()
    for entry in found:
        entry.status = "expired"
        entry.version += 1
        audit(
            caller, "waitlist_entry.expired", "waitlist_entry", entry.id, {"status": ["waiting", "expired"]}
        )
    caller.session.flush()
    return len(found)
