"""The parts of the OpenAPI document that every operation has in common: keys, failures, headers."""

from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any

from marshmallow import Schema, fields

from api.access import SEE, Access
from schemas.base import QueryArgs
from schemas.fields import Id
from schemas.times import INSTANT_PATTERN

TOKEN = "booking_token"  # noqa: S105 - the name of a scheme
SECURITY = {
    "bearer": {
        "type": "http",
        "scheme": "bearer",
        "description": "A key of the clinic, `sk_...` or `pk_...`.",
    },
    TOKEN: {
        "type": "apiKey",
        "in": "header",
        "name": "X-Booking-Token",
        "description": "What a widget's visitor gets for a code, beside a publishable key; or alone the "
        "token of a link to a visit.",
    },
}
CONDITIONAL = {"PATCH", "DELETE"}
_EVERYWHERE = ("X-Actor", "X-Request-Id", "X-Clinic-Now")
_RETRY_AFTER = {"Retry-After": "After how many seconds to try again."}
_FAILURE_HEADERS: Mapping[int, Mapping[str, str]] = {
    HTTPStatus.UNAUTHORIZED: {"WWW-Authenticate": "`Bearer`."},
    HTTPStatus.TOO_MANY_REQUESTS: {
        **_RETRY_AFTER,
        "RateLimit": "What is left of the limit, after the IETF's draft.",
        "RateLimit-Policy": "The limit, after the IETF's draft.",
    },
    HTTPStatus.SERVICE_UNAVAILABLE: _RETRY_AFTER,
}


def _request_header(name: str, description: str, **schema: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON Schema
    return {"name": name, "description": description, "schema": {"type": "string", **schema}}


# Request headers, each written out once; operations refer to them by their names.
REQUEST_HEADERS: Mapping[str, dict[str, Any]] = {
    one["name"]: one
    for one in (
        _request_header(
            "If-Match",
            "The ETag of the version that you change, or `*` for any; 412 when the object has changed since.",
        ),
        _request_header(
            "If-None-Match", "The ETag of the version that you have; 304 while it is the present one."
        ),
        _request_header("X-Actor", "The person behind a desk's key, for the audit log.", maxLength=100),
        _request_header(
            "X-Request-Id",
            "Your own id of this request; kept if it is 1 to 64 letters, digits, `.`, `_` or `-`.",
        ),
        _request_header(
            "X-Clinic-Now",
            "Sandboxes only: the instant to judge this request at, RFC 3339 with an offset; 422 on any other "
            "server.",
            # No `date-time`: generated clients would make a date of it, and might send it without an offset.
            pattern=INSTANT_PATTERN,
        ),
        _request_header(
            "Idempotency-Key",
            "A random text of your own, such as a UUID, for this one act: a repetition with the same key "
            "and body within 24 hours has no further effect and gets the same answer. Publishable keys must "
            "send it.",
            minLength=1,
            maxLength=255,
        ),
    )
}


def security_of(
    access: Access,
    schemas: Iterable[Schema],
    *,
    public_fields: Iterable[str] | None,
    fails: tuple[int, ...],
) -> dict[str, Any]:
    """Keep what `needs` says for problems_of to write out: 404 or 410 for what a request names."""
    read = list(schemas)
    absent = {HTTPStatus.NOT_FOUND.value} if any(map(_names_others, read)) else set()
    merged = {HTTPStatus.GONE.value} if any(map(_names_a_patient, read)) else set()
    told = None if public_fields is None else sorted(public_fields)
    return {
        "needs": {
            "access": access,
            "public_fields": told,
            "fails": absent | merged | set(fails),
        }
    }


def _names_a_patient(schema: Schema) -> bool:
    """Whether the request is for a patient, who may be merged; a list of what is a patient's may be empty."""
    return "patient_id" in schema.load_fields and not isinstance(schema, QueryArgs)


def _names_others(schema: Schema) -> bool:
    """Whether a request of this schema names other objects by their ids, at any depth."""
    for field in schema.load_fields.values():
        one = field.inner if isinstance(field, fields.List) else field
        if isinstance(one, Id) or (isinstance(one, fields.Nested) and _names_others(one.schema)):
            return True
    return False


def problems_of(
    doc: dict[str, Any], info: dict[str, Any], *, method: str, **_kwargs: object
) -> dict[str, Any]:
    """Add the security, the conditional headers and each failure that follows from the operation's kind."""
    needs = info.get("needs")
    if needs is None:
        info["docstring"].setdefault("description", "No key is needed.")
        return {**doc, "security": [], "parameters": [*doc.get("parameters", ()), "X-Request-Id"]}
    access: Access = needs["access"]
    doc["security"] = _security(access)
    if access.scope is not None:
        doc["x-scope"] = access.scope
    described = [info["docstring"].get("description"), _who(access)]
    if needs["public_fields"] is not None:
        doc["x-publishable-fields"] = needs["public_fields"]
        names = ", ".join(f"`{name}`" for name in needs["public_fields"])
        described.append(f"Widgets get only: {names}.")
    info["docstring"]["description"] = "\n\n".join(filter(None, described))
    responses = doc.setdefault("responses", {})
    for status in _failures(info, method.upper()):
        responses.setdefault(status, HTTPStatus(status).name)
    headers = list(_EVERYWHERE)
    if HTTPStatus.PRECONDITION_FAILED in map(int, responses):
        headers.append("If-Match")
    elif method == "get" and _has_etag(responses):
        headers.append("If-None-Match")
        responses.setdefault(int(HTTPStatus.NOT_MODIFIED), {"description": "You have this version already."})
    if method == "post":
        headers.append("Idempotency-Key")
        _document_replay(responses)
    doc["parameters"] = [*doc.get("parameters", ()), *headers]
    doc["responses"] = {str(int(status)): responses[status] for status in sorted(responses, key=int)}
    return doc


def _security(access: Access) -> list[dict[str, list[str]]]:
    """Give the alternatives of what a request carries."""
    keys: list[dict[str, list[str]]] = [{"bearer": []}]
    if access.token:
        keys.append({"bearer": [], TOKEN: []})
    if access.link is not None:
        keys.append({TOKEN: []})
    return keys


def _who(access: Access) -> str:
    """Say who may do it."""
    keys = "Secret and publishable keys" if access.public else "Secret keys"
    if access.scope is None:
        return f"{keys}, whatever their scopes."
    keys = f"{keys} with the scope `{access.scope}`"
    if access.token and not access.public:
        keys += ", and publishable keys that have it with a booking token"
    links = {None: "", SEE: ", and links to the visit"}
    return keys + links.get(access.link, f", and links to the visit that allow `{access.link}`") + "."


def _document_replay(responses: dict[Any, Any]) -> None:
    for one in responses.values():
        if isinstance(one, dict):
            one.setdefault("headers", {})["Idempotency-Replayed"] = _header(
                "`true` when this is the answer to an earlier request with the same Idempotency-Key."
            )


def _failures(info: dict[str, Any], method: str) -> list[int]:
    statuses = {401, 403, 422, 429, 503, *info["needs"]["fails"]}
    if info.get("has_path_ids"):
        statuses.add(404)
    if info.get("has_patient_id"):
        statuses.add(410)
    if method != "GET":
        statuses |= {409}
    if method in {"POST", "PUT", "PATCH"}:
        statuses |= {413, 415}
    if method in CONDITIONAL:
        statuses.add(412)
    return sorted(statuses)


def _has_etag(responses: dict[Any, Any]) -> bool:
    return any("ETag" in one.get("headers", {}) for one in responses.values() if isinstance(one, dict))


def describe_problems(responses: dict[str, Any], problems: Mapping[str, tuple[int, str]]) -> None:
    """Say for each failure which codes it may have, and name its headers."""
    for name, response in responses.items():
        status = HTTPStatus[name]
        codes = [f"`{code}`: {title}" for code, (of, title) in problems.items() if of == status]
        response["description"] = "\n".join([f"{status.phrase}.", *(f"- {one}" for one in codes)])
        headers = {one: _header(described) for one, described in _FAILURE_HEADERS.get(status, {}).items()}
        if headers:
            response["headers"] = headers


def success_headers(status: int, schema: type[Schema] | Schema | None) -> dict[str, Any]:
    """Document the headers that an answer of this schema carries."""
    names = _field_names(schema)
    headers = {}
    if "version" in names:
        headers["ETag"] = _header("The object's version, for If-Match and If-None-Match.")
    if status == HTTPStatus.CREATED and "id" in names:
        headers["Location"] = _header("The new object's path.")
    if "next_cursor" in names:
        headers["Link"] = _header('The next page, `rel="next"`, while there is one.')
    return headers


def _field_names(schema: type[Schema] | Schema | None) -> set[str]:
    if schema is None:
        return set()
    return set((schema() if isinstance(schema, type) else schema).fields)


def _header(description: str) -> dict[str, Any]:
    return {"description": description, "schema": {"type": "string"}}
