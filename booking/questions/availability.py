"""Finds when a visit can take place: slots, counts by day, the next slot, and slots near a refused time."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, timedelta
from operator import attrgetter
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from booking.core.caller import Caller
from booking.core.errors import NoSlot, Refused
from booking.questions.book_first import with_book_first
from booking.questions.busy import busy_for
from booking.questions.catalog import ClinicCatalog, load_catalog
from booking.questions.histories import ask_with_history
from booking.questions.visit_requests import VisitRequest
from booking.questions.windows import arrivals
from scheduling.bits import Busy, Window
from scheduling.catalog import Catalog
from scheduling.engine import search
from scheduling.obstacles import obstacles
from scheduling.openings import offer_compact, rank_compact, slots
from scheduling.questions import Openings, Question, Slot
from scheduling.reasons import Refusal
from scheduling.ticks import DAY_TICKS, LocalClock, local_date

NEXT_STEP_DAYS = 14
ALTERNATIVES = 5
_OF_ONE_DAY = 3


@dataclass(frozen=True, slots=True)
class Found:
    """The openings that a search of a window found, and what is needed to turn them into slots.

    `narrowed` says that the caller sees only the slots of the location's compact offer.
    """

    catalog: ClinicCatalog
    question: Question
    busy: Busy
    window: Window
    openings: Openings
    narrowed: bool

    @property
    def scene(self) -> tuple[Openings, Question, Catalog, Busy, Window]:
        """The arguments of the functions that order slots by their cost."""
        return self.openings, self.question, self.catalog.engine, self.busy, self.window


def find(
    caller: Caller, request: VisitRequest, first: date, until: date, ignore: UUID | None = None
) -> Found:
    """Search the local days from `first` to `until`, half-open, but nothing before the caller's `now`."""
    return _search(caller, *_prepare(caller, request, ignore), first, until, ignore)


def _prepare(caller: Caller, request: VisitRequest, ignore: UUID | None) -> tuple[ClinicCatalog, Question]:
    catalog = load_catalog(caller)
    return catalog, ask_with_history(caller, catalog, request, ignore)


def _search(
    caller: Caller, catalog: ClinicCatalog, question: Question, first: date, until: date, ignore: UUID | None
) -> Found:
    window = arrivals(question, first, until, caller.now)
    busy = busy_for(caller, catalog, question, window, without=ignore)
    openings = search(question, catalog.engine, busy, window)
    narrowed = caller.publishable and question.location.policy.offer == "compact"
    return Found(catalog, question, busy, window, openings, narrowed)


def list_slots(found: Found, limit: int | None = None, *, compact: bool = False) -> dict[str, Any]:
    """Give the slots as clients see them: the earliest first, or with `compact` the least costly first."""
    ranked = _compact(found)[:limit] if compact else _in_time_order(found, limit)
    return {"timezone": found.question.location.zone.key, "slots": show_slots(found.question, ranked)}


def _compact(found: Found) -> list[Slot]:
    return offer_compact(*found.scene) if found.narrowed else rank_compact(*found.scene)


def _in_time_order(found: Found, limit: int | None = None) -> list[Slot]:
    if not found.narrowed:
        return slots(found.openings, found.window, limit)
    return sorted(offer_compact(*found.scene), key=attrgetter("start"))[:limit]


def show_slots(question: Question, ranked: Iterable[Slot]) -> list[dict[str, Any]]:
    """Give slots as clients see them, in the location's time."""
    visit = question.visit
    clock = LocalClock(question.location.zone)
    return [
        {
            "starts_at": clock.format(slot.start),
            "procedure_at": clock.format(slot.start + visit.procedure_at),
            "ends_at": clock.format(slot.start + visit.leaves),
            "therapist_ids": slot.therapist_ids,
        }
        for slot in ranked
    ]


def count_days(found: Found, first: date, until: date) -> list[dict[str, Any]]:
    """Give the number of slots of every local day in the range, including days without slots."""
    zone = found.question.location.zone
    counts = dict.fromkeys(_each(first, until), 0)
    for slot in _in_time_order(found):
        counts[local_date(slot.start, zone)] += 1
    return [{"on": on, "slots": number} for on, number in counts.items()]


def _each(first: date, until: date) -> Iterator[date]:
    return (first + timedelta(days=number) for number in range((until - first).days))


def next_slot(caller: Caller, request: VisitRequest) -> dict[str, Any]:
    """Give the first slot within the location's horizon; NoSlot with what stands against every day of it."""
    catalog, question = _prepare(caller, request, None)
    searched = []
    for first, until in _steps(caller, question):
        found = _search(caller, catalog, question, first, until, None)
        if found.openings.starts:
            listed = list_slots(found, 1)
            return {**listed["slots"][0], "timezone": listed["timezone"]}
        searched.append((found.busy, found.window))
    against = obstacles(question, catalog.engine, searched)
    raise NoSlot(with_book_first(caller, catalog, question, against))


def _steps(caller: Caller, question: Question) -> Iterator[tuple[date, date]]:
    """Give the days from today to the horizon in steps, so that a near slot is found at little cost."""
    first = caller.now.astimezone(question.location.zone).date()
    last = first + timedelta(days=question.location.policy.horizon_days + 1)
    while first < last:
        until = min(first + timedelta(days=NEXT_STEP_DAYS), last)
        yield first, until
        first = until


@contextmanager
def offering_near_slots(
    caller: Caller, near: Callable[[Sequence[Refusal]], Sequence[Mapping[str, object]]]
) -> Iterator[None]:
    """Run an act in a savepoint; when it is refused, undo it and add the near slots that `near` finds.

    The savepoint's end releases the act's locks, so that other acts do not wait during the search.
    """
    try:
        with caller.session.begin_nested():
            yield
    except Refused as refused:
        raise Refused(refused.refusals, near(refused.refusals)) from refused


def alternatives(
    caller: Caller, request: VisitRequest, start: int, refusals: Sequence[Refusal], ignore: UUID | None = None
) -> list[dict[str, Any]]:
    """Give up to five slots near a refused instant, but not before the dates that its refusals name.

    If the request names a therapist or room, slots with others are given only at the refused instant
    itself, unless the named therapist or room has no slot at all.
    """
    catalog, question = _prepare(caller, request, ignore)
    zone = question.location.zone
    named = [refusal.earliest_on for refusal in refusals if refusal.earliest_on is not None]
    first = max(local_date(start, zone), caller.now.astimezone(zone).date(), *named)
    found: list[Slot] = []
    for asked in _looser(question):
        # Once there are slots, another therapist or room is looked for only at the refused instant.
        until = first + timedelta(days=1 if found else NEXT_STEP_DAYS)
        searched = _search(caller, catalog, asked, first, until, ignore)
        free = _in_time_order(searched)
        found += [slot for slot in free if slot.start == start] if found else _near(free, start, zone)
    nearest = sorted(dict.fromkeys(found), key=lambda slot: (slot.start != start, abs(slot.start - start)))
    return show_slots(question, sorted(nearest[:ALTERNATIVES], key=lambda slot: slot.start))


def slots_of_today(caller: Caller, request: VisitRequest, ignore: UUID) -> list[dict[str, Any]]:
    """Give the next slots of today at the request's location, at most five."""
    catalog, question = _prepare(caller, request, ignore)
    today = caller.now.astimezone(question.location.zone).date()
    searched = _search(caller, catalog, question, today, today + timedelta(days=1), ignore)
    return show_slots(question, _in_time_order(searched, ALTERNATIVES))


def _near(free: Sequence[Slot], start: int, zone: ZoneInfo) -> list[Slot]:
    """Give up to three slots of the nearest day, one of each of the next two days, then the nearest rest."""
    by_day: dict[date, list[Slot]] = {}
    for slot in free:
        by_day.setdefault(local_date(slot.start, zone), []).append(slot)
    nearest, *later = [by_day[on] for on in sorted(by_day)[:3]] or [[]]
    rest = sorted(free, key=lambda slot: abs(slot.start - start))
    chosen = sorted(nearest, key=lambda slot: abs(slot.start - start))[:_OF_ONE_DAY]
    clock = start % DAY_TICKS
    chosen += [min(day, key=lambda slot: abs(slot.start % DAY_TICKS - clock)) for day in later]
    return list(dict.fromkeys([*chosen, *rest]))[:ALTERNATIVES]


def _looser(question: Question) -> Iterator[Question]:
    yield question
    if question.therapist_id is not None or question.room_id is not None:
        yield replace(question, therapist_id=None, room_id=None)
