"""The reference: a valid document, and pages that ask no other host for anything."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from flask import Flask

from api.problems import PROBLEMS
from version import VERSION

Operation = tuple[str, str, dict[str, Any]]


@pytest.fixture
def operations(spec: dict[str, Any]) -> list[Operation]:
    """List the document's operations as path, method and content; insist that there are many."""
    found = [
        (path, method, item[method])
        for path, item in spec["paths"].items()
        for method in item.keys() & {"get", "post", "patch", "put", "delete"}
    ]
    assert len(found) > 100
    return found


def _refs(part: object) -> Iterator[str]:
    if isinstance(part, dict):
        yield from (value for name, value in part.items() if name == "$ref" and isinstance(value, str))
        for below in part.values():
            yield from _refs(below)
    elif isinstance(part, list):
        for below in part:
            yield from _refs(below)


def test_the_document_is_valid_openapi_3_1(spec: dict[str, Any]) -> None:
    schemathesis.openapi.from_dict(spec).validate()

    assert spec["openapi"].startswith("3.1.")


def test_every_reference_leads_somewhere(spec: dict[str, Any]) -> None:
    refs = set(_refs(spec))

    assert len(refs) > 100
    for ref in refs:
        part: Any = spec
        for name in ref.removeprefix("#/").split("/"):
            part = part[name]

        assert part


def test_the_document_is_the_same_every_time(app: Flask) -> None:
    client = app.test_client()

    assert client.get("/openapi.json").data == client.get("/openapi.json").data


def test_every_operation_has_an_id_of_its_own_and_says_what_it_does(operations: list[Operation]) -> None:
    ids = [operation["operationId"] for _, _, operation in operations]

    assert len(ids) == len(set(ids))
    assert [path for path, _, operation in operations if not operation["summary"].endswith(".")] == []


def test_every_operation_has_one_success(operations: list[Operation]) -> None:
    for path, method, operation in operations:
        successes = [status for status in operation["responses"] if status.startswith("2")]

        assert len(successes) == 1, (method, path)


def test_every_operation_below_v1_needs_a_key_and_documents_its_failures(
    operations: list[Operation],
) -> None:
    open_to_all = [path for path, _, operation in operations if {"bearer": []} not in operation["security"]]

    assert sorted(open_to_all) == ["/healthz", "/readyz"]
    for path, method, operation in operations:
        if path not in open_to_all:
            assert {"401", "403", "422", "503"} <= operation["responses"].keys(), (method, path)
            assert ("404" in operation["responses"]) >= ("{" in path), (method, path)


def _queries(operations: list[Operation]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, _, operation in operations:
        for one in operation.get("parameters", ()):
            if one.get("in") == "query":
                yield path, one


def test_lists_in_a_query_are_separated_by_commas(operations: list[Operation]) -> None:
    lists = [(path, one) for path, one in _queries(operations) if one["schema"].get("type") == "array"]

    assert {one["name"] for _, one in lists} >= {"areas", "status", "include", "kind"}
    assert [(path, one["name"]) for path, one in lists if one["explode"] or one["style"] != "form"] == []


def test_every_closed_set_by_which_a_list_is_narrowed_takes_several_words(
    operations: list[Operation],
) -> None:
    single = [(path, one["name"]) for path, one in _queries(operations) if "enum" in one["schema"]]

    assert {name for _, name in single} == {"sort", "rank"}


def test_every_list_says_in_which_orders_it_comes(operations: list[Operation]) -> None:
    paged = {
        path for path, one in _queries(operations) if one["name"] == "limit" and "availability" not in path
    }
    orders = {path: one["schema"]["enum"] for path, one in _queries(operations) if one["name"] == "sort"}

    own = {"/v1/audit", "/v1/changes", "/v1/conflicts", "/v1/messages", "/v1/recalls"}
    assert paged - orders.keys() == own
    assert {tuple(one) for path, one in orders.items() if path != "/v1/appointments"} == {
        ("created_at", "-created_at")
    }
    assert orders["/v1/appointments"] == ["created_at", "-created_at", "starts_at", "-starts_at"]


def _headers(spec: dict[str, Any], path: str, method: str) -> set[str]:
    refs = _refs(spec["paths"][path][method]["parameters"])
    return {
        spec["components"]["parameters"][ref.rpartition("/")[2]]["name"]
        for ref in refs
        if "parameters" in ref
    }


def test_whatever_answers_412_documents_if_match(spec: dict[str, Any], operations: list[Operation]) -> None:
    for path, method, operation in operations:
        documented = "If-Match" in _headers(spec, path, method)

        assert documented == ("412" in operation["responses"]), (method, path)


def test_every_action_on_an_appointment_documents_if_match(
    spec: dict[str, Any], operations: list[Operation]
) -> None:
    actions = [
        (path, method)
        for path, method, _ in operations
        if path.startswith("/v1/appointments/{appointment_id}/")
    ]
    without = [path for path, method in actions if "If-Match" not in _headers(spec, path, method)]

    assert len(actions) > 1
    below = "/v1/appointments/{appointment_id}"
    assert set(without) == {f"{below}/history", f"{below}/links"}


def test_every_operation_documents_the_headers_that_it_reads(
    spec: dict[str, Any], operations: list[Operation]
) -> None:
    for path, method, _ in operations:
        read = {"X-Request-Id", "X-Actor", "X-Clinic-Now"} if path.startswith("/v1/") else {"X-Request-Id"}

        assert read <= _headers(spec, path, method), (method, path)


def test_every_post_below_v1_documents_idempotency_and_no_other_method_does(
    spec: dict[str, Any], operations: list[Operation]
) -> None:
    for path, method, operation in operations:
        (success,) = (one for status, one in operation["responses"].items() if status.startswith("2"))
        documented = ("Idempotency-Key" in _headers(spec, path, method)) and (
            "Idempotency-Replayed" in success["headers"] and {"409", "422"} <= operation["responses"].keys()
        )

        assert documented == (method == "post" and path.startswith("/v1/")), (method, path)


def test_every_failure_is_documented_as_a_problem(spec: dict[str, Any]) -> None:
    responses = spec["components"]["responses"].values()

    assert len(responses) > 10
    for response in responses:
        assert response["content"] == {
            "application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}
        }


def test_a_patch_documents_no_default(spec: dict[str, Any]) -> None:
    patches = {name: one for name, one in spec["components"]["schemas"].items() if name.endswith("Patch")}
    defaults = {
        name
        for name, one in patches.items()
        if any("default" in field for field in one["properties"].values())
    }

    assert "ApiKeyPatch" in patches
    assert [name for name, one in patches.items() if "required" in one] == []
    assert defaults == set()


def test_the_document_has_the_version_of_the_project(spec: dict[str, Any]) -> None:
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())

    assert spec["info"]["version"] == VERSION
    assert project["tool"]["setuptools"]["dynamic"]["version"] == {"attr": "version.VERSION"}


@pytest.mark.parametrize(("path", "number"), [("/docs", 6), ("/problems", 3)])
def test_a_page_asks_no_other_host_for_anything(app: Flask, path: str, number: int) -> None:
    client = app.test_client()
    page = client.get(path)
    wanted = re.findall(r'(?:src|href)="([^"]+)"', page.text)

    assert (page.status_code, len(wanted)) == (200, number)
    assert "default-src 'self'" in page.headers["Content-Security-Policy"]
    assert [target for target in wanted if not target.startswith("/")] == []
    for target in wanted:
        with client.get(target) as answer:
            assert answer.status_code == 200, target


def test_the_reference_can_be_searched(app: Flask) -> None:
    client = app.test_client()

    assert "plugins: [searchPlugin]" in client.get("/docs/start.js").text
    assert 'type: "search"' in client.get("/docs/search.js").text


@pytest.mark.parametrize("name", ["oauth2-redirect.html", "swagger-ui.js", "..%2Fflask_swagger_ui.py"])
def test_nothing_but_the_page_s_own_files_is_served(app: Flask, name: str) -> None:
    assert app.test_client().get(f"/docs/{name}").status_code == 404


def test_every_problem_is_explained_where_its_type_points(app: Flask) -> None:
    page = app.test_client().get("/problems").text

    assert [code for code in PROBLEMS if f'id="{code}"' not in page] == []


def test_every_patch_is_called_an_update(operations: list[Operation]) -> None:
    ids = [operation["operationId"] for _, method, operation in operations if method == "patch"]

    assert ids
    assert [id_ for id_ in ids if not id_.startswith("update_")] == []
