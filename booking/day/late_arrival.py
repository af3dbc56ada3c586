"""Plans the rest of a day around a late patient: who numbs shorter or longer, and who comes later."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

from sqlalchemy import select

from booking.appointments.moving import Placing
from booking.claims.claims import load_claims
from booking.core.caller import Caller
from booking.day.planned_visits import PlannedVisit, check_place
from booking.questions.busy import load_busy
from booking.questions.catalog import ClinicCatalog
from booking.questions.visit_requests import candidates
from booking.questions.windows import midnight
from models import Appointment
from models.statuses import BEFORE_TREATMENT
from scheduling.bits import Window, occupy
from scheduling.lateness import Option, for_late_arrival, for_waiting
from scheduling.questions import Claim
from scheduling.ticks import DAY_TICKS, TICK_MINUTES, ceil_tick

_Taken = dict[tuple[UUID, int], int]


def following(caller: Caller, late: Appointment, *, lock: bool = False) -> Sequence[Appointment]:
    """Give the visits of the late one's day and place whose treatment comes no earlier and can still wait."""
    statement = (
        select(Appointment)
        .where(
            Appointment.clinic_id == caller.clinic_id,
            Appointment.location_id == late.location_id,
            Appointment.local_date == late.local_date,
            Appointment.procedure_at >= late.procedure_at,
            Appointment.status.in_(BEFORE_TREATMENT),
            Appointment.id != late.id,
        )
        .order_by(Appointment.id)
    )
    if lock:
        statement = statement.with_for_update(key_share=True).execution_options(populate_existing=True)
    return caller.session.scalars(statement).all()


def resources_of(catalog: ClinicCatalog, visits: Iterable[PlannedVisit]) -> set[UUID]:
    """Give everything that these visits hold or could hold: what is locked before they give way."""
    return {one for visit in visits for one in (*candidates(catalog, visit.question), *visit.resources)}


def plan(
    caller: Caller, catalog: ClinicCatalog, late: PlannedVisit, others: Sequence[PlannedVisit]
) -> list[Placing] | None:
    """Place the late visit from now on, and let the others give way by the least minutes.

    None when that cannot be done: hours, blocks and treatments that have begun stand, the cream works no
    longer than it may, and nobody waits longer than the location's grace.
    """
    appointment = late.visit.appointment
    zone, on = late.question.location.zone, appointment.local_date
    window = Window(midnight(on, zone), midnight(on + timedelta(days=1), zone) + DAY_TICKS)
    most = -(-late.question.location.policy.late_grace_minutes // TICK_MINUTES)
    ids = [one.visit.appointment.id for one in (late, *others)]
    claims = load_claims(caller, ids)
    resources = resources_of(catalog, (late, *others))
    taken = load_busy(caller, resources, window, ids)
    first = for_late_arrival(late.question.procedure, late.start, ceil_tick(caller.now), most)
    placings = []
    for visit in (late, *sorted(others, key=lambda one: one.visit.appointment.procedure_at)):
        if visit is not late and _free(taken, window, claims[visit.visit.appointment.id]):
            occupy(taken, window, claims[visit.visit.appointment.id])
            continue
        placing = _place(catalog, visit, first if visit is late else _waits(visit, most), taken, window)
        if placing is None or placing.verdict.assignment is None:
            return None
        occupy(taken, window, placing.verdict.assignment.claims)
        placings.append(placing)
    return placings


def _waits(visit: PlannedVisit, most: int) -> Iterator[Option]:
    """Yield what a visit in the way may do: take another room at its time, then wait."""
    procedure = visit.question.procedure
    if not visit.here:
        yield Option(visit.start, procedure)
    yield from for_waiting(procedure, visit.start, most, here=visit.here)


def _place(
    catalog: ClinicCatalog, visit: PlannedVisit, options: Iterable[Option], taken: _Taken, window: Window
) -> Placing | None:
    """Give the first option that works, in the visit's own rooms if they do."""
    for option in options:
        question = replace(visit.question, procedure=option.procedure)
        for only in (visit.resources, *(() if visit.here else (None,))):
            verdict = check_place(catalog, question, taken, option.start, window, only)
            if verdict.assignment is not None:
                return Placing(visit.visit.appointment, question, verdict, option.start, gives_way=True)
    return None


def _free(taken: _Taken, window: Window, claims: Iterable[Claim]) -> bool:
    return not any(taken.get((one, lane), 0) & window.span(start, end) for one, lane, start, end in claims)
