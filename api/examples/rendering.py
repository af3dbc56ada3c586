"""Writes the examples into the document: of each parameter and body, and whole as a command of curl."""

import shlex
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any, Final
from urllib.parse import urlencode

import orjson

from api.examples import catalogue, connections, patients, visits
from api.examples.paths import path_example
from api.examples.values import Example, monday_after, written

EXAMPLES: Final[Mapping[str, Example]] = {
    **catalogue.EXAMPLES,
    **patients.EXAMPLES,
    **visits.EXAMPLES,
    **connections.EXAMPLES,
}
_NONE: Final = Example()


def with_examples(paths: Mapping[str, Any], base: str, today: date) -> dict[str, Any]:
    """Give the document's paths with the examples of a server at this address on this day."""
    monday = monday_after(today)
    return {path: _item(path, item, base, monday) for path, item in paths.items()}


def _item(path: str, item: Mapping[str, Any], base: str, monday: date) -> dict[str, Any]:
    named = [_of_path(path, one) for one in item.get("parameters", ())]
    url = base + path.format_map({one["name"]: one.get("example") for one in named})
    operations = {
        method: _operation(method, url, one, monday) for method, one in item.items() if method != "parameters"
    }
    return {**operations, "parameters": named} if named else operations


def _of_path(path: str, parameter: Mapping[str, Any]) -> dict[str, Any]:
    value = path_example(path, parameter["name"])
    return {**parameter} if value is None else {**parameter, "example": value}


def _operation(method: str, url: str, operation: Mapping[str, Any], monday: date) -> dict[str, Any]:
    example = EXAMPLES.get(operation["operationId"], _NONE)
    body, query = written(example.body, monday), written(example.query, monday)
    told = {**operation, "x-codeSamples": [_sample(method, url, operation, query, body)]}
    if query:
        told["parameters"] = [_of_query(one, query) for one in operation["parameters"]]
    if body is not None:
        content = operation["requestBody"]["content"]["application/json"]
        told["requestBody"] = {
            **operation["requestBody"],
            "content": {"application/json": {**content, "example": body}},
        }
    return told


def _of_query(parameter: Mapping[str, Any], query: Mapping[str, Any]) -> dict[str, Any]:
    value = query.get(parameter.get("name", ""))
    return {**parameter} if value is None else {**parameter, "example": value}


def _sample(
    method: str, url: str, operation: Mapping[str, Any], query: Mapping[str, Any], body: object
) -> dict[str, str]:
    words = ["curl", "-sS", *_method(method, body), *_headers(operation, body), _whole(url, query)]
    source = " ".join(word if word.startswith('"') else shlex.quote(word) for word in words)
    return {"lang": "Shell", "label": "curl", "source": source}


def _method(method: str, body: object) -> Sequence[str]:
    usual = "get" if body is None else "post"
    return [] if method == usual else ["-X", method.upper()]


def _headers(operation: Mapping[str, Any], body: object) -> Iterator[str]:
    if operation["security"]:
        # The shell puts the keys of the demo clinic in, which `make run` prints.
        own = operation["tags"] == ["booking-tokens"]
        yield from ("-H", f'"Authorization: Bearer ${"CLINIC_WIDGET_KEY" if own else "CLINIC_KEY"}"')
        if own:
            yield from ("-H", "Origin: http://localhost:8000", "-H", '"Idempotency-Key: $(uuidgen)"')
    if "428" in operation["responses"] and "versions" not in (body if isinstance(body, dict) else {}):
        yield from ("-H", "If-Match: *")
    if body is not None:
        yield from ("-H", "Content-Type: application/json", "-d", orjson.dumps(body).decode())


def _whole(url: str, query: Mapping[str, Any]) -> str:
    plain = {name: ",".join(one) if isinstance(one, list) else one for name, one in query.items()}
    return f"{url}?{urlencode(plain, safe=',')}" if plain else url
