"""Asks about a visit as it is planned on its day, when only who, where and how long is open to question."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final
from uuid import UUID

from booking.appointments.records import Visit
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
from scheduling.ticks import to_tick

# What was judged when the visit was booked, and what nobody can keep on the day itself.
_SETTLED: Final = CLINICAL | {"in_the_past", "min_notice", "beyond_horizon", "off_grid"}
_HELD: Final = ("room_id", "therapist_id", "assistant_id", "device_id")


@dataclass(frozen=True, slots=True)
class PlannedVisit:
    """A booked visit with the question that its own plan answers."""

    visit: Visit
    question: Question
    start: int

    @property
    def here(self) -> bool:
        """Whether the patient has arrived."""
        return self.visit.appointment.status not in TO_COME

    @property
    def resources(self) -> frozenset[UUID]:
        """Everything that the visit's phases hold."""
        held = (getattr(phase, name) for phase in self.visit.phases for name in _HELD)
        return frozenset(one for one in held if one is not None)


def planned_visit(
    caller: Caller, catalog: ClinicCatalog, visit: Visit, history: History | None
) -> PlannedVisit:
    """Give the visit with its question: its own phases, its therapist, the patient's other visits.

    Its phases are those of today where the procedure has others than when it was booked.
    """
    appointment = visit.appointment
    start = to_tick(appointment.starts_at)
    procedure = catalog.engine.procedures[appointment.procedure_id]
    planned = [
        Planned(
            to_tick(one.starts_at) - start, to_tick(one.ends_at) - start, one.min_minutes, one.max_minutes
        )
        for one in visit.phases
    ]
    if fits(visit.phases, [phase.name for phase in procedure.phases]):
        procedure = as_planned(procedure, planned)
    patient = None
    if history is not None:
        # Their sessions and holds are left out: spacing counts days, and the day stays.
        others = history.patient(appointment.id)
        patient = Patient(others.id, others.busy)
    course = history.course_of(appointment.id) if history is not None else None
    question = replace(
        question_of(caller, catalog, appointment, patient, course),
        procedure=replace(procedure, prerequisites=()),
        therapist_id=appointment.therapist_id,
        waived=_SETTLED | waivers(appointment).codes,
    )
    return PlannedVisit(visit, question, start)


def fits(phases: Iterable[AppointmentPhase], names: list[str]) -> bool:
    """Whether a visit was planned with the phases of these names."""
    return [phase.name for phase in phases] == names


def check_place(
    catalog: ClinicCatalog,
    question: Question,
    busy: Busy,
    start: int,
    window: Window,
    only: frozenset[UUID] | None = None,
) -> Verdict:
    """Judge a visit at a tick; with `only`, no other staff, rooms and devices are to be had."""
    if only is None:
        return check(question, catalog.engine, busy, start, window)
    barred = candidates(catalog, question) - only
    rooms = catalog.engine.rooms
    lanes = {(one, lane) for one in barred for lane in range(rooms[one].capacity if one in rooms else 1)}
    return check(question, catalog.engine, {**busy, **dict.fromkeys(lanes, window.full)}, start, window)
