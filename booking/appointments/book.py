"""Books a visit: locks what the visit could take, asks the engine, and writes the appointment."""

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from uuid import UUID

from booking.appointments.online_limits import require_fewer_visits
from booking.appointments.records import Visit, add_appointment, when_and_where
from booking.claims.claims import claims_of
from booking.claims.expired_holds import lock_and_sweep
from booking.claims.real_use import beside_others
from booking.claims.wishes import fulfil, place_of
from booking.core.bulk_insert import insert_rows
from booking.core.caller import Caller
from booking.core.errors import NotFound, Refused, pointing_into
from booking.core.events import facts, record
from booking.courses.courses import follow_visit, require_course
from booking.flags.flags import OVERLAP, add_flag
from booking.flags.revalidation import judge_others
from booking.questions.availability import alternatives, offering_near_slots
from booking.questions.catalog import ClinicCatalog, load_catalog, locked_catalogue
from booking.questions.histories import ask_with_history, load_history
from booking.questions.judging import Override, judge
from booking.questions.overrides import overridden
from booking.questions.visit_requests import VisitRequest, ask, candidates
from scheduling.questions import Verdict
from scheduling.ticks import to_tick


def book(
    caller: Caller,
    request: VisitRequest,
    starts_at: datetime,
    override: Override | None = None,
    notes: str | None = None,
) -> Visit:
    """Book a visit; raise Refused with every reason and near slots when it cannot take place."""
    start = to_tick(starts_at)
    with offering_near_slots(caller, partial(alternatives, caller, request, start)):
        return write(caller, lock_for(caller, [request]), request, start, override, notes)


def lock_for(caller: Caller, requests: Sequence[VisitRequest], root: str = "") -> ClinicCatalog:
    """Lock the catalogue, the patients and all that these visits could take; give the locked catalogue.

    Expired holds that still take any of it are ended. `root` points at the list of the requests in the body.
    """
    catalog = locked_catalogue(caller)
    resources: set[UUID] = set()
    for place, request in enumerate(requests):
        with pointing_into(f"{root}/{place}" if root else ""):
            resources |= candidates(catalog, ask(caller, catalog, request))
    lock_and_sweep(caller, patients=[request.patient_id for request in requests], resources=resources)
    return catalog


def write(
    caller: Caller,
    catalog: ClinicCatalog,
    request: VisitRequest,
    start: int,
    override: Override | None,
    notes: str | None,
) -> Visit:
    """Judge a visit under its locks, and write it with its claims and events or raise Refused."""
    if request.patient_id is None:
        raise NotFound("patient", "/patient_id")
    require_fewer_visits(caller, request.patient_id)
    history = load_history(caller, catalog, request.patient_id)
    if request.course_id is not None:
        require_course(caller, request.course_id, request.patient_id, request.procedure_id, for_change=True)
    question = ask(caller, catalog, request, history.patient())
    verdict = judge(caller, catalog, question, start, override)
    if verdict.assignment is None:
        raise Refused(verdict.refusals)
    overrides = overridden(caller, question, start, verdict, override)
    appointment = add_appointment(
        caller,
        request,
        question,
        verdict,
        start,
        status="booked",
        notes=notes,
        overrides=overrides,
        online=caller.publishable,
    )
    assignment = verdict.assignment
    if verdict.overlaps:
        add_flag(caller, appointment, OVERLAP)
        assignment = beside_others(caller, appointment.id, assignment)
    phases, claims = claims_of(catalog, question, appointment, assignment)
    booked = facts(caller, "booked", appointment, {"after": when_and_where(appointment)})
    insert_rows(caller.session, *claims, *booked)
    if appointment.overrides:
        record(caller, "overridden", appointment, {"overrides": appointment.overrides[-1]})
    follow_visit(caller, appointment)
    if history.waits:
        fulfil(caller, request.patient_id, place_of(question, start, appointment.therapist_id))
    if any(visit.flagged for visit in history.visits):
        # The new visit may be what a rule missed before a flagged visit: judge the others again.
        judge_others(caller, appointment, catalog)
    return Visit(appointment, phases, question.location.zone)


def validate(
    caller: Caller,
    request: VisitRequest,
    starts_at: datetime,
    override: Override | None = None,
    ignore: UUID | None = None,
) -> Verdict:
    """Judge a booking as `book` would, and write nothing; `ignore` is an appointment that counts as gone."""
    catalog = load_catalog(caller)
    if request.course_id is not None:
        require_course(caller, request.course_id, request.patient_id, request.procedure_id)
    question = ask_with_history(caller, catalog, request, ignore)
    return judge(caller, catalog, question, to_tick(starts_at), override, ignore)
