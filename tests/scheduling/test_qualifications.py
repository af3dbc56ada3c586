"""Qualifications decide by inclusion, alternatives, places and depth who may treat."""

from typing import Any
from uuid import UUID

import pytest

from scheduling.catalog import Policy, Qualification
from tests.scheduling.cast import (
    ALICE,
    LOCATION,
    codes,
    create_catalog,
    create_location,
    create_procedure,
    create_therapist,
    judge,
    tick_at,
)


def own_codes(*held: Qualification, areas: tuple[str, ...] = ("FACE",), **needs: Any) -> list[str]:
    """Return the codes against a therapist with these qualifications."""
    catalog = create_catalog(create_therapist(qualifications=held))
    procedure = create_procedure(**needs)
    start = tick_at("2027-06-01T10:00")
    several = create_location(policy=Policy(one_area_per_visit=False))
    verdict = judge(start, catalog, procedure=procedure, location=several, therapist_id=ALICE, areas=areas)
    return codes(verdict)


@pytest.mark.parametrize(
    ("held", "needed", "expected"),
    [
        ("MN_DEEP", "MN_SUP", []),
        ("MN_DEEP", "MN_DERMAL", []),
        ("MN_DERMAL", "MN_SUP", []),
        ("MN_SUP", "MN_DERMAL", ["therapist_unqualified"]),
        ("MN_DERMAL", "MN_DEEP", ["therapist_unqualified"]),
        ("mn_deep", "MN_DEEP", ["therapist_unqualified"]),
    ],
)
def test_deeper_needling_includes_shallower(held: str, needed: str, expected: list[str]) -> None:
    assert own_codes(Qualification(held), qualifications=(needed,)) == expected


def test_all_of_one_list_and_one_of_the_other_are_needed() -> None:
    needs = {"qualifications": ("BBP", "REG"), "qualifications_any": ("PHLEB", "MN_SUP")}

    assert own_codes(Qualification("BBP"), Qualification("REG"), Qualification("MN_SUP"), **needs) == []
    assert own_codes(Qualification("BBP"), Qualification("MN_SUP"), **needs) == ["therapist_unqualified"]
    assert own_codes(Qualification("BBP"), Qualification("REG"), **needs) == ["therapist_unqualified"]


@pytest.mark.parametrize(("depth", "refused"), [(1.4, False), (1.5, False), (1.6, True)])
def test_the_default_depth_on_the_face_may_be_reached(depth: float, refused: bool) -> None:
    found = own_codes(Qualification("MN_DERMAL"), qualifications=("MN_DERMAL",), depth_mm=depth)

    assert found == ["depth_exceeded"] * refused


@pytest.mark.parametrize(
    ("area", "refused"), [("FACE", True), ("PERIORBITAL", True), ("SCALP", True), ("BACK", False)]
)
def test_the_default_depth_goes_by_region(area: str, refused: bool) -> None:
    found = own_codes(Qualification("MN_SUP"), areas=(area,), qualifications=("MN_SUP",), depth_mm=1.0)

    assert found == ["depth_exceeded"] * refused


@pytest.mark.parametrize(
    ("limit", "refused"),
    [(1.0, True), (2.0, False), ({"FACE": 2.0}, False), ({"FACE": 1.0}, True), ({"BACK": 3.0}, False)],
)
def test_a_limit_of_ones_own_replaces_the_default(limit: Any, refused: bool) -> None:
    held = Qualification("MN_DERMAL", max_depth_mm=limit)

    assert own_codes(held, qualifications=("MN_DERMAL",), depth_mm=1.5) == ["depth_exceeded"] * refused


def test_every_treated_area_must_be_within_the_limit() -> None:
    held = Qualification("MN_SUP")

    found = own_codes(held, areas=("BACK", "FACE"), qualifications=("MN_SUP",), depth_mm=0.8)

    assert found == ["depth_exceeded"]


def test_one_qualification_that_passes_everything_is_enough() -> None:
    held = (Qualification("MN_DERMAL", max_depth_mm=1.0), Qualification("MN_DEEP"))

    assert own_codes(*held, qualifications_any=("MN_DERMAL", "MN_DEEP"), depth_mm=1.5) == []


def test_a_code_without_limits_does_not_limit_depth() -> None:
    assert own_codes(Qualification("BBP"), qualifications=("BBP",), depth_mm=3.0) == []


def test_a_qualification_for_another_location_does_not_count() -> None:
    here, there = Qualification("BBP", location_id=LOCATION), Qualification("BBP", location_id=UUID(int=99))

    assert own_codes(here, qualifications=("BBP",)) == []
    assert own_codes(there, qualifications=("BBP",)) == ["therapist_unqualified"]
