"""Lays out a visit: when each phase runs after arrival and which rooms, staff and devices it needs."""

from collections.abc import Sequence
from dataclasses import dataclass

from scheduling.bits import merge
from scheduling.catalog import Phase, Procedure
from scheduling.ticks import minutes_to_ticks

Span = tuple[int, int]
"""A half-open range of ticks after arrival."""

LONGEST_VISIT = 12 * 12
"""The most ticks from arrival to the end of the last phase: 12 hours."""

_BEFORE_TREATMENT = frozenset({"intake", "numbing", "prep"})


@dataclass(frozen=True, slots=True)
class Run:
    """A stay in a room of a kind, from the first to the last of its phases (their list positions)."""

    kind: str
    start: int
    end: int
    phases: tuple[int, ...]


Path = tuple[Run, ...]
"""A way through the rooms."""


@dataclass(frozen=True, slots=True)
class DeviceNeed:
    """Phases that share a device, which may be of any of the kinds."""

    kinds: frozenset[str]
    phases: tuple[int, ...]
    spans: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class Visit:
    """A procedure's layout in ticks after arrival; `spans` has an entry for each phase, in list order.

    `leaves` is when the patient goes, `procedure_at` when the treatment starts, `length` the end of the
    last phase. `busy` is the union of all phases, `therapist` the union of those that hold the therapist.
    `assistants` are the list positions of the phases that need an assistant.
    """

    procedure: Procedure
    spans: tuple[Span, ...]
    busy: tuple[Span, ...]
    leaves: int
    procedure_at: int
    length: int
    paths: tuple[Path, ...]
    therapist: tuple[Span, ...]
    assistants: tuple[int, ...]
    devices: tuple[DeviceNeed, ...]


def lay_out(procedure: Procedure) -> Visit:
    """Return the layout of a procedure's phases at their planned minutes."""
    phases, spans = procedure.phases, phase_spans(procedure.phases)
    ends = [end for _, end in spans]
    return Visit(
        procedure=procedure,
        spans=spans,
        busy=merge(spans),
        leaves=max(end for phase, end in zip(phases, ends, strict=True) if phase.patient),
        procedure_at=_procedure_at(phases, spans),
        length=max(ends),
        paths=_paths(phases, spans),
        therapist=merge(span for phase, span in zip(phases, spans, strict=True) if phase.therapist),
        assistants=tuple(place for place, phase in enumerate(phases) if phase.assistant),
        devices=_device_needs(phases, spans),
    )


def phase_spans(phases: Sequence[Phase]) -> tuple[Span, ...]:
    """Return when each phase runs: from its `at_minute`, else from the end of the previous phase."""
    spans: list[Span] = []
    end = 0
    for phase in phases:
        start = end if phase.at_minute is None else minutes_to_ticks(phase.at_minute)
        end = start + minutes_to_ticks(phase.minutes)
        spans.append((start, end))
    return tuple(spans)


def _procedure_at(phases: Sequence[Phase], spans: Sequence[Span]) -> int:
    starts = [(phase.kind, start) for phase, (start, _) in zip(phases, spans, strict=True)]
    treating = [start for kind, start in starts if kind == "procedure"]
    main = [start for kind, start in starts if kind not in _BEFORE_TREATMENT]
    return min(treating or main or [0])


def _paths(phases: Sequence[Phase], spans: Sequence[Span]) -> tuple[Path, ...]:
    """Return every way through the rooms; a patient stays while the room suits the next phase."""
    roomed = sorted((spans[place], place) for place, phase in enumerate(phases) if phase.room_kinds)
    paths: list[Path] = [()]
    for span, place in roomed:
        kinds = tuple(dict.fromkeys(phases[place].room_kinds))
        paths = [longer for path in paths for longer in _continuations(path, kinds, span, place)]
    return tuple(dict.fromkeys(paths))


def _continuations(path: Path, kinds: tuple[str, ...], span: Span, place: int) -> list[Path]:
    start, end = span
    if path and start <= path[-1].end and path[-1].kind in kinds:
        run = path[-1]
        return [(*path[:-1], Run(run.kind, run.start, max(run.end, end), (*run.phases, place)))]
    return [(*path, Run(kind, start, end, (place,))) for kind in kinds]


def _device_needs(phases: Sequence[Phase], spans: Sequence[Span]) -> tuple[DeviceNeed, ...]:
    groups: dict[frozenset[str], list[int]] = {}
    for place, phase in enumerate(phases):
        if phase.device_kinds:
            groups.setdefault(frozenset(phase.device_kinds), []).append(place)
    return tuple(
        DeviceNeed(kinds, tuple(places), merge(spans[place] for place in places))
        for kinds, places in groups.items()
    )
