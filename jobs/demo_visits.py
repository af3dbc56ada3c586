"""Carries out a planned visit of the demo clinic by the booking code, each act at a simulated instant."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from random import Random
from typing import Final
from uuid import UUID

from booking.appointments import rescheduling
from booking.appointments.book import book
from booking.appointments.records import Visit, get_appointment, with_phases
from booking.appointments.rescheduling import Move
from booking.core.caller import Caller
from booking.core.errors import DomainError
from booking.questions import availability
from booking.questions.visit_requests import VisitRequest
from jobs.demo_day import Step, steps
from jobs.demo_plan import PlannedVisit
from models.database import Database
from models.statuses import UNFINISHED
from scheduling.catalog import Location
from scheduling.openings import slots
from scheduling.ticks import from_tick

ACTOR: Final = "Demo"
# When its day is full, a visit may come up to so many days later.
_TRIED_DAYS: Final = 6
_QUARTER_HOUR: Final = 15
_ONE_O_CLOCK: Final = 13
# How far each status is along the day; a visit that was interrupted goes on from where it is.
_REACHED: Final = (*UNFINISHED, "completed")


@dataclass(frozen=True, slots=True)
class Stage:
    """What every visit needs: the clinic, its locations in the plan's order, its procedures by code.

    Acts after `until` (aware) are left out.
    """

    database: Database
    clinic_id: UUID
    locations: Sequence[Location]
    procedures: Mapping[str, UUID]
    until: datetime


def request_id(number: int) -> str:
    """Give the id under which the audit log keeps every act of the planned visit of this number."""
    return f"demo-{number:05}"


class Performance:
    """A planned visit that is carried out; its random choices depend on its number alone.

    `acts` counts the acts that were committed.
    """

    def __init__(self, stage: Stage, planned: PlannedVisit, number: int, patient_id: UUID) -> None:
        self.stage, self.planned, self.number, self.patient_id = stage, planned, number, patient_id
        self.location = stage.locations[planned.site]
        self.chance = Random(f"booking-{number}")
        self.acts = 0

    def book(self) -> Visit | None:
        """Book the visit on the planned day or soon after; None when no slot is free or a rule refuses."""
        for days in range(_TRIED_DAYS):
            on = self.planned.on + timedelta(days=days)
            try:
                with self._caller(self.planned.booked_at) as caller:
                    starts_at = self._choose(caller, on)
                    if starts_at is None:
                        continue
                    visit = book(caller, self._wish(), starts_at)
            except DomainError:
                continue
            self.acts += 1
            return visit
        return None

    def look(self, appointment_id: UUID) -> Visit:
        """Give a visit that an interrupted run has booked."""
        with self._caller(self.planned.booked_at) as caller:
            return with_phases(caller, [get_appointment(caller, appointment_id)])[0]

    def live_through(self, visit: Visit, *, interrupted: bool = False) -> None:
        """Do the visit's acts up to the end of the simulated time; stop at an act that is refused."""
        if self.planned.fate == "moved" and not interrupted:
            visit = self._move(visit)
        reached = visit.appointment.status
        # The day's own chance: it must draw the same whether or not this run has booked the visit.
        for step in steps(visit, self.planned, Random(f"day-{self.number}")):
            if step.at > self.stage.until:
                return
            if _lies_ahead(step.leads_to, reached) and not self._take(step, visit.appointment.id):
                return

    def _wish(self) -> VisitRequest:
        return VisitRequest(
            procedure_id=self.stage.procedures[self.planned.procedure],
            location_id=self.location.id,
            areas=self.planned.areas,
            patient_id=self.patient_id,
        )

    def _choose(self, caller: Caller, on: date, ignore: UUID | None = None) -> datetime | None:
        """Choose a slot of the day: in the wanted half and at a whole quarter of an hour where possible."""
        found = availability.find(caller, self._wish(), on, on + timedelta(days=1), ignore)
        free = slots(found.openings, found.window, None)
        starts = [from_tick(slot.start).astimezone(self.location.zone) for slot in free]
        half = [at for at in starts if (at.hour < _ONE_O_CLOCK) == self.planned.morning] or starts
        quarters = [at for at in half if at.minute % _QUARTER_HOUR == 0] or half
        return self.chance.choice(quarters) if quarters else None

    def _move(self, visit: Visit) -> Visit:
        """Move the visit, some hours before it begins, to later that day or to a following day."""
        appointment_id, before = visit.appointment.id, visit.appointment.starts_at
        notice = min(timedelta(hours=self.chance.uniform(1, 8)), (before - self.planned.booked_at) / 2)
        at = before - notice
        if at > self.stage.until:
            return visit
        for days in range(_TRIED_DAYS):
            on = before.astimezone(self.location.zone).date() + timedelta(days=days)
            try:
                with self._caller(at) as caller:
                    starts_at = self._choose(caller, on, appointment_id)
                    if starts_at is None or starts_at == before:
                        continue
                    visit = rescheduling.reschedule(caller, appointment_id, Move(starts_at), None)
            except DomainError:
                continue
            self.acts += 1
            break
        return visit

    def _take(self, step: Step, appointment_id: UUID) -> bool:
        try:
            with self._caller(step.at) as caller:
                step.act(caller, appointment_id)
        except DomainError:
            return False
        self.acts += 1
        return True

    @contextmanager
    def _caller(self, now: datetime) -> Iterator[Caller]:
        with self.stage.database.transaction(self.stage.clinic_id) as session:
            yield Caller(session, self.stage.clinic_id, now, actor=ACTOR, request_id=request_id(self.number))


def _lies_ahead(status: str, reached: str) -> bool:
    """Whether a visit can still come to a status; a visit that ended otherwise cannot."""
    if reached not in _REACHED:
        return False
    return status not in _REACHED or _REACHED.index(status) > _REACHED.index(reached)
