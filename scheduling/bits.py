"""Holds sets of ticks as the bits of an integer: bit i stands for the tick `start + i` of a window."""

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from operator import le
from sys import byteorder
from uuid import UUID

_INT4 = "i"
_ONE = ord("1")


# Whether a resource is free is a question about ticks of five minutes, 288 a day, so the answer for a window
# is a row of bits. A Python integer holds such a row whole: `&`, `|`, `~` and shifts treat every tick of the
# window in a single operation in C, and no loop runs over arrivals. Integers are also immutable and hashable,
# so rows can be cached and compared. Free time has no bits outside of the window, so nothing fits there.
#
# A phase that takes the ticks from 4 to 7 (half-open) after arrival suits an arrival when the bits 4, 5 and 6
# places above it are set: `(free >> 4) & (free >> 5) & (free >> 6)`. This is an erosion: each free stretch
# shrinks to the places from which the whole phase fits. Runs are doubled instead of shifted tick by tick: in
# `run = free & free >> 1` a bit says that two ticks are free, in `run & run >> 2` that four are.
#
# A visit is then plain algebra: AND for all that it needs at once (phases, staff, rooms, devices), OR for the
# candidates of which it needs any. `tests/scheduling/oracle.py` finds the same without bits, arrival by
# arrival.
@dataclass(frozen=True, slots=True)
class Window:
    """A half-open range of ticks; bits are counted from its start."""

    start: int
    end: int

    def __post_init__(self) -> None:
        if self.start >= self.end:
            raise ValueError("A window has a length.")

    @property
    def length(self) -> int:
        """The number of ticks in the window."""
        return self.end - self.start

    @property
    def full(self) -> int:
        """The bits of every tick of the window."""
        return (1 << self.length) - 1

    def span(self, start: int, end: int) -> int:
        """Return the bits of the ticks from `start` to `end`, half-open, clipped to the window."""
        low = min(max(start - self.start, 0), self.length)
        high = min(max(end - self.start, low), self.length)
        return (1 << high) - (1 << low)

    def spans(self, intervals: Iterable[tuple[int, int]]) -> int:
        """Return the bits of several intervals of ticks, which may overlap."""
        bits = 0
        for start, end in intervals:
            bits |= self.span(start, end)
        return bits


Busy = Mapping[tuple[UUID, int], int]
"""Busy bits over one window by (resource, lane); a missing key is free throughout."""


def occupy(
    taken: dict[tuple[UUID, int], int], window: Window, claims: Iterable[tuple[UUID, int, int, int]]
) -> None:
    """Add claims (resource, lane, start tick, end tick; half-open) to what is taken of each lane."""
    for resource_id, lane, start, end in claims:
        taken[resource_id, lane] = taken.get((resource_id, lane), 0) | window.span(start, end)


def busy_bits(packed: bytes, window: Window) -> int:
    """Decode packed busy time: big-endian signed 4-byte pairs of (start tick, end tick), half-open.

    The intervals are disjoint and sorted; they are clipped to the window. ValueError when the
    bytes are not whole pairs.
    """
    return _bits_of_disjoint(*_starts_and_ends(packed), window)


def unpacked(packed: bytes) -> Iterator[tuple[int, int]]:
    """Return the intervals of packed busy time as pairs of ticks."""
    return zip(*_starts_and_ends(packed), strict=True)


def overlapping_bits(packed: bytes, window: Window) -> int:
    """Decode packed busy time like `busy_bits`, of intervals that may overlap, sorted by start for speed."""
    starts, ends = _starts_and_ends(packed)
    if not all(map(le, ends, starts[1:])):
        return union_bits(zip(starts, ends, strict=True), window)
    return _bits_of_disjoint(starts, ends, window)


def union_bits(intervals: Iterable[tuple[int, int]], window: Window) -> int:
    """Return the bits of many intervals of ticks, which may overlap; faster than `Window.spans`."""
    joined = merge(span for span in intervals if span[0] < span[1])
    if not joined:
        return 0
    starts, ends = (array(_INT4, bounds) for bounds in zip(*joined, strict=True))
    return _bits_of_disjoint(starts, ends, window)


def _starts_and_ends(packed: bytes) -> tuple["array[int]", "array[int]"]:
    """Return the starts and the ends of packed pairs."""
    if len(packed) % 8:
        raise ValueError("Packed busy time holds pairs of 4-byte ticks.")
    bounds = array(_INT4, packed)
    if byteorder == "little":
        bounds.byteswap()
    return bounds[::2], bounds[1::2]


def _bits_of_disjoint(starts: "array[int]", ends: "array[int]", window: Window) -> int:
    """Return the bits of those of the sorted, disjoint intervals that meet the window."""
    first, last = bisect_right(ends, window.start), bisect_left(starts, window.end)
    return _union_of_disjoint(starts[first:last], ends[first:last], window)


def _union_of_disjoint(starts: "array[int]", ends: "array[int]", window: Window) -> int:
    """Return the union of intervals that all meet the window.

    To write a byte for each bound and convert twice is several times faster than to shift once for each
    interval. The intervals are disjoint, so the difference of the sums of powers of two is their union.
    """
    if not starts:
        return 0
    # The digits run from the highest bit down, so a tick counts from the text's end.
    opening, closing = bytearray(b"0") * (window.length + 1), bytearray(b"0") * (window.length + 1)
    starts[0] = max(starts[0], window.start)
    ends[-1] = min(ends[-1], window.end)
    for start in starts:
        opening[window.end - start] = _ONE
    for end in ends:
        closing[window.end - end] = _ONE
    return int(closing, 2) - int(opening, 2)


def erode(free: int, start: int, end: int) -> int:
    """Return the positions after which all ticks from `start` to `end` (half-open, not negative) are set.

    The run doubles, so a length of n ticks takes about log2(n) steps.
    """
    run, covered, length = free, 1, end - start
    while covered < length:
        step = min(covered, length - covered)
        run &= run >> step
        covered += step
    return run >> start


def erode_all(free: int, spans: Iterable[tuple[int, int]]) -> int:
    """Return the positions after which every tick of every span is set: all of them when there is no span."""
    fits = -1
    for start, end in spans:
        fits &= erode(free, start, end)
    return fits


def positions(bits: int) -> Iterator[int]:
    """Yield the positions of the set bits, rising."""
    digits = bin(bits)[:1:-1]
    place = digits.find("1")
    while place >= 0:
        yield place
        place = digits.find("1", place + 1)


def merge(spans: Iterable[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    """Return half-open spans sorted, with touching and overlapping spans joined."""
    merged: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return tuple(merged)


def without(span: tuple[int, int], others: Iterable[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    """Return the parts of a half-open span that no other span overlaps, sorted."""
    start, end = span
    parts = []
    for low, high in merge(others):
        if start < min(low, end):
            parts.append((start, min(low, end)))
        start = max(start, high)
    return (*parts, (start, end)) if start < end else tuple(parts)
