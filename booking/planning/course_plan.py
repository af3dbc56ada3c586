"""Plans the sessions that a course still needs, each as if the sessions before it were booked."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from booking.core.caller import Caller
from booking.core.errors import Invalid, NotFound
from booking.courses.courses import procedures_of, require_sessions, select_course, sessions_left
from booking.questions.busy import busy_for
from booking.questions.catalog import ClinicCatalog, load_catalog
from booking.questions.histories import History, load_history
from booking.questions.visit_requests import VisitRequest, ask
from booking.questions.windows import arrivals, day_of
from models import Course
from scheduling.eligibility import Eligibility, eligibility
from scheduling.engine import check, search
from scheduling.openings import slots
from scheduling.plans import Preferences, Proposal, choose
from scheduling.questions import Patient, Question, Session
from scheduling.reasons import Notice, Refusal, refuse
from scheduling.rules.warnings import warnings
from scheduling.ticks import floor_tick, from_tick

DEFAULT_GAP_DAYS: Final = 28
"""The gap between sessions that no rule keeps apart: the most common minimum of table b5."""
_ONE_DAY: Final = timedelta(days=1)
_BEFORE_DAYS: Final = 14
_AFTER_DAYS: Final = 21
_STEP_DAYS: Final = 28
_NOON: Final = 12 * 60


@dataclass(frozen=True, slots=True)
class SeriesRequest:
    """The location of a course's sessions and what they treat; empty fields follow its last visit.

    `phase_minutes` are lengths by the phase's name; other phases are as long as the procedure's.
    """

    location_id: UUID
    procedure_id: UUID | None = None
    areas: tuple[str, ...] = ()
    therapist_id: UUID | None = None
    phase_minutes: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Planned:
    """A session that could be booked: its proposed slot, its question and the warnings there."""

    proposal: Proposal
    question: Question
    warnings: tuple[Notice, ...]


@dataclass(slots=True)
class Plan:
    """The sessions in order of time, and the refusals of the first session that has no place."""

    zone: ZoneInfo
    sessions: list[Planned] = field(default_factory=list)
    refusals: tuple[Refusal, ...] = ()
    unplaced: int = 0


def plan(
    caller: Caller,
    course_id: UUID,
    request: SeriesRequest,
    first: date,
    preferences: Preferences,
    number: int | None = None,
) -> Plan:
    """Propose `number` sessions from a local date on, by default all that are left; book nothing.

    Raise NotFound, Invalid for a past date or a wrong request, WrongStatus or CourseFull.
    """
    course = find_course(caller, course_id)
    require_sessions(caller, course, number or 0)
    catalog = load_catalog(caller)
    history = load_history(caller, catalog, course.patient_id)
    last = last_visit(history, course.id)
    # The patient's therapist is a preference, no condition: the question asks for any therapist.
    asked = ask(caller, catalog, replace(visit_request_of(caller, course, request, last), therapist_id=None))
    zone = asked.location.zone
    if first < caller.now.astimezone(zone).date():
        raise Invalid("/from", "Must not lie in the past.")
    if request.therapist_id is not None and request.therapist_id not in catalog.engine.therapists:
        raise NotFound("therapist", "/therapist_id")
    wanted = as_before(last, asked, catalog, replace(preferences, therapist_id=request.therapist_id))
    planner = Planner(caller, catalog, history.patient(), wanted)
    left = sessions_left(caller, course) if number is None else number
    return planner.series([asked] * left, first, zone)


def find_course(caller: Caller, course_id: UUID) -> Course:
    """Give a course of the clinic, or raise NotFound."""
    course = caller.session.scalar(select_course(caller, course_id))
    if course is None:
        raise NotFound("course")
    return course


def last_visit(history: History, course_id: UUID) -> Any | None:  # noqa: ANN401 - a row of the query
    """Give the course's last visit that is booked or performed."""
    return next((visit for visit in reversed(history.visits) if visit.course_id == course_id), None)


def visit_request_of(
    caller: Caller,
    course: Course,
    request: SeriesRequest,
    last: Any | None,  # noqa: ANN401 - a row of the query
) -> VisitRequest:
    """Give the request of a session: what the last visit treated, or else the default procedure."""
    offered = procedures_of(caller, course)
    procedure_id = request.procedure_id or (last.procedure_id if last is not None else offered[0])
    if procedure_id not in offered:
        raise Invalid("/procedure_id", "This procedure is not one of the course's.")
    same = last is not None and last.procedure_id == procedure_id
    return VisitRequest(
        procedure_id=procedure_id,
        location_id=request.location_id,
        areas=request.areas or (tuple(last.areas) if same and last is not None else ()),
        therapist_id=request.therapist_id,
        patient_id=course.patient_id,
        course_id=course.id,
        phase_minutes=request.phase_minutes,
    )


def as_before(
    last: Any | None,  # noqa: ANN401 - a row of the query
    question: Question,
    catalog: ClinicCatalog,
    wanted: Preferences,
) -> Preferences:
    """Prefer the named therapist, else the last visit's if they work here; and its time of day."""
    wanted = replace(wanted, named=wanted.therapist_id is not None)
    if last is None:
        return wanted
    local = last.starts_at.astimezone(question.location.zone)
    minute = local.hour * 60 + local.minute
    if wanted.from_minute <= minute < wanted.until_minute:
        wanted = replace(wanted, minute=minute)
    therapist = catalog.engine.therapists.get(last.therapist_id)
    if not wanted.named and therapist is not None and therapist.works_at(question.location.id):
        wanted = replace(wanted, therapist_id=therapist.id)
    return wanted


@dataclass(slots=True)
class Planner:
    """Finds a place for each session in turn, as if the sessions found before it were booked.

    `ignored` are appointments that are to move: their present time counts as free.
    """

    caller: Caller
    catalog: ClinicCatalog
    patient: Patient
    preferences: Preferences
    ignored: Collection[UUID] = ()

    def series(self, questions: list[Question], first: date, zone: ZoneInfo) -> Plan:
        """Plan the visits in order; a visit without a place ends the plan, with its refusals."""
        made = Plan(zone)
        for place, asked in enumerate(questions):
            question = replace(asked, patient=self.patient)
            found = self.find(question, first)
            if not isinstance(found, Proposal):
                made.refusals, made.unplaced = found, len(questions) - place
                break
            made.sessions.append(self.keep(question, found))
        return made

    def find(self, question: Question, first: date) -> Proposal | tuple[Refusal, ...]:
        """Find the best place of a visit from a date on, or give the refusals that say why there is none."""
        today = self.caller.now.astimezone(question.location.zone).date()
        dates = eligibility(question, self.catalog.engine, max(first, today))
        if dates.eligible_on is None or dates.refusals:
            return dates.refusals
        ideal = _ideal(question, dates)
        last = today + timedelta(days=question.location.policy.horizon_days)
        for begins, ends in _stretches(dates.eligible_on, ideal, last):
            found = self._search(question, ideal, begins, ends)
            if found is not None:
                return found
        return self._reasons(question, ideal, last)

    def _search(self, question: Question, ideal: date, begins: date, ends: date) -> Proposal | None:
        window = arrivals(question, begins, ends, self.caller.now)
        busy = busy_for(self.caller, self.catalog, question, window, without=self.ignored)
        openings = search(question, self.catalog.engine, busy, window)
        return choose(slots(openings, window), question.location.zone, ideal, self.preferences)

    def _reasons(self, question: Question, ideal: date, last: date) -> tuple[Refusal, ...]:
        """Give the refusals on the recommended date, at the time of day of the other sessions."""
        if ideal > last:
            return (refuse("beyond_horizon"),)
        zone = question.location.zone
        minute = self.preferences.minute or self.preferences.from_minute or _NOON
        start = floor_tick(datetime.combine(ideal, time(minute // 60, minute % 60), zone))
        window = day_of(question, start)
        busy = busy_for(self.caller, self.catalog, question, window, without=self.ignored)
        refusals = check(question, self.catalog.engine, busy, start, window).refusals
        return refusals or (refuse("beyond_horizon"),)

    def keep(self, question: Question, found: Proposal) -> Planned:
        """Count the session as booked, and prefer its time of day and therapist for the next session."""
        procedure, leaves = question.procedure, found.start + question.visit.leaves
        session = Session(
            appointment_id=None,
            on=found.on,
            procedure=procedure.code,
            family=procedure.family,
            event=procedure.counts_as,
            areas=question.treated,
            ends=leaves,
            requires=frozenset(one.family for one in procedure.prerequisites),
            course=question.course,
        )
        busy = (*self.patient.busy, (found.start, leaves))
        self.patient = replace(self.patient, busy=busy, sessions=(*self.patient.sessions, session))
        wanted = self.preferences
        minute = found.minute if wanted.minute is None else wanted.minute
        therapist_id = wanted.therapist_id or found.therapist_id
        self.preferences = replace(wanted, minute=minute, therapist_id=therapist_id)
        return Planned(found, question, warnings(question, self.catalog.engine, found.on))


def _ideal(question: Question, dates: Eligibility) -> date:
    """Give the recommended date, else the first that rules allow or a date weeks after the last session."""
    eligible_on = dates.eligible_on or date.max
    if dates.recommended_on is not None:
        return dates.recommended_on
    course_id = question.course.id if question.course is not None else None
    sessions = question.patient.sessions if question.patient is not None else ()
    of_course = [one.on for one in sessions if one.course is not None and one.course.id == course_id]
    last = max(of_course, default=None)
    # A later date than the day after the last session comes from a rule, and is kept.
    if last is None or eligible_on > last + _ONE_DAY:
        return eligible_on
    return last + timedelta(days=DEFAULT_GAP_DAYS)


def _stretches(eligible_on: date, ideal: date, last: date) -> Iterator[tuple[date, date]]:
    """Yield half-open stretches of dates to search: around the recommended date, then on to the last date."""
    begins = max(eligible_on, ideal - timedelta(days=_BEFORE_DAYS))
    ends = ideal + timedelta(days=_AFTER_DAYS)
    while begins <= last:
        yield begins, min(ends, last + _ONE_DAY)
        begins, ends = ends, ends + timedelta(days=_STEP_DAYS)


def shown(planned: Planned, zone: ZoneInfo) -> dict[str, Any]:
    """Give a planned session as clients see it, in its location's time."""
    visit, start = planned.question.visit, planned.proposal.start

    def at(ticks: int) -> datetime:
        return from_tick(start + ticks).astimezone(zone)

    return {
        "starts_at": at(0),
        "procedure_at": at(visit.procedure_at),
        "ends_at": at(visit.leaves),
        "therapist_id": planned.proposal.therapist_id,
        "bends": planned.proposal.bends,
        "warnings": planned.warnings,
    }
