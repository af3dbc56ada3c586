"""Works out what a visit occupies once it has begun: what it really uses from then on, not its plan."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from scheduling.visits import Span

_NOTED: Final = frozenset({"numbing", "prep"})


@dataclass(frozen=True, slots=True)
class RealPhase:
    """A phase of a booked visit, in ticks: as planned, and when it really began and ended.

    `least` and `most` are the limits of its length, by default the planned length. `patient` says whether
    the patient is there: a turnover begins when the patient leaves.
    """

    kind: str
    start: int
    end: int
    began: int | None = None
    ended: int | None = None
    least: int | None = None
    most: int | None = None
    patient: bool = True


# A plan says when rooms, devices and people are needed; the day itself says when they are in use. So as soon
# as the cream is on, or the needling has begun, the visit occupies something else than was planned:
#
# - While the cream works, the numbing occupies its place from its real start. The treatment stays where it is
#   planned as far as the limits of numbing allow, since its therapist has other patients before and after;
#   otherwise it comes as near to its plan as they do. What follows the numbing moves along.
# - Once the needling has begun, all that comes after it moves along with it, by its planned lengths.
# - When the patient leaves, all phases with the patient end, and the turnover follows.
#
# Phases before the numbing or the needling keep that part of their plan which lies before it, and a phase
# that would begin later does not take place. An arrival occupies nothing. The caller rounds every instant
# down to its tick: a visit that ends at 10:02 and a visit that begins at 10:03 in its room do not meet.
def real_spans(phases: Sequence[RealPhase], main: int) -> tuple[Span, ...]:
    """Return what each phase occupies, as ticks from start to end; both are equal where it takes nothing.

    `main` is the place of the treatment or consultation in the list. Before the numbing and the main phase
    have begun, everything is as planned.
    """
    began, cream = phases[main].began, _cream(phases)
    if began is not None:
        return _until_left(phases, _since_treatment(phases, main, began, cream), phases[main].ended)
    if cream is not None:
        return _since_numbing(phases, cream, phases[cream].began or 0)
    return tuple((one.start, one.end) for one in phases)


def _cream(phases: Sequence[RealPhase]) -> int | None:
    """Return the place of the numbing that has begun, or None."""
    return next((i for i, one in enumerate(phases) if one.kind == "numbing" and one.began is not None), None)


def _since_numbing(phases: Sequence[RealPhase], place: int, began: int) -> tuple[Span, ...]:
    numbing = phases[place]
    planned = numbing.end - numbing.start
    least = planned if numbing.least is None else min(numbing.least, planned)
    most = planned if numbing.most is None else max(numbing.most, planned)
    ends = min(max(numbing.end, began + least), began + most)

    def span(at: int, one: RealPhase) -> Span:
        if at == place:
            return began, ends
        if one.start >= numbing.end:
            return _moved(one, ends - numbing.end)
        if one.start >= numbing.start:
            return _moved(one, began - numbing.start)
        return _within(one.start, one.end, None, began)

    return tuple(span(at, one) for at, one in enumerate(phases))


def _since_treatment(
    phases: Sequence[RealPhase], main: int, began: int, numbing: int | None
) -> tuple[Span, ...]:
    planned = phases[main].start

    def span(at: int, one: RealPhase) -> Span:
        if at == main or one.end > planned:
            return _moved(one, began - planned)
        if one.began is not None and one.kind in _NOTED:
            return _within(one.began, began if one.ended is None else one.ended, None, began)
        if numbing is None:
            return _within(one.start, one.end, None, began)
        cream = phases[numbing]
        return _within(one.start, one.end, *((None, cream.began) if at < numbing else (cream.ended, began)))

    return tuple(span(at, one) for at, one in enumerate(phases))


def _until_left(phases: Sequence[RealPhase], spans: Sequence[Span], left: int | None) -> tuple[Span, ...]:
    """Return the spans with the patient gone at the tick `left`; as they are while the patient is here."""
    if left is None:
        return tuple(spans)
    leaves = max(end for one, (_, end) in zip(phases, spans, strict=True) if one.patient)

    def span(one: RealPhase, start: int, end: int) -> Span:
        if not one.patient and start >= leaves:
            return start + left - leaves, end + left - leaves
        if one.patient and end == leaves:
            return min(start, left), left
        return min(start, left), min(end, left)

    return tuple(span(one, *given) for one, given in zip(phases, spans, strict=True))


def _moved(one: RealPhase, by: int) -> Span:
    return one.start + by, one.end + by


def _within(start: int, end: int, low: int | None, high: int | None) -> Span:
    """Return the part of a span that lies between two ticks, if these are given; it may be empty."""
    if high is not None:
        start, end = min(start, high), min(end, high)
    return (start, end) if low is None else (max(start, low), max(end, low))
