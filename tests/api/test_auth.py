"""Keys: a request with a valid key is answered, every other request is refused."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import update

from models import ApiKey
from models.database import Database
from tests.api.toys import TOY_ID
from tests.support.desk import Desk

WIDGET = {
    "name": "Widget",
    "kind": "publishable",
    "scopes": ["catalog:read", "appointments:write"],
    "origins": ["https://clinic.example", "http://localhost:3000"],
}


@pytest.fixture
def key_of(desk: Desk, database: Database) -> Callable[..., str]:
    """Make a key of the fresh clinic, with an expiry that may have passed."""

    def make(*, expires_at: str | None = None, **values: Any) -> str:
        made = desk.made("/api-keys", **{"name": "Desk", "kind": "secret", **values})
        with database.transaction(desk.clinic_id) as session:
            session.execute(update(ApiKey).where(ApiKey.id == made["id"]).values(expires_at=expires_at))
        return str(made["key"])

    return make


@pytest.mark.parametrize(
    "authorization",
    [
        "",
        "Bearer",
        "Bearer ",
        "Basic dXNlcjpwYXNz",
        "Bearer ck_unknown",
        "ck_unknown",
        "Bearer \xe9\u20ac",
        "Bearer a b",
    ],
)
def test_who_has_no_valid_key_is_told_how_to_get_in(child: Desk, authorization: str) -> None:
    sent = authorization.encode().decode("latin-1")

    answer = child.request("GET", "/toys", {"Authorization": sent})

    assert (answer.status_code, answer.get_json()["code"]) == (401, "unauthenticated")
    assert answer.headers["WWW-Authenticate"].startswith('Bearer realm="clinic"')


def test_the_key_is_asked_for_before_the_body_is_read(child: Desk) -> None:
    assert child.using("ck_unknown").post("/toys", {"nonsense": True}).status_code == 401


def test_the_scope_is_asked_for_before_the_body_is_read(child: Desk, key_of: Callable[..., str]) -> None:
    reader = child.using(key_of(scopes=["catalog:read"]))

    answer = reader.post("/toys", {"nonsense": True})

    assert (answer.status_code, answer.get_json()["code"]) == (403, "missing_scope")


def test_who_may_write_may_read(child: Desk, key_of: Callable[..., str]) -> None:
    assert child.using(key_of(scopes=["catalog:write"])).get("/toys").status_code == 200


def test_the_scheme_may_be_written_in_any_case(child: Desk) -> None:
    assert child.request("GET", "/toys", {"Authorization": f"bearer {child.key}"}).status_code == 200


@pytest.mark.parametrize("origin", WIDGET["origins"])
def test_a_publishable_key_reads_what_is_public_from_its_origins(
    child: Desk, key_of: Callable[..., str], origin: str
) -> None:
    widget = child.using(key_of(**WIDGET))

    assert widget.request("GET", f"/toys/{TOY_ID}", {"Origin": origin}).status_code == 200


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "https://clinic.example.evil.example", "http://clinic.example", "null"]
)
def test_a_publishable_key_is_refused_from_elsewhere(
    child: Desk, key_of: Callable[..., str], origin: str
) -> None:
    answer = child.using(key_of(**WIDGET)).request("GET", f"/toys/{TOY_ID}", {"Origin": origin})

    assert (answer.status_code, answer.get_json()["code"]) == (403, "wrong_origin")


def test_a_publishable_key_without_an_origin_reads_and_writes_nothing(
    child: Desk, key_of: Callable[..., str]
) -> None:
    widget = child.using(key_of(**WIDGET))

    assert widget.get("/toys").status_code == 200
    assert widget.post("/toys/act").get_json()["code"] == "wrong_origin"


def test_a_publishable_key_cannot_do_what_is_not_public(child: Desk, key_of: Callable[..., str]) -> None:
    widget = child.using(key_of(**WIDGET))

    answer = widget.request("POST", "/toys/act", {"Origin": "https://clinic.example"}, json={})

    assert (answer.status_code, answer.get_json()["code"]) == (403, "secret_key_required")


@pytest.mark.parametrize(
    ("expires_at", "status"), [("2001-01-01T00:00:00Z", 401), ("2100-01-01T00:00:00Z", 200)]
)
def test_a_key_dies_when_it_expires(
    child: Desk, key_of: Callable[..., str], expires_at: str, status: int
) -> None:
    key = key_of(scopes=["catalog:read"], expires_at=expires_at)

    assert child.using(key).get("/toys").status_code == status


def test_the_sandbox_clock_brings_no_expired_key_back(child: Desk, key_of: Callable[..., str]) -> None:
    key = key_of(scopes=["catalog:read"], expires_at="2020-01-01T00:00:00Z")

    assert child.using(key).at("2019-01-01T00:00:00Z").get("/toys").status_code == 401
