"""The document is one from which clients are generated: each direction has schemas of its own, all typed."""

import re
from typing import Any

from flask import Flask

from models.webhooks import EVENT_TYPES
from tests.support.openapi import REF, asked, operations, parts, shown

# What nobody but the audit log knows the shape of.
UNTYPED = {"AuditEntry.changes", "HistoryEntry.changes"}


def field(spec: dict[str, Any], schema: str, name: str) -> dict[str, Any]:
    """Give a field of a schema."""
    found: dict[str, Any] = spec["components"]["schemas"][schema]["properties"][name]
    return found


def test_no_object_is_both_asked_and_shown(spec: dict[str, Any]) -> None:
    both = asked(spec).keys() & shown(spec).keys()

    assert len(asked(spec)) > 60
    assert [name for name in sorted(both) if spec["components"]["schemas"][name]["type"] == "object"] == []


def test_no_request_holds_what_only_the_server_gives(spec: dict[str, Any]) -> None:
    given = {"id", "created_at", "updated_at", "affected"}
    schemas = {name: one for name, one in asked(spec).items() if one["type"] == "object"}

    assert [name for name, one in schemas.items() if given & one["properties"].keys()] == []
    assert [name for name, part in parts(spec["components"]["schemas"]) if part.get("readOnly")] == []


def test_what_is_created_has_a_schema_of_its_own(spec: dict[str, Any]) -> None:
    for path, method, operation in operations(spec):
        if operation["operationId"].startswith("create_"):
            body = operation["requestBody"]["content"]["application/json"]["schema"]["$ref"]
            answer = operation["responses"]["201"]["content"]["application/json"]["schema"]["$ref"]

            assert body != answer, (method, path)


def test_an_answer_has_every_field_that_was_asked_for(spec: dict[str, Any]) -> None:
    schemas = spec["components"]["schemas"]
    twins = {name: one for name, one in schemas.items() if f"{name}Input" in schemas}

    assert {"Room", "Phase", "Policy"} <= twins.keys()
    for name, one in twins.items():
        told = schemas[f"{name}Input"]["properties"].keys() & one["properties"].keys()

        assert told <= set(one["required"]), name


def test_no_field_has_a_default_that_generators_would_take_for_a_duty(spec: dict[str, Any]) -> None:
    found = [name for name, part in parts(spec["components"]["schemas"]) if "default" in part]

    assert found == []
    assert (
        "By default `1`."
        in spec["components"]["schemas"]["RoomInput"]["properties"]["capacity"]["description"]
    )


def test_codes_in_answers_are_open_and_in_requests_closed(spec: dict[str, Any]) -> None:
    sets = {name for name, one in spec["components"]["schemas"].items() if "enum" in one}
    closed = [
        name
        for schema, one in shown(spec).items()
        if schema not in sets
        for name, part in parts(one, schema)
        if "enum" in part or part.get("$ref", "").removeprefix(REF) in sets
        if not name.endswith(".anyOf")
    ]
    opened = [
        name
        for schema, one in shown(spec).items()
        for name, part in parts(one, schema)
        if {"type": "string"} in part.get("anyOf", [])
    ]

    assert len(sets) > 20
    assert closed == []
    assert {"Refusal.properties.code", "Appointment.properties.status", "Problem.properties.code"} <= {
        *opened
    }
    for schema, one in asked(spec).items():
        assert [
            name for name, part in parts(one, schema) if {"type": "string"} in part.get("anyOf", [])
        ] == []


def test_no_field_is_an_object_of_unknown_shape(spec: dict[str, Any]) -> None:
    untyped = {
        name.replace(".properties.", ".")
        for name, part in parts(spec["components"]["schemas"])
        if part.get("type") == "object"
        and not part.get("properties")
        and not part.get("additionalProperties")
    }
    shapeless = {
        f"{schema}.{name}"
        for schema, one in spec["components"]["schemas"].items()
        for name, field in one.get("properties", {}).items()
        if not field.keys() & {"type", "$ref", "anyOf", "const"}
    }

    assert untyped == UNTYPED
    assert shapeless == set()


def test_no_schema_has_a_field_of_its_own_name(spec: dict[str, Any]) -> None:
    """Generated Python has both under one name."""
    found = [
        name
        for name, one in spec["components"]["schemas"].items()
        if re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower() in one.get("properties", {})
    ]

    assert found == []


def test_every_operation_documents_a_bad_key_a_missing_scope_and_a_limit_as_problems(
    spec: dict[str, Any],
) -> None:
    for path, method, operation in operations(spec):
        if path.startswith("/v1/"):
            failures = {status: one for status, one in operation["responses"].items() if status[0] in "45"}

            assert {"401", "403", "429", "503"} <= failures.keys(), (method, path)
            assert all(one["$ref"].startswith("#/components/responses/") for one in failures.values())


def test_a_failure_says_which_codes_it_may_have_and_when_to_try_again(spec: dict[str, Any]) -> None:
    responses = spec["components"]["responses"]

    assert "`missing_scope`" in responses["FORBIDDEN"]["description"]
    assert responses["TOO_MANY_REQUESTS"]["headers"].keys() == {
        "Retry-After",
        "RateLimit",
        "RateLimit-Policy",
    }
    assert responses["UNAUTHORIZED"]["headers"].keys() == {"WWW-Authenticate"}


def test_the_sandbox_clock_is_a_text_that_no_client_reformats(spec: dict[str, Any]) -> None:
    schema = spec["components"]["parameters"]["X-Clinic-Now"]["schema"]

    assert (schema["type"], "format" in schema) == ("string", False)
    assert re.search(schema["pattern"], "2027-04-03T10:00:00+01:00")


def test_every_parameter_is_typed(spec: dict[str, Any]) -> None:
    shared = spec["components"]["parameters"].values()
    own = [one for _, part in parts(spec["paths"]) for one in part.get("parameters", ()) if "$ref" not in one]

    assert len(own) > 200
    assert [one["name"] for one in (*shared, *own) if not one["schema"].keys() & {"type", "$ref"}] == []


def test_the_names_of_operations_are_plain_words(spec: dict[str, Any]) -> None:
    names = [one["operationId"] for _, _, one in operations(spec)]
    hooks = [item["post"]["operationId"] for item in spec["webhooks"].values()]

    assert [name for name in [*names, *hooks] if not re.fullmatch(r"[a-z]+(_[a-z]+)*", name)] == []
    assert len({*names, *hooks}) == len(names) + len(hooks)


def test_the_server_is_the_one_that_was_asked(app: Flask) -> None:
    document = app.test_client().get("/openapi.json", base_url="https://clinic.example").get_json()

    assert document["servers"] == [{"url": "https://clinic.example"}]


def test_every_event_is_described_with_its_data_and_headers(spec: dict[str, Any]) -> None:
    assert set(spec["webhooks"]) == {*EVENT_TYPES, "ping"}
    for kind, item in spec["webhooks"].items():
        body = item["post"]["requestBody"]["content"]["application/json"]["schema"]["$ref"].removeprefix(REF)
        message = spec["components"]["schemas"][body]

        assert message["properties"]["type"]["const"] == kind
        assert message["properties"]["data"]["$ref"].endswith("EventData")
        assert [one["name"] for one in item["post"]["parameters"]] == [
            "webhook-id", "webhook-timestamp", "webhook-signature",
        ]  # fmt: skip
