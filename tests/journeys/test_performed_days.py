"""Patients come on other days than they were booked for: what happened counts, not what was planned."""

from tests.journeys.cast import refusals
from tests.support.cast import Clinic, codes
from tests.support.times import at
from tests.support.visits import shown_visit

APRIL = "2027-04-06T10:00:00+01:00"
SPONTANEOUS = "2027-03-01T10:00:00Z"
TWO_DAYS_LATER = "2027-03-03T10:00:00Z"


def test_who_comes_weeks_early_is_moved_first_and_waits_from_that_day(known: Clinic) -> None:
    visit, today = known.booked(APRIL), known.at(SPONTANEOUS)

    wrong_day = today.act("arrive", visit)
    moved = today.acted("reschedule", visit, starts_at=wrong_day.get_json()["alternatives"][0]["starts_at"])
    for action, clock in (
        ("arrive", "10:00"),
        ("start-numbing", "10:10"),
        ("start", "10:45"),
        ("complete", "11:05"),
    ):
        moved = known.at(at(clock)).acted(action, moved)
    later = known.at(at("12:00"))

    assert (wrong_day.status_code, wrong_day.get_json()["code"]) == (409, "wrong_day")
    assert moved["performed_on"] == "2027-03-01"
    assert "spacing_floor" in codes(later.book(TWO_DAYS_LATER))
    assert [code for code, _, _ in refusals(later, "2027-03-28T10:00:00+01:00")] != []
    assert "spacing_min" not in [code for code, _, _ in refusals(later, "2027-03-29T10:00:00+01:00")]


def test_a_visit_of_april_is_not_treated_in_march_by_any_step(known: Clinic) -> None:
    visit = known.booked(APRIL)
    steps = [known.at(SPONTANEOUS).act("arrive", visit)]
    arrived = known.at(APRIL).acted("arrive", visit)
    numbing = known.at("2027-04-06T10:10:00+01:00").acted("start-numbing", arrived)

    steps.append(known.at("2027-04-08T10:45:00+01:00").act("start", numbing))

    assert [one.get_json()["code"] for one in steps] == ["wrong_day", "wrong_day"]
    assert shown_visit(known, visit)["performed_on"] is None
