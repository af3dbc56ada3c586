"""Journeys J1 and J3: messages across the clock change, and after a missed visit."""

from tests.journeys.cast import consulted, create_default_clinic, performed
from tests.support.cast import Clinic
from tests.support.copying import MakeClinic
from tests.support.messages import due


def test_the_day_after_a_session_before_the_clock_change_is_twenty_three_hours_later(known: Clinic) -> None:
    session = performed(known, "2027-03-27T10:00:00Z")

    found = due(known, session["ends_at"], "2027-03-29T00:00:00Z")

    assert found["aftercare_1d"] == "2027-03-28T10:00:00+01:00"


def test_who_does_not_come_is_reminded_before_and_asked_twice_after(make_clinic: MakeClinic) -> None:
    hours = [{"weekday": day, "opens": "09:00", "closes": "20:00"} for day in ("tue", "wed", "thu", "fri")]
    lisbon = create_default_clinic(make_clinic, "Europe/Lisbon", opening_hours=hours)
    consulted(lisbon, "2027-01-08T11:00:00Z")
    performed(lisbon, "2027-01-14T17:00:00Z")
    missed = lisbon.at("2027-01-15T10:00:00Z").booked("2027-02-11T17:00:00Z")

    before = due(lisbon, "2027-01-15T10:00:00Z", "2027-02-12T00:00:00Z")
    lisbon.at("2027-02-11T17:16:00Z").acted("no-show", missed)
    after = due(lisbon, "2027-02-11T17:16:00Z", "2027-03-11T17:16:00Z")

    assert {
        kind: at[:16] for kind, at in before.items() if kind.startswith(("reminder", "screening_1d"))
    } == {
        "reminder_2d": "2027-02-09T17:00",
        "screening_1d": "2027-02-10T17:00",
        "reminder_2h": "2027-02-11T15:00",
    }
    assert {kind: at[:16] for kind, at in after.items()} == {
        "no_show": "2027-02-11T17:26",
        "no_show_1d": "2027-02-12T17:16",
        "next_session_28d": "2027-02-11T17:00",
    }
