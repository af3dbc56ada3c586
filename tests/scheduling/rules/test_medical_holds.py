"""Medical holds refuse treatments until they are resolved or signed off, and an age until the birthday."""

from datetime import date
from typing import Any
from uuid import UUID

import pytest

from scheduling.questions import Verdict
from scheduling.rulebook import HoldRule
from scheduling.ticks import from_tick
from tests.scheduling.cast import (
    codes,
    create_catalog,
    create_hold,
    create_hold_rule,
    create_patient,
    create_phase,
    create_procedure,
    judge,
    tick_at,
)

ADULT = create_hold_rule(code="under_age", rule_id="H06", days_after_resolved=0, minimum_age=18)
NUMBED = create_procedure(create_phase(kind="numbing"), create_phase())


def held(day: str, rule: HoldRule | None = None, question: Any = None, **hold: Any) -> Verdict:
    """Return the verdict on ten o'clock of a day for a patient with a hold since 1 March."""
    patient = create_patient(medical_holds=(create_hold("2027-03-01", **hold),))
    catalog = create_catalog(rule or create_hold_rule())
    return judge(tick_at(f"{day}T10:00"), catalog, patient=patient, **question or {})


def test_an_open_hold_refuses_without_a_date_and_says_who_may_release_it() -> None:
    (refusal,) = held("2027-06-01").refusals

    assert (refusal.code, refusal.rule_id) == ("medical_hold", "H01")
    assert (refusal.earliest_on, refusal.overridable_by) == (None, "clinician")
    assert refusal.grounds == {("medical_hold", "H01", UUID(int=65), date(2027, 3, 1))}


@pytest.mark.parametrize(
    ("day", "refused"), [("2027-02-28", False), ("2027-03-01", True), ("2027-03-02", True)]
)
def test_a_hold_stands_from_the_day_it_was_opened(day: str, refused: bool) -> None:
    assert codes(held(day)) == ["medical_hold"] * refused


@pytest.mark.parametrize(
    ("day", "refused"), [("2027-03-23", True), ("2027-03-24", False), ("2027-03-25", False)]
)
def test_a_resolved_hold_ends_its_rules_days_later(day: str, refused: bool) -> None:
    verdict = held(day, resolved_on=date(2027, 3, 10))

    assert [refusal.earliest_on for refusal in verdict.refusals] == [date(2027, 3, 24)] * refused


@pytest.mark.parametrize(
    ("resolved", "earliest", "expected"),
    [
        ("2027-03-10", "2027-04-01", date(2027, 4, 1)),
        ("2027-03-25", "2027-04-01", date(2027, 4, 8)),
        (None, "2027-04-01", date(2027, 4, 1)),
    ],
)
def test_the_later_of_resolved_and_earliest_ends_a_hold(
    resolved: str | None, earliest: str, expected: date
) -> None:
    healed = None if resolved is None else date.fromisoformat(resolved)
    (refusal,) = held("2027-03-12", resolved_on=healed, earliest_on=date.fromisoformat(earliest)).refusals

    assert refusal.earliest_on == expected


def test_a_hold_that_was_signed_off_refuses_nothing() -> None:
    assert codes(held("2027-03-02", signed_off=True)) == []


@pytest.mark.parametrize(
    ("areas", "refused"), [((), True), (("FACE",), True), (("PERIORBITAL",), True), (("SCALP",), False)]
)
def test_a_hold_on_areas_stands_against_those_alone(areas: tuple[str, ...], refused: bool) -> None:
    assert codes(held("2027-03-02", areas=areas)) == ["medical_hold"] * refused


def test_a_hold_that_advises_is_mentioned_with_the_date_on_which_it_ends() -> None:
    rule = create_hold_rule(code="breastfeeding", rule_id="H03", blocks=False)
    verdict = held("2027-03-02", rule, code="breastfeeding", earliest_on=date(2027, 3, 9))

    assert codes(verdict) == []
    assert [(one.code, one.rule_id, one.earliest_on) for one in verdict.warnings] == [
        ("advisory_hold", "H03", date(2027, 3, 9))
    ]


def test_a_reaction_to_the_cream_stands_against_visits_with_numbing_alone() -> None:
    rule = create_hold_rule(code="anaesthetic_reaction", rule_id="H10", numbing_only=True)

    assert codes(held("2027-03-02", rule, code="anaesthetic_reaction")) == []
    assert codes(held("2027-03-02", rule, {"procedure": NUMBED}, code="anaesthetic_reaction")) == [
        "medical_hold"
    ]


def test_nothing_stands_against_a_consultation() -> None:
    consultation = create_procedure(create_phase(kind="consultation"), family="CONSULT")

    assert codes(held("2027-03-02", question={"procedure": consultation})) == []


def test_a_hold_without_a_rule_of_the_clinic_refuses_nothing() -> None:
    assert codes(held("2027-03-02", code="pregnancy")) == []


def test_two_holds_of_one_rule_are_one_refusal_that_rests_on_both() -> None:
    holds = (
        create_hold("2027-03-01"),
        create_hold("2027-03-01", id=UUID(int=67), resolved_on=date(2027, 3, 2)),
    )
    patient = create_patient(medical_holds=holds)
    (refusal,) = judge(
        tick_at("2027-03-05T10:00"), create_catalog(create_hold_rule()), patient=patient
    ).refusals

    assert refusal.earliest_on is None
    assert {source for _, _, source, _ in refusal.grounds} == {UUID(int=65), UUID(int=67)}


@pytest.mark.parametrize(
    ("born", "day", "refused"),
    [
        ("2009-06-15", "2027-06-14", True),
        ("2009-06-15", "2027-06-15", False),
        ("2009-06-15", "2027-06-16", False),
        ("2008-02-29", "2026-02-28", True),
        ("2008-02-29", "2026-03-01", False),
        ("2008-02-29", "2026-03-02", False),
    ],
)
def test_a_patient_may_be_treated_from_the_birthday_on(born: str, day: str, refused: bool) -> None:
    patient = create_patient(born_on=date.fromisoformat(born))
    found = codes(
        judge(tick_at(f"{day}T10:00"), create_catalog(ADULT), patient=patient, now=at_new_year(day))
    )

    assert found == ["medical_hold"] * refused


def at_new_year(day: str) -> Any:
    return from_tick(tick_at(f"{day[:4]}-01-01T00:00"))


def test_too_young_a_patient_learns_the_birthday() -> None:
    patient = create_patient(born_on=date(2009, 6, 15))
    (refusal,) = judge(tick_at("2027-03-01T10:00"), create_catalog(ADULT), patient=patient).refusals

    assert (refusal.rule_id, refusal.earliest_on) == ("H06", date(2027, 6, 15))


def test_an_unknown_birth_date_refuses_nothing() -> None:
    assert codes(judge(tick_at("2027-03-01T10:00"), create_catalog(ADULT), patient=create_patient())) == []


def test_a_consent_that_was_signed_off_lifts_the_age() -> None:
    consent = create_hold("2027-01-05", code="under_age", signed_off=True)
    patient = create_patient(medical_holds=(consent,), born_on=date(2010, 6, 15))

    assert codes(judge(tick_at("2027-03-01T10:00"), create_catalog(ADULT), patient=patient)) == []
