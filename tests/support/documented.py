"""Insists that each answer of the API is as its own OpenAPI document has it."""

import re
from collections.abc import Mapping
from functools import cache
from typing import Any
from weakref import WeakKeyDictionary

import jsonschema_rs
import orjson
from flask import Flask
from werkzeug.exceptions import HTTPException
from werkzeug.test import TestResponse

from tests.support.openapi import reached

# What any request may be answered, whether it is in the document or not.
_OF_ANY_REQUEST = frozenset({400, 405, 500})
_PARAMETER = re.compile(r"<(?:\w+:)?(\w+)>")
_documents: WeakKeyDictionary[Flask, bytes] = WeakKeyDictionary()


def assert_documented(app: Flask, method: str, path: str, answer: TestResponse) -> None:
    """Fail when the document does not have this answer of an operation, or has it otherwise."""
    operation = _operation(app, method, path)
    if operation is None or answer.status_code in _OF_ANY_REQUEST:
        return
    answers = _answers(_document(app), *operation)
    assert str(answer.status_code) in answers, (*operation, answer.status_code, answer.text)
    schema = answers[str(answer.status_code)]
    if schema is not None:
        found = _validator(_document(app), schema).iter_errors(answer.get_json())
        assert [f"{one.instance_path}: {one.message}" for one in found] == [], (
            *operation,
            answer.status_code,
        )


def wrong_in_message(app: Flask, message: Mapping[str, Any]) -> list[str]:
    """Say what a webhook's message has otherwise than the document describes it."""
    read = _read(_document(app))
    body = read["webhooks"][message["type"]]["post"]["requestBody"]["content"]["application/json"]
    validator = _validator(_document(app), orjson.dumps(body["schema"]))
    return [f"{one.instance_path}: {one.message}" for one in validator.iter_errors(message)]


def _operation(app: Flask, method: str, path: str) -> tuple[str, str] | None:
    """Find the path and the method in the document; None for what is no operation of the product."""
    if "clinic" not in app.blueprints or method == "HEAD":
        return None
    try:
        rule, _ = app.url_map.bind("localhost").match(path.partition("?")[0], method, return_rule=True)
    except HTTPException:
        return None
    return _PARAMETER.sub(r"{\1}", rule.rule), method.lower()


def _document(app: Flask) -> bytes:
    if app not in _documents:
        _documents[app] = app.test_client().get("/openapi.json").data
    return _documents[app]


@cache
def _read(document: bytes) -> dict[str, Any]:
    """Read the document; its answers may get further fields, but here each field must be documented."""
    read: dict[str, Any] = orjson.loads(document)
    for schema in read["components"]["schemas"].values():
        if schema["type"] == "object":
            schema.setdefault("additionalProperties", False)
    return read


@cache
def _answers(document: bytes, path: str, method: str) -> Mapping[str, bytes | None]:
    """Give the schema of each status of an operation as JSON, or None without one."""
    read = _read(document)
    documented = read["paths"][path][method]
    # Which key a request had is not known here, and publishable keys get fewer fields of such an object.
    told = "x-publishable-fields" not in documented
    responses: Mapping[str, Any] = documented["responses"]
    return {status: _schema(read, one) if told else None for status, one in responses.items()}


def _schema(read: dict[str, Any], response: Mapping[str, Any]) -> bytes | None:
    if "$ref" in response:
        response = read["components"]["responses"][response["$ref"].rpartition("/")[2]]
    schemas = [one["schema"] for one in response.get("content", {}).values()]
    return orjson.dumps(schemas[0]) if schemas else None


# A validator keeps a copy of all schemas that it is given, so it gets no others than it needs, and operations
# with the same answer share it.
@cache
def _validator(document: bytes, schema: bytes) -> jsonschema_rs.Validator:
    read = _read(document)
    own = orjson.loads(schema)
    return jsonschema_rs.validator_for({**own, "components": {"schemas": reached(read, own)}})
