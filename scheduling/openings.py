"""Reads openings out as slots, in time order or with those first that waste the least time."""

from collections.abc import Iterator
from itertools import compress, islice
from uuid import UUID

from scheduling.bits import Busy, Window, positions
from scheduling.case import Case, open_case
from scheduling.catalog import Catalog
from scheduling.gaps import Levels, add, least, waste_levels
from scheduling.questions import Openings, Question, Slot
from scheduling.scene import survey
from scheduling.staff import Pool
from scheduling.visits import Path, Span


def slots(openings: Openings, window: Window, limit: int | None = None) -> list[Slot]:
    """Return the feasible arrivals in time order, at most `limit`."""
    return list(islice(_slots(openings, window), limit))


def _slots(openings: Openings, window: Window) -> Iterator[Slot]:
    therapist_ids, length = sorted(openings.by_therapist), window.length
    # One row of digits a therapist, the last position first: a column is a slice with a step.
    rows = (format(openings.by_therapist[key], f"0{length}b") for key in therapist_ids)
    table = "".join(rows).encode().translate(bytes.maketrans(b"01", b"\0\1"))
    groups: dict[bytes, tuple[UUID, ...]] = {}
    for position in positions(openings.starts):
        column = table[length - 1 - position :: length]
        if column not in groups:
            groups[column] = tuple(compress(therapist_ids, column))
        yield Slot(window.start + position, groups[column])


def rank_compact(
    openings: Openings, question: Question, catalog: Catalog, busy: Busy, window: Window
) -> list[Slot]:
    """Return the feasible arrivals, first those that leave the least unusable time; ties in time order.

    What counts is the least waste of staff, of rooms and of devices, each by themselves.
    """
    case = open_case(survey(question, catalog, busy, window))
    levels = _waste(case, openings)
    found = {slot.start - window.start: slot for slot in _slots(openings, window)}
    return [found[position] for bits in levels for position in positions(bits)]


def _waste(case: Case, openings: Openings) -> Levels:
    """Return the feasible arrivals by the ticks that they waste at least."""
    visit, starts = case.scene.visit, openings.starts
    total = [starts]
    if case.staff.leads is not None:
        leads = {lead_id: starts & bits for lead_id, bits in case.leading.items()}
        total = add(total, _people(case.staff.leads, leads, visit.therapist))
    for pool, place in zip(case.staff.assistants, visit.assistants, strict=True):
        fits = {person.id: starts & person.usable for person in pool.values()}
        total = add(total, _people(pool, fits, (visit.spans[place],)))
    total = add(total, least(_path(case, path, starts) for path in case.places.paths))
    for devices, need in zip(case.places.devices, visit.devices, strict=True):
        free = {(device_id, 0): bits & starts for device_id, bits in devices.items()}
        total = add(total, _things(case, free, need.spans))
    return total


def _people(pool: Pool, fits: dict[UUID, int], spans: tuple[Span, ...]) -> Levels:
    return least(waste_levels(pool[key].open, bits, spans) for key, bits in fits.items() if bits)


def _path(case: Case, path: Path, starts: int) -> Levels:
    total = [starts]
    for run in path:
        lanes = {lane: bits & starts for lane, bits in case.places.options(run, None).items()}
        total = add(total, _things(case, lanes, ((run.start, run.end),)))
    return total


def _things(case: Case, fits: dict[tuple[UUID, int], int], spans: tuple[Span, ...]) -> Levels:
    scene = case.scene
    inside = scene.opening & ~scene.closed
    return least(waste_levels(inside & scene.free(*lane), bits, spans) for lane, bits in fits.items() if bits)
