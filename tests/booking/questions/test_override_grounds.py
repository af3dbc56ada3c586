"""An override counts for its time and place, and a clinical override for its grounds only."""

import pytest

from tests.support.cast import Clinic, create_patient
from tests.support.overrides import overriding
from tests.support.records import open_medical_hold, record_treatment
from tests.support.visits import flags

FIRST = "2027-03-01T10:00:00Z"
SOON = "2027-03-20T10:00:00Z"


def test_an_override_names_the_rule_and_the_session_that_it_was_given_for(spaced: Clinic) -> None:
    first = spaced.booked(FIRST)
    second = spaced.booked(SOON, **overriding("spacing_min"))

    (kept,) = second["overrides"]
    assert kept["grounds"] == [
        {"code": "spacing_min", "rule_id": "S02", "source_id": first["id"], "on": "2027-03-01"}
    ]


@pytest.mark.parametrize(
    ("moved_to", "flagged"),
    [("2027-02-27T10:00:00Z", True), ("2027-03-01T12:00:00Z", False), ("2027-03-02T10:00:00Z", True)],
)
def test_an_override_of_spacing_holds_while_the_other_session_keeps_its_date(
    spaced: Clinic, moved_to: str, flagged: bool
) -> None:
    first = spaced.booked(FIRST)
    second = spaced.booked(SOON, **overriding("spacing_min"))
    moved = spaced.acted("reschedule", first, starts_at=moved_to)

    assert moved["affected"] == ([second["id"]] if flagged else [])
    assert flags(spaced, second) == ([("spacing_min", "S02")] if flagged else [])


def test_the_session_that_an_override_counts_from_is_not_flagged_itself(spaced: Clinic) -> None:
    first = spaced.booked(FIRST)
    spaced.booked(SOON, **overriding("spacing_min"))
    record_treatment(spaced, "waxing", "2027-01-04")

    assert flags(spaced, first) == []


def test_an_override_of_one_hold_does_not_speak_of_another(clinic: Clinic) -> None:
    open_medical_hold(clinic, "infection")
    visit = clinic.booked(FIRST, **overriding("medical_hold"))
    before = flags(clinic, visit)
    open_medical_hold(clinic, "infection")

    assert before == []
    assert flags(clinic, visit) == [("medical_hold", "H01")]


def test_an_override_of_one_rule_does_not_speak_of_another(clinic: Clinic) -> None:
    open_medical_hold(clinic, "infection")
    visit = clinic.booked(FIRST, **overriding("medical_hold"))
    open_medical_hold(clinic, "pregnancy")

    assert flags(clinic, visit) == [("medical_hold", "H02")]


def test_a_visit_that_moves_needs_another_override(spaced: Clinic) -> None:
    spaced.booked(FIRST)
    second = spaced.booked(SOON, **overriding("spacing_min"))

    answer = spaced.act("reschedule", second, starts_at="2027-03-20T12:00:00Z")

    assert [one["code"] for one in answer.get_json()["refusals"]] == ["spacing_min"]


def test_an_override_of_an_age_tells_nobodys_birth_date(clinic: Clinic) -> None:
    child = create_patient(clinic.desk, born_on="2011-05-17")

    booked = clinic.book(
        "2027-03-01T10:00:00Z",
        patient_id=child["id"],
        override={"codes": ["medical_hold"], "reason": "With a parent."},
    )

    (override,) = booked.get_json()["overrides"]
    assert override["codes"] == ["medical_hold"]
    assert [one["rule_id"] for one in override["grounds"]] == ["H06"]
    assert "2011-05-17" not in booked.text
