"""Takes back the last change of a visit's status, with all that it did."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Final
from uuid import UUID

from booking.appointments.records import Visit, bump_version, get_appointment, lock_appointment, with_phases
from booking.appointments.steps import claims_before, forget_step, last_step, take_back
from booking.claims.claims import claim_spacing, delete_claims, load_claims
from booking.claims.expired_holds import lock_and_sweep
from booking.claims.real_use import free_parts, load_others, presence_of, real_use, write_use
from booking.claims.wishes import fulfil, present_place
from booking.clinical.medical_holds import withdraw
from booking.core.caller import Caller
from booking.core.errors import MissingScope, Refused, StaleVersion, WrongStatus
from booking.core.events import record
from booking.courses.courses import follow_any_status, require_sessions, select_course
from booking.day.occupying import (
    code_of,
    free_rest,
    patient_elsewhere,
    resources_of_visit,
    runs_into,
    taken_by,
)
from booking.day.start_judgement import under_a_floor
from booking.flags.flags import LATE, OVERLAP, flag_overrun
from booking.flags.revalidation import judge_others
from booking.questions.catalog import ClinicCatalog, locked_catalogue
from booking.questions.histories import load_history
from booking.questions.overrides import waivers
from booking.questions.visit_requests import find_course, question_of
from booking.questions.ways import TRAVELLING, load_ways
from models import Appointment, AppointmentStep
from models.statuses import APPOINTMENT_STATUSES, GONE, NOT_BEGUN, TO_COME
from scheduling.bits import Window
from scheduling.questions import Claim
from scheduling.reasons import Refusal, refuse
from scheduling.ticks import to_tick
from scheduling.travel import way_to

_FROM: Final = tuple(one for one in APPOINTMENT_STATUSES if one not in {"held", "booked"})
_LEAST: Final = timedelta(microseconds=1)
_OF_THE_DAY: Final = frozenset({LATE, OVERLAP})


# A step is taken back by setting what it has changed to what that was before: the status and its instant, the
# real times, the date that counts, a cancellation, an override of the start, the holds that an end opened.
# All that is derived follows by itself: progress of the course, messages, eligibility, feeds.
#
# What the visit occupied before is claimed again. It may have been given to others since, and then the undo
# is refused as a booking would be: another booking that was accepted is never taken back. Moves and visits
# that gave way stay as they are, so the step back goes to the earlier status at the place and time that the
# visit has now.
def undo(caller: Caller, appointment_id: UUID, reason: str, expected: int | None) -> Visit:
    """Take back the last change of status; raise Refused with every reason when its time is gone.

    Raise WrongStatus for a visit whose status has not changed, and MissingScope after the visit's own day
    without the scope override:clinician. `affected` are visits that are now in the way or too near.
    """
    catalog, visit, step = _lock(caller, appointment_id, expected)
    _require_scope(caller, visit)
    appointment, was = visit.appointment, visit.appointment.status
    before = load_claims(caller, [appointment.id])[appointment.id]
    counted = appointment.counts_from
    flags = {one["code"] for one in step.before["flags"]}
    take_back(appointment, visit.phases, step)
    appointment.flags = [
        one for one in appointment.flags if one["code"] not in _OF_THE_DAY or one["code"] in flags
    ]
    if was in GONE and appointment.status not in GONE:
        _require_session(caller, appointment)
    counts_anew = (was in GONE) != (appointment.status in GONE) or counted != appointment.counts_from
    claims = _claims_again(caller, catalog, visit, step)
    if refusals := list(
        _against(caller, catalog, visit, claims, comes_back=was in GONE, counts_anew=counts_anew)
    ):
        raise Refused(refusals)
    if claims is not None:
        write_use(caller, appointment, claims)
        free_rest(caller, appointment, before, claims)
    if counts_anew:
        _count_again(caller, catalog, appointment)
    opened = withdraw(caller, step.before.get("medical_holds", ()))
    forget_step(caller, step)
    bump_version(caller, appointment)
    record(caller, "corrected", appointment, {"status": [was, appointment.status], "reason": reason})
    follow_any_status(caller, appointment)
    if was in GONE and appointment.status in TO_COME and appointment.patient_id is not None:
        fulfil(caller, appointment.patient_id, present_place(catalog, appointment))
    run_into = flag_overrun(caller, appointment, runs_into(caller, visit))
    affected = judge_others(caller, appointment, catalog)
    found = dict.fromkeys((*opened, *(one.id for one in run_into), *affected))
    return replace(with_phases(caller, [appointment], catalog)[0], affected=list(found))


def _lock(
    caller: Caller, appointment_id: UUID, expected: int | None
) -> tuple[ClinicCatalog, Visit, AppointmentStep]:
    """Lock the visit with all that it takes and took before its last step; give it with that step."""
    catalog = locked_catalogue(caller)
    patient_id = get_appointment(caller, appointment_id).patient_id
    resources = taken_by(caller, appointment_id) | _taken_before(caller, appointment_id)
    lock_and_sweep(caller, patients=[patient_id], resources=resources)
    appointment = lock_appointment(caller, appointment_id, expected)
    [visit] = with_phases(caller, [appointment], catalog)
    step = last_step(caller, appointment_id)
    if step is None or step.before.get("after", appointment.status) != appointment.status:
        raise WrongStatus(_FROM, f"The appointment is {appointment.status}, and no step of it can be undone.")
    if not resources_of_visit(visit) | _taken_before(caller, appointment_id) <= resources:
        raise StaleVersion
    return catalog, visit, step


def _taken_before(caller: Caller, appointment_id: UUID) -> set[UUID]:
    step = last_step(caller, appointment_id)
    claims = (claims_before(step) if step is not None else None) or ()
    return {claim[0] for claim in claims}


def _require_scope(caller: Caller, visit: Visit) -> None:
    """Raise MissingScope after the last day that the visit touches, unless a clinician asks."""
    appointment, zone = visit.appointment, visit.zone
    planned = (appointment.ends_at - _LEAST).astimezone(zone).date()
    own_day = max(planned, appointment.performed_on or planned)
    if caller.now.astimezone(zone).date() > own_day and not caller.may_override("clinician"):
        raise MissingScope("Undoing a step after the visit's own day needs the scope override:clinician.")


def _require_session(caller: Caller, appointment: Appointment) -> None:
    """Lock the course of a visit that comes back; raise CourseFull or WrongStatus if it takes none."""
    if appointment.course_id is not None:
        course = caller.session.scalars(select_course(caller, appointment.course_id, for_change=True)).one()
        require_sessions(caller, course, 1)


def _claims_again(
    caller: Caller, catalog: ClinicCatalog, visit: Visit, step: AppointmentStep
) -> tuple[Claim, ...] | None:
    """Give what the visit is to claim as before the step; None when the step left its claims alone."""
    appointment, claims = visit.appointment, claims_before(step)
    if not claims or appointment.status not in NOT_BEGUN:
        return claims
    # It occupies its plan again, in the rooms and with the people that it has by now.
    use = real_use(caller, catalog, appointment, visit.phases)
    overlaps = any(one["code"] == OVERLAP for one in appointment.flags)
    # A visit that was noted where others had been never had more than what they left free.
    return use.free if overlaps else use.claims


def _against(
    caller: Caller,
    catalog: ClinicCatalog,
    visit: Visit,
    claims: Sequence[Claim] | None,
    *,
    comes_back: bool,
    counts_anew: bool,
) -> Iterator[Refusal]:
    """Yield every reason against a visit that is to claim its time, its patient and its spacing again.

    The staff of a visit that `comes_back` must also manage the way from and to what they have elsewhere.
    """
    appointment = visit.appointment
    if claims:
        yield from _gone(caller, catalog, appointment, claims)
        if comes_back and TRAVELLING not in waivers(appointment).codes:
            yield from _travelling(caller, catalog, appointment, claims)
    if appointment.status in GONE or appointment.patient_id is None:
        return
    if claims is not None:
        yield from _patient_busy(caller, visit)
    if counts_anew:
        history = load_history(caller, catalog, appointment.patient_id)
        yield from under_a_floor(caller, catalog, appointment, history)


def _gone(
    caller: Caller, catalog: ClinicCatalog, appointment: Appointment, claims: Sequence[Claim]
) -> Iterator[Refusal]:
    """Yield a refusal for each resource that others have claimed since."""
    others = load_others(caller, appointment.id, claims)
    taken = {claim[0] for claim in claims if free_parts([claim], others) != (claim,)}
    for resource_id in sorted(taken):
        yield refuse(code_of(catalog, resource_id), resource_id=resource_id)


def _travelling(
    caller: Caller, catalog: ClinicCatalog, appointment: Appointment, claims: Sequence[Claim]
) -> Iterator[Refusal]:
    """Yield a refusal for each person who is on the way from or to another location by now."""
    place = catalog.engine.locations[appointment.location_id]
    window = Window(min(start for *_, start, _ in claims), max(end for *_, end in claims))
    taken = {resource_id for resource_id, *_ in claims}
    ways = load_ways(caller, catalog, taken, [place], window, [appointment.id], stays=True)
    late = {one for one, _, *span in claims if ways.get((way_to(one, place.id), 0), 0) & window.span(*span)}
    for person_id in sorted(late):
        yield refuse(TRAVELLING, resource_id=person_id)


def _patient_busy(caller: Caller, visit: Visit) -> Iterator[Refusal]:
    appointment = visit.appointment
    start, end = appointment.present_from, appointment.present_until
    presence = presence_of(visit.phases) if start is None or end is None else (to_tick(start), to_tick(end))
    if presence[0] < presence[1] and patient_elsewhere(caller, appointment, presence):
        yield refuse("patient_busy")


def _count_again(caller: Caller, catalog: ClinicCatalog, appointment: Appointment) -> None:
    """Claim the spacing of the date from which the visit counts by now, or none for a visit that is gone."""
    if appointment.status in GONE:
        delete_claims(caller.session, appointment)
        return
    course = find_course(caller, catalog, appointment.course_id, appointment.patient_id)
    question = question_of(caller, catalog, appointment, None, course)
    claim_spacing(caller.session, catalog, question, appointment)
