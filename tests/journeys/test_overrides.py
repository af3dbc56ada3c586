"""An override of spacing is kept for the pair of visits that it was given for, and never below a floor."""

import pytest

from models.database import Database
from tests.journeys.cast import change_policy, doing, refusals, told
from tests.support.cast import Clinic, codes, event_types
from tests.support.overrides import overriding, with_level
from tests.support.visits import flags, shown_visit

FIRST = "2027-03-08T10:00:00+00:00"
# 22 days after the first: above the floor of 14, below the minimum of 28.
SECOND = "2027-03-30T10:00:00+01:00"


def test_only_the_codes_that_were_violated_are_kept(known: Clinic, database: Database) -> None:
    known.booked(FIRST)
    named = overriding("spacing_min", "washout_min", "cooling_off", "medical_hold")

    visit = with_level(known, "clinician").booked(SECOND, **named)

    (kept,) = visit["overrides"]
    assert kept["codes"] == ["spacing_min"]
    assert [(one["rule_id"], one["on"]) for one in kept["grounds"]] == [("S02", "2027-03-08")]
    assert event_types(database, known.desk, visit) == ["appointment.booked", "appointment.overridden"]


def test_a_floor_is_nobodys(known: Clinic) -> None:
    known.booked(FIRST)

    under = known.book("2027-03-20T10:00:00Z", **overriding("spacing_floor", "spacing_min"))
    at_floor = known.book("2027-03-22T10:00:00Z", **overriding("spacing_min"))

    assert codes(under) == ["spacing_floor", "spacing_min"]
    assert at_floor.status_code == 201


def test_deep_needling_needs_a_dermatologist(known: Clinic) -> None:
    deep = doing(known, "MN_FACE_DEEP")
    deep.booked(FIRST)
    day = "2027-04-12T10:00:00+01:00"

    assert refusals(deep, day) == [("spacing_min", "S03", "2027-04-19")]
    assert with_level(deep, "clinician").book(day, **overriding("spacing_min")).status_code == 403
    assert with_level(deep, "dermatologist").book(day, **overriding("spacing_min")).status_code == 201


def test_the_later_visit_of_an_allowed_pair_is_flagged_once_the_earlier_one_moves(known: Clinic) -> None:
    first = known.booked(FIRST)
    second = known.booked(SECOND, **overriding("spacing_min"))
    unflagged = flags(known, first) + flags(known, second)

    moved = known.acted("reschedule", first, starts_at="2027-03-09T10:00:00Z")
    standing = flags(known, second)
    back = known.acted("reschedule", moved, starts_at=FIRST)

    assert unflagged == []
    assert (moved["affected"], standing) == ([second["id"]], [("spacing_min", "S02")])
    assert (back["affected"], flags(known, second)) == ([], [])


def test_a_visit_put_before_another_by_an_override_flags_neither(known: Clinic) -> None:
    later = known.booked(SECOND)

    earlier = known.booked(FIRST, **overriding("spacing_min"))
    change_policy(known, numbing_gap_minutes=16)
    unflagged = flags(known, earlier) + flags(known, later)
    moved = known.acted("reschedule", earlier, starts_at="2027-03-09T10:00:00Z")

    assert unflagged == []
    assert (moved["affected"], flags(known, later)) == ([later["id"]], [("spacing_min", "S02")])


def test_a_move_of_the_later_visit_is_judged_anew(known: Clinic) -> None:
    known.booked(FIRST)
    second = known.booked(SECOND, **overriding("spacing_min"))

    refused = known.act("reschedule", second, starts_at="2027-03-31T10:00:00+01:00")
    allowed = known.acted(
        "reschedule", second, starts_at="2027-03-31T10:00:00+01:00", **overriding("spacing_min")
    )
    free = known.acted("reschedule", allowed, starts_at="2027-04-05T10:00:00+01:00")

    assert told(refused.get_json()["refusals"]) == [("spacing_min", "S02", "2027-04-05")]
    assert [one["starts_at"][:10] for one in allowed["overrides"]] == ["2027-03-30", "2027-03-31"]
    assert len(free["overrides"]) == 2
    assert flags(known, second) == []


@pytest.mark.parametrize(
    ("override", "pointer"),
    [
        ({"codes": ["spacing_min"]}, "/override/reason"),
        ({"codes": ["spacing_min"], "reason": "  \n "}, "/override/reason"),
        ({"codes": ["spacing_min"], "reason": None}, "/override/reason"),
        ({"codes": ["spacing_minimum"], "reason": "Agreed."}, "/override/codes/0"),
        ({"codes": ["spacing_min", "below_recommended_spacing"], "reason": "Agreed."}, "/override/codes/1"),
        ({"reason": "Agreed."}, "/override/codes"),
    ],
)
def test_an_override_that_says_too_little_is_malformed(
    known: Clinic, override: dict[str, object], pointer: str
) -> None:
    answer = known.book(FIRST, override=override)

    (error,) = answer.get_json()["errors"]
    assert answer.status_code == 422
    assert error["pointer"] == pointer
    assert error["message"]


def test_cancelling_the_middle_visit_clears_the_flag_of_the_next(known: Clinic) -> None:
    first = known.booked(FIRST)
    second = known.booked("2027-04-12T10:00:00+01:00")
    moved = known.acted("reschedule", first, starts_at="2027-03-22T10:00:00Z")
    standing = flags(known, second)

    gone = known.acted("cancel", moved, reason_code="patient")

    assert standing == [("spacing_min", "S02")]
    assert (gone["affected"], shown_visit(known, second)["flags"]) == ([], [])
