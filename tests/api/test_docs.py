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
from tests.support.desk import Desk
from version import VERSION


@pytest.fixture
def spec(app: Flask) -> dict[str, Any]:
    """Fetch the product's own OpenAPI document."""
    document: dict[str, Any] = app.test_client().get("/openapi.json").get_json()
    return document


def _operations(spec: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, item in spec["paths"].items():
        for method in item.keys() & {"get", "post", "patch", "put", "delete"}:
            yield path, method, item[method]


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
    for ref in set(_refs(spec)):
        part: Any = spec
        for name in ref.removeprefix("#/").split("/"):
            part = part[name]

        assert part


def test_the_document_is_the_same_every_time(app: Flask) -> None:
    client = app.test_client()

    assert client.get("/openapi.json").data == client.get("/openapi.json").data


def test_every_operation_has_an_id_of_its_own_and_says_what_it_does(spec: dict[str, Any]) -> None:
    operations = [operation for _, _, operation in _operations(spec)]
    ids = [operation["operationId"] for operation in operations]

    assert len(ids) == len(set(ids))
    assert all(operation["summary"].endswith(".") for operation in operations)


def test_every_operation_has_one_success(spec: dict[str, Any]) -> None:
    for path, method, operation in _operations(spec):
        successes = [status for status in operation["responses"] if status.startswith("2")]

        assert len(successes) == 1, (method, path)


def test_every_operation_below_v1_needs_a_key_and_documents_its_failures(spec: dict[str, Any]) -> None:
    for path, method, operation in _operations(spec):
        if path.startswith("/v1/"):
            assert operation["security"] == [{"bearer": []}], (method, path)
            assert {"401", "403", "422", "503"} <= operation["responses"].keys(), (method, path)
            assert ("404" in operation["responses"]) >= ("{" in path), (method, path)


def _queries(spec: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, _, operation in _operations(spec):
        for one in operation.get("parameters", ()):
            if one.get("in") == "query":
                yield path, one


def test_lists_in_a_query_are_separated_by_commas(spec: dict[str, Any]) -> None:
    lists = [(path, one) for path, one in _queries(spec) if one["schema"].get("type") == "array"]

    assert {one["name"] for _, one in lists} >= {"areas", "status", "include", "kind"}
    assert [(path, one["name"]) for path, one in lists if one["explode"] or one["style"] != "form"] == []


def test_every_closed_set_by_which_a_list_is_narrowed_takes_several_words(spec: dict[str, Any]) -> None:
    single = [(path, one["name"]) for path, one in _queries(spec) if "enum" in one["schema"]]

    assert {name for _, name in single} == {"sort", "rank"}


def test_every_list_says_in_which_orders_it_comes(spec: dict[str, Any]) -> None:
    paged = {path for path, one in _queries(spec) if one["name"] == "limit" and "availability" not in path}
    orders = {path: one["schema"]["enum"] for path, one in _queries(spec) if one["name"] == "sort"}

    assert paged - orders.keys() == {"/v1/changes", "/v1/conflicts", "/v1/messages", "/v1/recalls"}
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


def test_whatever_answers_412_documents_if_match(spec: dict[str, Any]) -> None:
    for path, method, operation in _operations(spec):
        documented = "If-Match" in _headers(spec, path, method)

        assert documented == ("412" in operation["responses"]), (method, path)


def test_every_action_on_an_appointment_documents_if_match(spec: dict[str, Any]) -> None:
    actions = [path for path in spec["paths"] if path.startswith("/v1/appointments/{appointment_id}/")]
    documented = {
        path for path in actions if "If-Match" in _headers(spec, path, next(iter(_methods(spec, path))))
    }

    assert set(actions) - documented == {"/v1/appointments/{appointment_id}/history"}


def _methods(spec: dict[str, Any], path: str) -> set[str]:
    return spec["paths"][path].keys() & {"get", "post", "patch", "put", "delete"}


def test_every_operation_documents_the_headers_that_it_reads(spec: dict[str, Any]) -> None:
    for path, method, _ in _operations(spec):
        read = {"X-Request-Id", "X-Actor", "X-Clinic-Now"} if path.startswith("/v1/") else {"X-Request-Id"}

        assert read <= _headers(spec, path, method), (method, path)


def test_every_post_below_v1_documents_idempotency_and_no_other_method_does(spec: dict[str, Any]) -> None:
    for path, method, operation in _operations(spec):
        (success,) = (one for status, one in operation["responses"].items() if status.startswith("2"))
        documented = ("Idempotency-Key" in _headers(spec, path, method)) and (
            "Idempotency-Replayed" in success["headers"] and {"409", "422"} <= operation["responses"].keys()
        )

        assert documented == (method == "post" and path.startswith("/v1/")), (method, path)


def test_every_failure_is_documented_as_a_problem(spec: dict[str, Any]) -> None:
    for response in spec["components"]["responses"].values():
        assert response["content"] == {
            "application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}
        }


def test_a_patch_documents_no_default(spec: dict[str, Any]) -> None:
    patch = spec["components"]["schemas"]["ApiKeyPatch"]

    assert "required" not in patch
    assert not any("default" in field for field in patch["properties"].values())


def test_the_document_has_the_version_of_the_project(spec: dict[str, Any]) -> None:
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())

    assert spec["info"]["version"] == VERSION
    assert project["tool"]["setuptools"]["dynamic"]["version"] == {"attr": "version.VERSION"}


@pytest.mark.parametrize("path", ["/docs", "/problems"])
def test_a_page_asks_no_other_host_for_anything(app: Flask, path: str) -> None:
    client = app.test_client()
    page = client.get(path)
    wanted = re.findall(r'(?:src|href)="([^"]+)"', page.text)

    assert page.status_code == 200
    assert "default-src 'self'" in page.headers["Content-Security-Policy"]
    assert all(target.startswith("/") for target in wanted)
    for target in wanted:
        with client.get(target) as answer:
            assert answer.status_code == 200, target


def test_nothing_but_the_page_s_own_files_is_served(app: Flask) -> None:
    for name in ("oauth2-redirect.html", "swagger-ui.js", "..%2Fflask_swagger_ui.py"):
        assert app.test_client().get(f"/docs/{name}").status_code == 404


def test_every_problem_is_explained_where_its_type_points(app: Flask) -> None:
    page = app.test_client().get("/problems").text

    assert all(f'id="{code}"' in page for code in PROBLEMS)


def test_no_operation_answers_what_it_does_not_document(desk: Desk, spec: dict[str, Any]) -> None:
    for path, method, operation in _operations(spec):
        where = re.sub(r"\{\w+\}", "018f3f3e-0000-7000-8000-00000000000a", path)
        answer = desk.app.test_client().open(
            where, method=method.upper(), headers={"Authorization": f"Bearer {desk.key}"}
        )

        assert str(answer.status_code) in operation["responses"], (method, path, answer.text)


def test_every_patch_is_called_an_update(spec: dict[str, Any]) -> None:
    ids = [operation["operationId"] for _, method, operation in _operations(spec) if method == "patch"]

    assert ids
    assert [id_ for id_ in ids if not id_.startswith("update_")] == []
