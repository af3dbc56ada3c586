"""Every clinic has ten hold rules, which are changed but never made or deleted, and read by the engine."""

from collections.abc import Callable
from typing import Any

import pytest

from booking.catalogue.defaults import default_hold_rules
from booking.questions.catalog import read_catalog
from models.database import Database
from models.hold_rules import HOLD_CODES
from models.treatments import EVENTS as STORED_EVENTS
from scheduling.clinical import HOLDS, TREATMENT_EVENTS
from scheduling.rulebook import HoldRule
from schemas.hold_rules import HoldRuleSchema
from tests.support.callers import caller_in
from tests.support.catalogue_cast import Cast, Rows
from tests.support.desk import Desk

# Code: rule, effect, against, days after resolved, minimum age, released by.
TABLE = {
    "infection": ("H01", "block", "treatment", 14, None, "clinician"),
    "pregnancy": ("H02", "block", "treatment", 0, None, "clinician"),
    "breastfeeding": ("H03", "advise", "treatment", 0, None, "clinician"),
    "keloid_tendency": ("H04", "block", "treatment", 0, None, "dermatologist"),
    "anticoagulant": ("H05", "block", "treatment", 0, None, "clinician"),
    "under_age": ("H06", "block", "treatment", 0, 18, "clinician"),
    "prolonged_redness": ("H07", "block", "treatment", 14, None, "clinician"),
    "hyperpigmentation": ("H08", "block", "treatment", 28, None, "dermatologist"),
    "serious_adverse_effect": ("H09", "block", "treatment", 0, None, "dermatologist"),
    "anaesthetic_reaction": ("H10", "block", "numbing", 0, None, "clinician"),
}
FIELDS = ("rule_id", "effect", "against", "days_after_resolved", "minimum_age", "released_by")

MALFORMED = [
    ({"effect": "warn"}, "/effect"),
    ({"days_after_resolved": -1}, "/days_after_resolved"),
    ({"days_after_resolved": 3661}, "/days_after_resolved"),
    ({"days_after_resolved": None}, "/days_after_resolved"),
    ({"minimum_age": 18}, "/minimum_age"),
    ({"released_by": "desk"}, "/released_by"),
    ({"released_by": None}, "/released_by"),
    ({"active": "no"}, "/active"),
    ({"code": "pregnancy"}, "/code"),
    ({"rule_id": "H99"}, "/rule_id"),
    ({"against": "numbing"}, "/against"),
    ({"colour": "red"}, "/colour"),
]


def rule_of(desk: Desk, code: str) -> dict[str, Any]:
    """Give the clinic's rule of a code as the list has it."""
    [found] = desk.get("/hold-rules", code=code).get_json()["items"]
    return dict(found)


@pytest.mark.parametrize("catalogue", ["none", "default"])
def test_every_clinic_has_the_ten_rules_whatever_its_catalogue(
    make_clinic: Callable[..., Desk], catalogue: str
) -> None:
    items = make_clinic(catalogue=catalogue).get("/hold-rules").get_json()["items"]

    assert [one["code"] for one in items] == list(HOLDS)
    assert {one["code"]: tuple(one[name] for name in FIELDS) for one in items} == TABLE
    assert [one["active"] for one in items] == [True] * 10


@pytest.mark.parametrize("values", default_hold_rules(), ids=lambda values: values["code"])
def test_the_default_rules_are_input_that_the_api_would_take(values: dict[str, Any]) -> None:
    assert HoldRuleSchema().load(values | {"active": True}) == values | {"active": True}


def test_the_database_takes_the_engines_codes_and_events() -> None:
    assert HOLD_CODES == HOLDS
    assert STORED_EVENTS == TREATMENT_EVENTS


def test_a_rule_is_read_alone_with_its_version(cast: Cast) -> None:
    rule = rule_of(cast.desk, "pregnancy")
    answer = cast.desk.get(f"/hold-rules/{rule['id']}")

    assert answer.get_json() == rule
    assert answer.headers["ETag"] == '"1"'


def test_a_rule_is_changed_field_by_field(cast: Cast) -> None:
    rule = rule_of(cast.desk, "breastfeeding")
    change = {"effect": "block", "days_after_resolved": 3660, "released_by": "dermatologist", "active": False}
    changed = cast.desk.patch(f"/hold-rules/{rule['id']}", change).get_json()

    assert changed["version"] == 2
    assert {name: changed[name] for name in change} == change
    assert changed["affected"] == []


@pytest.mark.parametrize("age", [0, 22, 120, None])
def test_the_age_of_under_age_is_the_clinics(cast: Cast, age: int | None) -> None:
    rule = rule_of(cast.desk, "under_age")
    changed = cast.desk.patch(f"/hold-rules/{rule['id']}", {"minimum_age": age})

    assert changed.get_json()["minimum_age"] == age


def test_nobody_is_under_an_age_that_nobody_reaches(cast: Cast) -> None:
    rule = rule_of(cast.desk, "under_age")
    answer = cast.desk.patch(f"/hold-rules/{rule['id']}", {"minimum_age": 121})

    assert [error["pointer"] for error in answer.get_json()["errors"]] == ["/minimum_age"]


@pytest.mark.parametrize(("fields", "pointer"), MALFORMED)
def test_a_malformed_change_is_refused(cast: Cast, fields: dict[str, Any], pointer: str) -> None:
    rule = rule_of(cast.desk, "infection")
    answer = cast.desk.patch(f"/hold-rules/{rule['id']}", fields)

    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.get_json()["errors"]] == [pointer]
    assert rule_of(cast.desk, "infection") == rule


def test_what_is_fixed_may_be_sent_back(cast: Cast) -> None:
    rule = rule_of(cast.desk, "infection")
    same = {name: rule[name] for name in ("code", *FIELDS, "active")}

    assert cast.desk.patch(f"/hold-rules/{rule['id']}", same).get_json()["version"] == 1


def test_no_rule_is_made_or_deleted(cast: Cast) -> None:
    rule = rule_of(cast.desk, "infection")

    assert cast.desk.post("/hold-rules", {}).status_code == 405
    assert cast.desk.delete(f"/hold-rules/{rule['id']}").status_code == 405


def test_a_stale_version_changes_nothing(cast: Cast) -> None:
    path = f"/hold-rules/{rule_of(cast.desk, 'infection')['id']}"
    cast.desk.patch(path, {"days_after_resolved": 15})
    answer = cast.desk.patch(path, {"days_after_resolved": 16}, **{"If-Match": '"1"'})

    assert answer.status_code == 412
    assert cast.desk.get(path).get_json()["days_after_resolved"] == 15


def test_another_clinics_rule_is_not_found(cast: Cast, make_clinic: Callable[..., Desk]) -> None:
    path = f"/hold-rules/{rule_of(cast.desk, 'infection')['id']}"
    other = make_clinic()

    assert other.get(path).status_code == 404
    assert other.patch(path, {"active": False}).status_code == 404


def test_a_key_needs_the_catalogues_scopes(cast: Cast, desk_with: Callable[..., Desk]) -> None:
    path = f"/hold-rules/{rule_of(cast.desk, 'infection')['id']}"
    reader, stranger = desk_with(cast, "catalog:read"), desk_with(cast, "patients:write")

    assert reader.get(path).status_code == 200
    assert reader.patch(path, {"active": False}).status_code == 403
    assert stranger.get("/hold-rules").status_code == 403


def test_a_change_is_audited_and_counts_as_the_catalogues(cast: Cast, rows: Rows) -> None:
    version = "SELECT version FROM catalog_versions"
    rule = rule_of(cast.desk, "infection")
    before = rows(cast.desk, version)
    cast.desk.patch(f"/hold-rules/{rule['id']}", {"days_after_resolved": 21})
    entries = "SELECT action, changes FROM audit_log WHERE subject_id = %(id)s"

    assert rows(cast.desk, entries, id=rule["id"]) == [
        ("hold_rule.changed", {"days_after_resolved": {"before": 14, "after": 21}})
    ]
    assert rows(cast.desk, version) == [(before[0][0] + 1,)]


def test_the_engine_gets_the_active_rules_by_code(cast: Cast, database: Database) -> None:
    cast.desk.patch(f"/hold-rules/{rule_of(cast.desk, 'pregnancy')['id']}", {"active": False})
    with database.transaction(cast.desk.clinic_id) as session:
        rules = read_catalog(caller_in(session, cast.desk.clinic_id)).engine.hold_rules

    assert set(rules) == set(HOLDS) - {"pregnancy"}
    assert rules["under_age"] == HoldRule("under_age", "H06", True, False, 0, 18, "clinician")
    assert rules["anaesthetic_reaction"].numbing_only
    assert not rules["breastfeeding"].blocks
