"""The cream works long enough, not too long, and the needling follows soon."""

import pytest

from scheduling.catalog import Phase
from scheduling.rules.numbing import Numbing, numbing_refusals, planned_numbing
from scheduling.visits import lay_out
from tests.scheduling.cast import codes, create_phase, create_procedure, judge, tick_at

NUMBING = create_phase(name="numbing", kind="numbing", minutes=30, therapist=False)


def planned(*phases: Phase) -> list[Numbing]:
    return list(planned_numbing(lay_out(create_procedure(*phases))))


@pytest.mark.parametrize(
    ("minutes", "expected"),
    [
        (19, ["numbing_too_short"]),
        (20, []),
        (21, []),
        (59, []),
        (60, []),
        (61, ["numbing_too_long"]),
    ],
)
def test_the_minutes_of_the_cream_lie_within_its_limits(minutes: int, expected: list[str]) -> None:
    found = numbing_refusals(Numbing(minutes, 0, min_minutes=20, max_minutes=60), longest_gap=15)

    assert [refusal.code for refusal in found] == expected


@pytest.mark.parametrize(("gap", "expected"), [(14, []), (15, []), (16, ["numbing_too_long"])])
def test_the_needling_begins_soon_after_the_numbing(gap: int, expected: list[str]) -> None:
    found = numbing_refusals(Numbing(30, gap), longest_gap=15)

    assert [refusal.code for refusal in found] == expected


def test_no_limits_refuse_nothing() -> None:
    assert list(numbing_refusals(Numbing(600, 0), longest_gap=0)) == []


def test_the_gap_runs_from_the_last_numbing_to_the_first_needling() -> None:
    prep = create_phase(kind="prep", minutes=10)

    assert planned(NUMBING, prep, create_phase(), create_phase()) == [Numbing(30, 10)]


def test_cream_that_comes_off_at_the_needling_has_worked_until_then() -> None:
    assert planned(NUMBING, create_phase(at_minute=20)) == [Numbing(20, 0)]


def test_cream_after_the_needling_has_not_numbed_it() -> None:
    assert planned(create_phase(), NUMBING) == []


def test_two_creams_share_the_gap_of_the_later_one() -> None:
    assert planned(NUMBING, NUMBING, create_phase()) == [Numbing(30, 0), Numbing(30, 0)]


@pytest.mark.parametrize(("minutes", "expected"), [(10, []), (15, []), (20, ["numbing_too_long"])])
def test_a_plan_whose_numbing_wears_off_cannot_be_booked(minutes: int, expected: list[str]) -> None:
    procedure = create_procedure(NUMBING, create_phase(kind="prep", minutes=minutes), create_phase())

    assert codes(judge(tick_at("2027-06-01T10:00"), procedure=procedure)) == expected


@pytest.mark.parametrize(("needling_at", "expected"), [(15, ["numbing_too_short"]), (20, []), (25, [])])
def test_a_plan_that_needles_before_the_cream_has_worked_cannot_be_booked(
    needling_at: int, expected: list[str]
) -> None:
    cream = create_phase(kind="numbing", minutes=30, min_minutes=20, therapist=False, room_kinds=())
    procedure = create_procedure(cream, create_phase(at_minute=needling_at))

    assert codes(judge(tick_at("2027-06-01T10:00"), procedure=procedure)) == expected
