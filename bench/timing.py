"""Takes times and shows them: percentiles in milliseconds, and how many times the floor they are."""

import gc
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from time import perf_counter
from typing import TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Series:
    """The times of an operation, in milliseconds."""

    name: str
    took: tuple[float, ...]

    def percentile(self, share: float) -> float:
        """Give the time within which this share of the calls was answered."""
        ordered = sorted(self.took)
        return ordered[min(int(len(ordered) * share), len(ordered) - 1)]

    @property
    def median(self) -> float:
        """Give the time of the call in the middle."""
        return self.percentile(0.5)


def timed(name: str, act: Callable[[T], object], inputs: Iterable[T]) -> Series:
    """Time a call for each input, without the pauses of our own garbage collector."""
    took = []
    gc.disable()
    for one in inputs:
        begun = perf_counter()
        act(one)
        took.append((perf_counter() - begun) * 1000)
    gc.enable()
    return Series(name, tuple(took))


def timed_in_turn(
    first: tuple[str, Callable[[], object]], second: tuple[str, Callable[[], object]], calls: int
) -> tuple[Series, Series]:
    """Time two operations call by call in turn, so that a machine whose speed drifts is as fast for both."""
    took: tuple[list[float], list[float]] = [], []
    gc.disable()
    for _ in range(calls):
        for times, (_name, act) in zip(took, (first, second), strict=True):
            begun = perf_counter()
            act()
            times.append((perf_counter() - begun) * 1000)
    gc.enable()
    return Series(first[0], tuple(took[0])), Series(second[0], tuple(took[1]))
