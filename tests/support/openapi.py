"""Finds its way through an OpenAPI document."""

from collections.abc import Iterator
from typing import Any

REF = "#/components/schemas/"
# A pair of a place in the document, by names, and what is there.
Part = tuple[str, dict[str, Any]]


def operations(spec: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    """List every operation by path and method."""
    return [
        (path, method, item[method])
        for path, item in spec["paths"].items()
        for method in item
        if method != "parameters"
    ]


def parts(part: Any, name: str = "") -> Iterator[Part]:
    """Walk through every object of a part of the document, without following references."""
    if isinstance(part, dict):
        yield name, part
        for key, below in part.items():
            yield from parts(below, f"{name}.{key}" if name else key)
    elif isinstance(part, list):
        for below in part:
            yield from parts(below, name)


def reached(spec: dict[str, Any], *roots: Any) -> dict[str, dict[str, Any]]:
    """Give the schemas to which parts of the document lead, by name."""
    found: dict[str, dict[str, Any]] = {}
    waiting = list(roots)
    while waiting:
        for _, part in parts(waiting.pop()):
            name = str(part.get("$ref", "")).removeprefix(REF)
            if name in spec["components"]["schemas"] and name not in found:
                found[name] = spec["components"]["schemas"][name]
                waiting.append(found[name])
    return found


def asked(spec: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Give the schemas of requests."""
    return reached(spec, *(one.get("requestBody") for _, _, one in operations(spec)))


def shown(spec: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Give the schemas of answers and of webhooks."""
    answers = [one["responses"] for _, _, one in operations(spec)]
    return reached(spec, *answers, spec["components"]["responses"], spec["webhooks"])


def body_of(operation: dict[str, Any]) -> dict[str, Any]:
    """Give the JSON body of an operation, empty without one."""
    body: dict[str, Any] = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
    return body


def named(spec: dict[str, Any], part: dict[str, Any]) -> dict[str, Any]:
    """Give the schema to which a part refers, or the part itself."""
    found: dict[str, Any] = spec["components"]["schemas"].get(part.get("$ref", "").removeprefix(REF), part)
    return found
