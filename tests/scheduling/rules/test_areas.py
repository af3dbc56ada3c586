"""A visit treats a single group of areas, or as many as may be numbed together."""

import pytest

from scheduling.catalog import Policy
from scheduling.rules.areas import area_refusals
from tests.scheduling.cast import ask, create_location, create_phase, create_procedure

NUMBING = create_phase(name="numbing", kind="numbing")


def codes_against(*areas: str, numbed: bool = True, **policy: bool | int) -> list[str]:
    """Return the codes against some areas at a location with a policy."""
    phases = (NUMBING, create_phase()) if numbed else (create_phase(),)
    location = create_location(policy=Policy(**{"one_area_per_visit": False, **policy}))
    question = ask(procedure=create_procedure(*phases), location=location, areas=areas)
    return [refusal.code for refusal in area_refusals(question)]


@pytest.mark.parametrize(
    ("areas", "several"),
    [
        (("FACE",), False),
        (("FACE", "NECK"), False),
        (("FACE", "PERIORBITAL", "NECK"), False),
        (("FACE", "DECOLLETE"), True),
        (("FACE", "SCALP"), True),
        (("ARMS", "BACK"), True),
    ],
)
def test_the_face_and_the_neck_are_one_group_and_all_others_their_own(
    areas: tuple[str, ...], several: bool
) -> None:
    found = codes_against(*areas, anaesthetic_area_cm2=5000, one_area_per_visit=True)

    assert found == ["one_area_per_visit"] * several


@pytest.mark.parametrize(("limit", "exceeded"), [(649, True), (650, False), (651, False)])
def test_several_groups_may_reach_the_anaesthetics_limit(limit: int, exceeded: bool) -> None:
    found = codes_against("DECOLLETE", "FACE", anaesthetic_area_cm2=limit)

    assert found == ["anaesthetic_area"] * exceeded


def test_the_eyes_lie_inside_the_face_and_add_nothing() -> None:
    assert codes_against("DECOLLETE", "FACE", "PERIORBITAL", anaesthetic_area_cm2=650) == []


def test_one_group_is_never_too_large() -> None:
    assert codes_against("FACE", "NECK", anaesthetic_area_cm2=1) == []


def test_without_numbing_there_is_no_limit() -> None:
    assert codes_against("BACK", "FACE", numbed=False, anaesthetic_area_cm2=1) == []


def test_both_limits_are_named_together() -> None:
    found = codes_against("BACK", "FACE", one_area_per_visit=True)

    assert found == ["one_area_per_visit", "anaesthetic_area"]


def test_a_consultation_may_be_about_as_many_areas_as_there_are() -> None:
    procedure = create_procedure(create_phase(kind="consultation"))

    assert list(area_refusals(ask(procedure=procedure, areas=("BACK", "FACE")))) == []
