"""The spacing claims of two sessions collide only when a floor of the rules refuses them."""

import random
from collections import Counter
from datetime import date, timedelta
from itertools import product
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scheduling.catalog import Catalog, Procedure
from scheduling.claims import SpacingClaim, spacing_claims
from scheduling.questions import CourseOf, Session
from scheduling.rulebook import CourseTemplate, Matcher, SpacingRule
from tests.scheduling.cast import ask, create_procedure, create_rule
from tests.scheduling.clinical_oracle import deciding

MONDAY = date(2027, 3, 1)
AREAS = (("FACE",), ("PERIORBITAL", "NECK"), ("NECK",), ("FACE", "NECK"))
STD = create_procedure(id=UUID(int=1), code="MN_FACE_STD")
SUP = create_procedure(id=UUID(int=2), code="MN_FACE_SUP")
S02 = create_rule(id=UUID(int=52))
OWN = Matcher(procedure="MN_FACE_SUP")
S01 = create_rule(id=UUID(int=51), code="S01", after=OWN, before=OWN, floor_days=7, min_days=14)


WEEKLY, EITHER = CourseTemplate("WEEKLY", (SUP.id,), 3), CourseTemplate("EITHER", (SUP.id, STD.id), 3)
TEMPLATES = {UUID(int=81): WEEKLY, UUID(int=82): EITHER}
IN_COURSE = Matcher(template="WEEKLY")
T1 = create_rule(id=UUID(int=54), code="T1", after=IN_COURSE, before=IN_COURSE, floor_days=3, min_days=7)


def course(template: CourseTemplate | None) -> CourseOf | None:
    return None if template is None else CourseOf(UUID(int=80), template)


def collide(one: tuple[SpacingClaim, ...], two: tuple[SpacingClaim, ...]) -> bool:
    """Return whether the database would refuse two sessions' claims; a claim without an owner owns itself."""
    return any(
        (first.rule_id, first.area) == (second.rule_id, second.area)
        and first.role != second.role
        and (first.owner is None or first.owner != second.owner)
        and first.span[0] < second.span[1]
        and second.span[0] < first.span[1]
        for first, second in product(one, two)
    )


def claims(
    procedure: Procedure,
    day: int,
    *rules: SpacingRule,
    areas: tuple[str, ...] = ("FACE",),
    template: CourseTemplate | None = None,
) -> tuple[SpacingClaim, ...]:
    catalog = Catalog({}, {}, {}, {}, {STD.id: STD, SUP.id: SUP}, rules, {}, TEMPLATES)
    question = ask(procedure=procedure, areas=areas, course=course(template))
    return spacing_claims(question, MONDAY + timedelta(days=day), rules, catalog)


def test_the_floor_collides_a_day_short_and_not_on_the_day_before_and_after() -> None:
    fixed = claims(STD, 20, S02)
    outcome = [collide(fixed, claims(STD, 20 + gap, S02)) for gap in (-15, -14, -13, 0, 13, 14, 15)]

    assert outcome == [False, False, True, True, True, False, False]


def test_an_area_inside_another_collides_with_it() -> None:
    assert collide(claims(STD, 0, S02), claims(STD, 3, S02, areas=("PERIORBITAL",)))


def test_separate_areas_do_not_collide() -> None:
    fixed = claims(STD, 0, S02)
    outcome = [collide(fixed, claims(STD, 3, S02, areas=(area,))) for area in ("FACE", "SCALP")]

    assert outcome == [True, False]


def test_a_rule_of_patient_scope_collides_whatever_the_areas() -> None:
    anywhere = create_rule(scope="patient")

    assert collide(claims(STD, 0, anywhere), claims(STD, 3, anywhere, areas=("SCALP",)))


def test_two_sessions_of_a_procedure_with_a_lower_floor_of_its_own_keep_that() -> None:
    outcome = [collide(claims(SUP, 0, S01, S02), claims(SUP, gap, S01, S02)) for gap in (6, 7, 8)]

    assert outcome == [True, False, False]


def test_that_procedure_keeps_the_familys_floor_from_others() -> None:
    outcome = [collide(claims(SUP, 0, S01, S02), claims(STD, gap, S01, S02)) for gap in (13, 14, 15)]

    assert outcome == [True, False, False]


def test_a_lower_floor_between_two_procedures_shortens_the_familys_claim() -> None:
    lower = create_rule(id=UUID(int=53), after=OWN, before=Matcher(procedure="MN_FACE_STD"), floor_days=3)
    outcome = [collide(claims(SUP, 0, lower, S02), claims(STD, gap, lower, S02)) for gap in (2, 3, 4)]

    assert outcome == [True, False, False]


def test_rules_without_a_floor_claim_nothing() -> None:
    assert claims(STD, 0, create_rule(floor_days=0)) == ()


@pytest.mark.parametrize(
    ("first", "second", "floor"),
    [(WEEKLY, WEEKLY, 3), (WEEKLY, None, 7), (None, WEEKLY, 7), (None, None, 7)],
)
def test_a_procedures_own_rule_and_a_templates_never_refuse_what_they_allow_together(
    first: CourseTemplate | None, second: CourseTemplate | None, floor: int
) -> None:
    fixed = claims(SUP, 0, S02, S01, T1, template=first)
    outcome = [
        collide(fixed, claims(SUP, floor + days, S02, S01, T1, template=second)) for days in (-1, 0, 1)
    ]

    assert outcome == [True, False, False]


@pytest.mark.parametrize(("template", "floor"), [(WEEKLY, 3), (None, 14)])
def test_a_template_owns_the_claims_of_its_courses_under_the_familys_rule(
    template: CourseTemplate | None, floor: int
) -> None:
    fixed = claims(SUP, 0, S02, T1, template=WEEKLY)
    outcome = [collide(fixed, claims(SUP, floor + days, S02, T1, template=template)) for days in (-1, 0, 1)]

    assert outcome == [True, False, False]


@settings(max_examples=400, deadline=None)
@given(st.integers(0, 2**48))
def test_claims_never_refuse_what_the_rules_allow(seed: int) -> None:
    is_below_a_floor, refused = random_pair(seed)

    assert is_below_a_floor or not refused


def test_the_random_pairs_are_refused_and_allowed_often() -> None:
    pairs = Counter(random_pair(seed) for seed in range(400))

    assert pairs[True, True] >= 40
    assert pairs[False, False] >= 200


def random_pair(seed: int) -> tuple[bool, bool]:
    """Draw rules and two visits; return whether a floor keeps them apart and whether their claims collide."""
    chance = random.Random(seed)
    rules = tuple(random_rule(chance, number) for number in range(chance.randint(1, 5)))
    gap = chance.randint(0, 10)
    one, two = (random_visit(chance) for _ in range(2))
    refused = collide(claims_of(one, 0, rules), claims_of(two, gap, rules))
    return gap < floor_between(one, two, gap, rules), refused


def random_visit(chance: random.Random) -> Session:
    procedure = chance.choice((STD, SUP))
    templates = [None, *(one for one in TEMPLATES.values() if procedure.id in one.procedure_ids)]
    return Session(
        None, MONDAY, procedure.code, procedure.family, None, chance.choice(AREAS),
        course=course(chance.choice(templates)),
    )  # fmt: skip


def claims_of(visit: Session, day: int, rules: tuple[SpacingRule, ...]) -> tuple[SpacingClaim, ...]:
    procedure = STD if visit.procedure == STD.code else SUP
    template = visit.course.template if visit.course else None
    return claims(procedure, day, *rules, areas=visit.areas, template=template)


def floor_between(one: Session, two: Session, gap: int, rules: tuple[SpacingRule, ...]) -> int:
    """Return the floor of the rules that decide, in both orders where the sessions share a day."""
    pairs = [(one, two), (two, one)] if gap == 0 else [(one, two)]
    return max((rule.floor_days for pair in pairs for rule in deciding(*pair, rules)), default=0)


def random_rule(chance: random.Random, number: int) -> SpacingRule:
    named = (
        {"family": "MN"}, {"procedure": "MN_FACE_SUP"}, {"procedure": "MN_FACE_STD"},
        {"template": "WEEKLY"}, {"template": "EITHER"},
    )  # fmt: skip
    sides = [Matcher(**chance.choice(named), areas=chance.choice(((), ("FACE",)))) for _ in range(2)]
    # Most rules of a procedure or template name it on both sides, and such rules own claims.
    sides = sides[:1] * 2 if chance.random() < 0.5 else sides
    scope = chance.choice(("area", "patient"))
    return create_rule(
        id=UUID(int=90 + number),
        after=sides[0],
        before=sides[1],
        scope=scope,
        floor_days=chance.randint(0, 9),
    )
