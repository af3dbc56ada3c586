"""A visit may move towards a later visit, which is then flagged; below the floor the move is refused."""

import pytest

from tests.support.cast import Clinic, codes
from tests.support.visits import flags

FIRST = "2027-03-01T10:00:00Z"
LATER = "2027-04-12T10:00:00Z"


@pytest.mark.parametrize(
    ("moved_to", "flagged"),
    [
        pytest.param("2027-03-15", False, id="28 days"),
        pytest.param("2027-03-16", True, id="27 days"),
        pytest.param("2027-03-29", True, id="14 days"),
    ],
)
def test_down_to_the_floor_a_move_towards_a_later_visit_flags_it(
    spaced: Clinic, moved_to: str, flagged: bool
) -> None:
    first, later = spaced.booked(FIRST), spaced.booked(LATER)
    moved = spaced.acted("reschedule", first, starts_at=f"{moved_to}T10:00:00Z")

    assert moved["affected"] == ([later["id"]] if flagged else [])
    assert flags(spaced, later) == ([("spacing_min", "S02")] if flagged else [])
    assert flags(spaced, first) == []


@pytest.mark.parametrize("moved_to", ["2027-03-30", "2027-04-11", "2027-04-12"])
def test_below_the_floor_a_move_is_refused_and_flags_nothing(spaced: Clinic, moved_to: str) -> None:
    first, later = spaced.booked(FIRST), spaced.booked(LATER)

    answer = spaced.act("reschedule", first, starts_at=f"{moved_to}T12:00:00Z")

    assert codes(answer) == ["spacing_floor", "spacing_min"]
    assert flags(spaced, later) == []


def test_a_new_visit_before_a_later_one_is_refused(spaced: Clinic) -> None:
    spaced.booked(LATER)

    answer = spaced.book("2027-03-16T10:00:00Z")

    assert codes(answer) == ["spacing_min"]


def test_a_move_keeps_the_minimum_after_an_earlier_visit(spaced: Clinic) -> None:
    spaced.booked(FIRST)
    later = spaced.booked(LATER)

    answer = spaced.act("reschedule", later, starts_at="2027-03-28T10:00:00Z")

    assert codes(answer) == ["spacing_min"]


def test_a_flag_goes_when_the_visit_moves_away_again(spaced: Clinic) -> None:
    first, later = spaced.booked(FIRST), spaced.booked(LATER)
    near = spaced.acted("reschedule", first, starts_at="2027-03-16T10:00:00Z")

    spaced.acted("reschedule", near, starts_at="2027-03-15T10:00:00Z")

    assert flags(spaced, later) == []


def test_the_search_for_a_move_offers_what_the_move_accepts(spaced: Clinic) -> None:
    first = spaced.booked(FIRST)
    spaced.booked(LATER)
    named = {"patient_id": spaced.patient["id"], "ignore_appointment_id": first["id"]}

    days = {start[:10] for start in spaced.starts("2027-03-25", "2027-04-13", **named)}

    assert max(days) == "2027-03-29"
