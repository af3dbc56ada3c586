"""Turns a slot hold into an appointment with the same id and claims, if the patient's rules allow it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final
from uuid import UUID

from booking.appointments.online_limits import require_fewer_visits
from booking.appointments.records import Visit, stored_notice, when_and_where, with_phases
from booking.appointments.slot_holds import find
from booking.claims.claims import claim_spacing
from booking.claims.expired_holds import lock_and_sweep
from booking.claims.freed_time import follow_hold
from booking.claims.wishes import fulfil, place_of
from booking.core.caller import Caller
from booking.core.errors import Invalid, Refused
from booking.core.events import record
from booking.courses.courses import follow_visit, require_course
from booking.flags.external_busy import tell_conflicts
from booking.flags.revalidation import judge_others
from booking.questions.availability import alternatives, offering_near_slots
from booking.questions.catalog import ClinicCatalog, load_catalog, locked_catalogue
from booking.questions.histories import History, load_history
from booking.questions.judging import Override, judge
from booking.questions.overrides import overridden
from booking.questions.visit_requests import VisitRequest, ask, of_appointment
from models import Appointment, WaitlistEntry
from scheduling.questions import Question, Verdict
from scheduling.reasons import Refusal
from scheduling.ticks import to_tick

# The notice was kept when the hold was made; the patient may need some minutes of it to decide.
KEPT_BEFORE: Final = frozenset({"min_notice"})


@dataclass(frozen=True, slots=True)
class Conversion:
    """A hold and the patient whose appointment it becomes; without a course, the hold's own course stays."""

    hold_id: UUID
    patient_id: UUID
    course_id: UUID | None = None
    override: Override | None = None
    notes: str | None = None


def convert(caller: Caller, wanted: Conversion) -> Visit:
    """Book what the hold keeps; raise Refused with every reason and near slots, and leave the hold as it is.

    Raise HoldExpired, HoldConverted or NotFound as `slot_holds.find` does.
    """

    def near(refusals: Sequence[Refusal]) -> list[dict[str, Any]]:
        held = find(caller, wanted.hold_id)
        own = held.id if held.patient_id is not None else None
        return alternatives(caller, _request(held, wanted), to_tick(held.starts_at), refusals, own)

    with offering_near_slots(caller, near):
        return _convert(caller, wanted)


def validate(caller: Caller, wanted: Conversion) -> Verdict:
    """Judge a conversion as `convert` would, and write nothing."""
    held = find(caller, wanted.hold_id)
    _check_patient(caller, held, wanted)
    catalog = load_catalog(caller)
    question, _ = _question(caller, catalog, held, wanted, for_change=False)
    return judge(caller, catalog, question, to_tick(held.starts_at), wanted.override, held.id, stays=True)


def _convert(caller: Caller, wanted: Conversion) -> Visit:
    session = caller.session
    catalog = locked_catalogue(caller)
    lock_and_sweep(caller, patients=[wanted.patient_id], also=wanted.hold_id)
    held = find(caller, wanted.hold_id, for_change=True)
    _check_patient(caller, held, wanted)
    require_fewer_visits(caller, wanted.patient_id)
    question, history = _question(caller, catalog, held, wanted, for_change=True)
    start = to_tick(held.starts_at)
    verdict = judge(caller, catalog, question, start, wanted.override, held.id, stays=True)
    if verdict.assignment is None:
        raise Refused(verdict.refusals)
    allowed = replace(verdict, waived_codes=verdict.waived_codes - KEPT_BEFORE)
    held.overrides = overridden(caller, question, start, allowed, wanted.override)
    held.warnings = [stored_notice(notice) for notice in verdict.warnings]
    _become(caller, held, wanted)
    claim_spacing(session, catalog, question, held)
    record(caller, "booked", held, {"after": when_and_where(held)})
    tell_conflicts(caller, held)
    if held.overrides:
        record(caller, "overridden", held, {"overrides": held.overrides[-1]})
    follow_visit(caller, held)
    if history.waits:
        fulfil(caller, wanted.patient_id, place_of(question, start, held.therapist_id), booked=held.id)
    if any(visit.flagged for visit in history.visits):
        judge_others(caller, held, catalog)
    return with_phases(caller, [held], catalog)[0]


def _become(caller: Caller, held: Appointment, wanted: Conversion) -> None:
    held.status = "booked"
    held.status_since = caller.now
    held.expires_at = None
    held.online = caller.publishable
    held.patient_id = wanted.patient_id
    held.course_id = wanted.course_id or held.course_id
    held.notes = wanted.notes
    # Who held it on the network is of no further use.
    held.hold = {**(held.hold or {}), "ended": "converted", "visitor": None}
    held.version += 1
    caller.session.flush()
    follow_hold(caller, held, "converted")


def _check_patient(caller: Caller, held: Appointment, wanted: Conversion) -> None:
    """Refuse a hold of another patient; a hold that is offered to a patient names the waitlist entry."""
    patient_id = held.patient_id
    if (entry_id := (held.hold or {}).get("waitlist_entry_id")) is not None:
        entry = caller.session.get_one(WaitlistEntry, (caller.clinic_id, UUID(entry_id)))
        if entry.appointment_id is not None:
            raise Invalid("/hold_id", "It is offered for a visit that is booked: accept the waitlist entry.")
        patient_id = entry.patient_id
    if patient_id not in {None, wanted.patient_id}:
        raise Invalid("/patient_id", "The hold was made for another patient.")


def _request(held: Appointment, wanted: Conversion) -> VisitRequest:
    course_id = wanted.course_id or held.course_id
    return of_appointment(
        held, therapist_id=held.therapist_id, patient_id=wanted.patient_id, course_id=course_id
    )


def _question(
    caller: Caller, catalog: ClinicCatalog, held: Appointment, wanted: Conversion, *, for_change: bool
) -> tuple[Question, History]:
    """Give the question for the held visit and its patient, and the patient's history."""
    request = _request(held, wanted)
    history = load_history(caller, catalog, wanted.patient_id)
    if request.course_id is not None:
        require_course(
            caller, request.course_id, request.patient_id, request.procedure_id, for_change=for_change
        )
    # A hold is a promise: a procedure or location that has retired since the hold was made is still booked.
    even = [request.procedure_id, request.location_id]
    question = ask(caller, catalog, request, history.patient(held.id), even=even)
    return replace(question, waived=KEPT_BEFORE), history
