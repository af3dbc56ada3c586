"""A person who is at another location needs the time of the way before and after a visit there."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduling.bits import Window, occupy
from scheduling.catalog import Catalog, Qualification
from scheduling.travel import longest_way, way_bits, way_to, ways_of
from tests.scheduling.cast import (
    ALICE,
    BOB,
    LOCATION,
    around,
    codes,
    create_catalog,
    create_location,
    create_phase,
    create_procedure,
    create_therapist,
    judge,
    starts,
    tick_at,
    week,
)

SOHO, YORK = UUID(int=2), UUID(int=3)
HERE = create_location(travel_minutes={SOHO: 30, YORK: 0})
PLACES = (HERE, create_location(id=SOHO, travel_minutes={LOCATION: 30}), create_location(id=YORK))
TEN, ELEVEN = tick_at("2027-06-01T10:00"), tick_at("2027-06-01T11:00")
SPANS = st.tuples(st.sampled_from((SOHO, YORK)), st.integers(-40, 340), st.integers(1, 30))


def away(window: Window, *, at: UUID = SOHO, who: UUID = ALICE) -> dict[tuple[UUID, int], int]:
    """Return the busy time of a visit elsewhere, from 10:00 to 11:00."""
    claims, taken = [(who, 0, TEN, ELEVEN)], dict[tuple[UUID, int], int]()
    occupy(taken, window, (*claims, *ways_of(claims, at, create_catalog(*PLACES, create_therapist(id=who)))))
    return taken


# The visit here takes 20 minutes.
@pytest.mark.parametrize(
    ("start", "reasons"),
    [
        ("09:05", []),
        ("09:10", []),
        ("09:15", ["therapist_travelling"]),
        ("09:40", ["therapist_travelling"]),
        ("09:45", ["therapist_travelling", "therapist_busy"]),
        ("10:20", ["therapist_busy"]),
        ("10:45", ["therapist_travelling", "therapist_busy"]),
        ("11:00", ["therapist_travelling"]),
        ("11:25", ["therapist_travelling"]),
        ("11:30", []),
        ("11:35", []),
    ],
)
def test_the_way_takes_its_minutes_before_and_after_a_visit_elsewhere(start: str, reasons: list[str]) -> None:
    tick = tick_at(f"2027-06-01T{start}")
    named = {"location": HERE, "therapist_id": ALICE}

    assert codes(judge(tick, create_catalog(*PLACES), away(around(tick)), **named)) == reasons


@pytest.mark.parametrize("at", [YORK, UUID(int=9)])
def test_a_place_round_the_corner_and_a_place_without_a_way_cost_no_time(at: UUID) -> None:
    places = (*PLACES, create_location(id=UUID(int=9)))
    claims, taken = [(ALICE, 0, TEN, ELEVEN)], dict[tuple[UUID, int], int]()
    occupy(taken, around(ELEVEN), (*claims, *ways_of(claims, at, create_catalog(*places))))

    assert codes(judge(ELEVEN, create_catalog(*places), taken, location=HERE)) == []


def test_the_pools_refusal_names_who_is_on_the_way_and_another_goes_instead() -> None:
    bob = create_therapist(id=BOB)
    alone = judge(ELEVEN, create_catalog(*PLACES), away(around(ELEVEN)), location=HERE)
    both = judge(
        ELEVEN, create_catalog(*PLACES, create_therapist(), bob), away(around(ELEVEN)), location=HERE
    )

    assert codes(alone) == ["no_therapist_available"]
    assert [(one.code, one.resource_id, one.overridable_by) for one in alone.refusals[0].because] == [
        ("therapist_travelling", ALICE, "desk")
    ]
    assert both.assignment is not None
    assert both.assignment.therapist_id == BOB


def test_an_override_lets_the_person_hurry() -> None:
    waived = frozenset({"therapist_travelling"})
    verdict = judge(ELEVEN, create_catalog(*PLACES), away(around(ELEVEN)), location=HERE, waived=waived)

    assert (codes(verdict), verdict.waived_codes) == ([], waived)


def test_an_assistant_needs_the_time_too() -> None:
    helped = create_procedure(create_phase(), create_phase(name="help", assistant="A"))
    bob = create_therapist(id=BOB, treats=False, qualifications=(Qualification("A"),))
    catalog = create_catalog(*PLACES, create_therapist(), bob)
    asked = {"location": HERE, "procedure": helped}

    # The assistant comes 20 minutes after the patient.
    found = [
        codes(judge(tick, catalog, away(around(tick), who=BOB), **asked))
        for tick in (ELEVEN + 1, ELEVEN + 2, ELEVEN + 3)
    ]

    assert found == [["no_therapist_available"], [], []]


def test_only_the_parts_of_the_staff_need_time_for_the_way() -> None:
    numbing = create_phase(name="numbing", kind="numbing", minutes=30, therapist=False)
    visit = create_procedure(numbing, create_phase())

    assert (
        codes(judge(ELEVEN, create_catalog(*PLACES), away(around(ELEVEN)), location=HERE, procedure=visit))
        == []
    )


@pytest.mark.parametrize(("begins", "first"), [("11:00", "11:30"), ("11:15", "11:30"), ("11:30", "11:30")])
def test_a_search_that_begins_after_the_visit_elsewhere_still_sees_the_way(begins: str, first: str) -> None:
    window = Window(tick_at(f"2027-06-01T{begins}"), tick_at("2027-06-01T14:00"))

    found = starts(window, create_catalog(*PLACES), away(window), location=HERE)

    assert found[0] == tick_at(f"2027-06-01T{first}")


def test_the_longest_way_of_a_clinic_is_known() -> None:
    assert (longest_way(create_catalog(*PLACES)), longest_way(Catalog())) == (6, 0)


@given(st.lists(SPANS, max_size=12))
def test_ways_are_the_same_claim_by_claim_and_all_at_once(spans: list[tuple[UUID, int, int]]) -> None:
    window, catalog = Window(0, 288), create_catalog(*PLACES, create_therapist(working_hours={SOHO: week()}))
    taken: dict[tuple[UUID, int], int] = {}
    for at, start, length in spans:
        occupy(taken, window, ways_of([(ALICE, 0, start, start + length)], at, catalog))

    together = way_bits([(at, start, start + length) for at, start, length in spans], HERE, window)

    assert taken.get((way_to(ALICE, LOCATION), 0), 0) == together
