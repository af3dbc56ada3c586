"""Takes on a patient who was given up as a no-show, if the time of the visit can still be had."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from booking.appointments.records import Visit, get_appointment, lock_appointment, set_placement, with_phases
from booking.appointments.transitions import end, note_arrival, remembered
from booking.claims.claims import claims_of, delete_claims
from booking.claims.expired_holds import lock_and_sweep
from booking.core.bulk_insert import insert_rows
from booking.core.caller import Caller
from booking.core.errors import Refused, StaleVersion
from booking.courses.courses import follow_visit, require_sessions, select_course
from booking.day.arrival_times import arrived_at, times_of_today
from booking.day.late_arrival import resources_of
from booking.day.occupying import note_closing
from booking.day.planned_visits import PlannedVisit, check_place, planned_visit
from booking.day.start_judgement import under_a_floor
from booking.flags.flags import LATE, add_flag
from booking.flags.revalidation import judge_others
from booking.questions.busy import busy_for
from booking.questions.catalog import ClinicCatalog, locked_catalogue
from booking.questions.histories import History, load_histories
from booking.questions.visit_requests import find_course
from booking.questions.windows import day_of
from models import Appointment
from scheduling.questions import Verdict
from scheduling.ticks import ceil_tick


def come_after_all(
    caller: Caller, appointment_id: UUID, expected: int | None, at: datetime | None = None
) -> Visit:
    """Note that a patient is here who was noted as a no-show, and claim the visit's time again.

    The times stay, and so do the therapist and, if possible, the rooms. Raise Refused with every reason and
    other times of today when the time is taken, or when a session was booked since that is nearer than a
    floor; CourseFull or WrongStatus when the course has no session left. `affected` are the patient's
    visits to come that are too near to this one.
    """
    catalog, histories = _lock(caller, appointment_id)
    appointment = lock_appointment(caller, appointment_id, expected)
    if appointment.status != "no_show" or appointment.patient_id not in {None, *histories}:
        # Another act has changed it, or its patient was merged into another, while this act waited.
        raise StaleVersion
    given_up = remembered(with_phases(caller, [appointment], catalog)[0])
    at = arrived_at(caller, given_up, at)
    _take_again(caller, catalog, appointment, histories)
    add_flag(caller, appointment, LATE)
    visit = replace(given_up, phases=with_phases(caller, [appointment], catalog)[0].phases)
    note_arrival(visit, at)
    note_closing(catalog, visit, ceil_tick(appointment.ends_at))
    arrived = end(caller, visit, "arrived", "arrived", at, claims=())
    return replace(arrived, affected=judge_others(caller, appointment, catalog))


def _lock(caller: Caller, appointment_id: UUID) -> tuple[ClinicCatalog, Mapping[UUID, History]]:
    """Lock the patient and all that the visit had or could get; give the patient's history as it is then."""
    catalog = locked_catalogue(caller)
    appointment = get_appointment(caller, appointment_id)
    patients = [one for one in (appointment.patient_id,) if one is not None]
    before = load_histories(caller, catalog, patients)
    resources = resources_of(catalog, [_planned_visit(caller, catalog, appointment, before)])
    lock_and_sweep(caller, patients=patients, resources=resources)
    return catalog, load_histories(caller, catalog, patients)


def _planned_visit(
    caller: Caller, catalog: ClinicCatalog, appointment: Appointment, histories: Mapping[UUID, History]
) -> PlannedVisit:
    """Give the visit with the course that it belonged to: a visit that is gone is in no history."""
    history = None if appointment.patient_id is None else histories[appointment.patient_id]
    planned = planned_visit(caller, catalog, with_phases(caller, [appointment], catalog)[0], history)
    course = find_course(caller, catalog, appointment.course_id, appointment.patient_id)
    return replace(planned, question=replace(planned.question, course=course))


def _take_again(
    caller: Caller, catalog: ClinicCatalog, appointment: Appointment, histories: Mapping[UUID, History]
) -> None:
    """Let the visit be booked again where it was, or raise Refused; the caller holds the locks."""
    if appointment.course_id is not None:
        course = caller.session.scalars(select_course(caller, appointment.course_id, for_change=True)).one()
        require_sessions(caller, course, 1)
    planned = _planned_visit(caller, catalog, appointment, histories)
    verdict = _placed(caller, catalog, planned)
    history = None if appointment.patient_id is None else histories[appointment.patient_id]
    floors = [] if history is None else under_a_floor(caller, catalog, appointment, history)
    refusals = [*verdict.refusals, *floors]
    if refusals or verdict.assignment is None:
        raise Refused(refusals, times_of_today(caller, appointment))
    delete_claims(caller.session, appointment, phases=True)
    warnings = appointment.warnings
    set_placement(appointment, planned.question, verdict, planned.start)
    appointment.warnings, appointment.status = warnings, "booked"
    caller.session.flush()
    _, claims = claims_of(catalog, planned.question, appointment, verdict.assignment)
    insert_rows(caller.session, *claims)
    follow_visit(caller, appointment)


def _placed(caller: Caller, catalog: ClinicCatalog, planned: PlannedVisit) -> Verdict:
    """Place the visit at its own time, with its own rooms and devices if these are free."""
    question, start = planned.question, planned.start
    window = day_of(question, start)
    own_id = planned.visit.appointment.id
    busy = busy_for(caller, catalog, question, window, without=own_id, stays=True)
    kept = check_place(catalog, question, busy, start, window, planned.resources)
    return kept if kept.assignment else check_place(catalog, question, busy, start, window)
