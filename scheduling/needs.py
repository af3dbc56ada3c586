"""Puts what a visit takes into a single form: needs, each met by a person, a lane or a device."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from scheduling.case import Case
from scheduling.places import Lane
from scheduling.visits import Span

Takers = Mapping[Lane, tuple[int, int]]
"""By person, lane or device that can meet a need: the arrivals at which it can, its open and free ticks."""

Need = tuple[tuple[Span, ...], Takers]
"""A need's ticks after arrival and its takers."""


@dataclass(frozen=True, slots=True)
class Loss:
    """The arrivals that a placed visit takes from a need, as bits from `offset` ticks after its arrival."""

    bits: int
    offset: int

    def at(self, position: int) -> int:
        """Return the arrivals that a visit at a position takes."""
        shift = position + self.offset
        return self.bits << shift if shift >= 0 else self.bits >> -shift


@dataclass(frozen=True, slots=True)
class Needs:
    """All needs of a visit and the ways to meet them: for each path the positions of its needs.

    `spans` are each need's ticks after arrival. `losses` are by the need that is taken, then by the need
    that the same taker could meet too. They are the same for every search of the same kind of visit.
    """

    spans: tuple[tuple[Span, ...], ...]
    ways: tuple[tuple[int, ...], ...]
    losses: tuple[tuple[Loss, ...], ...]
    length: int


def needs_of(case: Case) -> tuple[Needs, Sequence[Takers]]:
    """Return the needs of a case, and the takers of each. Devices count as if none were fixed to a room."""
    always = [*_people(case), *_devices(case)]
    runs = {key: len(always) + place for place, key in enumerate(case.places.lanes)}
    rooms = [((key[1:],), _with_open_time(case, lanes)) for key, lanes in case.places.lanes.items()]
    common = tuple(range(len(always)))
    ways = tuple(
        common + tuple(runs[run.kind, run.start, run.end] for run in path) for path in case.places.paths
    )
    needs = (*always, *rooms)
    spans = tuple(spans for spans, _ in needs)
    losses = tuple(tuple(_loss(taken, other) for other in spans) for taken in spans)
    return Needs(spans, ways, losses, case.scene.visit.length), [takers for _, takers in needs]


def _people(case: Case) -> Iterator[Need]:
    visit, staff = case.scene.visit, case.staff
    if staff.leads is not None:
        leads = {(key, 0): (fits, staff.leads[key].open) for key, fits in case.leading.items()}
        yield visit.therapist, leads
    for pool, place in zip(staff.assistants, visit.assistants, strict=True):
        yield (visit.spans[place],), {(one.id, 0): (one.usable, one.open) for one in pool.values()}


def _devices(case: Case) -> Iterator[Need]:
    for devices, need in zip(case.places.devices, case.scene.visit.devices, strict=True):
        yield need.spans, _with_open_time(case, {(device_id, 0): fits for device_id, fits in devices.items()})


def _with_open_time(case: Case, things: Mapping[Lane, int]) -> Takers:
    scene = case.scene
    inside = scene.opening & ~scene.closed
    return {lane: (fits, inside & scene.free(*lane)) for lane, fits in things.items()}


def _loss(taken: tuple[Span, ...], wanted: tuple[Span, ...]) -> Loss:
    """Return the arrivals of visits with `wanted` spans that a taker cannot serve after `taken` spans."""
    ranges = [(start - until + 1, end - begin) for start, end in taken for begin, until in wanted]
    offset, bits = min(low for low, _ in ranges), 0
    for low, high in ranges:
        bits |= (1 << high - offset) - (1 << low - offset)
    return Loss(bits, offset)
