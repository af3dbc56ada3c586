"""The last administrator stays, a rotated key goes on as long as asked, a key knows itself and its use."""

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import update

from api import clock
from api.state import state_of
from models import ApiKey
from models.database import Database
from tests.support.cast import pointers
from tests.support.desk import Desk

ADMIN = {"name": "Second", "kind": "secret", "scopes": ["admin"]}
SOON = "2090-01-01T00:00:00Z"


def first(desk: Desk) -> str:
    """Give the path of the clinic's first key."""
    return f"/api-keys/{desk.get('/api-keys').get_json()['items'][0]['id']}"


def ends(desk: Desk, path: str) -> list[tuple[int, str | None]]:
    """Try every way to end a key's administration of the whole clinic."""
    place = desk.made("/locations", name="Here", timezone="Europe/London")["id"]
    answers = [
        desk.patch(path, {"scopes": ["catalog:write"]}),
        desk.patch(path, {"location_ids": [place]}),
        desk.patch(path, {"expires_at": SOON}),
        desk.post(f"{path}/revoke"),
    ]
    return [(one.status_code, one.get_json().get("code")) for one in answers]


@pytest.mark.parametrize(
    "other",
    [
        None,
        ADMIN | {"expires_at": SOON},
        ADMIN | {"scopes": ["catalog:write", "patients:write"]},
        ADMIN | {"location_ids": []},
    ],
)
def test_no_change_ends_the_last_key_that_administers_the_clinic_for_good(
    desk: Desk, other: dict[str, Any] | None
) -> None:
    if other is not None:
        desk.made("/api-keys", **other)

    assert ends(desk, first(desk)) == [(409, "last_admin_key")] * 4
    assert desk.get(first(desk)).get_json()["version"] == 1
    assert desk.patch(first(desk), {"name": "Head"}).status_code == 200


def test_the_first_key_ends_once_there_is_another(desk: Desk) -> None:
    made = desk.made("/api-keys", **ADMIN)
    other = desk.using(made["key"])

    assert desk.post(f"{first(desk)}/revoke").status_code == 200
    assert other.get("/api-keys").status_code == 200
    assert ends(other, f"/api-keys/{made['id']}") == [(409, "last_admin_key")] * 4


@pytest.mark.parametrize(
    ("body", "old"), [({}, 401), ({"overlap_seconds": 0}, 401), ({"overlap_seconds": 604_800}, 200)]
)
def test_a_rotated_keys_old_text_goes_on_as_long_as_asked(desk: Desk, body: dict[str, Any], old: int) -> None:
    made = desk.made("/api-keys", **ADMIN)

    rotated = desk.post(f"/api-keys/{made['id']}/rotate", body).get_json()

    assert desk.using(made["key"]).get("/rooms").status_code == old
    assert desk.using(rotated["key"]).get("/rooms").status_code == 200
    assert (rotated["previous_until"] is None) == (old == 401)


@pytest.mark.parametrize("seconds", [-1, 604_801, "60", None])
def test_an_overlap_has_its_bounds(desk: Desk, seconds: Any) -> None:
    answer = desk.post(f"{first(desk)}/rotate", {"overlap_seconds": seconds})

    assert pointers(answer) == ["/overlap_seconds"]


def test_an_overlap_ends_by_the_clock_by_a_revocation_and_by_the_next_rotation(
    desk: Desk, database: Database
) -> None:
    keys = [desk.made("/api-keys", **ADMIN) for _ in range(3)]
    for key in keys:
        desk.post(f"/api-keys/{key['id']}/rotate", {"overlap_seconds": 60})
    with database.transaction(desk.clinic_id) as session:
        passed = clock.now() - timedelta(seconds=1)
        session.execute(update(ApiKey).where(ApiKey.id == keys[0]["id"]).values(previous_until=passed))
    desk.post(f"/api-keys/{keys[1]['id']}/revoke")
    desk.post(f"/api-keys/{keys[2]['id']}/rotate")

    assert [desk.using(key["key"]).get("/rooms").status_code for key in keys] == [401] * 3


def test_a_key_that_has_run_out_gets_no_new_text(desk: Desk, database: Database) -> None:
    made = desk.made("/api-keys", **ADMIN)
    with database.transaction(desk.clinic_id) as session:
        passed = clock.now() - timedelta(seconds=1)
        session.execute(update(ApiKey).where(ApiKey.id == made["id"]).values(expires_at=passed))

    assert desk.post(f"/api-keys/{made['id']}/rotate").get_json()["code"] == "wrong_status"
    assert desk.patch(f"/api-keys/{made['id']}", {"expires_at": passed.isoformat()}).status_code == 200


def test_a_key_knows_itself_whatever_its_scopes(desk: Desk) -> None:
    origin = "https://clinic.example"
    values = {"name": "Widget", "kind": "publishable", "scopes": ["availability:read"]}
    made = desk.made("/api-keys", **values, origins=[origin], location_ids=[])

    answer = desk.using(made["key"]).request("GET", "/key", {"Origin": origin})

    clinic = {"id": str(desk.clinic_id), "name": "Test clinic"}
    assert made["key"].startswith("pk_")
    assert answer.get_json() == values | {"location_ids": [], "clinic": clinic}
    elsewhere = desk.using(made["key"]).request("GET", "/key", {"Origin": "https://elsewhere.example"})
    assert elsewhere.get_json()["code"] == "wrong_origin"


def test_the_last_use_of_keys_and_feeds_is_noted_and_no_change(desk: Desk, app: Flask) -> None:
    place = desk.made("/locations", name="Here", timezone="Europe/London")["id"]
    feed = desk.made("/calendar-feeds", location_id=place, detail="busy")
    before = clock.now()
    desk.app.test_client().get(feed["url"])
    state_of(app).notes.flush()

    key = desk.get(first(desk)).get_json()
    desk.get("/rooms")
    state_of(app).notes.flush()

    assert key["last_used_at"] is not None
    assert desk.get(first(desk)).get_json() == key
    assert desk.get(f"/calendar-feeds/{feed['id']}").get_json()["last_used_at"] >= before.isoformat()
