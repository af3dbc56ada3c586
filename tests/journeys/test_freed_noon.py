"""J4: a Friday noon is freed late, and only one of three patients may have it."""

import pytest

from tests.journeys.cast import consulted, performed, refusals
from tests.support.cast import Clinic, another_patient
from tests.support.questions import eligibility

NOON = "2027-04-16T12:00:00+01:00"
AT_NINE = "2027-04-15T21:00:00+01:00"


def test_the_freed_noon_is_late_cancelled_and_can_be_taken_again(known: Clinic) -> None:
    visit = known.booked(NOON)
    other = another_patient(known)
    consulted(other, "2027-02-23T11:00:00Z")

    taken_already = other.at("2027-04-14T09:00:00Z").book(NOON)
    cancelled = known.at(AT_NINE).acted("cancel", visit, reason_code="patient")
    again = other.at(AT_NINE).book(NOON)

    assert taken_already.status_code == 409
    assert cancelled["cancellation"]["late"] is True
    assert again.status_code == 201


@pytest.mark.parametrize(
    ("last", "found", "eligible_on"),
    [
        ("2027-03-27T10:00:00Z", [("spacing_min", "S02", "2027-04-24")], "2027-04-24"),
        ("2027-03-20T10:00:00Z", [("spacing_min", "S02", "2027-04-17")], "2027-04-17"),
        ("2027-03-19T10:00:00Z", [], "2027-04-16"),
    ],
)
def test_the_noon_is_for_who_was_treated_28_days_before(
    known: Clinic, last: str, found: list[tuple[str, str, str]], eligible_on: str
) -> None:
    performed(known, last)
    london = known.at(AT_NINE)

    assert refusals(london, NOON) == found
    assert eligibility(london)["eligible_on"] == eligible_on
    assert london.book(NOON).status_code == (409 if found else 201)
