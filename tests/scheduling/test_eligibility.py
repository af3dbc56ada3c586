"""Eligibility gives the first date that passes, the recommended one and the last before it is overdue."""

from datetime import date
from uuid import UUID

import pytest

from scheduling.catalog import Matcher
from scheduling.eligibility import Basis, Eligibility, eligibility
from scheduling.questions import Session
from tests.scheduling.cast import ask, create_catalog, create_patient, create_rule, create_session

X01 = create_rule(
    id=UUID(int=52), code="X01", after=Matcher(event="botulinum_toxin"), floor_days=2, min_days=14,
    recommended_days=None, overdue_days=None,
)  # fmt: skip


def eligible(*sessions: Session, today: str = "2027-03-10") -> Eligibility:
    question = ask(patient=create_patient(*sessions))
    return eligibility(question, create_catalog(create_rule(), X01), date.fromisoformat(today))


def test_without_sessions_a_patient_is_eligible_today() -> None:
    assert eligible() == Eligibility(date(2027, 3, 10), None, None, ())


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
