"""Packs visits of the same kind into free time, to count how many fit beside a given visit."""

from collections.abc import Iterator, Sequence
from functools import reduce
from operator import or_

from scheduling.bits import positions
from scheduling.gaps import gap_after, gap_before, waste_and_slack
from scheduling.matching import choose, clashes
from scheduling.needs import Needs, Takers
from scheduling.places import Lane
from scheduling.ticks import DAY_TICKS

Masks = tuple[int, ...]
"""For each option the arrivals at which it can still be taken."""

Option = tuple[int, Lane, int, int]
"""A taker of a need: the need's position, the taker, its arrivals and its free ticks."""

Pick = tuple[int, int, int]
"""The waste and the slack that an option leaves at an arrival, and the option."""

Choice = tuple[int, list[int]]
"""The waste of a whole visit, and its options."""

Shape = tuple[Option, ...]
"""The options of some arrivals, counted from the first of them; free ticks count from a day before it."""


def cut(takers: Sequence[Takers], starts: int, first: int, last: int, length: int) -> Shape:
    """Return the options of the arrivals from position `first` to `last`, for visits of `length` ticks."""
    inside = starts >> first & (2 << last - first) - 1
    return tuple(
        (place, lane, mask, _free_around(_shifted(free, first - DAY_TICKS), last - first + length))
        for place, able in enumerate(takers)
        for lane, (fits, free) in able.items()
        if (mask := fits >> first & inside)
    )


def _free_around(free: int, length: int) -> int:
    """Return the free ticks of the stretch that begins a day in, and the free ticks directly beside it."""
    begin, end = DAY_TICKS, DAY_TICKS + length
    before, after = gap_before(free, begin), gap_after(free, end)
    low = max(begin - before, 0)
    return free & (1 << min(end + after, end + DAY_TICKS)) - (1 << low)


def _shifted(bits: int, by: int) -> int:
    return bits >> by if by >= 0 else bits << -by


class Packing:
    """Counts the visits that fit into a shape, each placed as early as possible."""

    def __init__(self, needs: Needs, shape: Shape) -> None:
        self._needs, self._shape = needs, shape
        self._options: list[list[int]] = [[] for _ in needs.spans]
        same: dict[Lane, list[int]] = {}
        for number, (place, lane, _, _) in enumerate(shape):
            self._options[place].append(number)
            same.setdefault(lane, []).append(number)
        self._ways = [way for way in needs.ways if way and all(self._options[place] for place in way)]
        self._losses = [
            [(other, needs.losses[place][shape[other][0]]) for other in same[lane]]
            for place, lane, _, _ in shape
        ]
        # Counting always places the next visit at position 0, so what such a visit keeps is worked out once.
        self._keeps = [[(other, ~lost.at(0)) for other, lost in losses] for losses in self._losses]
        self._known: dict[Masks, int] = {}

    def costs(self) -> Iterator[tuple[int, tuple[int, int]]]:
        """Yield each arrival with how many fewer visits fit beside it, and the ticks that it wastes."""
        whole: Masks = tuple(mask for _, _, mask, _ in self._shape)
        steps = [(0, whole), *self._steps(whole)]
        most, kept = len(steps) - 1, 0
        for at in positions(self._feasible(whole)):
            # Visits that end before this arrival do not meet it: counting begins after them.
            while kept < most and steps[kept + 1][0] + self._needs.length <= at:
                kept += 1
            begun, masks = steps[kept]
            waste, options = self._choice(whole, at)
            yield at, (most - kept - self._count(self._without(masks, options, at - begun)), waste)

    def _steps(self, masks: Masks) -> Iterator[tuple[int, Masks]]:
        """Yield for each visit that is placed its arrival, and the masks after it, counted from there."""
        begun = 0
        while free := self._feasible(masks):
            skipped = (free & -free).bit_length() - 1
            begun += skipped
            masks, placed = self._placed(tuple([bits >> skipped for bits in masks]))
            if placed:
                yield begun, masks

    def _count(self, masks: Masks) -> int:
        """Return how many visits fit."""
        number, trail = 0, []
        while free := self._feasible(masks):
            skipped = (free & -free).bit_length() - 1
            masks = tuple([bits >> skipped for bits in masks])
            if masks in self._known:
                number = self._known[masks]
                break
            after, placed = self._placed(masks)
            trail.append((masks, placed))
            masks = after
        for state, placed in reversed(trail):
            number += placed
            self._known[state] = number
        return number

    def _feasible(self, masks: Masks) -> int:
        """Return the arrivals at which every need of some way has an option."""
        some = [reduce(or_, [masks[option] for option in options], 0) for options in self._options]
        bits = 0
        for way in self._ways:
            fits = some[way[0]]
            for place in way[1:]:
                fits &= some[place]
            bits |= fits
        return bits

    def _placed(self, masks: Masks) -> tuple[Masks, bool]:
        """Return the masks after a visit at position 0, and whether it fits.

        For each need the taker goes first that is free for the shortest time.
        """
        for way in self._ways:
            left = list(masks)
            for place in way:
                here = [
                    (bits ^ (bits + 1), option)
                    for option in self._options[place]
                    if (bits := left[option]) & 1
                ]
                if not here:
                    break
                for other, keep in self._keeps[min(here)[1]]:
                    left[other] &= keep
            else:
                return tuple(left), True
        return tuple([bits & ~1 for bits in masks]), False

    def _choice(self, masks: Masks, at: int) -> Choice:
        """Return the waste of a visit at an arrival and the options that its assignment takes."""
        ranked = [self._ranked(masks, options, at) for options in self._options]
        best: tuple[tuple[int, int, int], list[int]] | None = None
        for order, way in enumerate(self._ways):
            picked = self._picked([ranked[place] for place in way], way)
            if picked:
                waste = sum(waste for waste, _, _ in picked)
                cost = (waste, order, sum(slack for _, slack, _ in picked))
                if best is None or cost < best[0]:
                    best = cost, [option for _, _, option in picked]
        return (0, []) if best is None else (best[0][0], best[1])

    def _ranked(self, masks: Masks, options: Sequence[int], at: int) -> list[Pick]:
        here = [option for option in options if masks[option] >> at & 1]
        if not here:
            return []
        begins = DAY_TICKS + at
        spans = [(begins + start, begins + end) for start, end in self._needs.spans[self._shape[here[0]][0]]]
        picks = [(*waste_and_slack(self._shape[option][3], spans), option) for option in here]
        return sorted(picks) if len(picks) > 1 else picks

    def _picked(self, ranked: Sequence[list[Pick]], way: Sequence[int]) -> list[Pick]:
        """Return the best options for a way's needs, with different takers where needs clash.

        Return an empty list when there are none.
        """
        if not all(ranked):
            return []
        first = [picks[0] for picks in ranked]
        if len({self._shape[option][1] for _, _, option in first}) == len(first):
            return first
        takers = [{self._shape[pick[2]][1]: pick for pick in picks} for picks in ranked]
        clash = clashes([self._needs.spans[place] for place in way])
        lanes = choose([list(one) for one in takers], clash) or ()
        return [one[lane] for one, lane in zip(takers, lanes, strict=False)]

    def _without(self, masks: Masks, options: Sequence[int], at: int) -> Masks:
        left = list(masks)
        for option in options:
            for other, lost in self._losses[option]:
                left[other] &= ~lost.at(at)
        return tuple(left)
