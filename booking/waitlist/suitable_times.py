"""Finds the times that suit a waitlist entry in time that was freed."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import select

from booking.claims.wishes import wants
from booking.core.caller import Caller
from booking.core.errors import WrongStatus
from booking.questions.busy import busy_for
from booking.questions.catalog import ClinicCatalog
from booking.questions.histories import ask_with_history
from booking.questions.visit_requests import VisitRequest, of_appointment
from booking.questions.windows import arrivals
from models import Appointment, WaitlistEntry
from models.statuses import TO_COME
from scheduling.catalog import Location
from scheduling.engine import search
from scheduling.openings import slots
from scheduling.questions import Slot
from scheduling.ticks import from_tick, local_date, to_tick

_STEP: Final = timedelta(days=31)
_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Freed:
    """A stretch of ticks, half-open, in which a location has time again."""

    location_id: UUID
    first: int
    until: int


@dataclass(frozen=True, slots=True)
class Wanted:
    """The visit that an entry waits for: its request, and the booked visit to bring forward, if any."""

    request: VisitRequest
    visit: Appointment | None = None

    @property
    def visit_id(self) -> UUID | None:
        """The id of the visit to bring forward."""
        return None if self.visit is None else self.visit.id

    def is_earlier(self, start: int) -> bool:
        """Whether an arrival is earlier than that of the visit to bring forward."""
        return self.visit is None or start < to_tick(self.visit.starts_at)

    def led_by(self, slot: Slot) -> UUID | None:
        """Give the therapist to ask for: a visit that is brought forward keeps its own where it can."""
        own = None if self.visit is None else self.visit.therapist_id
        return own if own in slot.therapist_ids else self.request.therapist_id


def wanted_by(caller: Caller, entry: WaitlistEntry) -> Wanted:
    """Give the visit that an entry waits for; raise WrongStatus when its visit is not to come any more."""
    if entry.appointment_id is None:
        request = VisitRequest(
            procedure_id=entry.procedure_id,
            location_id=entry.location_id,
            areas=tuple(entry.areas),
            therapist_id=entry.therapist_id,
            patient_id=entry.patient_id,
            course_id=entry.course_id,
        )
        return Wanted(request)
    statement = select(Appointment).where(
        Appointment.clinic_id == caller.clinic_id, Appointment.id == entry.appointment_id
    )
    visit = caller.session.scalars(statement.execution_options(populate_existing=True)).one()
    if visit.status not in TO_COME or visit.starts_at <= caller.now:
        raise WrongStatus(TO_COME, f"The appointment is {visit.status}.")
    return Wanted(of_appointment(visit, therapist_id=entry.therapist_id), visit)


def other_offers(caller: Caller, entry: WaitlistEntry) -> Sequence[UUID]:
    """Give the holds of the other offers that the patient has now: they may accept each of them."""
    statement = select(Appointment.id).where(
        Appointment.clinic_id == caller.clinic_id,
        Appointment.status == "held",
        WaitlistEntry.clinic_id == Appointment.clinic_id,
        WaitlistEntry.hold_id == Appointment.id,
        WaitlistEntry.patient_id == entry.patient_id,
        WaitlistEntry.status == "offered",
        WaitlistEntry.id != entry.id,
    )
    return caller.session.scalars(statement).all()


def suitable(
    caller: Caller, catalog: ClinicCatalog, entry: WaitlistEntry, wanted: Wanted, freed: Freed
) -> Iterator[Slot]:
    """Yield the slots that suit: first at the beginning of the freed time, then in order of time.

    None begins before the patient has had the whole time to answer. What a visit to bring forward takes is
    taken still, because it stays where it is until its patient accepts.
    """
    place = catalog.engine.locations[entry.location_id]
    answered = caller.now + timedelta(minutes=place.policy.offer_minutes)
    others = other_offers(caller, entry)
    question = ask_with_history(caller, catalog, wanted.request, wanted.visit_id, others)
    first, last = _dates(caller, entry, freed, place)
    while first <= last:
        until = min(first + _STEP, last + _DAY)
        window = arrivals(question, first, until, caller.now)
        openings = search(question, catalog.engine, busy_for(caller, catalog, question, window), window)
        fitting = [
            one
            for one in slots(openings, window)
            if freed.first - question.visit.leaves < one.start < freed.until
            and from_tick(one.start) >= answered
            and wanted.is_earlier(one.start)
            and wants(entry, from_tick(one.start).astimezone(place.zone))
        ]
        yield from sorted(fitting, key=lambda one: (one.start != freed.first, one.start))
        first = until


def _dates(caller: Caller, entry: WaitlistEntry, freed: Freed, place: Location) -> tuple[date, date]:
    today = caller.now.astimezone(place.zone).date()
    horizon = today + timedelta(days=place.policy.horizon_days)
    first = max(today, entry.earliest_on or today, local_date(freed.first, place.zone))
    return first, min(horizon, entry.latest_on or horizon, local_date(freed.until - 1, place.zone))
