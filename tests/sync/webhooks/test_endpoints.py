"""Webhooks are made, changed and deleted by their own clinic, and no secret is shown twice."""

from collections.abc import Callable
from typing import Any

import pytest

from api.app import create_app
from config import Settings
from models import AuditEntry
from models.database import Database
from models.webhooks import EVENT_TYPES
from tests.support.cast import UNKNOWN_ID, Clinic, Made, create_key, pointers, rows
from tests.support.desk import Desk

ORIGIN = "https://example.org"
HOOK: dict[str, Any] = {"url": "https://example.org/hook?t=private", "events": ["appointment.booked"]}
PATHS = (
    ("GET", ""), ("PATCH", ""), ("DELETE", ""), ("GET", "/deliveries"), ("POST", "/ping"),
    ("POST", "/rotate-secret"),
)  # fmt: skip


def test_a_secret_is_shown_when_it_is_made_and_never_again(desk: Desk) -> None:
    answer = desk.post("/webhooks", HOOK)
    made = answer.get_json()
    secret = made.pop("secret")

    assert answer.status_code == 201
    assert answer.headers["Location"] == f"/v1/webhooks/{made['id']}"
    assert answer.headers["Cache-Control"] == "no-store"
    assert secret.startswith("whsec_")
    assert desk.get(f"/webhooks/{made['id']}").get_json() == made
    assert desk.get("/webhooks").get_json()["items"] == [made]
    assert set(made) == {
        "id", "version", "created_at", "updated_at", "url", "events", "description", "active", "disabled",
        "last_used_at",
    }  # fmt: skip


def test_a_repeated_creation_makes_one_webhook_and_shows_no_secret(desk: Desk) -> None:
    first, second = (desk.post("/webhooks", HOOK, **{"Idempotency-Key": "one"}) for _ in range(2))

    assert (first.status_code, second.status_code) == (201, 409)
    assert second.get_json()["code"] == "idempotency_shown_once"
    assert len(desk.get("/webhooks").get_json()["items"]) == 1


def test_neither_secrets_nor_urls_reach_the_audit_log(desk: Desk, database: Database) -> None:
    made = desk.made("/webhooks", **HOOK)
    rotated = desk.post(f"/webhooks/{made['id']}/rotate-secret").get_json()
    desk.patch(f"/webhooks/{made['id']}", {"url": "https://example.org/other"})
    told = str([entry.changes for entry in rows(database, desk, AuditEntry)])

    assert "secret" in told
    assert [word for word in (made["secret"], rotated["secret"], "example.org") if word in told] == []


@pytest.mark.parametrize(
    ("changed", "pointer"),
    [
        ({"events": []}, "/events"),
        ({"events": ["appointment.booked", "appointment.vanished"]}, "/events/1"),
        ({"events": ["*"]}, "/events/0"),
        ({"events": ["hold.created", "hold.created"]}, "/events"),
        ({"url": "ftp://example.org/hook"}, "/url"),
        ({"url": "https://10.0.0.8/hook"}, "/url"),
        ({"url": "http://169.254.169.254/latest"}, "/url"),
        ({"url": "https://user:word@example.org/"}, "/url"),
        ({"active": False}, "/active"),
        ({"colour": "red"}, "/colour"),
    ],
)
def test_a_malformed_webhook_is_422_and_names_its_field(
    desk: Desk, changed: dict[str, Any], pointer: str
) -> None:
    answer = desk.post("/webhooks", HOOK | changed)

    assert pointers(answer) == [pointer]
    assert desk.get("/webhooks").get_json()["items"] == []


def test_loopback_is_refused_unless_the_settings_allow_it(
    settings: Settings, database: Database, desk: Desk
) -> None:
    strict = create_app(Settings(database_url=settings.database_url), database)
    hook = HOOK | {"url": "http://127.0.0.1:9/hook"}
    made = desk.made("/webhooks", **hook)
    there = Desk(strict, desk.clinic_id, desk.key)

    assert there.post("/webhooks", hook).status_code == 422
    assert there.patch(f"/webhooks/{made['id']}", {"url": hook["url"]}).status_code == 422


def test_every_event_can_be_asked_for(desk: Desk) -> None:
    assert desk.made("/webhooks", **HOOK | {"events": list(EVENT_TYPES)})["events"] == list(EVENT_TYPES)


def test_a_change_takes_the_version_it_means(desk: Desk) -> None:
    made = desk.made("/webhooks", **HOOK)
    path = f"/webhooks/{made['id']}"
    changed = desk.patch(path, {"active": False, "events": ["hold.created"], "description": "Till"})
    stale = desk.patch(path, {"active": True}, **{"If-Match": '"1"'})

    assert changed.status_code == 200
    assert (changed.get_json()["version"], changed.headers["ETag"]) == (2, '"2"')
    assert changed.get_json()["events"] == ["hold.created"]
    assert changed.get_json()["active"] is False
    assert stale.status_code == 412


def test_a_webhook_that_is_deleted_is_gone_with_its_deliveries(desk: Desk) -> None:
    made = desk.made("/webhooks", **HOOK)
    path = f"/webhooks/{made['id']}"
    delivery = desk.post(f"{path}/ping").get_json()

    assert desk.delete(path).status_code == 204
    assert desk.get(path).status_code == 404
    assert desk.post(f"/deliveries/{delivery['id']}/redeliver").status_code == 404


@pytest.mark.parametrize(("method", "path"), PATHS)
def test_another_clinics_webhook_is_404(
    make_clinic: Callable[..., Desk], desk: Desk, method: str, path: str
) -> None:
    made = desk.made("/webhooks", **HOOK)
    body = {} if method == "GET" else {"json": {}}
    answer = make_clinic().request(method, f"/webhooks/{made['id']}{path}", **body)

    assert answer.status_code == 404
    assert desk.get(f"/webhooks/{made['id']}").get_json()["version"] == 1


def test_another_clinics_delivery_is_404_and_so_is_another_webhooks(
    make_clinic: Callable[..., Desk], desk: Desk
) -> None:
    made, other = desk.made("/webhooks", **HOOK), desk.made("/webhooks", **HOOK)
    delivery = desk.post(f"/webhooks/{made['id']}/ping").get_json()["id"]

    assert make_clinic().post(f"/deliveries/{delivery}/redeliver").status_code == 404
    assert desk.post(f"/webhooks/{other['id']}/deliveries/{delivery}/redeliver").status_code == 404
    assert desk.post(f"/webhooks/{made['id']}/deliveries/{UNKNOWN_ID}/redeliver").status_code == 404
    assert desk.post(f"/webhooks/{made['id']}/deliveries/{delivery}/redeliver").status_code == 202


@pytest.mark.parametrize(
    ("key", "code"),
    [
        (lambda _: {"scopes": ["appointments:write", "feeds:manage"]}, "missing_scope"),
        (
            lambda clinic: {"scopes": ["webhooks:manage"], "location_ids": [clinic.location["id"]]},
            "other_locations",
        ),
        (
            lambda _: {"scopes": ["appointments:write"], "kind": "publishable", "origins": [ORIGIN]},
            "secret_key_required",
        ),
    ],
    ids=["without the scope", "of one location", "publishable"],
)
def test_who_may_not_manage_webhooks_is_told_so(
    clinic: Clinic, key: Callable[[Clinic], Made], code: str
) -> None:
    made = clinic.desk.made("/webhooks", **HOOK)
    values = {"name": "Key", "kind": "secret"} | key(clinic)
    desk = clinic.desk.using(clinic.desk.made("/api-keys", **values)["key"])
    origin = {"Origin": ORIGIN}
    delivery = clinic.desk.post(f"/webhooks/{made['id']}/ping").get_json()["id"]
    answers = [
        desk.request(
            method, f"/webhooks/{made['id']}{path}", origin, **({} if method == "GET" else {"json": {}})
        )
        for method, path in PATHS
    ]
    answers += [
        desk.request("POST", "/webhooks", origin, json=HOOK),
        desk.request("GET", "/webhooks", origin),
        desk.request("POST", f"/deliveries/{delivery}/redeliver", origin, json={}),
    ]

    assert [(one.status_code, one.get_json()["code"]) for one in answers] == [(403, code)] * len(answers)


def test_the_scope_suffices(clinic: Clinic) -> None:
    assert create_key(clinic.desk, "webhooks:manage").post("/webhooks", HOOK).status_code == 201
