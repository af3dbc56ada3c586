"""Times the engine alone on 50 therapists, 30 rooms and 60 days, 60 % full."""

import random
import struct
import tracemalloc
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from statistics import median
from time import perf_counter
from uuid import UUID
from zoneinfo import ZoneInfo

from scheduling.bits import Window, busy_bits
from scheduling.capacity import count_day
from scheduling.catalog import (
    Catalog,
    Location,
    Phase,
    Procedure,
    Qualification,
    Room,
    Therapist,
    WeeklyPeriod,
)
from scheduling.engine import check, search
from scheduling.openings import rank_compact, slots
from scheduling.questions import Question
from scheduling.ticks import DAY_TICKS, LocalClock, to_tick

RUNS, DAYS, THERAPISTS, BAYS, TREATMENT_ROOMS = 15, 60, 50, 10, 20
FULL = 0.6
NOW = datetime(2027, 9, 1, tzinfo=UTC)
ZONE = ZoneInfo("Europe/London")
WEEK = tuple(WeeklyPeriod(weekday, 9 * 60, 19 * 60) for weekday in range(7))

Packed = dict[tuple[UUID, int], bytes]


def face_standard() -> Procedure:
    """Return MN_FACE_STD of the default catalogue."""
    treatment = ("treatment",)
    return Procedure(
        id=UUID(int=1),
        code="MN_FACE_STD",
        family="MN",
        areas=("FACE",),
        depth_mm=1.5,
        qualifications=("BBP",),
        qualifications_any=("MN_DERMAL", "MN_DEEP"),
        phases=(
            Phase("intake", "intake", 10, room_kinds=("numbing",)),
            Phase("numbing", "numbing", 30, 20, 60, room_kinds=("numbing", "treatment")),
            Phase("prep", "prep", 5, therapist=True, room_kinds=treatment),
            Phase("needling", "procedure", 20, therapist=True, room_kinds=treatment),
            Phase("serum", "aftercare", 5, therapist=True, room_kinds=treatment),
            Phase("mask", "aftercare", 10, room_kinds=treatment),
            Phase("aftercare", "aftercare", 5, room_kinds=treatment),
            Phase("turnover", "turnover", 10, patient=False, room_kinds=treatment),
        ),
    )


def clinic() -> tuple[Location, Catalog]:
    """Return a clinic of one location, open 09:00 to 19:00 every day."""
    location = Location(UUID(int=2), ZONE, WEEK)
    held = (Qualification("BBP"), Qualification("MN_DERMAL"))
    therapists = {
        key: Therapist(key, True, held, {location.id: WEEK})
        for key in (UUID(int=100 + n) for n in range(THERAPISTS))
    }
    kinds = ["numbing"] * BAYS + ["treatment"] * TREATMENT_ROOMS
    rooms = [Room(UUID(int=200 + n), location.id, kind) for n, kind in enumerate(kinds)]
    return location, Catalog({location.id: location}, therapists, {room.id: room for room in rooms})


def fill(catalog: Catalog, window: Window) -> Packed:
    """Return every resource's busy time as packed pairs, about 60 % of each opening day."""
    chance = random.Random(7)
    return {(key, 0): b"".join(_days(chance, window)) for key in (*catalog.therapists, *catalog.rooms)}


def _days(chance: random.Random, window: Window) -> Iterator[bytes]:
    for midnight in range(window.start, window.end, DAY_TICKS):
        tick, closing = midnight + 8 * 12, midnight + 18 * 12
        while tick < closing:
            length = chance.choice((6, 8, 11))
            until = min(tick + length, closing)
            if chance.random() < FULL:
                yield struct.pack(">ii", tick, until)
            tick = until


def timed(name: str, action: Callable[[], object]) -> None:
    """Print the median and the least time of several runs, in milliseconds."""
    took = []
    for _ in range(RUNS):
        begun = perf_counter()
        action()
        took.append((perf_counter() - begun) * 1000)
    print(f"{name:44} median {median(took):8.3f} ms   min {min(took):8.3f} ms")


def _memory_of_counted_days(action: Callable[[], object]) -> float:
    count_day.cache_clear()
    tracemalloc.start()
    action()
    taken = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    return taken / 1e6


def main() -> None:
    """Print the figures."""
    start = to_tick(NOW)
    window = Window(start, start + DAYS * DAY_TICKS)
    location, catalog = clinic()
    packed = fill(catalog, window)
    bits = {key: busy_bits(rows, window) for key, rows in packed.items()}
    question = Question(face_standard(), location, ("FACE",), NOW)
    openings = search(question, catalog, bits, window)
    found = slots(openings, window)
    clock = LocalClock(ZONE)
    rows = sum(len(value) for value in packed.values()) // 8
    share = sum(value.bit_count() for value in bits.values()) / (len(bits) * DAYS * 120)
    print(f"{THERAPISTS} therapists, {len(catalog.rooms)} rooms, {DAYS} days")
    print(f"{rows} busy intervals, {share:.0%} full")
    print(f"{len(found)} feasible arrivals; {RUNS} runs each")
    if not found:
        return
    day = Window(found[0].start - 96, found[0].start + 192)
    day_bits = {key: busy_bits(value, day) for key, value in packed.items()}

    def from_packed() -> object:
        return search(question, catalog, {key: busy_bits(v, window) for key, v in packed.items()}, window)

    timed("search from ready bits", lambda: search(question, catalog, bits, window))
    timed("search from packed rows", from_packed)
    timed("decode the packed rows", lambda: [busy_bits(value, window) for value in packed.values()])
    timed("slots with their therapists", lambda: slots(openings, window))
    timed("slots written as local time", lambda: [clock.format(slot.start) for slot in found])

    def ranked() -> object:
        return rank_compact(openings, question, catalog, bits, window)

    def ranked_anew() -> object:
        count_day.cache_clear()
        return ranked()

    timed("rank=compact, no day counted before", ranked_anew)
    timed("rank=compact, every day counted before", ranked)
    print(f"memory that the counted days take: {_memory_of_counted_days(ranked_anew):.1f} MB")
    first = found[0].start
    timed("check and assign one arrival, one day", lambda: check(question, catalog, day_bits, first, day))
    local = (NOW + timedelta(minutes=5 * (found[0].start - start))).astimezone(ZONE)
    print(f"first slot {local.isoformat()} for {len(found[0].therapist_ids)} therapists")


if __name__ == "__main__":
    main()
