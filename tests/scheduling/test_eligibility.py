"""Eligibility gives the first possible date, the recommended date and the last date in time."""

from datetime import date
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings

from scheduling.eligibility import Basis, Eligibility, eligibility
from scheduling.questions import Session
from scheduling.rulebook import Matcher, Prerequisite
from tests.scheduling.cast import (
    ask,
    create_catalog,
    create_consultation,
    create_hold,
    create_hold_rule,
    create_patient,
    create_procedure,
    create_rule,
    create_session,
    tick_at,
)
from tests.scheduling.clinical_oracle import covered
from tests.scheduling.moments import ASKED, ONE_DAY, Asked, asked

X01 = create_rule(
    id=UUID(int=52), code="X01", after=Matcher(event="botulinum_toxin"), floor_days=2, min_days=14,
    recommended_days=None, overdue_days=None,
)  # fmt: skip


def eligible(*sessions: Session, today: str = "2027-03-10") -> Eligibility:
    question = ask(patient=create_patient(*sessions))
    return eligibility(question, create_catalog(create_rule(), X01), date.fromisoformat(today))


def test_without_sessions_a_patient_is_eligible_today() -> None:
    assert eligible() == Eligibility(date(2027, 3, 10), None, None, None, (), ())


def test_the_last_session_gives_all_three_dates_and_their_basis() -> None:
    found = eligible(create_session("2027-03-06"))

    assert (found.eligible_on, found.recommended_on, found.overdue_on) == (
        date(2027, 4, 3), date(2027, 4, 10), date(2027, 5, 1),
    )  # fmt: skip
    assert found.basis == (Basis("S02", date(2027, 4, 3), UUID(int=60)),)


@pytest.mark.parametrize(("today", "expected"), [("2027-04-02", 3), ("2027-04-03", 3), ("2027-04-04", 4)])
def test_a_date_is_never_before_today(today: str, expected: int) -> None:
    assert eligible(create_session("2027-03-06"), today=today).eligible_on == date(2027, 4, expected)


def test_a_booked_session_counts_like_a_performed_one() -> None:
    found = eligible(create_session("2027-02-01"), create_session("2027-05-03"))

    assert found.eligible_on == date(2027, 5, 31)


def test_the_latest_of_all_rules_decides() -> None:
    toxin = create_session("2027-03-30", procedure="TOXIN", family="TOXIN", event="botulinum_toxin")
    found = eligible(create_session("2027-03-06"), toxin)

    assert found.eligible_on == date(2027, 4, 13)
    assert [basis.rule_id for basis in found.basis] == ["S02", "X01"]


def test_other_areas_do_not_count() -> None:
    assert eligible(create_session("2027-03-06", areas=("SCALP",))).eligible_on == date(2027, 3, 10)


HELD = create_hold_rule()


def held(**hold: Any) -> Eligibility:
    question = ask(
        patient=create_patient(
            create_session("2027-02-22"), medical_holds=(create_hold("2027-03-01", **hold),)
        )
    )
    return eligibility(question, create_catalog(create_rule(), HELD), date(2027, 3, 10))


def test_an_open_hold_leaves_no_date_and_says_why() -> None:
    found = held()

    assert (found.eligible_on, found.recommended_on, found.latest_on) == (None, None, None)
    assert [(one.code, one.rule_id, one.earliest_on) for one in found.refusals] == [
        ("medical_hold", "H01", None)
    ]


def test_a_hold_with_a_date_is_part_of_the_basis() -> None:
    found = held(resolved_on=date(2027, 3, 20))

    assert (found.eligible_on, found.refusals) == (date(2027, 4, 3), ())
    assert [(one.rule_id, one.on) for one in found.basis] == [
        ("S02", date(2027, 3, 22)),
        ("H01", date(2027, 4, 3)),
    ]


def test_a_hold_that_was_signed_off_leaves_the_sessions_date() -> None:
    assert held(signed_off=True).eligible_on == date(2027, 3, 22)


def consulted(
    ends: str, today: str = "2027-03-10", hours: int | None = None, days: int | None = None
) -> Eligibility:
    procedure = create_procedure(prerequisites=(Prerequisite("CONSULT", hours, days),))
    question = ask(procedure=procedure, patient=create_patient(create_consultation(tick_at(ends))))
    return eligibility(question, create_catalog(), date.fromisoformat(today))


def test_a_consultation_gives_the_first_and_the_last_date_of_the_first_treatment() -> None:
    found = consulted("2027-03-10T10:30")

    assert (found.eligible_on, found.latest_on) == (date(2027, 3, 11), date(2027, 9, 6))


def test_without_a_valid_consultation_there_is_no_date() -> None:
    found = consulted("2026-03-10T10:30")

    assert (found.eligible_on, found.latest_on) == (None, None)
    assert [(one.code, one.rule_id) for one in found.refusals] == [("prerequisite_expired", "H11")]


def test_a_later_session_gives_the_last_date_before_its_minimum() -> None:
    toxin = create_rule(
        id=UUID(int=53), code="X01", before=Matcher(event="botulinum_toxin"), floor_days=2, min_days=14,
        recommended_days=None, overdue_days=None,
    )  # fmt: skip
    later = create_session("2027-06-15", procedure="TOXIN", family="TOXIN", event="botulinum_toxin")
    found = eligibility(ask(patient=create_patient(later)), create_catalog(toxin), date(2027, 3, 10))

    assert (found.eligible_on, found.latest_on) == (date(2027, 3, 10), date(2027, 6, 1))


def test_a_consultation_on_the_day_after_the_last_one_expires_leaves_no_gap() -> None:
    needs = (Prerequisite("CONSULT", min_hours_before=2, valid_days=10),)
    renewed = create_consultation(tick_at("2027-03-16T09:00"), appointment_id=UUID(int=67))
    patient = create_patient(create_consultation(tick_at("2027-03-05T10:30")), renewed)
    question = ask(procedure=create_procedure(prerequisites=needs), patient=patient)
    found = eligibility(question, create_catalog(), date(2027, 3, 10))

    assert (found.eligible_on, found.latest_on) == (date(2027, 3, 10), date(2027, 3, 26))


def test_too_many_areas_are_named_beside_the_date() -> None:
    found = eligibility(ask(areas=("FACE", "BACK")), create_catalog(), date(2027, 3, 10))

    assert found.eligible_on == date(2027, 3, 10)
    assert [one.code for one in found.refusals] == ["one_area_per_visit"]


@settings(max_examples=150, deadline=None)
@given(ASKED)
def test_eligibility_agrees_with_the_search_day_by_day(case: Asked) -> None:
    found = eligibility(case.question, case.catalog, case.on)
    first = max([case.on, *(session.on + ONE_DAY for session in alike(case))])
    begins = found.eligible_on or first + 60 * ONE_DAY
    ends = found.latest_on or begins + 10 * ONE_DAY

    assert [day for day in days(first, begins) if case.free(day, day + ONE_DAY)] == []
    if found.eligible_on is None:
        assert found.refusals
        return
    assert [day for day in days(begins, ends + ONE_DAY) if not case.free(day, day + ONE_DAY)] == []
    assert found.latest_on is None or not case.free(ends + ONE_DAY, ends + 2 * ONE_DAY)


def test_the_random_patients_are_eligible_at_once_later_for_some_days_and_never() -> None:
    cases = [asked(seed) for seed in range(300)]
    found = [(case.on, eligibility(case.question, case.catalog, case.on)) for case in cases]

    assert sum(one.eligible_on == on for on, one in found) >= 50
    assert sum(one.eligible_on is not None and one.eligible_on > on for on, one in found) >= 50
    assert sum(one.latest_on is not None for _, one in found) >= 50
    assert sum(one.eligible_on is None for _, one in found) >= 50


def alike(case: Asked) -> list[Session]:
    """Return the patient's sessions of the question's family on an overlapping area."""
    question, treated = case.question, covered(case.question.areas)
    return [
        session
        for session in (question.patient.sessions if question.patient else ())
        if question.procedure.family in {session.family, *session.counts_like}
        and (not session.areas or covered(session.areas) & treated)
    ]


def days(first: date, until: date) -> list[date]:
    return [first + number * ONE_DAY for number in range((until - first).days)]


def test_an_age_that_was_reached_is_no_basis() -> None:
    adult = create_hold_rule(code="under_age", rule_id="H06", minimum_age=18)
    question = ask(patient=create_patient(born_on=date(2000, 5, 1)))
    found = eligibility(question, create_catalog(adult), date(2027, 3, 10))

    assert (found.eligible_on, found.basis) == (date(2027, 3, 10), ())
