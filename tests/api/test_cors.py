"""Pages of a key's own origins may read its answers and the headers they need, and no other page may."""

from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from api.cors import ALLOWED, EXPOSED
from tests.support.cast import Clinic
from tests.support.desk import Desk
from tests.support.widgets import ORIGIN, create_widget

ELSEWHERE = "https://elsewhere.example"


def preflight(app: Flask, path: str, method: str = "POST", **headers: str) -> TestResponse:
    """Ask as a browser does before a request of a page."""
    sent = {"Origin": ORIGIN, "Access-Control-Request-Method": method, **headers}
    return app.test_client().open(path, method="OPTIONS", headers=sent)


@pytest.fixture
def widget(clinic: Clinic) -> Desk:
    """Give a widget that may do what a widget can."""
    return create_widget(clinic.desk, "catalog:read", "availability:read", "appointments:write")


@pytest.mark.parametrize(
    ("path", "methods"),
    [("/v1/appointments", "GET, POST"), ("/v1/booking-tokens", "POST"), ("/v1/availability", "GET"),
     ("/v1/holds/5f7f6f3e-0000-4000-8000-000000000000", "DELETE, GET")],
)  # fmt: skip
def test_a_preflight_is_answered_without_a_key(app: Flask, path: str, methods: str) -> None:
    answer = preflight(app, path)

    assert (answer.status_code, answer.data) == (204, b"")
    assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN
    assert answer.headers["Access-Control-Allow-Methods"] == methods
    assert answer.headers["Access-Control-Allow-Headers"].split(", ") == list(ALLOWED)
    assert "Origin" in answer.headers["Vary"]
    assert "Access-Control-Allow-Credentials" not in answer.headers


@pytest.mark.parametrize("path", ["/v1/nothing", "/healthz", "/openapi.json"])
def test_what_no_page_calls_has_no_preflight(app: Flask, path: str) -> None:
    assert "Access-Control-Allow-Origin" not in preflight(app, path).headers


@pytest.mark.parametrize("status", [200, 304, 404, 422, 403])
def test_a_page_reads_every_kind_of_answer_with_its_headers(
    widget: Desk, clinic: Clinic, status: int
) -> None:
    path = f"/locations/{clinic.location['id']}"
    sent: dict[int, dict[str, Any]] = {
        200: {"path": path},
        304: {"path": path, "headers": {"If-None-Match": f'"{clinic.location["version"]}"'}},
        404: {"path": "/locations/5f7f6f3e-0000-4000-8000-000000000000"},
        422: {"path": "/locations", "query_string": {"limit": "none"}},
        403: {"path": "/patients"},
    }
    asked = sent[status]
    headers = {"Origin": ORIGIN, **asked.pop("headers", {})}
    answer = widget.request("GET", headers=headers, **asked)

    assert answer.status_code == status
    assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN
    assert answer.headers["Access-Control-Expose-Headers"].split(", ") == list(EXPOSED)
    assert "Origin" in answer.headers["Vary"]


def test_another_page_is_refused_and_reads_nothing(widget: Desk) -> None:
    answer = widget.request("GET", "/locations", {"Origin": ELSEWHERE})

    assert (answer.status_code, answer.get_json()["code"]) == (403, "wrong_origin")
    assert "Access-Control-Allow-Origin" not in answer.headers


def test_a_desk_that_runs_in_a_browser_has_origins_too(clinic: Clinic) -> None:
    key = {"name": "Desk", "kind": "secret", "scopes": ["catalog:read"], "origins": [ORIGIN]}
    desk = clinic.desk.using(clinic.desk.made("/api-keys", **key)["key"])
    own, other, server = (
        desk.request("GET", "/locations", {"Origin": origin} if origin else {})
        for origin in (ORIGIN, ELSEWHERE, None)
    )

    assert (own.status_code, own.headers["Access-Control-Allow-Origin"]) == (200, ORIGIN)
    assert (other.status_code, server.status_code) == (403, 200)
    assert "Access-Control-Allow-Origin" not in server.headers


def test_a_key_without_origins_answers_no_page(clinic: Clinic) -> None:
    answer = clinic.desk.request("GET", "/locations", {"Origin": ELSEWHERE})

    assert answer.status_code == 200
    assert "Access-Control-Allow-Origin" not in answer.headers
