"""API keys over HTTP."""

import hashlib
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from api import clock
from api.constraints import ALREADY_EXISTS
from models import ApiKey, AuditEntry
from models.base import Base
from models.database import Database
from tests.support.cast import pointers
from tests.support.desk import Desk

SECRET = {"name": "Desk", "kind": "secret", "scopes": ["catalog:read", "appointments:write"]}
WIDGET = {
    "name": "Widget",
    "kind": "publishable",
    "scopes": ["catalog:read", "availability:read", "appointments:write"],
    "origins": ["https://clinic.example"],
}


def test_a_key_is_shown_when_it_is_made_and_never_again(desk: Desk) -> None:
    answer = desk.post("/api-keys", SECRET)

    made = answer.get_json()
    assert answer.status_code == 201
    assert made["key"].startswith("sk_")
    assert made["key_hint"] == made["key"][-4:]
    assert answer.headers["Cache-Control"] == "no-store"
    assert made["key"] not in desk.get(f"/api-keys/{made['id']}").text + desk.get("/api-keys").text


def test_only_the_hash_of_a_key_is_stored(desk: Desk, database: Database) -> None:
    made = desk.made("/api-keys", **SECRET)
    with database.transaction(desk.clinic_id) as session:
        stored = session.scalar(select(ApiKey.key_hash).where(ApiKey.key_hint == made["key_hint"]))

    assert stored == hashlib.sha256(made["key"].encode()).digest()


def test_what_was_asked_for_is_what_is_answered(desk: Desk) -> None:
    location = desk.made("/api-keys", **WIDGET, expires_at="2090-01-01T00:00:00+02:00")

    assert {name: location[name] for name in WIDGET} == WIDGET
    assert location["expires_at"] == "2089-12-31T22:00:00+00:00"
    assert location["revoked_at"] is None


def test_a_new_key_works_at_once(desk: Desk) -> None:
    made = desk.made("/api-keys", name="Second", kind="secret", scopes=["admin"])

    assert desk.using(made["key"]).get("/api-keys").status_code == 200


def test_only_an_administrator_sees_the_keys(desk: Desk) -> None:
    made = desk.made("/api-keys", **SECRET)

    assert desk.using(made["key"]).get("/api-keys").status_code == 403


def test_a_key_of_another_clinic_is_not_there(desk: Desk, make_clinic: Any) -> None:
    other = make_clinic()
    made = other.made("/api-keys", **SECRET)

    assert desk.get(f"/api-keys/{made['id']}").status_code == 404
    assert desk.patch(f"/api-keys/{made['id']}", {"name": "Mine"}).status_code == 404
    assert desk.post(f"/api-keys/{made['id']}/revoke").status_code == 404
    assert made["id"] not in desk.get("/api-keys").text


@pytest.mark.parametrize(
    ("values", "pointer"),
    [
        ({"scopes": ["catalog:delete"]}, "/scopes/0"),
        ({"scopes": []}, "/scopes"),
        ({"scopes": ["admin", "admin"]}, "/scopes"),
        ({"kind": "public"}, "/kind"),
        ({"name": ""}, "/name"),
        ({"origins": ["clinic.example"]}, "/origins"),
        ({"origins": ["https://clinic.example/"]}, "/origins"),
        ({"origins": ["https://Clinic.example"]}, "/origins"),
        ({"expires_at": "2090-01-01"}, "/expires_at"),
        ({"location_ids": ["here"]}, "/location_ids/0"),
        ({"key": "ck_mine"}, "/key"),
    ],
)
def test_a_malformed_key_is_422_by_its_field(desk: Desk, values: dict[str, Any], pointer: str) -> None:
    answer = desk.post("/api-keys", {**SECRET, **values})

    assert pointers(answer) == [pointer]


@pytest.mark.parametrize(("seconds", "status"), [(-1, 422), (0, 422), (30, 201)])
def test_a_new_key_expires_later_than_now(desk: Desk, seconds: int, status: int) -> None:
    expires_at = (clock.now() + timedelta(seconds=seconds)).isoformat()

    # The sandbox's clock is no clock of keys.
    answer = desk.at("2001-01-01T00:00:00Z").post("/api-keys", {**SECRET, "expires_at": expires_at})

    assert answer.status_code == status
    assert status == 201 or answer.get_json()["errors"][0]["pointer"] == "/expires_at"


def test_a_key_is_ended_by_its_revocation_and_not_by_an_expiry_that_has_passed(desk: Desk) -> None:
    made = desk.made("/api-keys", **SECRET)

    answer = desk.patch(f"/api-keys/{made['id']}", {"expires_at": "2020-01-01T00:00:00Z"})

    assert pointers(answer) == ["/expires_at"]
    assert desk.using(made["key"]).get("/rooms").status_code == 200


def test_a_key_for_a_location_that_is_not_there_is_404(desk: Desk) -> None:
    answer = desk.post("/api-keys", {**SECRET, "location_ids": ["018f3f3e-0000-7000-8000-00000000000a"]})

    assert answer.status_code == 404
    assert answer.get_json()["errors"][0]["pointer"] == "/location_ids"


@pytest.mark.parametrize("scope", ["admin", "catalog:write", "patients:read", "audit:read", "override:desk"])
def test_a_publishable_key_holds_no_more_than_a_widget_needs(desk: Desk, scope: str) -> None:
    answer = desk.post("/api-keys", {**WIDGET, "scopes": ["catalog:read", scope]})

    assert pointers(answer) == ["/scopes"]


def test_a_publishable_key_needs_an_origin(desk: Desk) -> None:
    answer = desk.post("/api-keys", {**WIDGET, "origins": []})

    assert pointers(answer) == ["/origins"]


def test_a_publishable_key_does_not_grow_by_a_change(desk: Desk) -> None:
    made = desk.made("/api-keys", **WIDGET)

    assert desk.patch(f"/api-keys/{made['id']}", {"scopes": ["admin"]}).status_code == 422
    assert desk.patch(f"/api-keys/{made['id']}", {"origins": []}).status_code == 422


def test_a_change_changes_what_it_names_and_the_version(desk: Desk) -> None:
    made = desk.made("/api-keys", **SECRET)

    changed = desk.patch(f"/api-keys/{made['id']}", {"name": "Reception"}).get_json()

    assert changed["name"] == "Reception"
    assert changed["version"] == 2
    assert changed["scopes"] == SECRET["scopes"]
    assert changed["updated_at"] > made["updated_at"]


@pytest.mark.parametrize("field", ["revoked_at", "key_hint"])
def test_some_of_a_key_is_nobodys_to_write(desk: Desk, field: str) -> None:
    made = desk.made("/api-keys", **SECRET)

    answer = desk.patch(f"/api-keys/{made['id']}", {field: made[field]})

    assert answer.get_json()["errors"] == [{"pointer": f"/{field}", "message": "Unknown field."}]


def test_a_keys_kind_stays(desk: Desk) -> None:
    path = f"/api-keys/{desk.made('/api-keys', **SECRET)['id']}"

    other = desk.patch(path, {"kind": "publishable", "origins": WIDGET["origins"]})

    assert other.get_json()["errors"] == [{"pointer": "/kind", "message": "Cannot be changed."}]
    assert desk.patch(path, {"kind": "secret", "name": "Reception"}).get_json()["name"] == "Reception"


def test_a_keys_locations_may_be_changed(desk: Desk) -> None:
    here = desk.made("/locations", name="Here", timezone="Europe/London")["id"]
    there = desk.made("/locations", name="There", timezone="Europe/London")["id"]
    made = desk.made("/api-keys", name="Second", kind="secret", scopes=["admin"], location_ids=[here])

    changed = desk.patch(f"/api-keys/{made['id']}", {"location_ids": [there]}).get_json()

    seen = desk.using(made["key"]).get("/locations").get_json()["items"]
    assert changed["location_ids"] == [one["id"] for one in seen] == [there]


def test_a_keys_locations_do_not_become_ones_that_are_not_there(desk: Desk) -> None:
    path = f"/api-keys/{desk.made('/api-keys', **SECRET)['id']}"

    answer = desk.patch(path, {"location_ids": ["018f3f3e-0000-7000-8000-00000000000a"]})

    assert answer.status_code == 404
    assert answer.get_json()["errors"][0]["pointer"] == "/location_ids"


def test_a_change_to_a_version_that_is_gone_is_412(desk: Desk) -> None:
    path = f"/api-keys/{desk.made('/api-keys', **SECRET)['id']}"
    desk.patch(path, {"name": "First"})

    assert desk.patch(path, {"name": "Second"}, **{"If-Match": '"1"'}).status_code == 412
    assert desk.patch(path, {"name": "Second", "version": 1}).status_code == 412
    assert desk.get(path).get_json()["name"] == "First"


def test_a_rotated_key_dies_at_once_and_its_successor_lives(desk: Desk) -> None:
    made = desk.made("/api-keys", name="Second", kind="secret", scopes=["admin"])

    rotated = desk.post(f"/api-keys/{made['id']}/rotate").get_json()

    assert rotated["key"] != made["key"]
    assert desk.using(made["key"]).get("/api-keys").status_code == 401
    assert desk.using(rotated["key"]).get("/api-keys").status_code == 200


def test_a_revoked_key_is_dead_for_good(desk: Desk) -> None:
    made = desk.made("/api-keys", name="Second", kind="secret", scopes=["admin"])
    path = f"/api-keys/{made['id']}"

    revoked = desk.post(f"{path}/revoke").get_json()

    assert revoked["revoked_at"] is not None
    assert desk.using(made["key"]).get("/api-keys").status_code == 401
    assert desk.post(f"{path}/revoke").get_json() == revoked
    assert desk.post(f"{path}/rotate").get_json()["code"] == "wrong_status"


def test_every_act_on_a_key_is_audited_with_its_author_and_without_the_key(
    desk: Desk, database: Database
) -> None:
    made = desk.post("/api-keys", SECRET, **{"X-Actor": "Grace"}).get_json()
    desk.patch(f"/api-keys/{made['id']}", {"name": "Reception"})
    desk.post(f"/api-keys/{made['id']}/rotate")
    desk.post(f"/api-keys/{made['id']}/revoke")
    with database.transaction(desk.clinic_id) as session:
        entries = session.scalars(
            select(AuditEntry).where(AuditEntry.subject_id == made["id"]).order_by(AuditEntry.id)
        ).all()

    assert [entry.action for entry in entries] == [
        f"api_key.{action}" for action in ("created", "changed", "rotated", "revoked")
    ]
    assert entries[0].actor == "Grace"
    assert "sk_" not in str([entry.changes for entry in entries])


def test_every_unique_constraint_of_the_tables_is_in_the_registry() -> None:
    named = {
        str(constraint.name)
        for table in Base.metadata.tables.values()
        for constraint in table.constraints
        if str(constraint.name).startswith("uq_")
    }

    assert named == ALREADY_EXISTS.keys()
