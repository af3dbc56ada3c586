"""A consultation comes first, lasts for a time and is renewed; a patch test may be needed beside it."""

from typing import Any

import pytest

from tests.journeys.cast import change_policy, changed, doing, performed, refusals
from tests.support.cast import Clinic, Made, another_patient, codes, refusal
from tests.support.overrides import overriding, with_level
from tests.support.questions import eligibility
from tests.support.visits import flagged, flags, shown_visit

# Saturday 20 February and 180 days are Thursday 19 August.
LAST_DAY = "2027-08-19"
DAY_AFTER = "2027-08-20"
IN_MARCH = "2027-03-10T10:00:00Z"
MISSING = [("prerequisite_missing", "H11", None)]
EXPIRED = [("prerequisite_expired", "H11", None)]


def test_without_a_consultation_nobody_is_needled_whoever_overrides(london: Clinic) -> None:
    answer = london.book(IN_MARCH, **overriding("prerequisite_missing"))

    found = refusal(answer, "prerequisite_missing")
    assert codes(answer) == ["prerequisite_missing"]
    assert (found["rule_id"], "overridable_by" in found) == ("H11", False)
    assert eligibility(london)["eligible_on"] is None


def test_a_consultation_needs_none_itself_and_is_not_cooled_off(london: Clinic) -> None:
    assert refusals(doing(london, "CONSULT_NEW"), "2027-01-04T10:00:00Z") == []
    assert refusals(doing(london, "REVIEW"), "2027-01-04T10:00:00Z") == []


@pytest.mark.parametrize(("day", "found"), [("2027-08-18", []), (LAST_DAY, []), (DAY_AFTER, EXPIRED)])
def test_a_consultation_lasts_180_days_up_to_the_first_treatment(
    known: Clinic, day: str, found: list[Any]
) -> None:
    assert refusals(known, f"{day}T10:00:00+01:00") == found


def test_a_procedures_own_number_of_days_beats_the_policys(known: Clinic) -> None:
    path = f"/procedures/{known.procedure['id']}"
    changed(known, path, prerequisites=[{"family": "CONSULT", "valid_days": 30}])

    assert refusals(known, "2027-03-22T10:00:00Z") == []
    assert refusals(known, "2027-03-23T10:00:00Z") == EXPIRED


def test_a_session_renews_the_consultation_for_18_months(known: Clinic) -> None:
    change_policy(known, horizon_days=800)
    performed(known, f"{LAST_DAY}T10:00:00+01:00")

    assert refusals(known, "2028-02-18T10:00:00Z") == []
    assert refusals(known, "2029-02-19T10:00:00Z") == []
    assert refusals(known, "2029-02-20T10:00:00Z") == EXPIRED


def test_a_new_consultation_after_the_18_months_counts_again(known: Clinic) -> None:
    change_policy(known, horizon_days=800)
    performed(known, IN_MARCH)
    doing(known, "CONSULT_NEW").booked("2028-09-11T10:00:00+01:00")

    assert refusals(known, "2028-09-09T10:00:00+01:00") == []
    assert refusals(known, "2028-09-12T10:00:00+01:00") == [("cooling_off", "H12", "2028-09-12")]
    assert refusals(known, "2028-09-12T10:30:00+01:00") == []


def test_other_needling_renews_it_too(known: Clinic) -> None:
    performed(doing(known, "MN_SCALP"), IN_MARCH)

    assert refusals(known, f"{DAY_AFTER}T10:00:00+01:00") == []


def test_cooling_off_ends_a_day_after_the_end_of_the_consultation(london: Clinic) -> None:
    doing(london, "CONSULT_NEW").booked("2027-02-22T11:00:00Z")

    assert refusals(london, "2027-02-23T11:25:00Z") == [("cooling_off", "H12", "2027-02-23")]
    assert refusals(london, "2027-02-23T11:30:00Z") == []
    assert eligibility(london)["eligible_on"] == "2027-02-23"
    assert london.starts("2027-02-22", "2027-02-24", patient_id=london.patient["id"])[0] == (
        "2027-02-23T11:30:00+00:00"
    )


def test_a_clinician_may_shorten_the_cooling_off_but_a_therapist_may_not(london: Clinic) -> None:
    doing(london, "CONSULT_NEW").booked("2027-02-22T11:00:00Z")
    same_day = "2027-02-22T14:00:00Z"

    too_low = with_level(london, "therapist").book(same_day, **overriding("cooling_off"))
    booked = with_level(london, "clinician").booked(same_day, **overriding("cooling_off"))

    assert too_low.status_code == 403
    assert booked["overrides"][0]["codes"] == ["cooling_off"]
    assert flags(london, booked) == []


@pytest.mark.parametrize(
    ("action", "now", "body"),
    [("cancel", "2027-02-01T09:00:00Z", {"reason_code": "patient"}), ("no-show", "2027-02-20T11:16:00Z", {})],
)
def test_a_treatment_is_flagged_while_its_consultation_is_gone(
    london: Clinic, action: str, now: str, body: Made
) -> None:
    consultation = doing(london, "CONSULT_NEW").booked("2027-02-20T11:00:00Z")
    visit = london.booked(IN_MARCH)

    gone = london.at(now).acted(action, consultation, **body)
    standing = flags(london, visit)
    doing(london.at("2027-02-21T09:00:00Z"), "CONSULT_NEW").booked("2027-03-01T11:00:00Z")

    assert gone["affected"] == [visit["id"]]
    assert standing == [("prerequisite_missing", "H11")]
    assert flags(london, visit) == []


def test_a_booked_session_alone_renews_nothing(london: Clinic) -> None:
    consultation = doing(london, "CONSULT_NEW").booked("2027-02-20T11:00:00Z")
    visits = [london.booked(starts_at)["id"] for starts_at in (IN_MARCH, "2027-04-21T10:00:00+01:00")]

    gone = london.at("2027-02-01T09:00:00Z").acted("cancel", consultation, reason_code="patient")

    assert (gone["affected"], flagged(london)) == (visits, visits)
    assert refusals(london, "2027-06-09T10:00:00+01:00") == MISSING


@pytest.mark.parametrize(
    ("to", "found"),
    [
        ("2027-03-09T09:30:00Z", []),
        ("2027-03-09T10:00:00Z", [("cooling_off", "H12")]),
        ("2027-03-10T13:00:00Z", [("prerequisite_missing", "H11")]),
    ],
)
def test_a_consultation_that_moves_takes_its_treatment_along(
    london: Clinic, to: str, found: list[tuple[str, str]]
) -> None:
    consultation = doing(london, "CONSULT_NEW").booked("2027-02-20T11:00:00Z")
    visit = london.booked(IN_MARCH)

    moved = london.acted("reschedule", consultation, starts_at=to)

    assert moved["affected"] == ([visit["id"]] if found else [])
    assert flags(london, visit) == found


def test_a_shorter_validity_flags_what_it_leaves_behind(known: Clinic) -> None:
    visit = known.booked(f"{LAST_DAY}T10:00:00+01:00")

    shorter = change_policy(known, consultation_valid_days=179)
    standing = flags(known, visit)
    longer = change_policy(known, consultation_valid_days=180)

    assert (shorter["affected"], standing) == ([visit["id"]], [("prerequisite_expired", "H11")])
    assert (longer["affected"], shown_visit(known, visit)["flags"]) == ([], [])


def test_a_patch_test_can_be_asked_for_beside_the_consultation(known: Clinic) -> None:
    visit = known.booked(IN_MARCH)
    both = [{"family": "CONSULT"}, {"family": "PATCH_TEST", "min_hours_before": 48, "valid_days": 90}]

    asked_for = changed(known, f"/procedures/{known.procedure['id']}", prerequisites=both)
    standing = flags(known, visit)
    doing(known, "PATCH_TEST").booked("2027-03-08T09:50:00Z")

    assert (asked_for["affected"], standing) == ([visit["id"]], [("prerequisite_missing", "H11")])
    assert flags(known, visit) == []
    assert refusals(another_patient(known), "2027-03-11T10:00:00Z") == MISSING


@pytest.mark.parametrize(
    ("starts_at", "found"),
    [
        ("2027-03-10T09:55:00Z", [("cooling_off", "H12", "2027-03-10")]),
        ("2027-03-10T10:00:00Z", []),
        ("2027-06-05T10:00:00+01:00", []),
        ("2027-06-07T10:00:00+01:00", EXPIRED),
    ],
)
def test_a_patch_test_counts_48_hours_later_and_for_90_days(
    known: Clinic, starts_at: str, found: list[tuple[str, str, str | None]]
) -> None:
    both = [{"family": "CONSULT"}, {"family": "PATCH_TEST", "min_hours_before": 48, "valid_days": 90}]
    changed(known, f"/procedures/{known.procedure['id']}", prerequisites=both)
    doing(known, "PATCH_TEST").booked("2027-03-08T09:50:00Z")

    assert refusals(known, starts_at) == found
