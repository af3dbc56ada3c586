"""Spacing rules: rising numbers, fixed matchers, and claims that shrink with the floor."""

from typing import Any

import pytest

from tests.support import samples
from tests.support.catalogue_cast import Cast, Rows

CLAIMS = "SELECT role, upper(span) - lower(span) FROM spacing_claims ORDER BY role"


def rule_with_a_booking(cast: Cast) -> str:
    rule = cast.desk.made("/spacing-rules", **samples.spacing_rule())
    cast.book("2027-02-01T10:00:00Z")
    return f"/spacing-rules/{rule['id']}"


def test_codes_may_recur(cast: Cast) -> None:
    ids = [cast.desk.made("/spacing-rules", **samples.spacing_rule())["id"] for _ in range(2)]
    cast.desk.made("/spacing-rules", **samples.spacing_rule(code="S03"))

    assert [one["id"] for one in cast.desk.get("/spacing-rules", code="S02").get_json()["items"]] == ids


@pytest.mark.parametrize(
    ("field", "other"), [("after", {"family": "PRP"}), ("before", {"event": "ipl"}), ("scope", "patient")]
)
def test_what_a_rule_matches_is_fixed(cast: Cast, field: str, other: object) -> None:
    rule = cast.desk.made("/spacing-rules", **samples.spacing_rule())
    path = f"/spacing-rules/{rule['id']}"

    same = cast.desk.patch(path, {field: rule[field], "min_days": 30})
    changed = cast.desk.patch(path, {field: other})

    assert (same.status_code, same.get_json()["min_days"]) == (200, 30)
    assert changed.status_code == 422
    assert changed.get_json()["errors"] == [{"pointer": f"/{field}", "message": "Cannot be changed."}]


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"floor_days": 28}, 200),
        ({"floor_days": 29}, 422),
        ({"min_days": 14}, 200),
        ({"min_days": 13}, 422),
        ({"min_days": 36}, 422),
        ({"min_days": 36, "recommended_days": None}, 200),
        ({"overdue_days": 34}, 422),
    ],
)
def test_a_change_is_judged_together_with_what_stays(cast: Cast, change: dict[str, Any], status: int) -> None:
    rule = cast.desk.made("/spacing-rules", **samples.spacing_rule(recommended_days=35, overdue_days=56))

    assert cast.desk.patch(f"/spacing-rules/{rule['id']}", change).status_code == status


def test_a_lower_floor_shrinks_the_claims_of_booked_visits(cast: Cast, rows: Rows) -> None:
    path = rule_with_a_booking(cast)
    before = rows(cast.desk, CLAIMS)
    cast.desk.patch(path, {"floor_days": 7})

    assert before == [("after", 14), ("after", 14), ("before", 1), ("before", 1)]
    assert rows(cast.desk, CLAIMS) == [("after", 7), ("after", 7), ("before", 1), ("before", 1)]


def test_a_higher_floor_rewrites_no_claim(cast: Cast, rows: Rows) -> None:
    path = rule_with_a_booking(cast)
    before = rows(cast.desk, CLAIMS)
    cast.desk.patch(path, {"floor_days": 21})

    assert rows(cast.desk, CLAIMS) == before


@pytest.mark.parametrize(
    ("method", "change", "status"),
    [("PATCH", {"floor_days": 0}, 200), ("PATCH", {"active": False}, 200), ("DELETE", None, 204)],
)
def test_a_rule_without_a_floor_claims_nothing(
    cast: Cast, rows: Rows, method: str, change: dict[str, Any] | None, status: int
) -> None:
    path = rule_with_a_booking(cast)
    answer = cast.desk.request(method, path, json=change)

    assert answer.status_code == status
    assert rows(cast.desk, CLAIMS) == []


def test_a_procedures_own_lower_rule_frees_what_its_family_had_claimed(cast: Cast) -> None:
    rule_with_a_booking(cast)
    own = {"procedure": cast.procedure["code"]}
    cast.desk.made(
        "/spacing-rules", **samples.spacing_rule(code="S01", after=own, before=own, floor_days=7, min_days=7)
    )

    assert cast.book("2027-02-08T10:00:00Z")["status"] == "booked"
