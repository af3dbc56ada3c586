"""Simulates a day of online requests at a clinic: each patient in turn takes the first slot offered."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from scheduling.bits import Window
from scheduling.catalog import (
    Catalog,
    Location,
    Phase,
    Policy,
    Procedure,
    Qualification,
    Room,
    Therapist,
    WeeklyPeriod,
)
from scheduling.engine import check, search
from scheduling.openings import rank_compact, slots
from scheduling.questions import Question, Slot
from scheduling.ticks import DAY_TICKS, to_tick

ZONE = ZoneInfo("Europe/London")
NOW = datetime(2027, 9, 1, tzinfo=ZONE)
MIDNIGHT = to_tick(datetime(2027, 9, 14, tzinfo=ZONE))
DAY = Window(MIDNIGHT, MIDNIGHT + DAY_TICKS)
OPENS, CLOSES = MIDNIGHT + 9 * 12, MIDNIGHT + 19 * 12
REQUESTS, SHORTEST, LONGEST = 200, 2 * 12, 6 * 12
DISTRIBUTION = (
    f"{REQUESTS} requests, one after the other, at clinics open from 09:00 to 19:00. Each names a window of\n"
    "arrival of 2 to 6 hours (uniform) that begins between 09:00 and 17:00 (uniform), cut at closing time."
)


@dataclass(frozen=True, slots=True)
class Team:
    """What a clinic has: therapists, treatment rooms and numbing bays."""

    name: str
    therapists: int
    rooms: int
    bays: int


Request = tuple[int, int]
"""The window in which a patient can arrive, in ticks, half-open."""

Rank = Callable[[Question, Catalog, dict[tuple[UUID, int], int]], Sequence[Slot]]


def requests(seed: int) -> list[Request]:
    """Return a day's requests in the order in which they come."""
    chance, made = random.Random(seed), []
    for _ in range(REQUESTS):
        start = chance.randint(OPENS, CLOSES - SHORTEST)
        made.append((start, min(start + chance.randint(SHORTEST, LONGEST), CLOSES)))
    return made


def compact(question: Question, catalog: Catalog, busy: dict[tuple[UUID, int], int]) -> Sequence[Slot]:
    """Answer as the API does to `rank=compact`."""
    return rank_compact(search(question, catalog, busy, DAY), question, catalog, busy, DAY)


def earliest(question: Question, catalog: Catalog, busy: dict[tuple[UUID, int], int]) -> Sequence[Slot]:
    """Answer as the API does to `rank=earliest`."""
    return slots(search(question, catalog, busy, DAY), DAY)


def play(team: Team, procedure: Procedure, asked: Sequence[Request], rank: Rank) -> dict[int, int]:
    """Return by request the arrivals booked when each patient takes the first slot within their window."""
    location, catalog = _clinic(team)
    question, busy = Question(procedure, location, ("FACE",), NOW), dict[tuple[UUID, int], int]()
    booked: dict[int, int] = {}
    for number, (first, until) in enumerate(asked):
        ranked = rank(question, catalog, busy)
        start = next((slot.start for slot in ranked if first <= slot.start < until), None)
        if start is not None:
            _take(question, catalog, busy, start)
            booked[number] = start
    return booked


def _take(question: Question, catalog: Catalog, busy: dict[tuple[UUID, int], int], start: int) -> None:
    assignment = check(question, catalog, busy, start, DAY).assignment
    if assignment is None:
        raise AssertionError("A slot found can be booked.")
    for resource_id, lane, begins, ends in assignment.claims:
        busy[resource_id, lane] = busy.get((resource_id, lane), 0) | DAY.span(begins, ends)


def _clinic(team: Team) -> tuple[Location, Catalog]:
    week = tuple(WeeklyPeriod(weekday, 9 * 60, 19 * 60) for weekday in range(7))
    location = Location(UUID(int=2), ZONE, week, policy=Policy(assign="pack"))
    held = (Qualification("BBP"), Qualification("MN_DERMAL"))
    staff = [Therapist(UUID(int=100 + n), True, held, {location.id: week}) for n in range(team.therapists)]
    kinds = ["numbing"] * team.bays + ["treatment"] * team.rooms
    rooms = [Room(UUID(int=200 + n), location.id, kind) for n, kind in enumerate(kinds)]
    things = {one.id: one for one in staff}, {room.id: room for room in rooms}
    return location, Catalog({location.id: location}, *things)


def whole_visit(minutes: int) -> Procedure:
    """Return a visit that blocks its therapist and its treatment room from arrival to turnover."""
    phase = Phase("visit", "procedure", minutes, therapist=True, room_kinds=("treatment",))
    return Procedure(UUID(int=3), "WHOLE", "MN", areas=("FACE",), phases=(phase,))
