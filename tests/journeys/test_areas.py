"""A visit treats a single group of areas, or as many as may be numbed together."""

from typing import Any

import pytest

from tests.journeys.cast import change_policy, consulted, doing, refusals
from tests.support.cast import Clinic, another_patient, create_procedure
from tests.support.overrides import overriding, with_level
from tests.support.questions import eligibility, verdict
from tests.support.visits import flags, shown_visit

IN_MARCH = "2027-03-10T10:00:00Z"
ONE_AREA = ("one_area_per_visit", "S12", None)
TOO_LARGE = ("anaesthetic_area", "S12", None)


@pytest.fixture
def body(known: Clinic) -> Clinic:
    """Give the clinic that treats zones of the body, which each booking chooses."""
    return doing(known, "MN_BODY_ZONE")


@pytest.mark.parametrize(
    ("areas", "found"),
    [
        (["BACK"], []),
        (["THIGHS"], []),
        (["ARMS", "HANDS"], [ONE_AREA, TOO_LARGE]),
        (["HANDS", "ARMS", "BACK"], [ONE_AREA, TOO_LARGE]),
    ],
)
def test_one_zone_of_the_body_is_treated_in_a_visit(body: Clinic, areas: list[str], found: list[Any]) -> None:
    assert refusals(body, IN_MARCH, areas=areas) == found


@pytest.mark.parametrize(("limit", "found"), [(599, [TOO_LARGE]), (600, []), (601, [])])
def test_several_zones_are_allowed_up_to_what_may_be_numbed(
    body: Clinic, limit: int, found: list[Any]
) -> None:
    change_policy(body, one_area_per_visit=False, anaesthetic_area_cm2=limit)

    assert refusals(body, IN_MARCH, areas=["ARMS", "HANDS"]) == found
    assert refusals(body, IN_MARCH, areas=["THIGHS"]) == []


def test_face_and_neck_are_one_group_however_large(known: Clinic) -> None:
    change_policy(known, one_area_per_visit=False, anaesthetic_area_cm2=100)

    assert refusals(doing(known, "MN_FACE_NECK"), IN_MARCH) == []


def test_without_numbing_only_the_number_of_groups_counts(known: Clinic) -> None:
    bare = create_procedure(known.desk, code="BARE", areas=["SCALP", "BACK"], family="BARE")

    assert refusals(known, IN_MARCH, procedure_id=bare["id"]) == [ONE_AREA]
    change_policy(known, one_area_per_visit=False)
    assert refusals(known, IN_MARCH, procedure_id=bare["id"]) == []


def test_a_clinician_may_allow_more_areas(body: Clinic) -> None:
    found = verdict(body, IN_MARCH, areas=["ARMS", "HANDS"])["refusals"]
    both = overriding("one_area_per_visit", "anaesthetic_area", "spacing_min")

    therapist = with_level(body, "therapist").book(IN_MARCH, areas=["ARMS", "HANDS"], **both)
    booked = with_level(body, "clinician").booked(IN_MARCH, areas=["ARMS", "HANDS"], **both)

    assert [one["overridable_by"] for one in found] == ["clinician", "clinician"]
    assert therapist.status_code == 403
    assert booked["overrides"][0]["codes"] == ["anaesthetic_area", "one_area_per_visit"]
    assert flags(body, booked) == []


def test_a_stricter_policy_flags_what_treats_several_areas(body: Clinic) -> None:
    change_policy(body, one_area_per_visit=False, anaesthetic_area_cm2=600)
    visit = body.booked(IN_MARCH, areas=["ARMS", "HANDS"])
    other = another_patient(body)
    consulted(other, "2027-02-23T11:00:00Z")
    single = other.booked("2027-03-11T10:00:00Z", areas=["ARMS"])

    stricter = change_policy(body, one_area_per_visit=True)
    standing = flags(body, visit)
    smaller = change_policy(body, one_area_per_visit=False, anaesthetic_area_cm2=599)

    assert (stricter["affected"], standing) == ([visit["id"]], [("one_area_per_visit", "S12")])
    assert (smaller["affected"], flags(body, visit)) == ([visit["id"]], [("anaesthetic_area", "S12")])
    assert shown_visit(body, single)["flags"] == []


def test_other_zones_need_no_days_between_but_the_same_do(body: Clinic) -> None:
    body.booked(IN_MARCH, areas=["BACK"])

    assert refusals(body, "2027-03-11T10:00:00Z", areas=["ARMS"]) == []
    assert refusals(body, "2027-04-06T10:00:00+01:00", areas=["BACK"]) == [
        ("spacing_min", "S07", "2027-04-07")
    ]
    assert eligibility(body, areas="ARMS")["eligible_on"] == "2027-02-22"


def test_eligibility_says_what_no_date_can_change(body: Clinic) -> None:
    found = eligibility(body, areas="ARMS,BACK")

    assert [one["code"] for one in found["refusals"]] == ["one_area_per_visit", "anaesthetic_area"]
