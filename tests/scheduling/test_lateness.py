"""A late visit gets a shorter numbing phase, a waiting visit a longer phase, and later phases move along."""

from dataclasses import replace

import pytest

from scheduling.catalog import Procedure
from scheduling.lateness import Planned, as_planned, for_late_arrival, for_waiting, with_numbing
from scheduling.visits import lay_out
from tests.scheduling.cast import create_phase, create_procedure

NUMBING = create_phase(
    name="numbing", kind="numbing", minutes=30, min_minutes=20, max_minutes=60, therapist=False
)


def spans(procedure: Procedure | None) -> list[tuple[int, int]]:
    """Give the spans of a plan in ticks after arrival."""
    assert procedure is not None
    return list(lay_out(procedure).spans)


@pytest.mark.parametrize(("more", "possible"), [(-3, False), (-2, True), (0, True), (6, True), (7, False)])
def test_the_cream_works_within_the_limits_of_its_phase(more: int, possible: bool) -> None:
    bent = with_numbing(create_procedure(NUMBING, create_phase()), more)

    assert (bent is not None) == possible


def test_what_runs_beside_the_cream_stays_and_what_follows_moves_along() -> None:
    beside = create_phase(name="draw", kind="prep", minutes=10, at_minute=10, therapist=False)
    needling = create_phase(at_minute=30)

    bent = with_numbing(create_procedure(NUMBING, beside, needling), 2)

    assert spans(bent) == [(0, 8), (2, 4), (8, 12)]


@pytest.mark.parametrize(("minutes", "possible"), [(20, True), (25, False), (30, False)])
def test_the_cream_works_no_shorter_than_what_runs_beside_it(minutes: int, possible: bool) -> None:
    beside = create_phase(name="draw", kind="prep", minutes=minutes, at_minute=0, therapist=False)

    bent = with_numbing(create_procedure(NUMBING, beside, create_phase(at_minute=30)), -2)

    assert (bent is not None) == possible


@pytest.mark.parametrize(
    ("late", "expected"),
    [(1, [(1, 25), (1, 30)]), (2, [(2, 20), (2, 25)]), (3, [(3, 20)]), (4, [])],
)
def test_a_late_visit_needles_as_near_its_plan_as_it_can(late: int, expected: list[tuple[int, int]]) -> None:
    procedure = create_procedure(NUMBING, create_phase())

    options = for_late_arrival(procedure, 0, late, most=1)

    assert [(one.start, one.procedure.phases[0].minutes) for one in options] == expected


def test_a_late_visit_without_numbing_starts_on_arrival_or_later() -> None:
    assert [one.start for one in for_late_arrival(create_procedure(), 10, 12, most=3)] == [12, 13]


def test_who_waits_numbs_longer_as_far_as_may_be_and_then_comes_later() -> None:
    nearly = create_procedure(replace(NUMBING, minutes=55), create_phase())

    options = list(for_waiting(nearly, 10, 2, here=False))

    assert [(one.start, one.procedure.phases[0].minutes) for one in options] == [(10, 60), (12, 55)]


def test_who_is_here_does_not_come_later() -> None:
    assert list(for_waiting(create_procedure(), 10, 3, here=True)) == []


def test_a_visit_is_laid_out_as_it_was_planned() -> None:
    procedure = create_procedure(NUMBING, create_phase())

    planned = as_planned(procedure, [Planned(0, 7, 20, 60), Planned(8, 12)])

    assert spans(planned) == [(0, 7), (8, 12)]
