"""Where an override does not suffice, the answer lists every reason, as without an override."""

from typing import Any

import pytest

from tests.support.cast import Clinic, codes
from tests.support.overrides import overriding
from tests.support.times import TEN

REASON = "Agreed on the phone."
BELOW_THE_FLOOR = "2027-03-14T10:00:00Z"


@pytest.mark.parametrize(
    "override", [{}, overriding("spacing_min"), overriding("spacing_floor", "spacing_min")]
)
def test_below_the_floor_the_least_gap_is_listed_too(spaced: Clinic, override: dict[str, Any]) -> None:
    spaced.booked(TEN)

    answer = spaced.book(BELOW_THE_FLOOR, **override)

    assert codes(answer) == ["spacing_floor", "spacing_min"]


def test_a_move_that_an_override_does_not_allow_lists_every_reason(spaced: Clinic) -> None:
    spaced.booked(TEN)
    later = spaced.booked("2027-04-10T10:00:00Z")

    answer = spaced.act("reschedule", later, starts_at=BELOW_THE_FLOOR, **overriding("spacing_min"))

    assert codes(answer) == ["spacing_floor", "spacing_min"]


def test_a_dry_run_lists_every_reason_too(spaced: Clinic) -> None:
    spaced.booked(TEN)

    verdict = spaced.desk.post(
        "/appointments/validate", spaced.wish(BELOW_THE_FLOOR, **overriding("spacing_min"))
    ).get_json()

    assert sorted(one["code"] for one in verdict["refusals"]) == ["spacing_floor", "spacing_min"]
