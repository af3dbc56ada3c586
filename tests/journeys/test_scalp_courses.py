"""A scalp course keeps its template's spacing; visits outside of it keep the rule's spacing."""

from typing import Any

import pytest

from tests.journeys.cast import changed, doing, find, performed, refusals, warnings
from tests.support.cast import Clinic, Made
from tests.support.questions import eligibility
from tests.support.visits import flags

# Monday 1 March: 7 days later Monday 8, 14 days Monday 15, 28 days Monday 29.
FIRST = "2027-03-01T10:00:00Z"


@pytest.fixture
def scalp(known: Clinic) -> Clinic:
    """Give the clinic that needles scalps."""
    return doing(known, "MN_SCALP")


def create_course(clinic: Clinic, template: str) -> Made:
    """Start a course of a template for the clinic's patient."""
    found = find(clinic.desk, template, "course-templates")
    return clinic.desk.made("/courses", patient_id=clinic.patient["id"], template_id=found["id"])


def both_ways(clinic: Clinic, day: str, course: Made | None) -> tuple[list[str], list[str]]:
    """Give the refusals at ten and the first slots of a day."""
    named = {"course_id": course["id"]} if course else {}
    reasons = [code for code, _, _ in refusals(clinic, f"{day}T10:00:00Z", **named)]
    until = f"{day[:-2]}{int(day[-2:]) + 1:02}"
    return reasons, clinic.starts(day, until, patient_id=clinic.patient["id"], **named)[:1]


@pytest.mark.parametrize(
    ("template", "day", "found"),
    [
        ("SCALP_2W", "2027-03-13", ["spacing_min"]),
        ("SCALP_2W", "2027-03-15", []),
        ("SCALP_1W", "2027-03-06", ["spacing_floor", "spacing_min"]),
        ("SCALP_1W", "2027-03-08", []),
        ("SCALP_4W", "2027-03-15", ["spacing_min"]),
        ("SCALP_4W", "2027-03-27", ["spacing_min"]),
        (None, "2027-03-15", ["spacing_min"]),
        (None, "2027-03-27", ["spacing_min"]),
    ],
)
def test_search_and_booking_keep_the_spacing_of_the_course(
    scalp: Clinic, template: str | None, day: str, found: list[str]
) -> None:
    course = create_course(scalp, template) if template else None
    scalp.booked(FIRST, **({"course_id": course["id"]} if course else {}))

    reasons, slots = both_ways(scalp, day, course)

    assert reasons == found
    assert bool(slots) is not bool(found)


@pytest.mark.parametrize(
    ("template", "rule", "eligible_on"),
    [
        ("SCALP_2W", "SCALP_2W", "2027-03-15"),
        ("SCALP_1W", "SCALP_1W", "2027-03-08"),
        ("SCALP_4W", "S08", "2027-03-29"),
    ],
)
def test_eligibility_agrees_within_the_course_and_outside_of_it(
    scalp: Clinic, template: str, rule: str, eligible_on: str
) -> None:
    course = create_course(scalp, template)
    visit = scalp.booked(FIRST, course_id=course["id"])

    within, outside = eligibility(scalp, course_id=course["id"]), eligibility(scalp)

    assert (within["eligible_on"], outside["eligible_on"]) == (eligible_on, "2027-03-29")
    assert within["basis"][-1] == {"rule_id": rule, "on": eligible_on, "source": visit["id"]}
    assert outside["basis"][-1] == {"rule_id": "S08", "on": "2027-03-29", "source": visit["id"]}


@pytest.mark.parametrize(("template", "days"), [("SCALP_1W", (1, 8, 15, 22)), ("SCALP_2W", (1, 15, 29))])
def test_the_database_refuses_nothing_that_the_template_allows(
    scalp: Clinic, template: str, days: tuple[int, ...]
) -> None:
    course = create_course(scalp, template)

    made = [
        scalp.booked(f"2027-03-{day:02}T09:00:00{'+01:00' if day > 27 else 'Z'}", course_id=course["id"])
        for day in days
    ]

    assert [one["warnings"] for one in made] == [[]] * len(days)


def test_a_visit_that_joins_no_course_keeps_28_days_from_one_that_does(scalp: Clinic) -> None:
    course = create_course(scalp, "SCALP_1W")
    performed(scalp, FIRST, course_id=course["id"])

    assert refusals(scalp, "2027-03-27T10:00:00Z") == [("spacing_min", "S08", "2027-03-29")]
    assert refusals(scalp, "2027-03-29T10:00:00+01:00") == []


def test_pigment_courses_recommend_28_days_instead_of_35(known: Clinic) -> None:
    course = create_course(known, "PIGMENT_FACE")
    known.booked(FIRST, course_id=course["id"])
    day = "2027-03-29T10:00:00+01:00"

    outside: list[Any] = warnings(known, day)

    assert warnings(known, day, course_id=course["id"]) == []
    assert outside == [("below_recommended_spacing", "S02", "2027-04-05")]


def test_a_template_with_longer_spacing_flags_the_visits_of_its_courses(scalp: Clinic) -> None:
    course = create_course(scalp, "SCALP_2W")
    scalp.booked(FIRST, course_id=course["id"])
    second = scalp.booked("2027-03-15T10:00:00Z", course_id=course["id"])
    template = find(scalp.desk, "SCALP_2W", "course-templates")
    path = f"/course-templates/{template['id']}"

    longer = changed(scalp, path, spacing=template["spacing"] | {"min_days": 15, "recommended_days": 15})
    standing = flags(scalp, second)
    back = changed(scalp, path, spacing=template["spacing"])

    assert (longer["affected"], standing) == ([second["id"]], [("spacing_min", "SCALP_2W")])
    assert (back["affected"], flags(scalp, second)) == ([], [])
