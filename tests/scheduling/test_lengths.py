"""A visit has the lengths that were chosen for it; what follows a phase moves along with its end."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scheduling.bits import Window
from scheduling.catalog import Phase, Procedure
from scheduling.engine import check, search
from scheduling.lengths import keeping, with_minutes
from scheduling.openings import rank_compact, slots
from scheduling.visits import lay_out
from tests.scheduling.cast import (
    ask,
    codes,
    create_catalog,
    create_phase,
    create_procedure,
    judge,
    tick_at,
)
from tests.scheduling.clinics import Example
from tests.scheduling.oracle import Oracle, lengthened
from tests.scheduling.test_oracle import EXAMPLES

NINE = tick_at("2027-06-01T09:00")
NUMBING = create_phase(
    name="numbing", kind="numbing", minutes=30, min_minutes=20, max_minutes=60, therapist=False
)
NEEDLING = create_phase(min_minutes=10, max_minutes=40)


def spans(procedure: Procedure) -> list[tuple[int, int]]:
    """Give the spans of a plan in ticks after arrival."""
    return list(lay_out(procedure).spans)


@pytest.mark.parametrize(
    ("limits", "expected"),
    [((None, None), (20, 20)), ((10, None), (10, 20)), ((None, 40), (20, 40)), ((10, 40), (10, 40))],
)
def test_a_phase_without_limits_admits_only_its_own_minutes(
    limits: tuple[int | None, int | None], expected: tuple[int, int]
) -> None:
    phase = create_phase(min_minutes=limits[0], max_minutes=limits[1])

    assert phase.limits == expected
    assert [m for m in range(5, 60, 5) if phase.allows(m)] == list(range(expected[0], expected[1] + 1, 5))


def test_what_follows_a_longer_phase_begins_when_it_ends() -> None:
    procedure = create_procedure(NUMBING, NEEDLING, create_phase(name="mask", kind="aftercare", minutes=10))

    assert spans(with_minutes(procedure, {"numbing": 45, "needling": 10})) == [(0, 9), (9, 11), (11, 13)]


def test_what_runs_beside_a_phase_stays_and_what_is_fixed_after_it_moves_along() -> None:
    beside = create_phase(name="draw", kind="prep", minutes=10, at_minute=10, therapist=False)
    mask = create_phase(name="mask", kind="aftercare", minutes=10, at_minute=50)
    procedure = create_procedure(NUMBING, beside, replace(NEEDLING, at_minute=30), mask)

    chosen = with_minutes(procedure, {"needling": 40, "numbing": 20})

    assert spans(chosen) == [(0, 4), (2, 4), (4, 12), (12, 14)]


def test_a_name_that_two_phases_have_is_for_both() -> None:
    procedure = create_procedure(NEEDLING, NEEDLING)

    assert spans(with_minutes(procedure, {"needling": 30})) == [(0, 6), (6, 12)]


def test_a_visit_keeps_the_chosen_lengths_that_its_procedure_still_has() -> None:
    procedure = create_procedure(NUMBING, create_phase(name="talk", kind="prep", minutes=10), NEEDLING)

    kept = keeping(procedure, {"numbing": 45, "needling": 45, "mask": 10})

    assert spans(kept) == [(0, 9), (9, 11), (11, 15)]


def test_a_longer_visit_must_end_before_closing() -> None:
    at = tick_at("2027-06-01T18:40")
    longer = with_minutes(create_procedure(NEEDLING), {"needling": 25})

    assert codes(judge(at, procedure=create_procedure(NEEDLING))) == []
    assert codes(judge(at, procedure=longer)) == ["outside_opening_hours"]


def test_a_phase_between_cream_and_needling_that_lasts_too_long_lets_the_cream_fade() -> None:
    prep = create_phase(name="prep", kind="prep", minutes=10, max_minutes=30)
    procedure = create_procedure(NUMBING, prep, NEEDLING)

    found = [codes(judge(NINE, procedure=with_minutes(procedure, {"prep": m}))) for m in (15, 20)]

    assert found == [[], ["numbing_too_long"]]


def test_the_compact_order_counts_visits_of_the_chosen_length() -> None:
    window = Window(NINE, NINE + 18)
    question, catalog = ask(procedure=create_procedure(NEEDLING)), create_catalog()
    longer = replace(question, procedure=with_minutes(question.procedure, {"needling": 30}))

    found = [
        [
            slot.start - NINE
            for slot in rank_compact(search(one, catalog, {}, window), one, catalog, {}, window)
        ]
        for one in (question, longer, question)
    ]

    assert found[0] == found[2]
    assert found[1][:3] == [0, 6, 12]
    assert found[0] != found[1]


@settings(max_examples=100, deadline=None)
@given(EXAMPLES, st.lists(st.sampled_from([5, 10, 20, 35]), min_size=4, max_size=4))
def test_search_and_check_go_by_the_chosen_lengths_as_the_oracle_does(
    example: Example, lengths: list[int]
) -> None:
    question = example.question
    ranged = replace(question.procedure, phases=tuple(_ranged(one) for one in question.procedure.phases))
    minutes = dict(zip((phase.name for phase in ranged.phases), lengths, strict=False))
    asked = replace(question, procedure=with_minutes(ranged, minutes))
    told = replace(question, procedure=replace(ranged, phases=lengthened(ranged.phases, minutes)))
    oracle = Oracle(told, example.catalog, example.taken, example.elsewhere)

    found = slots(search(asked, example.catalog, example.bits, example.window), example.window)

    last = example.window.end - lay_out(asked.procedure).length
    possible = [start for start in range(example.window.start, last + 1) if oracle.bookable(start)]
    assert [slot.start for slot in found] == possible
    for start in possible[::5]:
        verdict = check(asked, example.catalog, example.bits, start, example.window)
        assert verdict.assignment is not None
        ends = [(one.start, one.end) for one in verdict.assignment.phases]
        assert [(end - begin) * 5 for begin, end in ends] == [
            minutes.get(phase.name, phase.minutes) for phase in ranged.phases
        ]


def _ranged(phase: Phase) -> Phase:
    """Give a phase that may have any of the lengths."""
    return replace(phase, min_minutes=5, max_minutes=60)
