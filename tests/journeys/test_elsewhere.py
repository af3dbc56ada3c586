"""Needling elsewhere counts like a session here; other treatments count by the rules about them."""

from typing import Any

import pytest

from tests.journeys.cast import change_treatment, changed, doing, find, refusals, warnings
from tests.support.cast import Clinic
from tests.support.questions import eligibility, verdict
from tests.support.records import record_treatment
from tests.support.visits import flags

# 22 February and 28 days are Monday 22 March, 42 days Monday 5 April; the dates before are Saturdays.
ON = "2027-02-22"


def at_noon(day: str) -> str:
    """Give noon in London on a date, with the offset of winter or summer."""
    return f"{day}T12:00:00{'+01:00' if day >= '2027-03-28' else '+00:00'}"


@pytest.mark.parametrize(
    ("event", "areas", "code", "before", "rule", "first"),
    [
        ("micro_needling", ["FACE"], "MN_FACE_STD", "2027-03-20", "S02", "2027-03-22"),
        ("micro_needling", ["FACE"], "MN_FACE_SUP", "2027-03-20", "S02", "2027-03-22"),
        ("micro_needling", ["PERIORBITAL"], "MN_FACE_STD", "2027-03-20", "S02", "2027-03-22"),
        ("micro_needling", ["NECK"], "MN_FACE_NECK", "2027-03-20", "S02", "2027-03-22"),
        ("micro_needling", ["FACE"], "MN_FACE_DEEP", "2027-03-20", "S04", "2027-03-22"),
        ("micro_needling", ["SCALP"], "MN_SCALP", "2027-03-20", "S08", "2027-03-22"),
        ("micro_needling", [], "MN_SCALP", "2027-03-20", "S08", "2027-03-22"),
        ("micro_needling", [], "MN_FACE_STD", "2027-03-20", "S02", "2027-03-22"),
        ("rf_micro_needling", ["FACE"], "RF_MN_FACE", "2027-04-03", "S05", "2027-04-05"),
        ("rf_micro_needling", ["FACE"], "MN_FACE_STD", "2027-04-03", "S06", "2027-04-05"),
        ("micro_needling", ["FACE"], "RF_MN_FACE", "2027-04-03", "S06", "2027-04-05"),
    ],
)
def test_needling_elsewhere_keeps_the_days_of_a_session_here(
    someone: Clinic, event: str, areas: list[str], code: str, before: str, rule: str, first: str
) -> None:
    record_treatment(someone, event, ON, areas=areas)
    clinic = doing(someone, code)

    assert refusals(clinic, at_noon(before)) == [("spacing_min", rule, first)]
    assert refusals(clinic, at_noon(first)) == []
    assert eligibility(clinic)["eligible_on"] == first


@pytest.mark.parametrize(
    ("event", "areas", "code"),
    [
        ("micro_needling", ["FACE"], "MN_SCALP"),
        ("micro_needling", ["SCALP"], "MN_FACE_STD"),
        ("rf_micro_needling", ["NECK"], "MN_FACE_STD"),
    ],
)
def test_needling_of_another_area_elsewhere_keeps_no_days(
    someone: Clinic, event: str, areas: list[str], code: str
) -> None:
    record_treatment(someone, event, ON, areas=areas)

    assert refusals(doing(someone, code), "2027-02-23T12:00:00Z") == []


@pytest.mark.parametrize(
    ("day", "found"),
    [
        ("2027-02-25", [("washout_floor", "X02", "2027-03-08"), ("washout_min", "X02", "2027-03-08")]),
        ("2027-03-01", [("washout_min", "X02", "2027-03-08")]),
        ("2027-03-06", [("washout_min", "X02", "2027-03-08")]),
        ("2027-03-08", []),
    ],
)
def test_under_the_floor_both_floor_and_minimum_are_told(someone: Clinic, day: str, found: list[Any]) -> None:
    record_treatment(someone, "dermal_filler", ON)

    assert refusals(someone, at_noon(day)) == found


def test_floors_name_nobody_and_minimums_their_level(someone: Clinic) -> None:
    record_treatment(someone, "dermal_filler", ON)

    levels = [one.get("overridable_by") for one in verdict(someone, "2027-02-25T12:00:00Z")["refusals"]]

    assert levels == [None, "clinician"]


def test_fillers_keep_radio_frequency_away_for_longer(someone: Clinic) -> None:
    record_treatment(someone, "dermal_filler", ON)
    waves = doing(someone, "RF_MN_FACE")

    assert refusals(waves, at_noon("2027-05-22")) == [("washout_min", "X02", "2027-05-23")]
    assert refusals(waves, at_noon("2027-05-24")) == []


def test_what_was_done_to_another_area_washes_nothing_out(someone: Clinic) -> None:
    record_treatment(someone, "waxing", ON, areas=["ARMS"])

    assert refusals(someone, "2027-02-23T12:00:00Z") == []


@pytest.mark.parametrize(
    ("on", "found"),
    [
        ("2027-03-08", []),
        ("2027-03-10", [("below_recommended_spacing", "X19", None)]),
        ("2027-03-16", [("below_recommended_spacing", "X19", None)]),
        ("2027-03-17", []),
    ],
)
def test_an_event_that_matters_to_the_patient_only_warns(someone: Clinic, on: str, found: list[Any]) -> None:
    record_treatment(someone, "important_event", on, areas=[])

    assert warnings(someone, "2027-03-10T12:00:00Z") == found


def test_radio_frequency_warns_three_weeks_before_the_event(someone: Clinic) -> None:
    record_treatment(someone, "important_event", "2027-03-30", areas=[])

    assert warnings(someone, "2027-03-10T12:00:00Z") == []
    assert warnings(doing(someone, "RF_MN_FACE"), "2027-03-10T12:00:00Z") == [
        ("below_recommended_spacing", "X19", None)
    ]


def test_a_changed_rule_of_a_wash_out_flags_and_clears(known: Clinic) -> None:
    record_treatment(known, "waxing", ON)
    visit = known.booked("2027-03-01T10:00:00Z")
    rules = known.desk.get("/spacing-rules", code="X08").get_json()["items"]
    (rule,) = [one for one in rules if one["after"]["event"] == "waxing" and one["before"]["family"] == "MN"]

    longer = changed(known, f"/spacing-rules/{rule['id']}", min_days=8)
    standing = flags(known, visit)
    shorter = changed(known, f"/spacing-rules/{rule['id']}", min_days=7)

    assert (longer["affected"], standing) == ([visit["id"]], [("washout_min", "X08")])
    assert (shorter["affected"], flags(known, visit)) == ([], [])


def test_another_area_or_event_is_judged_as_it_is_told_now(known: Clinic) -> None:
    made = record_treatment(known, "waxing", ON, areas=["ARMS"])
    visit = known.booked("2027-02-26T10:00:00Z")

    on_the_face = change_treatment(known, made, areas=["FACE"])
    under_the_floor = change_treatment(known, made, event="superficial_peel")
    elsewhere_again = change_treatment(known, made, areas=["BACK"])

    assert on_the_face["affected"] == under_the_floor["affected"] == [visit["id"]]
    assert elsewhere_again["affected"] == []
    assert find(known.desk, "MN_FACE_STD")["family"] == "MN"
