"""Chooses the staff, rooms and devices of a feasible visit: who has least to do, then what wastes least."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Final
from uuid import UUID

from scheduling.bits import merge
from scheduling.case import Case
from scheduling.gaps import waste_and_slack
from scheduling.matching import choose
from scheduling.places import Lane, path_clashes
from scheduling.questions import NO_LOADS, Assignment, Claim, Loads, PhaseAssignment
from scheduling.staff import Candidate, Pool
from scheduling.visits import Path, Span

_NOTHING: Final = (0, 0)


@dataclass(frozen=True, slots=True)
class Team:
    """The staff of a visit: the lead, if any, and an assistant for each phase that needs an assistant.

    `bent` are the waived codes that they violate.
    """

    lead_id: UUID | None
    helpers: tuple[UUID, ...]
    bent: frozenset[str]


@dataclass(frozen=True, slots=True)
class Spots:
    """Where a visit takes place: a path with a lane for each run, and a device for each need."""

    path: Path
    lanes: tuple[Lane, ...]
    devices: tuple[UUID, ...]


# Staff and rooms who can take a visit equally well share the work: where loads are given, the person with
# the least booked time on that day goes first, then the person with the least in that week, and only among
# equals the free time that is left beside the visit decides. Loads never send a visit where it would
# otherwise not go: an override is not bent, no second assistant is taken and no other kind of room is used
# for the sake of balance. So the way through the rooms is chosen by waste alone, since a path that keeps a
# patient in the treatment room during the numbing has fewer rooms to be loaded, and wastes the scarce one.
# Without loads (a location that packs, visits that give way or are moved by a disruption) all are equal.
def assign(case: Case, at: int, loads: Loads = NO_LOADS) -> tuple[Assignment, frozenset[str]]:
    """Return the best assignment of a feasible arrival, and the waived codes that its staff violate.

    Prefer staff who violate no waived code, then the fewest assistants, the least load on the day and in the
    week, the least waste, the tightest fit and the lowest ids; likewise rooms. A room of several places
    counts its load by place.
    """
    team, spots = _best_team(case, at, loads), _best_spots(case, at, loads)
    phases = tuple(_phase(case, at, place, team, spots) for place in range(len(case.scene.visit.spans)))
    return Assignment(team.lead_id, phases, _claims(case, at, team, spots)), team.bent


def _best_team(case: Case, at: int, loads: Loads) -> Team:
    leads: list[UUID | None] = [None]
    if case.staff.leads is not None:
        leads = [lead_id for lead_id, bits in case.leading.items() if bits >> at & 1]
    ranked = _ranked_helpers(case, at, loads)
    teams = (_team(case, at, lead_id, ranked, loads) for lead_id in leads)
    return min(teams, key=itemgetter(0))[1]


def _team(
    case: Case, at: int, lead_id: UUID | None, ranked: Sequence[tuple[tuple[int, ...], UUID]], loads: Loads
) -> tuple[tuple[object, ...], Team]:
    pools = case.staff.assistants
    options = [[p for _, p in ranked if p != lead_id and _usable(pool, p, at)] for pool in pools]
    helpers = choose(options, case.staff.clash) or ()
    bent = set().union(*(_violated_codes(pool[p], at) for pool, p in zip(pools, helpers, strict=True)))
    waste = slack = 0
    if lead_id is not None and case.staff.leads is not None:
        person = case.staff.leads[lead_id]
        bent |= _violated_codes(person, at)
        waste, slack = waste_and_slack(person.open, _shifted(case.scene.visit.therapist, at))
    places = [rank for rank, (_, person_id) in enumerate(ranked) if person_id in helpers]
    lead = lead_id or UUID(int=0)
    key = (len(bent), len(set(helpers)), loads.get(lead, _NOTHING), waste, slack, places, lead)
    return key, Team(lead_id, helpers, frozenset(bent))


def _ranked_helpers(case: Case, at: int, loads: Loads) -> list[tuple[tuple[int, ...], UUID]]:
    """Return the possible assistants, best first, in the same order for all phases, so that few serve."""
    visit, ranked = case.scene.visit, []
    for person_id in dict.fromkeys(p for pool in case.staff.assistants for p in pool):
        served = [
            (pool[person_id], visit.spans[place])
            for pool, place in zip(case.staff.assistants, visit.assistants, strict=True)
            if _usable(pool, person_id, at)
        ]
        if served:
            bent = len(set().union(*(_violated_codes(person, at) for person, _ in served)))
            costs = waste_and_slack(served[0][0].open, _shifted(merge(span for _, span in served), at))
            ranked.append(((bent, -len(served), *loads.get(person_id, _NOTHING), *costs), person_id))
    return sorted(ranked)


def _usable(pool: Pool, person_id: UUID, at: int) -> bool:
    return bool(pool[person_id].usable >> at & 1)


def _violated_codes(person: Candidate, at: int) -> set[str]:
    return {reason.code for reason in person.refusals(at)}


def _best_spots(case: Case, at: int, loads: Loads) -> Spots:
    """Return the places with the least load on the path that wastes least."""
    paths = case.places.paths
    if loads and len(paths) > 1:
        paths = (_best_of(case, at, paths, NO_LOADS).path,)
    return _best_of(case, at, paths, loads)


def _best_of(case: Case, at: int, paths: Sequence[Path], loads: Loads) -> Spots:
    """Return the places with the least load and waste; between paths of equal waste the first in the list."""
    found: list[tuple[tuple[object, ...], Spots]] = []
    for devices in _device_choices(case, at):
        for order, path in enumerate(paths):
            pins = case.places.pins(path, devices)
            lanes = None if pins is None else _lanes(case, path, pins, at, loads)
            if lanes is not None:
                spots = Spots(path, lanes, devices)
                waste, slack = _total_cost(case, spots, at)
                load = _load_of(case, lanes, loads)
                found.append(((load, waste, order, slack, lanes, devices), spots))
    return min(found, key=itemgetter(0))[1]


def _load_of(case: Case, lanes: Sequence[Lane], loads: Loads) -> tuple[float, float]:
    """Return the load of rooms on the day and in the week, each shared by the room's places."""
    day = week = 0.0
    for room_id, _ in lanes:
        of_day, of_week = loads.get(room_id, _NOTHING)
        places = case.scene.catalog.rooms[room_id].capacity
        day, week = day + of_day / places, week + of_week / places
    return day, week


def _total_cost(case: Case, spots: Spots, at: int) -> tuple[int, int]:
    needs = zip(spots.devices, case.scene.visit.devices, strict=True)
    stays = zip(spots.lanes, spots.path, strict=True)
    costs = [_cost(case, (device_id, 0), need.spans, at) for device_id, need in needs]
    costs += [_cost(case, lane, ((run.start, run.end),), at) for lane, run in stays]
    return sum(waste for waste, _ in costs), sum(slack for _, slack in costs)


def _device_choices(case: Case, at: int) -> Iterator[tuple[UUID, ...]]:
    return (chosen for chosen, free in case.places.device_choices() if free >> at & 1)


def _lanes(
    case: Case, path: Path, pins: Sequence[UUID | None], at: int, loads: Loads
) -> tuple[Lane, ...] | None:
    options = []
    for run, pin in zip(path, pins, strict=True):
        free = [lane for lane, bits in case.places.options(run, pin).items() if bits >> at & 1]
        costs = {lane: _cost(case, lane, ((run.start, run.end),), at) for lane in free}
        options.append(sorted(free, key=lambda lane: (_load_of(case, [lane], loads), costs[lane], lane)))
    return choose(options, path_clashes(path))


def _cost(case: Case, lane: Lane, spans: Sequence[Span], at: int) -> tuple[int, int]:
    """Return the waste and slack that a claim leaves within a room's or device's open time."""
    scene = case.scene
    free = scene.opening & ~scene.closed & scene.free(*lane)
    return waste_and_slack(free, _shifted(spans, at))


def _shifted(spans: Iterable[Span], at: int) -> tuple[Span, ...]:
    return tuple((at + start, at + end) for start, end in spans)


def _phase(case: Case, at: int, place: int, team: Team, spots: Spots) -> PhaseAssignment:
    visit = case.scene.visit
    start, end = visit.spans[place]
    arrival = case.scene.window.start + at
    lanes = [lane for lane, run in zip(spots.lanes, spots.path, strict=True) if place in run.phases]
    devices = [d for d, need in zip(spots.devices, visit.devices, strict=True) if place in need.phases]
    helper = team.helpers[visit.assistants.index(place)] if place in visit.assistants else None
    room_id, lane = lanes[0] if lanes else (None, None)
    return PhaseAssignment(
        start=arrival + start,
        end=arrival + end,
        room_id=room_id,
        lane=lane,
        therapist_id=team.lead_id if visit.procedure.phases[place].therapist else None,
        assistant_id=helper,
        device_id=devices[0] if devices else None,
    )


def _claims(case: Case, at: int, team: Team, spots: Spots) -> tuple[Claim, ...]:
    """Return what the visit takes, in order of resource, lane and time."""
    visit = case.scene.visit
    taken: dict[Lane, list[Span]] = {}
    if team.lead_id is not None:
        taken.setdefault((team.lead_id, 0), []).extend(visit.therapist)
    for helper, place in zip(team.helpers, visit.assistants, strict=True):
        taken.setdefault((helper, 0), []).append(visit.spans[place])
    for lane, run in zip(spots.lanes, spots.path, strict=True):
        taken.setdefault(lane, []).append((run.start, run.end))
    for device_id, need in zip(spots.devices, visit.devices, strict=True):
        taken.setdefault((device_id, 0), []).extend(need.spans)
    arrival = case.scene.window.start + at
    return tuple(
        (*lane, start, end) for lane in sorted(taken) for start, end in _shifted(merge(taken[lane]), arrival)
    )
