"""Compact order begins with the slots that keep most room, and a compact offer shows only those."""

import random
from collections import Counter
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from bench import day
from bench.engine import face_standard
from scheduling.bits import Window
from scheduling.capacity import count_day
from scheduling.catalog import Catalog
from scheduling.engine import check, search
from scheduling.openings import FEWEST_OFFERED, offer_compact, rank_compact, slots
from scheduling.questions import Question, Slot
from scheduling.ticks import local_date
from tests.scheduling.cast import (
    ALICE,
    BAY_1,
    LOCATION,
    ROOM_1,
    ask,
    create_catalog,
    create_location,
    create_phase,
    create_procedure,
    create_room,
    create_therapist,
    tick_at,
    week,
)
from tests.scheduling.clinics import Example
from tests.scheduling.test_oracle import EXAMPLES

OPENS = tick_at("2027-06-01T09:00")
THREE_HOURS = Window(OPENS, OPENS + 36)
Busy = dict[tuple[UUID, int], int]

PIPELINE = create_procedure(
    create_phase(name="numbing", kind="numbing", minutes=20, therapist=False, room_kinds=("numbing",)),
    create_phase(minutes=20),
    create_phase(name="turnover", kind="turnover", minutes=10, therapist=False, patient=False),
)
ONE_OF_EACH = create_catalog(create_room(), create_room(id=BAY_1, kind="numbing"))


def ranked(question: Question, catalog: Catalog, busy: Busy, window: Window) -> list[Slot]:
    return rank_compact(search(question, catalog, busy, window), question, catalog, busy, window)


def offered(question: Question, catalog: Catalog, busy: Busy, window: Window) -> list[Slot]:
    return offer_compact(search(question, catalog, busy, window), question, catalog, busy, window)


def clocks(found: list[Slot]) -> list[str]:
    """Return slots as clock times of a day that begins at 09:00."""
    minutes = [9 * 60 + (slot.start - OPENS) * 5 for slot in found]
    return [f"{minute // 60:02}:{minute % 60:02}" for minute in minutes]


def visits_after(question: Question, start: int, busy: Busy) -> int:
    """Count by booking how many visits fit after a visit, each as early as possible."""
    taken, number = dict(busy), -1
    found = [start]
    while found:
        assignment = check(question, ONE_OF_EACH, taken, found[0], THREE_HOURS).assignment
        for resource_id, lane, begins, ends in assignment.claims if assignment else ():
            bits = taken.get((resource_id, lane), 0)
            taken[resource_id, lane] = bits | THREE_HOURS.span(begins, ends)
        found = [
            slot.start
            for slot in slots(search(question, ONE_OF_EACH, taken, THREE_HOURS), THREE_HOURS, limit=1)
        ]
        number += 1
    return number


def some_busy(seed: int) -> Busy:
    """Return up to two busy spans of the therapist, the room and the bay each."""
    chance, busy = random.Random(seed), Busy()
    for key in (ALICE, ROOM_1, BAY_1):
        for _ in range(chance.randint(0, 2)):
            start = OPENS + chance.randint(0, 35)
            bits = THREE_HOURS.span(start, start + chance.randint(1, 6))
            busy[key, 0] = busy.get((key, 0), 0) | bits
    return busy


@settings(max_examples=12, deadline=None)
@given(st.integers(0, 2**32).map(some_busy))
def test_the_first_keeps_at_least_as_many_further_visits_as_any_other(busy: Busy) -> None:
    question = ask(procedure=PIPELINE)
    kept = [
        visits_after(question, slot.start, busy) for slot in ranked(question, ONE_OF_EACH, busy, THREE_HOURS)
    ]

    assert kept == sorted(kept, reverse=True)


def test_first_come_the_times_that_three_visits_an_hour_have() -> None:
    found = ranked(ask(), create_catalog(), {}, Window(OPENS, OPENS + 12))

    assert clocks(found)[:3] == ["09:00", "09:20", "09:40"]
    assert len(found) == 9


def test_the_rhythm_counts_where_no_gap_is_too_short() -> None:
    # Of 100 free minutes, 25 before a visit are no gap too short, but the rest then has room for three.
    busy = {(ALICE, 0): THREE_HOURS.span(OPENS + 20, OPENS + 36)}

    assert clocks(ranked(ask(), create_catalog(), busy, THREE_HOURS))[:5] == [
        "09:00", "09:20", "09:40", "10:00", "10:20",
    ]  # fmt: skip


def test_a_compact_offer_shows_what_costs_no_further_visit() -> None:
    found = offered(ask(), create_catalog(), {}, Window(OPENS, OPENS + 20))

    assert clocks(found) == ["09:00", "09:20", "09:40", "10:00", "10:20"]


def test_a_day_with_one_best_slot_is_filled_up_to_three() -> None:
    # Of 40 free minutes only the ends leave room for another visit.
    found = offered(ask(), create_catalog(), {}, Window(OPENS, OPENS + 8))

    assert clocks(found) == ["09:00", "09:20", "09:05"]


def test_each_day_is_offered_for_itself() -> None:
    hours = week("09:00", "09:25")
    staff = create_therapist(working_hours={LOCATION: hours})
    window = Window(OPENS, OPENS + 3 * 288)
    found = offered(ask(location=create_location(opening_hours=hours)), create_catalog(staff), {}, window)

    assert [(slot.start - OPENS) // 288 for slot in found] == [0, 0, 1, 1, 2, 2]


@settings(max_examples=60, deadline=None)
@given(EXAMPLES)
def test_no_day_that_can_be_booked_is_offered_empty(example: Example) -> None:
    scene = example.question, example.catalog, example.bits, example.window
    zone = example.question.location.zone
    every = slots(search(*scene), example.window)
    shown = offered(*scene)

    free, left = (Counter(local_date(slot.start, zone) for slot in some) for some in (every, shown))
    assert set(shown) <= set(every)
    assert all(left[on] >= min(FEWEST_OFFERED, number) for on, number in free.items())


def test_a_visit_that_takes_nothing_costs_nothing() -> None:
    talk = create_procedure(create_phase(therapist=False, room_kinds=()))
    found = ranked(ask(procedure=talk), create_catalog(), {}, THREE_HOURS)

    assert clocks(found)[:3] == ["09:00", "09:05", "09:10"]


def test_patients_who_take_the_best_slot_fill_the_therapists_day() -> None:
    team = day.Team("One therapist", therapists=1, rooms=2, bays=2)

    assert len(day.play(team, face_standard(), day.requests(1), day.compact)) == 17


def test_a_booking_makes_its_own_day_counted_anew_and_no_other() -> None:
    question, by_day = ask(), create_therapist(working_hours={LOCATION: week()})
    clinic = create_catalog(by_day)
    four_days = Window(tick_at("2027-06-01T00:00"), tick_at("2027-06-05T00:00"))
    morning = tick_at("2027-06-02T09:00")
    ranked(question, clinic, {}, four_days)
    counted = count_day.cache_info().misses

    busy_for_an_hour = {(ALICE, 0): four_days.span(morning, morning + 12)}
    ranked(question, clinic, busy_for_an_hour, four_days)
    assert count_day.cache_info().misses == counted + 1
    ranked(question, clinic, busy_for_an_hour, four_days)
    assert count_day.cache_info().misses == counted + 1
