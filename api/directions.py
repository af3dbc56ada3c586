"""Gives each schema of the document two forms: what a request may hold, and what an answer shows."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

import orjson

from api.references import REF, refs
from api.vocabulary import named_codes, open_codes

# What every stored object answers with: all other fields of such an object are shown too.
_STORED: Final = frozenset({"id", "created_at"})


def split_by_direction(spec: dict[str, Any]) -> None:
    """Replace each schema by its forms: a schema of both directions gets a second one, called `...Input`.

    marshmallow has one schema for both. A client that is generated from it would have to send what only the
    server gives, and would have to doubt what every answer holds.
    """
    schemas: dict[str, Any] = spec["components"]["schemas"]
    inputs = {name: _input(schema) for name, schema in schemas.items()}
    asked = _reached(inputs, (one.get("requestBody") for one in operations(spec)))
    told = (spec["components"]["responses"], spec["webhooks"], [one["responses"] for one in operations(spec)])
    shown = _reached(schemas, told)
    names = {name: f"{name}Input" if name in shown else name for name in asked}
    spec["components"]["schemas"] = {
        **{names[name]: _redirected(inputs[name], names) for name in asked},
        **{name: _answer(schemas[name], whole=name in asked) for name in shown},
    }
    for operation in operations(spec):
        if "requestBody" in operation:
            operation["requestBody"] = _redirected(operation["requestBody"], names)


def operations(spec: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Give every operation of the document's paths."""
    for item in spec["paths"].values():
        yield from (one for one in item.values() if isinstance(one, dict) and "responses" in one)


def _input(schema: dict[str, Any]) -> dict[str, Any]:
    """Leave out what only answers hold; tell defaults in words.

    Generators take a field with a `default` for a field that is always there, and then demand it.
    """
    fields = {
        name: _told_default(named_codes(_bare(field)))
        for name, field in schema["properties"].items()
        if not field.get("readOnly")
    }
    return _with_fields(schema, fields, [name for name in schema.get("required", ()) if name in fields])


def _answer(schema: dict[str, Any], *, whole: bool) -> dict[str, Any]:
    """Leave out what only requests hold, and require what is always there; codes and fields may be added.

    A `whole` object shows all that a client may write of it.
    """
    open_schema = {name: part for name, part in schema.items() if name != "additionalProperties"}
    written = {name: one for name, one in schema["properties"].items() if not one.get("writeOnly")}
    fields = {name: open_codes(_without_default(_bare(field))) for name, field in written.items()}
    always = set(schema.get("required", ()))
    if whole or always >= _STORED:
        always |= {name for name, field in written.items() if not field.get("readOnly")}
    return _with_fields(open_schema, fields, [name for name in fields if name in always])


def _with_fields(schema: dict[str, Any], fields: dict[str, Any], required: list[str]) -> dict[str, Any]:
    kept = {name: part for name, part in schema.items() if name not in {"properties", "required"}}
    return {**kept, "properties": fields} | ({"required": sorted(required)} if required else {})


def _bare(field: dict[str, Any]) -> dict[str, Any]:
    return {name: part for name, part in field.items() if name not in {"readOnly", "writeOnly"}}


def _without_default(field: dict[str, Any]) -> dict[str, Any]:
    return {name: part for name, part in field.items() if name != "default"}


def _told_default(field: dict[str, Any]) -> dict[str, Any]:
    if "default" not in field:
        return field
    value = orjson.dumps(field["default"]).decode()
    described = " ".join(filter(None, [field.get("description"), f"By default `{value}`."]))
    return _without_default(field) | {"description": described}


def _reached(schemas: Mapping[str, Any], parts: Iterable[object]) -> set[str]:
    """Name the schemas to which the parts of the document lead, directly or through others."""
    found: set[str] = set()
    waiting = [name for part in parts for name in refs(part)]
    while waiting:
        name = waiting.pop()
        if name in schemas and name not in found:
            found.add(name)
            waiting += refs(schemas[name])
    return found


def _redirected(part: Any, names: Mapping[str, str]) -> Any:  # noqa: ANN401 - any part of the document
    """Write each reference to a schema by the schema's new name."""
    if isinstance(part, list):
        return [_redirected(below, names) for below in part]
    if not isinstance(part, dict):
        return part
    written = {name: _redirected(below, names) for name, below in part.items()}
    target = part.get("$ref")
    if isinstance(target, str):
        name = target.removeprefix(REF)
        written["$ref"] = f"{REF}{names.get(name, name)}"
    return written
