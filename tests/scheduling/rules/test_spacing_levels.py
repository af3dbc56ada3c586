"""A template's rule decides before a procedure's and a family's rule, also for moved visits."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest

from scheduling.catalog import Policy
from scheduling.questions import CourseOf, Session
from scheduling.rulebook import CourseTemplate, Matcher, SpacingRule
from tests.scheduling.cast import (
    codes,
    create_catalog,
    create_location,
    create_patient,
    create_procedure,
    create_rule,
    create_session,
    judge,
    tick_at,
)

MONDAY = date(2027, 3, 1)
WEEKLY = CourseTemplate("WEEKLY", (UUID(int=40),), 3)
IN_COURSE = CourseOf(UUID(int=1), WEEKLY)
TEMPLATE, SUP = Matcher(template="WEEKLY"), Matcher(procedure="MN_FACE_SUP")
T1 = create_rule(
    id=UUID(int=53), code="T1", after=TEMPLATE, before=TEMPLATE, floor_days=5, min_days=7,
    recommended_days=7,
)  # fmt: skip
S01 = create_rule(
    id=UUID(int=51), code="S01", after=SUP, before=SUP, floor_days=7, min_days=14, recommended_days=28
)
S02 = create_rule()
FACE_SUP = create_procedure(code="MN_FACE_SUP")


def refusing_rules(gap: int, session: Session, *rules: SpacingRule, **question: Any) -> list[str | None]:
    """Return the rules that refuse a visit a number of days after a session on Monday."""
    skin = question.pop("skin_type", None)
    start = tick_at(f"{MONDAY + timedelta(days=gap)}T10:00")
    patient = create_patient(session, skin_type=skin)
    return [one.rule_id for one in judge(start, create_catalog(*rules), patient=patient, **question).refusals]


def on_monday(**overrides: Any) -> Session:
    return create_session(MONDAY.isoformat(), **overrides)


@pytest.mark.parametrize(
    ("gap", "own", "other", "expected"),
    [
        (6, IN_COURSE, IN_COURSE, ["T1"]),
        (7, IN_COURSE, IN_COURSE, []),
        (8, IN_COURSE, IN_COURSE, []),
        (13, None, IN_COURSE, ["S01"]),
        (13, IN_COURSE, None, ["S01"]),
        (14, IN_COURSE, None, []),
        (7, CourseOf(UUID(int=2), WEEKLY), IN_COURSE, []),
        (7, CourseOf(UUID(int=2)), IN_COURSE, ["S01"]),
    ],
)
def test_a_templates_rule_beats_a_procedures_between_its_own_sessions_alone(
    gap: int, own: CourseOf | None, other: CourseOf | None, expected: list[str]
) -> None:
    session = on_monday(procedure="MN_FACE_SUP", course=other)

    assert refusing_rules(gap, session, S02, S01, T1, procedure=FACE_SUP, course=own) == expected


@pytest.mark.parametrize(("gap", "expected"), [(13, ["S01"]), (14, []), (15, [])])
def test_a_procedures_rule_beats_its_familys(gap: int, expected: list[str]) -> None:
    session = on_monday(procedure="MN_FACE_SUP")

    assert refusing_rules(gap, session, S02, S01, T1, procedure=FACE_SUP) == expected


def test_a_templates_rule_may_be_stricter_too() -> None:
    strict = create_rule(code="T2", after=TEMPLATE, before=TEMPLATE, min_days=42, recommended_days=49)

    assert refusing_rules(41, on_monday(course=IN_COURSE), S02, strict, course=IN_COURSE) == ["T2"]
    assert refusing_rules(41, on_monday(course=IN_COURSE), S02, strict) == []


def elsewhere(*areas: str, event: str = "micro_needling") -> Session:
    like = ("RF_MN",) if event == "rf_micro_needling" else ("MN", "MN_SCALP", "MN_BODY")
    return on_monday(
        appointment_id=None, procedure="", family="", event=event, areas=areas, treatment_id=UUID(int=65),
        counts_like=like, performed=True,
    )  # fmt: skip


def of(family: str, days: int) -> SpacingRule:
    own = Matcher(family=family)
    return create_rule(code=family, after=own, before=own, min_days=days, recommended_days=49)


@pytest.mark.parametrize(
    ("family", "area", "session", "expected"),
    [
        ("MN", "FACE", elsewhere("FACE"), ["MN"]),
        ("MN", "FACE", elsewhere("SCALP"), []),
        ("MN", "FACE", elsewhere(), ["MN"]),
        ("MN_SCALP", "SCALP", elsewhere("SCALP"), ["MN_SCALP"]),
        ("MN_SCALP", "SCALP", elsewhere("FACE"), []),
        ("MN_BODY", "BACK", elsewhere("BACK"), ["MN_BODY"]),
        ("RF_MN", "FACE", elsewhere("FACE", event="rf_micro_needling"), ["RF_MN"]),
        ("RF_MN", "FACE", elsewhere("FACE"), []),
        ("MN", "FACE", elsewhere("FACE", event="rf_micro_needling"), []),
    ],
)
def test_needling_elsewhere_counts_like_a_session_of_the_family_of_its_area(
    family: str, area: str, session: Session, expected: list[str]
) -> None:
    rules = of("MN", 28), of("MN_SCALP", 28), of("MN_BODY", 28), of("RF_MN", 42)
    procedure = create_procedure(family=family, areas=(area,))

    assert refusing_rules(20, session, *rules, procedure=procedure, areas=(area,)) == expected


@pytest.mark.parametrize(
    ("skin_type", "gap", "expected"),
    [
        (3, 28, []),
        (None, 28, []),
        (4, 29, ["S02"]),
        (4, 30, []),
        (4, 31, []),
        (6, 29, ["S02"]),
        (6, 13, ["S02", "S02"]),
        (6, 14, ["S02"]),
    ],
)
def test_dark_skin_adds_the_locations_days_to_the_minimum_and_none_to_the_floor(
    skin_type: int | None, gap: int, expected: list[str]
) -> None:
    location = create_location(policy=Policy(skin_type_extra_days=2))

    assert refusing_rules(gap, on_monday(), S02, skin_type=skin_type, location=location) == expected


@pytest.mark.parametrize(("gap", "expected"), [(13, ["X01"]), (14, []), (15, [])])
def test_a_wash_out_takes_no_more_days_for_dark_skin(gap: int, expected: list[str]) -> None:
    location = create_location(policy=Policy(skin_type_extra_days=2))
    rule = create_rule(code="X01", after=Matcher(event="botulinum_toxin"), floor_days=2, min_days=14)
    toxin = on_monday(procedure="TOXIN", family="TOXIN", event="botulinum_toxin")

    assert refusing_rules(gap, toxin, rule, skin_type=6, location=location) == expected


@pytest.mark.parametrize(
    ("gap", "expected"),
    [
        (-14, []),
        (-13, ["spacing_floor", "spacing_min"]),
        (-1, ["spacing_floor", "spacing_min"]),
        (0, ["spacing_floor", "spacing_min"]),
        (13, ["spacing_floor", "spacing_min"]),
        (27, ["spacing_min"]),
        (28, []),
    ],
)
def test_a_move_keeps_the_floor_from_later_visits_and_the_minimum_from_earlier_ones(
    gap: int, expected: list[str]
) -> None:
    start = tick_at(f"{MONDAY + timedelta(days=gap)}T10:00")
    verdict = judge(start, create_catalog(S02), patient=create_patient(on_monday()), moves=True)

    assert codes(verdict) == expected


@pytest.mark.parametrize("changes", [{"performed": True}, {"appointment_id": None}])
def test_a_move_keeps_the_minimum_from_what_cannot_move_any_more(changes: dict[str, Any]) -> None:
    assert refusing_rules(-20, on_monday(**changes), S02, moves=True) == ["S02"]


def test_a_waived_minimum_rests_on_the_sessions_that_it_is_too_near_to() -> None:
    sessions = create_session("2027-03-01"), create_session("2027-04-20", appointment_id=UUID(int=61))
    waived = frozenset({"spacing_min"})
    grounds = [
        judge(
            tick_at(f"{day}T10:00"), create_catalog(S02), patient=create_patient(*sessions), waived=waived
        ).grounds
        for day in ("2027-03-20", "2027-03-25", "2027-06-10")
    ]
    before = ("spacing_min", "S02", UUID(int=60), MONDAY)
    after = ("spacing_min", "S02", UUID(int=61), date(2027, 4, 20))

    assert grounds == [{before}, {before, after}, frozenset()]


def test_a_verdict_with_refusals_tells_no_waived_grounds() -> None:
    verdict = judge(
        tick_at("2027-03-03T10:00"), create_catalog(S02), patient=create_patient(on_monday()),
        waived=frozenset({"spacing_min"}),
    )  # fmt: skip

    assert (codes(verdict), verdict.waived_codes, verdict.grounds) == (
        ["spacing_floor"],
        {"spacing_min"},
        frozenset(),
    )
