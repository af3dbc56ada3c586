"""Rules that change after a booking flag the visits that they affect, and no others."""

import pytest

from tests.journeys.cast import change_policy, changed, find, performed, refusals
from tests.support.cast import Clinic, Made, codes, working
from tests.support.overrides import overriding
from tests.support.records import open_medical_hold, record_treatment
from tests.support.visits import flagged, flags

FIRST = "2027-03-08T10:00:00Z"
# 28 days after the first.
SECOND = "2027-04-05T10:00:00+01:00"


def s02(clinic: Clinic) -> str:
    """Give the path of rule S02."""
    return f"/spacing-rules/{find(clinic.desk, 'S02', 'spacing-rules')['id']}"


@pytest.mark.parametrize(("min_days", "is_affected"), [(27, False), (28, False), (29, True)])
def test_a_stricter_minimum_affects_the_next_session(known: Clinic, min_days: int, is_affected: bool) -> None:
    performed(known, FIRST)
    visit = known.booked(SECOND)

    answer = changed(known, s02(known), min_days=min_days)

    assert answer["affected"] == flagged(known) == ([visit["id"]] if is_affected else [])
    assert flags(known, visit) == ([("spacing_min", "S02")] if is_affected else [])


def test_a_higher_floor_beats_the_override_that_was_given_for_the_minimum(known: Clinic) -> None:
    performed(known, FIRST)
    visit = known.booked("2027-03-30T10:00:00+01:00", **overriding("spacing_min"))

    still_allowed = changed(known, s02(known), min_days=29)["affected"]
    too_high = changed(known, s02(known), floor_days=23)

    assert still_allowed == []
    assert (too_high["affected"], flags(known, visit)) == ([visit["id"]], [("spacing_floor", "S02")])


def test_a_rule_of_the_clinics_own_counts_from_its_first_day(known: Clinic) -> None:
    record_treatment(known, "microdermabrasion", "2027-02-22")
    visit = known.booked("2027-03-08T10:00:00Z")
    rule: Made = {"code": "OWN", "scope": "area", "floor_days": 0, "min_days": 15, "override_by": "therapist"}
    sides = {"after": {"event": "microdermabrasion"}, "before": {"procedure": "MN_FACE_STD"}}

    made = known.desk.made("/spacing-rules", **rule, **sides)
    standing = flags(known, visit)
    gone = known.desk.delete(f"/spacing-rules/{made['id']}")

    assert (made["affected"], standing) == ([visit["id"]], [("washout_min", "OWN")])
    assert gone.status_code == 204
    assert flags(known, visit) == []


@pytest.mark.parametrize(("days", "is_affected"), [(13, False), (14, False), (15, True)])
def test_a_hold_rules_days_count_for_holds_that_are_there(
    known: Clinic, days: int, is_affected: bool
) -> None:
    open_medical_hold(known, "infection", "2027-02-21", resolved_on="2027-02-22")
    visit = known.booked("2027-03-08T10:00:00Z")
    rule = find(known.desk, "infection", "hold-rules")

    answer = changed(known, f"/hold-rules/{rule['id']}", days_after_resolved=days)

    assert answer["affected"] == ([visit["id"]] if is_affected else [])
    assert flags(known, visit) == ([("medical_hold", "H01")] if is_affected else [])


def test_an_adviser_made_a_blocker_flags_and_back_clears(known: Clinic) -> None:
    open_medical_hold(known, "breastfeeding", "2027-02-22")
    visit = known.booked(FIRST)
    path = f"/hold-rules/{find(known.desk, 'breastfeeding', 'hold-rules')['id']}"

    blocks = changed(known, path, effect="block")
    advises = changed(known, path, effect="advise")

    assert (blocks["affected"], advises["affected"]) == ([visit["id"]], [])
    assert flags(known, visit) == []


def test_a_longer_cooling_off_affects_the_first_treatment_alone(known: Clinic) -> None:
    first = known.booked("2027-02-23T10:00:00Z")
    second = known.booked("2027-03-30T10:00:00+01:00")

    longer = change_policy(known, cooling_off_hours=72)
    standing = flags(known, first)
    shorter = change_policy(known, cooling_off_hours=70)

    assert (longer["affected"], standing) == ([first["id"]], [("cooling_off", "H12")])
    assert flags(known, second) == []
    assert (shorter["affected"], flags(known, first)) == ([], [])


def test_working_hours_affect_by_name(known: Clinic) -> None:
    visit = known.booked(FIRST)
    path = f"/therapists/{known.therapist['id']}"

    later = changed(known, path, working_hours=working(known.location, "12:00", "19:00"))
    standing = flags(known, visit)
    back = changed(known, path, working_hours=working(known.location))

    assert (later["affected"], standing) == ([visit["id"]], [("therapist_not_working", None)])
    assert (back["affected"], flags(known, visit)) == ([], [])


def test_a_performed_session_and_a_cancelled_visit_are_never_flagged(known: Clinic) -> None:
    performed(known, FIRST)
    gone = known.acted("cancel", known.booked(SECOND), reason_code="patient")
    later = known.at("2027-03-09T09:00:00Z")

    answer = changed(later, s02(later), min_days=60, recommended_days=60, overdue_days=None)
    opened = open_medical_hold(later, "pregnancy", "2027-03-01")

    assert (answer["affected"], opened["affected"], flagged(later)) == ([], [], [])
    assert flags(later, gone) == []


def test_a_prerequisite_taken_away_clears_what_it_had_flagged(london: Clinic) -> None:
    path = f"/procedures/{london.procedure['id']}"
    needed = london.procedure["prerequisites"]
    changed(london, path, prerequisites=[])
    visit = london.booked(FIRST)

    again = changed(london, path, prerequisites=needed)
    standing = flags(london, visit)
    without = changed(london, path, prerequisites=[])

    assert (again["affected"], standing) == ([visit["id"]], [("prerequisite_missing", "H11")])
    assert (without["affected"], flags(london, visit)) == ([], [])


def test_a_rule_lowered_to_30_days_by_a_devices_label_is_one_field(known: Clinic) -> None:
    performed(known, FIRST)
    changed(known, s02(known), min_days=30)

    assert refusals(known, "2027-04-06T10:00:00+01:00") == [("spacing_min", "S02", "2027-04-07")]
    assert refusals(known, "2027-04-07T10:00:00+01:00") == []
    assert codes(known.book(SECOND)) == ["spacing_min"]
