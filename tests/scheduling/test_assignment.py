"""Among the feasible choices the engine takes the choice that leaves the least unusable time."""

from uuid import UUID

from scheduling.bits import Window
from scheduling.engine import search
from scheduling.openings import rank_compact
from scheduling.questions import Assignment
from tests.scheduling.cast import (
    ALICE,
    BOB,
    ROOM_1,
    ROOM_2,
    around,
    ask,
    create_catalog,
    create_device,
    create_phase,
    create_procedure,
    create_room,
    create_therapist,
    judge,
    tick_at,
)

START = tick_at("2027-06-01T10:00")
DAY = around(START)
Spans = dict[UUID, list[tuple[str, str]]]


def busy(spans: Spans, window: Window = DAY) -> dict[tuple[UUID, int], int]:
    """Return busy bits from local times of the day."""
    return {
        (key, 0): window.spans((tick_at(f"2027-06-01T{a}"), tick_at(f"2027-06-01T{b}")) for a, b in times)
        for key, times in spans.items()
    }


def assigned(spans: Spans, *things: object) -> Assignment:
    """Return the assignment of a 20-minute visit at 10:00."""
    assignment = judge(START, create_catalog(*things), busy(spans)).assignment  # type: ignore[arg-type]
    assert assignment is not None
    return assignment


TWO_ROOMS = (create_room(), create_room(id=ROOM_2))


def test_with_nothing_to_choose_by_the_lowest_id_is_taken() -> None:
    assert assigned({}, *TWO_ROOMS).phases[0].room_id == ROOM_1


def test_a_room_where_the_visit_fits_exactly_is_preferred() -> None:
    spans = {ROOM_2: [("09:30", "10:00"), ("10:20", "11:00")]}

    assert assigned(spans, *TWO_ROOMS).phases[0].room_id == ROOM_2


def test_a_gap_too_short_for_the_next_visit_is_avoided() -> None:
    spans = {ROOM_1: [("09:00", "09:50")]}

    assert assigned(spans, *TWO_ROOMS).phases[0].room_id == ROOM_2


def test_a_gap_as_long_as_the_visit_is_no_waste_and_fits_tighter() -> None:
    spans = {ROOM_2: [("09:00", "09:40")]}

    assert assigned(spans, *TWO_ROOMS).phases[0].room_id == ROOM_2


def test_the_therapist_with_the_tightest_fit_is_preferred() -> None:
    spans = {BOB: [("09:30", "10:00")]}

    assert assigned(spans, create_therapist(), create_therapist(id=BOB)).therapist_id == BOB


def test_a_claim_that_touches_another_of_the_same_lane_is_joined() -> None:
    procedure = create_procedure(create_phase(), create_phase(minutes=10, device_kinds=("laser",)))
    verdict = judge(START, create_catalog(create_device()), procedure=procedure)

    assert verdict.assignment is not None
    claims = [claim for claim in verdict.assignment.claims if claim[0] in {ALICE, ROOM_1}]
    assert claims == [(ALICE, 0, START, START + 6), (ROOM_1, 0, START, START + 6)]


def compact(spans: Spans) -> list[str]:
    """Return the arrivals between 09:00 and 11:00, those that waste least first, as minutes after 09:00."""
    first = tick_at("2027-06-01T09:00")
    window = Window(first, first + 24)
    question, catalog, taken = ask(), create_catalog(), busy(spans, window)
    openings = search(question, catalog, taken, window)
    ranked = rank_compact(openings, question, catalog, taken, window)
    return [f"{9 + minute // 60:02}:{minute % 60:02}" for minute in ((s.start - first) * 5 for s in ranked)]


def test_compact_order_puts_first_what_leaves_no_short_gap() -> None:
    # Free from 09:00 to 10:05: 09:05 leaves 5 minutes before and 40 after, 09:45 leaves none after.
    spans = {ALICE: [("10:05", "11:00")]}

    assert compact(spans)[:4] == ["09:00", "09:20", "09:25", "09:45"]


def test_compact_order_is_by_time_where_nothing_is_wasted() -> None:
    found = compact({ALICE: [("09:20", "10:20")], ROOM_1: [("09:20", "10:20")]})

    assert found == ["09:00", "10:20", "10:40", "10:25", "10:30", "10:35"]
