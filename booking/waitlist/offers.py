"""Offers freed time to waiting patients: holds the first slot that suits an entry by every rule."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, or_, select

from booking.appointments.records import Visit
from booking.appointments.slot_holds import Offer, hold_for_offer
from booking.core.caller import Caller
from booking.core.errors import DomainError, Refused
from booking.core.events import audit, tell
from booking.core.locks import lock
from booking.questions.catalog import load_catalog, locked_catalogue
from booking.waitlist.suitable_times import Freed, Wanted, other_offers, suitable, wanted_by
from models import Appointment, Course, Location, WaitlistEntry
from models.statuses import COURSES_OPEN
from scheduling.questions import Slot
from scheduling.ticks import from_tick

# Another act may take a slot between the search and the hold; then the search is repeated.
_ATTEMPTS: Final = 3


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
            wanted = wanted_by(caller, entry)
            slot = next(suitable(caller, load_catalog(caller), entry, wanted, freed), None)
            return slot is not None and _offered(caller, entry, wanted, slot)
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


def _offered(caller: Caller, entry: WaitlistEntry, wanted: Wanted, slot: Slot) -> bool:
    """Hold the slot and offer it, unless the entry or its visit has changed before its patient was locked."""
    version, visit_id = entry.version, wanted.visit_id
    with caller.session.begin_nested():
        catalog = locked_catalogue(caller)
        lock(caller.session, patients=[entry.patient_id])
        current = _read(caller, entry.id)
        if current is None or current.version != version:
            return False
        asked = wanted_by(caller, current)
        if not asked.is_earlier(slot.start):
            return False
        request = replace(asked.request, therapist_id=asked.led_by(slot))
        policy = catalog.engine.locations[current.location_id].policy
        lasting = timedelta(minutes=policy.offer_minutes)
        offer_of = Offer(entry.id, visit_id, other_offers(caller, current))
        held = hold_for_offer(caller, request, from_tick(slot.start), lasting, offer_of)
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
    """Expire the entries that can be offered nothing any more; give their number.

    Their last date has passed at their location, their visit to bring forward has begun, or their course is
    over.
    """
    today = func.date(func.timezone(Location.timezone, caller.now))
    over = (
        select(WaitlistEntry)
        .join(Location, _same(WaitlistEntry.location_id, Location))
        .outerjoin(Appointment, _same(WaitlistEntry.appointment_id, Appointment))
        .outerjoin(Course, _same(WaitlistEntry.course_id, Course))
        .where(
            WaitlistEntry.clinic_id == caller.clinic_id,
            WaitlistEntry.status == "waiting",
            or_(
                WaitlistEntry.latest_on < today,
                Appointment.starts_at <= caller.now,
                Course.status.not_in(COURSES_OPEN),
            ),
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


def _same(reference: Any, model: Any) -> ColumnElement[bool]:  # noqa: ANN401 - a column and a mapped class
    return and_(model.clinic_id == WaitlistEntry.clinic_id, model.id == reference)
