"""Holds sets of ticks as the bits of one integer: bit i is the window's tick `start + i`."""

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from sys import byteorder
from uuid import UUID

_INT4 = "i"
_ONE = ord("1")


@dataclass(frozen=True, slots=True)
class Window:
    """A half-open range of ticks that bits are counted from."""

    start: int
    end: int

    def __post_init__(self) -> None:
        if self.start >= self.end:
            raise ValueError("A window has a length.")

    @property
    def length(self) -> int:
        """Ticks in the window."""
        return self.end - self.start

    @property
    def full(self) -> int:
        """The bits of every tick."""
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


def busy_bits(packed: bytes, window: Window) -> int:
    """Decode packed busy time: big-endian signed 4-byte pairs of (start tick, end tick), half-open.

    The intervals are disjoint and sorted; they are clipped to the window. ValueError when the
    bytes are not whole pairs.
    """
    starts, ends = _unpacked(packed)
    first, last = bisect_right(ends, window.start), bisect_left(starts, window.end)
    return _fill(starts[first:last], ends[first:last], window)


def overlapping_bits(packed: bytes, window: Window) -> int:
    """Decode packed busy time like `busy_bits`, of intervals in any order that may overlap."""
    starts, ends = _unpacked(packed)
    joined = merge(zip(starts, ends, strict=True))
    met = [one for one in joined if one[1] > window.start and one[0] < window.end]
    return _fill(array(_INT4, [one[0] for one in met]), array(_INT4, [one[1] for one in met]), window)


def _unpacked(packed: bytes) -> tuple["array[int]", "array[int]"]:
    """Return the starts and the ends of packed pairs."""
    if len(packed) % 8:
        raise ValueError("Packed busy time holds pairs of 4-byte ticks.")
    bounds = array(_INT4, packed)
    if byteorder == "little":
        bounds.byteswap()
    return bounds[::2], bounds[1::2]


def _fill(starts: "array[int]", ends: "array[int]", window: Window) -> int:
    """Return the union of intervals that all meet the window.

    One byte a bound and two conversions are several times faster than one shift an interval; the
    difference of the sums of powers of two is the union, since the intervals are disjoint.
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
    """Return the bits whose ticks from `start` to `end` (not negative) after them are all set.

    The doubling covers a length of n in about log2(n) steps.
    """
    run, covered, length = free, 1, end - start
    while covered < length:
        step = min(covered, length - covered)
        run &= run >> step
        covered += step
    return run >> start


def erode_all(free: int, spans: Iterable[tuple[int, int]]) -> int:
    """Return the bits for which every span of ticks after them is set throughout (all ones for no span)."""
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
    """Return half-open spans sorted, with touching and overlapping ones joined."""
    merged: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return tuple(merged)
