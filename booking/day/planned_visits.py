"""Asks the engine about a visit as it is planned: only its staff, rooms, devices and times are open."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final
from uuid import UUID

from booking.appointments.records import Visit
from booking.claims.real_use import span_of
from booking.core.caller import Caller
from booking.questions.catalog import ClinicCatalog
from booking.questions.histories import History
from booking.questions.overrides import waivers
from booking.questions.visit_requests import candidates, question_of
from models import AppointmentPhase
from models.statuses import TO_COME
from scheduling.bits import Busy, Window
from scheduling.engine import check
from scheduling.lateness import Planned, as_planned
from scheduling.questions import Patient, Question, Verdict
from scheduling.reasons import CLINICAL
from scheduling.ticks import floor_tick, to_tick

# The clinical rules were judged when the visit was booked; the others cannot be kept on the day itself.
_SETTLED: Final = CLINICAL | {"in_the_past", "min_notice", "beyond_horizon", "off_grid"}
# Where and by whom a visit goes on that has begun is not a matter of hours any more, nor of the next way.
_OF_HOURS: Final = frozenset({"outside_opening_hours", "therapist_not_working", "therapist_travelling"})
_HELD: Final = ("room_id", "therapist_id", "assistant_id", "device_id")


@dataclass(frozen=True, slots=True)
class PlannedVisit:
    """A booked visit, the question that its own plan answers, and its arrival's tick."""

    visit: Visit
    question: Question
    start: int

    @property
    def here(self) -> bool:
        """Whether the patient has arrived."""
        return self.visit.appointment.status not in TO_COME

    def in_its_way(self, busy: Busy, window: Window) -> Busy:
        """Give the busy time that stands in the visit's way: once it has begun, that of before does not."""
        if not is_numbed(self.visit):
            return busy
        passed = window.span(window.start, floor_tick(self.question.now))
        return {lane: bits & ~passed for lane, bits in busy.items()}

    @property
    def resources(self) -> frozenset[UUID]:
        """Every resource that the visit's phases take."""
        held = (getattr(phase, name) for phase in self.visit.phases for name in _HELD)
        return frozenset(one for one in held if one is not None)


def is_numbed(visit: Visit) -> bool:
    """Whether the cream is on: the visit has begun, and its treatment has not."""
    return visit.appointment.status == "numbing"


def planned_visit(
    caller: Caller, catalog: ClinicCatalog, visit: Visit, history: History | None
) -> PlannedVisit:
    """Give the visit with a question of its own phases, its therapist and the patient's other visits.

    The phases of a visit whose cream is on are as they really are, and `start` is when the first began. The
    phases are the procedure's when these have been renamed or replaced since the booking.
    """
    appointment = visit.appointment
    patient = course = None
    if history is not None:
        # Sessions and medical holds are left out: their rules count days, and the day stays.
        others = history.patient(appointment.id)
        patient, course = Patient(others.id, others.busy), history.course_of(appointment.id)
    asked = question_of(caller, catalog, appointment, patient, course)
    procedure = asked.procedure
    fitting = fits(visit.phases, [phase.name for phase in procedure.phases])
    begun = is_numbed(visit) and fitting
    spans = [_span(one, begun=begun) for one in visit.phases]
    start = min(first for first, _ in spans) if begun else to_tick(appointment.starts_at)
    planned = [
        Planned(first - start, until - start, one.min_minutes, one.max_minutes)
        for one, (first, until) in zip(visit.phases, spans, strict=True)
    ]
    if fitting:
        procedure = as_planned(procedure, planned)
    question = replace(
        asked,
        procedure=replace(procedure, prerequisites=()),
        therapist_id=appointment.therapist_id,
        waived=_SETTLED | waivers(appointment).codes | (_OF_HOURS if begun else frozenset()),
    )
    return PlannedVisit(visit, question, start)


def _span(phase: AppointmentPhase, *, begun: bool) -> tuple[int, int]:
    """Give what a phase occupies; a phase that did not take place lasted its minutes before that."""
    if not begun:
        return to_tick(phase.starts_at), to_tick(phase.ends_at)
    first, until = span_of(phase)
    return (
        (first, until)
        if first < until
        else (until - (to_tick(phase.ends_at) - to_tick(phase.starts_at)), until)
    )


def fits(phases: Iterable[AppointmentPhase], names: list[str]) -> bool:
    """Whether a visit was planned with phases of exactly these names, in this order."""
    return [phase.name for phase in phases] == names


def check_place(
    catalog: ClinicCatalog,
    question: Question,
    busy: Busy,
    start: int,
    window: Window,
    only: frozenset[UUID] | None = None,
) -> Verdict:
    """Judge a visit at a tick; with `only`, all other staff, rooms and devices count as busy."""
    if only is None:
        return check(question, catalog.engine, busy, start, window)
    barred = candidates(catalog, question) - only
    rooms = catalog.engine.rooms
    lanes = {(one, lane) for one in barred for lane in range(rooms[one].capacity if one in rooms else 1)}
    return check(question, catalog.engine, {**busy, **dict.fromkeys(lanes, window.full)}, start, window)
