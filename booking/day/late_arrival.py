"""Plans the rest of a day around a late patient: shorter or longer numbing, other rooms, later times."""

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
from booking.questions.ways import load_ways
from booking.questions.windows import midnight
from models import Appointment
from models.statuses import BEFORE_TREATMENT
from scheduling.bits import Window, occupy
from scheduling.lateness import Option, for_late_arrival, for_waiting
from scheduling.questions import Claim
from scheduling.ticks import DAY_TICKS, TICK_MINUTES, floor_tick

_Taken = dict[tuple[UUID, int], int]


def following(caller: Caller, late: Appointment, *, lock: bool = False) -> Sequence[Appointment]:
    """Give the visits of the same day and location that may have to give way to the late visit.

    Their treatment is planned no earlier than that of the late visit, and has not begun.
    """
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
    """Give every resource that these visits take or could take: all are locked before the visits give way."""
    return {one for visit in visits for one in (*candidates(catalog, visit.question), *visit.resources)}


# A late patient needs a therapist and a room at times at which the next visits have them. If only the late
# visit could move, a full day would have no time for it, and the plan would promise times that the clinic
# cannot keep. So the visits in the way move too, each by as little as possible, and all in one transaction:
# either every visit has a place or nothing moves.
#
# The late visit is placed first, because its patient is here and can begin now. The other visits follow in
# the order of their treatments. A visit whose own claims none of those before has taken keeps them and is not
# touched: so the pauses between visits absorb the delay. Any other visit takes the first option that fits
# beside all that is placed so far: another room at its own time, then a treatment that begins five minutes
# later, ten minutes later, up to the grace. Each option is first tried beside the claims of the visits that
# have yet to follow, so that no visit gives way where there was another room or another place in the room. So
# a visit gives way only to visits whose treatments were planned before its own, and only when it must.
#
# The rest of the day stays where it is, and its claims are busy time as blocks are: treatments that have
# begun, slot holds, and the therapists' visits at other locations. So does a visit that was booked while this
# act waited for its locks. Its patient is not locked, and to lock the patient now, after the resources, would
# break the order of locks (see `lock_and_sweep`). The plan fits around that visit, or there is no plan.
#
# Visits that give way are judged only by what can change within the day: staff, rooms, devices, hours and
# numbing. docs/adr/0013 says why their warnings, flags and overrides stay; docs/day.md what the desk sees.
def plan(
    caller: Caller, catalog: ClinicCatalog, late: PlannedVisit, others: Sequence[PlannedVisit]
) -> list[Placing] | None:
    """Place the late visit from now on, and let the other visits give way by as few minutes as possible.

    Give None when that is impossible within the opening hours and the limits of numbing, beside what
    stays, and without a wait that is longer than the location's grace.
    """
    appointment = late.visit.appointment
    zone, on = late.question.location.zone, appointment.local_date
    window = Window(midnight(on, zone), midnight(on + timedelta(days=1), zone) + DAY_TICKS)
    most = -(-late.question.location.policy.late_grace_minutes // TICK_MINUTES)
    ids = [one.visit.appointment.id for one in (late, *others)]
    claims = dict(load_claims(caller, ids))
    resources = resources_of(catalog, (late, *others))
    ways = load_ways(caller, catalog, resources, [late.question.location], window, ids, stays=True)
    taken = {**load_busy(caller, resources, window, ids), **ways}
    first = for_late_arrival(late.question.procedure, late.start, floor_tick(caller.now), most)
    placings = []
    placed: _Taken = {}
    ahead = sorted(others, key=lambda one: one.visit.appointment.procedure_at)
    for visit in (late, *ahead):
        own = claims.pop(visit.visit.appointment.id)
        if visit is late or not _free(placed, window, own):
            options = first if visit is late else _waits(visit, most)
            beside = _beside(taken, window, claims.values())
            placing = _place(catalog, visit, options, (beside, taken), window)
            if placing is None or placing.verdict.assignment is None:
                return None
            placings.append(placing)
            own = list(placing.verdict.assignment.claims)
        occupy(placed, window, own)
        occupy(taken, window, own)
    return placings


def _beside(taken: _Taken, window: Window, claims: Iterable[Iterable[Claim]]) -> _Taken:
    """Give what is taken together with these claims."""
    beside = dict(taken)
    for some in claims:
        occupy(beside, window, some)
    return beside


def _waits(visit: PlannedVisit, most: int) -> Iterator[Option]:
    """Yield the options of a visit that is in the way: its own time in another room, then later times."""
    procedure = visit.question.procedure
    if not visit.here:
        yield Option(visit.start, procedure)
    yield from for_waiting(procedure, visit.start, most, here=visit.here)


def _place(
    catalog: ClinicCatalog,
    visit: PlannedVisit,
    options: Iterable[Option],
    taken: Iterable[_Taken],
    window: Window,
) -> Placing | None:
    """Place the visit by the first option that works, with its own rooms and devices if possible.

    `taken` is what may count as busy, the most first: less of it counts only where an option needs that.
    """
    in_the_way = [visit.in_its_way(busy, window) for busy in taken]
    tries = [
        (busy, only) for busy in in_the_way for only in (visit.resources, *(() if visit.here else (None,)))
    ]
    for option in options:
        question = replace(visit.question, procedure=option.procedure)
        for busy, only in tries:
            verdict = check_place(catalog, question, busy, option.start, window, only)
            if verdict.assignment is not None:
                return Placing(visit.visit.appointment, question, verdict, option.start, gives_way=True)
    return None


def _free(taken: _Taken, window: Window, claims: Iterable[Claim]) -> bool:
    return not any(taken.get((one, lane), 0) & window.span(start, end) for one, lane, start, end in claims)
