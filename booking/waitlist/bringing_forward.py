"""Moves a visit to the earlier time that its waitlist entry is offered."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from booking.appointments.hold_conversion import KEPT_BEFORE
from booking.appointments.moving import Placing, move_all
from booking.appointments.records import Visit, get_appointment, lock_appointment, with_phases
from booking.appointments.slot_holds import find
from booking.appointments.transitions import require_status
from booking.claims.expired_holds import end_hold, lock_and_sweep
from booking.core.caller import Caller
from booking.core.errors import NotFound, Refused
from booking.core.events import audit
from booking.flags.revalidation import judge_others
from booking.questions.availability import alternatives, offering_near_slots
from booking.questions.catalog import ClinicCatalog, locked_catalogue
from booking.questions.histories import load_patient
from booking.questions.judging import judge
from booking.questions.visit_requests import VisitRequest, ask, candidates, of_appointment
from booking.waitlist.open_offers import not_offered, read_entry, require_offer
from models import Appointment, WaitlistEntry
from scheduling.questions import Question
from scheduling.reasons import Refusal
from scheduling.ticks import to_tick


def bring_forward(caller: Caller, entry_id: UUID) -> Visit:
    """Move the visit to where its offer is, under its own id; its old time is free at once.

    It is judged by every rule as if neither the visit nor the offer took anything. Raise Refused, and keep
    the offer, when a rule refuses it now; HoldExpired or WrongStatus when there is no offer.
    """

    def near(refusals: Sequence[Refusal]) -> list[dict[str, Any]]:
        entry = read_entry(caller, entry_id)
        held, visit = _both(caller, entry)
        return alternatives(caller, _request(held, visit), to_tick(held.starts_at), refusals, visit.id)

    with offering_near_slots(caller, near):
        return _bring_forward(caller, entry_id)


def _both(caller: Caller, entry: WaitlistEntry) -> tuple[Appointment, Appointment]:
    """Give the hold of the offer and the visit to bring forward."""
    if entry.appointment_id is None:
        raise not_offered(entry.status)
    return get_appointment(caller, require_offer(entry)), get_appointment(caller, entry.appointment_id)


def _request(held: Appointment, visit: Appointment) -> VisitRequest:
    return of_appointment(visit, location_id=held.location_id, therapist_id=held.therapist_id)


def _bring_forward(caller: Caller, entry_id: UUID) -> Visit:
    catalog = locked_catalogue(caller)
    held, visit = _both(caller, read_entry(caller, entry_id))
    request = _request(held, visit)
    # A hold is a promise: a procedure or location that has retired since is still moved to.
    asked = ask(caller, catalog, request, even=[request.procedure_id, request.location_id], moves=True)
    lock_and_sweep(caller, patients=[visit.patient_id], resources=candidates(catalog, asked), also=held.id)
    entry = read_entry(caller, entry_id)
    if require_offer(entry) != held.id:
        raise not_offered("declined")
    try:
        held = find(caller, held.id, for_change=True)
    except NotFound as gone:
        raise not_offered("declined") from gone
    visit = lock_appointment(caller, visit.id, None)
    require_status("reschedule", visit)
    patient = load_patient(caller, catalog, entry.patient_id, visit.id)
    question = replace(asked, patient=patient, waived=KEPT_BEFORE)
    placing = _placing(caller, catalog, question, held, visit)
    _accept(caller, entry)
    end_hold(caller, held, "released")
    move_all(caller, catalog, [placing])
    affected = judge_others(caller, visit, catalog)
    return replace(with_phases(caller, [visit], catalog)[0], affected=affected)


def _placing(
    caller: Caller, catalog: ClinicCatalog, question: Question, held: Appointment, visit: Appointment
) -> Placing:
    """Give the visit's place in the time that is held for it, or raise Refused."""
    start = to_tick(held.starts_at)
    verdict = judge(caller, catalog, question, start, ignore=[held.id, visit.id])
    if verdict.assignment is None:
        raise Refused(verdict.refusals)
    return Placing(visit, question, replace(verdict, waived_codes=verdict.waived_codes - KEPT_BEFORE), start)


def _accept(caller: Caller, entry: WaitlistEntry) -> None:
    """Close the entry before its visit moves: it is accepted, and not fulfilled by other means."""
    entry.status = "accepted"
    entry.version += 1
    caller.session.flush()
    changes = {"status": ["offered", "accepted"]}
    audit(caller, "waitlist_entry.accepted", "waitlist_entry", entry.id, changes)
