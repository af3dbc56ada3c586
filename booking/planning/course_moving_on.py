"""Moves a course on: after a session was moved, proposes places for the later sessions, or moves them all."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from booking.appointments.moving import Placing, move_all
from booking.appointments.records import get_appointment
from booking.claims.expired_holds import lock_and_sweep
from booking.core.caller import Caller
from booking.core.errors import NotFound, Refused, StaleVersion
from booking.courses.courses import select_course
from booking.flags.revalidation import judge_others
from booking.flags.visits_to_recheck import lock_rows
from booking.planning.course_plan import Planned, Planner, find_course
from booking.questions.catalog import ClinicCatalog, load_catalog, locked_catalogue
from booking.questions.histories import History, load_history
from booking.questions.judging import judge
from booking.questions.visit_requests import ask, candidates, of_appointment
from models import Appointment, Course
from models.statuses import TO_COME
from scheduling.plans import Preferences, Proposal
from scheduling.questions import Question
from scheduling.reasons import Refusal
from scheduling.ticks import to_tick


@dataclass(frozen=True, slots=True)
class MovedSession:
    """A booked visit (a row of the history) and its place after the course has moved on, perhaps the same."""

    visit: Any
    planned: Planned

    @property
    def moves(self) -> bool:
        """Whether the visit changes its time or its therapist."""
        proposal = self.planned.proposal
        stays = to_tick(self.visit.starts_at) == proposal.start
        return not (stays and self.visit.therapist_id == proposal.therapist_id)


@dataclass(frozen=True, slots=True)
class MovingOn:
    """The places of the later sessions in order of time, and the refusals of the first that has no place."""

    sessions: Sequence[MovedSession]
    refusals: tuple[Refusal, ...] = ()
    unplaced: int = 0
    applied: bool = False
    affected: Sequence[UUID] = ()


def propose_moving_on(caller: Caller, course_id: UUID, appointment_id: UUID) -> MovingOn:
    """Propose places for the sessions after this appointment; raise NotFound unless the course has it."""
    course = find_course(caller, course_id)
    catalog = load_catalog(caller)
    return _plan(caller, catalog, course, appointment_id)


def apply_moving_on(caller: Caller, course_id: UUID, appointment_id: UUID, expected: int | None) -> MovingOn:
    """Move all sessions after this appointment; raise Refused, and move none, if a session has no place."""
    with caller.session.begin_nested():
        course, catalog = _locked(caller, course_id, appointment_id, expected)
        moving_on = _plan(caller, catalog, course, appointment_id)
        if moving_on.unplaced:
            raise Refused(moving_on.refusals, by_visit={len(moving_on.sessions): moving_on.refusals})
        ids = [one.visit.id for one in moving_on.sessions]
        placings = [_placing(caller, catalog, one, ids) for one in moving_on.sessions if one.moves]
        move_all(caller, catalog, _without_meeting(placings))
        affected = judge_others(caller, get_appointment(caller, appointment_id), catalog)
    return replace(moving_on, applied=True, affected=affected)


def _without_meeting(placings: Sequence[Placing]) -> list[Placing]:
    """Order moves so that no visit meets another's old time: the patient never has two visits at a time.

    The visits keep their order in time. So visits that move to a later time go first, the last of them
    before the others; then the visits that move to an earlier time follow in order of time.
    """
    later = [one for one in placings if one.start > to_tick(one.appointment.starts_at)]
    return [*reversed(later), *(one for one in placings if one not in later)]


def _locked(
    caller: Caller, course_id: UUID, appointment_id: UUID, expected: int | None
) -> tuple[Course, ClinicCatalog]:
    """Lock the patient and all that the visits could take, then the rows of the visits and their course."""
    catalog = locked_catalogue(caller)
    session, course = caller.session, find_course(caller, course_id)
    visits = _later(_history(caller, catalog, course), course, appointment_id)
    resources = {one for visit in visits for one in candidates(catalog, _question(caller, catalog, visit))}
    resources |= {visit.therapist_id for visit in visits if visit.therapist_id is not None}
    lock_and_sweep(caller, patients=[course.patient_id], resources=resources)
    lock_rows(caller, Appointment.id.in_([visit.id for visit in visits]))
    course = session.scalars(select_course(caller, course_id, for_change=True)).one()
    if expected is not None and course.version != expected:
        raise StaleVersion
    return course, catalog


def _history(caller: Caller, catalog: ClinicCatalog, course: Course) -> History:
    return load_history(caller, catalog, course.patient_id, with_holds=False)


def _later(history: History, course: Course, appointment_id: UUID) -> list[Any]:
    """Give the course's visits after this appointment that can still be moved."""
    own = [visit for visit in history.visits if visit.course_id == course.id]
    after = next((visit for visit in own if visit.id == appointment_id), None)
    if after is None:
        raise NotFound("appointment", "/appointment_id")
    return [one for one in own if one.status in TO_COME and one.starts_at > after.starts_at]


def _question(caller: Caller, catalog: ClinicCatalog, visit: Any) -> Question:  # noqa: ANN401 - a row of the query
    return ask(caller, catalog, of_appointment(visit), even=[visit.procedure_id, visit.location_id])


def _plan(caller: Caller, catalog: ClinicCatalog, course: Course, appointment_id: UUID) -> MovingOn:
    history = _history(caller, catalog, course)
    visits = _later(history, course, appointment_id)
    ids = [visit.id for visit in visits]
    planner = Planner(caller, catalog, history.patient(*ids), Preferences(), ids)
    found: list[MovedSession] = []
    for visit in visits:
        question = replace(_question(caller, catalog, visit), patient=planner.patient)
        planner.preferences = _as_now(visit, question)
        proposal = planner.find(question, caller.now.astimezone(question.location.zone).date())
        if not isinstance(proposal, Proposal):
            return MovingOn(found, proposal, len(visits) - len(found))
        found.append(MovedSession(visit, planner.keep(question, proposal)))
    return MovingOn(found)


def _as_now(visit: Any, question: Question) -> Preferences:  # noqa: ANN401 - a row of the query
    """Prefer the weekday, the time of day and the therapist that the visit has now."""
    local = visit.starts_at.astimezone(question.location.zone)
    return Preferences(
        weekdays=frozenset({local.weekday()}),
        minute=local.hour * 60 + local.minute,
        therapist_id=visit.therapist_id,
    )


def _placing(caller: Caller, catalog: ClinicCatalog, one: MovedSession, ignored: Sequence[UUID]) -> Placing:
    proposal = one.planned.proposal
    question = replace(one.planned.question, therapist_id=proposal.therapist_id)
    verdict = judge(caller, catalog, question, proposal.start, ignore=ignored)
    if verdict.assignment is None:
        raise Refused(verdict.refusals)
    return Placing(get_appointment(caller, one.visit.id), question, verdict, proposal.start)
