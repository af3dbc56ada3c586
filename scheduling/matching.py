"""Finds where needs that overlap can have different takers (staff, lanes, devices), and chooses them."""

from collections.abc import Hashable, Mapping, Sequence
from typing import TypeVar

Taker = TypeVar("Taker", bound=Hashable)

Clashes = tuple[tuple[int, ...], ...]
"""For each need the earlier needs that must have another taker."""


def clashes(spans: Sequence[Sequence[tuple[int, int]]]) -> Clashes:
    """Return which needs clash, since their half-open spans overlap in time."""
    return tuple(
        tuple(other for other in range(place) if _overlap(spans[other], mine))
        for place, mine in enumerate(spans)
    )


def _overlap(first: Sequence[tuple[int, int]], second: Sequence[tuple[int, int]]) -> bool:
    return any(start < end and begin < finish for start, finish in first for begin, end in second)


def possible(options: Sequence[Mapping[Taker, int]], clash: Clashes) -> int:
    """Return the bits at which clashing needs can have different takers, given each taker's bits by need."""
    clashing = {place for place, others in enumerate(clash) if others}
    clashing |= {other for others in clash for other in others}
    bits = -1
    for place, option in enumerate(options):
        if place not in clashing:
            bits &= union(option)
    return bits & _possible(options, clash, sorted(clashing), {})


def union(option: Mapping[Taker, int]) -> int:
    """Return the bits at which any taker is free."""
    bits = 0
    for free in option.values():
        bits |= free
    return bits


def _possible(
    options: Sequence[Mapping[Taker, int]], clash: Clashes, places: Sequence[int], taken: dict[int, Taker]
) -> int:
    if not places:
        return -1
    place, *rest = places
    barred = {taken[other] for other in clash[place]}
    bits = 0
    for taker, free in options[place].items():
        if free and taker not in barred:
            bits |= free & _possible(options, clash, rest, {**taken, place: taker})
    return bits


def choose(options: Sequence[Sequence[Taker]], clash: Clashes) -> tuple[Taker, ...] | None:
    """Return a taker for each need, the first choice that works in the order given; None when none works."""
    return _choose(options, clash, ())


def _choose(
    options: Sequence[Sequence[Taker]], clash: Clashes, chosen: tuple[Taker, ...]
) -> tuple[Taker, ...] | None:
    place = len(chosen)
    if place == len(options):
        return chosen
    barred = {chosen[other] for other in clash[place]}
    for taker in options[place]:
        found = None if taker in barred else _choose(options, clash, (*chosen, taker))
        if found is not None:
            return found
    return None
