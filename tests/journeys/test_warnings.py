"""Many sessions and maintenance out of its window give warnings, and darker skin waits more days."""

from typing import Any

import pytest

from tests.journeys.cast import change_policy, changed, doing, find, performed, refusals, told, warnings
from tests.support.cast import Clinic
from tests.support.questions import eligibility
from tests.support.records import record_treatment
from tests.support.visits import flags

SESSIONS = [f"2026-{month:02}-01" for month in range(3, 10)]


@pytest.mark.parametrize(("number", "found"), [(6, []), (7, [("many_sessions", "S13", None)])])
def test_the_eighth_session_of_a_year_is_worth_a_word(known: Clinic, number: int, found: list[Any]) -> None:
    for on in SESSIONS[-number:]:
        record_treatment(known, "micro_needling", on)

    assert warnings(known, "2027-02-24T10:00:00Z") == found


def test_a_session_of_a_year_ago_counts_no_more(known: Clinic) -> None:
    for on in SESSIONS:
        record_treatment(known, "micro_needling", on)

    assert warnings(known, "2027-02-27T10:00:00Z") == [("many_sessions", "S13", None)]
    assert warnings(known, "2027-03-01T10:00:00Z") == []


def test_sessions_on_other_areas_and_other_treatments_are_not_counted(known: Clinic) -> None:
    for on in SESSIONS[:-1]:
        record_treatment(known, "micro_needling", on)
    record_treatment(known, "micro_needling", SESSIONS[-1], areas=["SCALP"])
    record_treatment(known, "waxing", SESSIONS[-1])

    assert warnings(known, "2027-02-24T10:00:00Z") == []


def test_a_clinics_own_number_counts(known: Clinic) -> None:
    change_policy(known, many_sessions_a_year=2)
    record_treatment(known, "micro_needling", SESSIONS[-1])

    assert told(known.booked("2027-02-24T10:00:00Z")["warnings"]) == [("many_sessions", "S13", None)]


@pytest.fixture
def maintained(known: Clinic) -> Clinic:
    """Give the clinic whose patient has completed a course of two scalp sessions on 31 March."""
    scalp = doing(known, "MN_SCALP")
    change_policy(scalp, horizon_days=800)
    template = find(scalp.desk, "SCALP_4W", "course-templates")
    fields = {
        "sessions": 2,
        "min_sessions": 2,
        "maintenance_opens_months": 6,
        "maintenance_closes_months": 11,
    }
    changed(scalp, f"/course-templates/{template['id']}", **fields)
    course = scalp.desk.made("/courses", patient_id=scalp.patient["id"], template_id=template["id"])
    for starts_at in ("2027-03-03T10:00:00Z", "2027-03-31T10:00:00+01:00"):
        performed(scalp, starts_at, course_id=course["id"])
    assert scalp.desk.get(f"/courses/{course['id']}").get_json()["status"] == "completed"
    return scalp.at("2027-04-01T09:00:00+01:00")


@pytest.mark.parametrize(
    ("starts_at", "found"),
    [
        ("2027-09-29T10:00:00+01:00", [("maintenance_early", None, "2027-09-30")]),
        ("2027-09-30T10:00:00+01:00", []),
        ("2028-02-29T10:00:00Z", []),
        ("2028-03-01T10:00:00Z", [("maintenance_overdue", None, None)]),
    ],
)
def test_maintenance_opens_and_closes_months_after_the_last_session(
    maintained: Clinic, starts_at: str, found: list[Any]
) -> None:
    assert warnings(maintained, starts_at) == found


def test_a_visit_of_another_procedure_is_no_maintenance(maintained: Clinic) -> None:
    assert warnings(doing(maintained, "MN_FACE_STD"), "2027-09-01T10:00:00+01:00") == []


@pytest.mark.parametrize(
    ("skin_type", "day", "found"),
    [
        (3, "2027-04-05", []),
        (4, "2027-04-17", [("spacing_min", "S02", "2027-04-19")]),
        (4, "2027-04-19", []),
        (6, "2027-04-17", [("spacing_min", "S02", "2027-04-19")]),
        (None, "2027-04-05", []),
    ],
)
def test_darker_skin_waits_the_days_that_a_clinic_adds(
    known: Clinic, skin_type: int | None, day: str, found: list[Any]
) -> None:
    change_policy(known, skin_type_extra_days=14)
    changed(known, f"/patients/{known.patient['id']}", skin_type=skin_type)
    performed(known, "2027-03-08T10:00:00Z")

    assert refusals(known, f"{day}T10:00:00+01:00") == found
    assert eligibility(known)["eligible_on"] == ("2027-04-19" if (skin_type or 0) > 3 else "2027-04-05")


def test_a_skin_type_or_a_policy_told_of_later_flags_what_is_booked(known: Clinic) -> None:
    known.booked("2027-03-08T10:00:00Z")
    second = known.booked("2027-04-12T10:00:00+01:00")

    policy = change_policy(known, skin_type_extra_days=14)
    skin = changed(known, f"/patients/{known.patient['id']}", skin_type=5)
    standing = flags(known, second)
    fewer = change_policy(known, skin_type_extra_days=7)

    assert (policy["affected"], skin["affected"]) == ([], [second["id"]])
    assert standing == [("spacing_min", "S02")]
    assert (fewer["affected"], flags(known, second)) == ([], [])


def test_skin_adds_no_days_to_a_wash_out(known: Clinic) -> None:
    change_policy(known, skin_type_extra_days=14)
    changed(known, f"/patients/{known.patient['id']}", skin_type=6)
    record_treatment(known, "waxing", "2027-02-22")

    assert refusals(known, "2027-03-01T10:00:00Z") == []
