"""Judges on which dates a member of staff may do what a procedure needs."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from scheduling.catalog import Procedure, Qualification, Therapist
from scheduling.clinical import default_depth_limit, includes
from scheduling.hours import Days

CODES = ("therapist_unqualified", "qualification_expires", "depth_exceeded")


@dataclass(frozen=True, slots=True)
class Need:
    """What a part of a visit must be qualified for: any code of each group, to a depth (mm) on areas."""

    groups: tuple[tuple[str, ...], ...]
    location_id: UUID
    depth_mm: float | None = None
    areas: tuple[str, ...] = ()


def need_of_lead(procedure: Procedure, location_id: UUID, areas: tuple[str, ...]) -> Need:
    """Return what a therapist who leads a procedure on these areas must be qualified for."""
    groups: list[tuple[str, ...]] = [(code,) for code in procedure.qualifications]
    if procedure.qualifications_any:
        groups.append(procedure.qualifications_any)
    return Need(tuple(groups), location_id, procedure.depth_mm, areas)


def may_lead(person: Therapist, procedure: Procedure, location_id: UUID, today: date) -> bool:
    """Return whether a person may lead a procedure, on all of its areas, at a location today."""
    need = need_of_lead(procedure, location_id, procedure.areas)
    return person.active and person.treats and not faults(person, need, today, today)


def faults(person: Therapist, need: Need, on: date, today: date) -> frozenset[str]:
    """Return the refusal codes against a person on a local date."""
    held = [q for q in person.qualifications if q.location_id in {None, need.location_id}]
    return frozenset(filter(None, (_fault(held, group, need, on, today) for group in need.groups)))


def _fault(
    held: Sequence[Qualification], group: Sequence[str], need: Need, on: date, today: date
) -> str | None:
    fitting = [q for q in held if any(includes(q.code, code) for code in group)]
    valid = [q for q in fitting if q.valid_on(on)]
    if valid:
        return None if any(_deep_enough(q, need) for q in valid) else "depth_exceeded"
    return "qualification_expires" if any(q.valid_on(today) for q in fitting) else "therapist_unqualified"


def _deep_enough(held: Qualification, need: Need) -> bool:
    if need.depth_mm is None:
        return True
    areas: Sequence[str | None] = need.areas or (None,)
    limits = (_limit(held, area) for area in areas)
    return all(limit is None or need.depth_mm <= limit for limit in limits)


def _limit(held: Qualification, area: str | None) -> float | None:
    own = held.max_depth_mm
    if isinstance(own, Mapping):
        own = None if area is None else own.get(area)
    return default_depth_limit(held.code, area) if own is None else own


def fault_bits(person: Therapist, need: Need, today: date, days: Days) -> dict[str, int]:
    """Return for each refusal code the bits of the arrivals, by local date, that it refuses."""
    bits: dict[str, int] = {}
    for first, until in _steady_dates(person.qualifications, days):
        for code in faults(person, need, first, today):
            bits[code] = bits.get(code, 0) | days.between(first, until)
    return bits


def _steady_dates(held: Sequence[Qualification], days: Days) -> Iterator[tuple[date, date]]:
    """Yield half-open date ranges of the window within which no qualification begins or ends."""
    one_day = timedelta(days=1)
    end = days.first + timedelta(days=len(days.midnights) - 1)
    turns = {q.valid_from for q in held if q.valid_from is not None}
    turns |= {q.valid_until + one_day for q in held if q.valid_until not in {None, date.max}}
    inside = sorted(turn for turn in turns if days.first < turn < end)
    yield from zip([days.first, *inside], [*inside, end], strict=True)
