"""Claims what a visit really occupies once it has begun, as far as the claims of others leave it free."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import select

from booking.claims.claims import replace_occupancies
from booking.core.caller import Caller
from booking.questions.catalog import ClinicCatalog
from models import Appointment, AppointmentPhase, Occupancy
from models.appointments import LONGEST_OCCUPANCY
from models.statuses import BEGUN
from scheduling.bits import merge, without
from scheduling.questions import Assignment, Claim
from scheduling.real_times import RealPhase, real_spans
from scheduling.ticks import floor_tick, from_tick, minutes_to_ticks, to_tick
from scheduling.visits import Span

Lane = tuple[UUID, int]


class Other(NamedTuple):
    """A claim of another visit, or of a block (no appointment), in ticks."""

    start: int
    end: int
    appointment_id: UUID | None


Others = Mapping[Lane, Sequence[Other]]


@dataclass(frozen=True, slots=True)
class RealUse:
    """What a visit occupies: its `claims` in full, what of it is `free`, and the claims of others."""

    claims: tuple[Claim, ...]
    free: tuple[Claim, ...]
    others: Others

    @property
    def run_into(self) -> frozenset[UUID]:
        """The visits whose claims this one overlaps."""
        return frozenset(
            other.appointment_id
            for resource_id, lane, start, end in self.claims
            for other in self.others.get((resource_id, lane), ())
            if other.appointment_id is not None and other.start < end and start < other.end
        )

    @property
    def ends(self) -> int:
        """The tick at which the last claim ends; 0 when nothing is occupied."""
        return max((end for *_, end in self.claims), default=0)


def note_spans(phases: Sequence[AppointmentPhase], main: int, status: str) -> None:
    """Note from when to when each phase occupies its room and people, as its status and real times say."""
    spans = real_spans([_real_phase(one) for one in phases], main)
    planned = status not in BEGUN
    last = max((end for one, (_, end) in zip(phases, spans, strict=True) if one.patient), default=0)
    for phase, (start, end) in zip(phases, spans, strict=True):
        phase.occupied_from = None if planned else from_tick(start)
        phase.occupied_until = None if planned else from_tick(end)
        numbing = phase.kind == "numbing" and phase.actual_starts_at is not None
        phase.runs_on = (status == "numbing" and numbing) or (
            status == "in_progress" and phase.patient and end == last
        )


def _real_phase(phase: AppointmentPhase) -> RealPhase:
    began, ended = phase.actual_starts_at, phase.actual_ends_at
    return RealPhase(
        kind=phase.kind,
        start=to_tick(phase.starts_at),
        end=to_tick(phase.ends_at),
        began=None if began is None else floor_tick(began),
        ended=None if ended is None else floor_tick(ended),
        least=None if phase.min_minutes is None else minutes_to_ticks(phase.min_minutes),
        most=None if phase.max_minutes is None else minutes_to_ticks(phase.max_minutes),
        patient=phase.patient,
    )


def span_of(phase: AppointmentPhase) -> Span:
    """Give the ticks from which and to which a phase occupies its room and people; empty if equal."""
    return to_tick(phase.occupied_from or phase.starts_at), to_tick(phase.occupied_until or phase.ends_at)


def lanes_of(phase: AppointmentPhase) -> list[Lane]:
    """Give the lanes that a phase takes of its room, people and device."""
    people = (phase.therapist_id, phase.assistant_id, phase.device_id)
    room = [] if phase.room_id is None else [(phase.room_id, phase.lane or 0)]
    return [*room, *((one, 0) for one in people if one is not None)]


def presence_of(phases: Iterable[AppointmentPhase]) -> Span:
    """Give the ticks from which and to which the patient is there."""
    spans = [span for one in phases if one.patient for span in [span_of(one)] if span[0] < span[1]]
    return (min(start for start, _ in spans), max(end for _, end in spans)) if spans else (0, 0)


def claims_of_phases(phases: Iterable[AppointmentPhase]) -> tuple[Claim, ...]:
    """Give what phases occupy, as claims with touching pieces joined."""
    return _joined((lane, span_of(phase)) for phase in phases for lane in lanes_of(phase))


def _joined(pieces: Iterable[tuple[Lane, Span]]) -> tuple[Claim, ...]:
    taken: defaultdict[Lane, list[Span]] = defaultdict(list)
    for lane, (start, end) in pieces:
        if start < end:
            taken[lane].append((start, end))
    return tuple((*lane, *span) for lane in sorted(taken) for span in merge(taken[lane]))


def real_use(
    caller: Caller,
    catalog: ClinicCatalog,
    appointment: Appointment,
    phases: Sequence[AppointmentPhase],
    *,
    left: bool = False,
    used: Collection[Lane] = (),
) -> RealUse:
    """Give what a visit occupies by its noted spans; in a room for several it moves to a lane that is free.

    The caller has locked every resource of the visit. Once the patient has `left`, the turnover lasts to the
    next claim at most. `used` are lanes in which others are now.
    """
    others = load_others(caller, appointment.id, claims_of_phases(phases))
    _choose_lanes(catalog, phases, others, used)
    after = [one for one in phases if left and not one.patient]
    claims = claims_of_phases(one for one in phases if one not in after)
    free = (*free_parts(claims, others), *_up_to_next(claims_of_phases(after), others))
    return RealUse(claims, _joined(((one[0], one[1]), one[2:]) for one in free), others)


def free_parts(claims: Iterable[Claim], others: Others) -> tuple[Claim, ...]:
    """Give the parts of claims that no claim of others overlaps."""
    return tuple(
        (resource_id, lane, *part)
        for resource_id, lane, start, end in claims
        for part in without((start, end), (one[:2] for one in others.get((resource_id, lane), ())))
    )


def beside_others(caller: Caller, own: UUID, assignment: Assignment) -> Assignment:
    """Give the assignment of a visit in the past with those of its claims that others leave free."""
    others = load_others(caller, own, assignment.claims)
    return replace(assignment, claims=free_parts(assignment.claims, others))


def _up_to_next(claims: Iterable[Claim], others: Others) -> tuple[Claim, ...]:
    """Give of each claim what comes before the next claim of others, if it begins free."""
    parts = ((claim, free_parts([claim], others)) for claim in claims)
    return tuple(free[0] for claim, free in parts if free and free[0][2] == claim[2])


def load_others(caller: Caller, own: UUID, claims: Sequence[Claim]) -> Others:
    """Give the claims of other visits and of blocks that overlap the hull of these claims, lane by lane."""
    found: defaultdict[Lane, list[Other]] = defaultdict(list)
    if not claims:
        return found
    first, last = min(claim[2] for claim in claims), max(claim[3] for claim in claims)
    rows = select(
        Occupancy.resource_id,
        Occupancy.lane,
        Occupancy.start_tick,
        Occupancy.end_tick,
        Occupancy.appointment_id,
    ).where(
        Occupancy.clinic_id == caller.clinic_id,
        Occupancy.resource_id.in_({claim[0] for claim in claims}),
        Occupancy.end_tick > first,
        Occupancy.end_tick < last + LONGEST_OCCUPANCY,
        Occupancy.start_tick < last,
        Occupancy.appointment_id.is_distinct_from(own),
    )
    for resource_id, lane, start, end, appointment_id in caller.session.execute(rows):
        found[resource_id, lane].append(Other(start, end, appointment_id))
    return found


def _choose_lanes(
    catalog: ClinicCatalog, phases: Sequence[AppointmentPhase], others: Others, used: Collection[Lane]
) -> None:
    """Let a visit take another lane of a room for several patients where its own lane is not free."""
    for room_id in {one.room_id for one in phases if one.room_id is not None}:
        inside = [one for one in phases if one.room_id == room_id]
        taken = {
            lane: others.get((room_id, lane), ()) for lane in range(catalog.engine.rooms[room_id].capacity)
        }
        best = _best_lane(inside, taken, {lane for one, lane in used if one == room_id})
        for phase in inside:
            phase.lane = best


def _best_lane(
    inside: Sequence[AppointmentPhase], taken: Mapping[int, Sequence[Other]], used: Collection[int]
) -> int:
    """Give the lane in which the visit disturbs others least, and of equal lanes the lane that it has.

    A lane with a patient in it comes last; before that the lane with the least claimed time comes first.
    """
    spans, own = [span_of(one) for one in inside], inside[0].lane
    return min(taken, key=lambda lane: (lane in used, _overlap(spans, taken[lane]), lane != own))


def _overlap(spans: Iterable[Span], others: Iterable[Other]) -> int:
    """Give for how many ticks spans are overlapped by the claims of others."""
    taken = [one[:2] for one in others]
    return sum(
        end - start - sum(high - low for low, high in without((start, end), taken)) for start, end in spans
    )


def write_use(caller: Caller, appointment: Appointment, claims: Iterable[Claim]) -> None:
    """Replace the occupancies of a visit by these claims, which must be free.

    Of a claim that is longer than any may be, the end counts: its visit was closed a day late.
    """
    caller.session.flush()
    bounded = [(one, lane, max(start, end - LONGEST_OCCUPANCY), end) for one, lane, start, end in claims]
    replace_occupancies(caller.session, appointment, bounded)
