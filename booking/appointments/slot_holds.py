"""Slot holds: a visit's time, kept for a few minutes while a patient decides."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

from sqlalchemy import select

from booking.appointments.book import lock_for
from booking.appointments.online_limits import require_fewer_holds
from booking.appointments.records import Visit, add_appointment
from booking.claims.claims import claims_of
from booking.claims.expired_holds import end_hold, require_live
from booking.core.bulk_insert import insert_rows
from booking.core.caller import Caller
from booking.core.errors import HoldConverted, HoldExpired, HoldExtended, NotFound, Refused
from booking.core.events import audit, facts
from booking.courses.courses import require_course
from booking.questions.availability import alternatives, offering_near_slots
from booking.questions.catalog import load_catalog
from booking.questions.histories import ask_with_history
from booking.questions.judging import judge
from booking.questions.visit_requests import VisitRequest
from models import Appointment
from scheduling.ticks import to_tick


@dataclass(frozen=True, slots=True)
class Offer:
    """What a hold is offered for: an entry of the waitlist, and the booked visit that it is to bring forward.

    `beside` are the holds of the patient's other open offers, which count as visits of the patient.
    """

    entry_id: UUID
    moves: UUID | None = None
    beside: Sequence[UUID] = ()


def hold(caller: Caller, request: VisitRequest, starts_at: datetime, ttl: timedelta | None = None) -> Visit:
    """Keep all that the visit takes for `ttl` of real time, by default the location's `hold_seconds`.

    If the request names a patient, the patient's rules count too. Raise Refused with every reason and near
    slots as a booking does, and TooManyHolds when a publishable key has too many holds here.
    """
    start = to_tick(starts_at)
    with offering_near_slots(caller, partial(alternatives, caller, request, start)):
        return _hold(caller, request, start, ttl)


# What is offered claims staff, rooms and devices, but nothing of the patient: neither the time nor the
# distance to other visits. So an offer that is not accepted yet never stands in the way of what its patient
# books or moves meanwhile, nor of the visit that it is to bring forward. To accept it judges the patient by
# every rule.
def hold_for_offer(
    caller: Caller, request: VisitRequest, starts_at: datetime, ttl: timedelta, offer: Offer
) -> Visit:
    """Keep all that the visit takes, for its patient to accept; raise Refused when a rule refuses it."""
    return _hold(caller, request, to_tick(starts_at), ttl, offer)


def _hold(
    caller: Caller,
    request: VisitRequest,
    start: int,
    ttl: timedelta | None,
    offer: Offer | None = None,
) -> Visit:
    require_fewer_holds(caller, request.location_id)
    catalog = lock_for(caller, [request])
    moves, beside = (None, ()) if offer is None else (offer.moves, offer.beside)
    if request.course_id is not None and moves is None:
        require_course(caller, request.course_id, request.patient_id, request.procedure_id)
    question = ask_with_history(caller, catalog, request, moves, beside)
    verdict = judge(caller, catalog, question, start)
    if verdict.assignment is None:
        raise Refused(verdict.refusals)
    lasting = ttl or timedelta(seconds=question.location.policy.hold_seconds)
    made_by: dict[str, Any] = {
        "key_id": caller.key_id and str(caller.key_id),
        "visitor": caller.visitor,
        "extended": False,
        "ended": None,
    }
    if offer is not None:
        made_by["waitlist_entry_id"] = str(offer.entry_id)
        request = replace(request, patient_id=None, course_id=None if moves else request.course_id)
    expires_at = caller.real_now + lasting
    held = add_appointment(
        caller, request, question, verdict, start, status="held", expires_at=expires_at, hold=made_by
    )
    phases, claims = claims_of(catalog, question, held, verdict.assignment)
    insert_rows(caller.session, *claims, *facts(caller, "created", held, of="hold"))
    return Visit(held, phases, question.location.zone)


def get(caller: Caller, hold_id: UUID) -> Visit:
    """Give a live hold; raise what `find` raises for any other."""
    return _shown(caller, find(caller, hold_id))


def extend(caller: Caller, hold_id: UUID, ttl: timedelta | None = None) -> Visit:
    """Let a hold last for `ttl` from now, by default the location's `hold_seconds`, but never end it earlier.

    Raise HoldExtended when the hold has been extended before.
    """
    held = find(caller, hold_id, for_change=True)
    if (held.hold or {}).get("extended"):
        raise HoldExtended
    shown = _shown(caller, held)
    catalog = load_catalog(caller)
    policy = catalog.engine.locations[held.location_id].policy
    lasting = ttl or timedelta(seconds=policy.hold_seconds)
    held.expires_at = max(held.expires_at or caller.real_now, caller.real_now + lasting)
    held.hold = {**(held.hold or {}), "extended": True}
    held.version += 1
    caller.session.flush()
    audit(caller, "hold.extended", "appointment", held.id, {"fields": ["expires_at"]})
    return shown


def release(caller: Caller, hold_id: UUID) -> None:
    """Release a hold, so that its time is free at once."""
    end_hold(caller, find(caller, hold_id, for_change=True), "released")


def find(caller: Caller, hold_id: UUID, *, for_change: bool = False) -> Appointment:
    """Give a live hold that the caller may see; `for_change` locks its row.

    Raise HoldExpired for an expired hold, HoldConverted for a hold that has become an appointment, and
    NotFound for a released hold, or for a publishable key that has not made the hold itself.
    """
    statement = select(Appointment).where(
        Appointment.clinic_id == caller.clinic_id, Appointment.id == hold_id, Appointment.hold.is_not(None)
    )
    if for_change:
        statement = statement.with_for_update(key_share=True).execution_options(populate_existing=True)
    found = caller.session.scalar(statement)
    if found is None or not _may_see(caller, found):
        raise NotFound("hold")
    match (found.hold or {})["ended"]:
        case "released":
            raise NotFound("hold")
        case "expired":
            raise HoldExpired
        case "converted":
            raise HoldConverted
    require_live(caller, found)
    return found


def _may_see(caller: Caller, held: Appointment) -> bool:
    if caller.location_ids is not None and held.location_id not in caller.location_ids:
        return False
    return not caller.publishable or (held.hold or {}).get("key_id") == str(caller.key_id)


def _shown(caller: Caller, held: Appointment) -> Visit:
    catalog = load_catalog(caller)
    return Visit(held, (), catalog.engine.locations[held.location_id].zone)
