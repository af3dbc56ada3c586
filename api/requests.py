"""Strict reading of requests: an unknown or useless part is a 422 that names the field."""

import json
import re
import time
import uuid
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Final, NoReturn

import orjson
from flask import Flask, Request, Response, g, request
from marshmallow import RAISE, Schema, ValidationError
from webargs.flaskparser import FlaskParser
from webargs.multidictproxy import MultiDictProxy
from werkzeug.exceptions import HTTPException

from api import clock
from api.problems import Problem, malformed
from schemas.times import parse_instant

MAX_BODY_BYTES = 1024 * 1024
MAX_ACTOR = 100
MAX_DEPTH = 20
MAX_PARTS = 10_000
MAX_ADDRESS = 8000
# The server puts the code of a problem here when what it received is no request that can be answered.
REFUSED: Final = "clinic.refused"
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_MEMBER = re.compile(rb'"\s*:')
# The path as it was sent, where the server gives it: PATH_INFO is decoded, and may begin with fewer slashes.
_RAW: Final = ("REQUEST_URI", "RAW_URI")
_NO_PATH = re.compile(r"//|%2f", re.IGNORECASE)
_ORIGIN = re.compile(r"\Ahttps?://[^/?]*", re.IGNORECASE)


class Parser(FlaskParser):
    """A parser that refuses unknown fields."""

    DEFAULT_UNKNOWN_BY_LOCATION: dict[str, str | None] = {  # noqa: RUF012 - webargs declares it so
        **FlaskParser.DEFAULT_UNKNOWN_BY_LOCATION,
        "query": RAISE,
    }

    def load_json(self, req: Request, schema: Schema) -> Any:  # noqa: ANN401, ARG002 - webargs' signature
        """Read the JSON body; no body reads as an empty object."""
        return read_json(req)

    def load_querystring(self, req: Request, schema: Schema) -> MultiDictProxy:
        """Read the query, in which a parameter of one value may stand once."""
        proxy: MultiDictProxy = super().load_querystring(req, schema)
        multiple = proxy.multiple_keys
        twice = [name for name, values in req.args.lists() if len(values) > 1 and name not in multiple]
        if twice:
            raise malformed([(f"?{name}", "Given more than once.") for name in twice])
        return proxy

    def handle_error(
        self,
        error: ValidationError,
        req: Request,  # noqa: ARG002 - webargs' signature
        schema: Schema,  # noqa: ARG002 - webargs' signature
        *,
        error_status_code: int | None,  # noqa: ARG002 - webargs' signature
        error_headers: Mapping[str, str] | None,  # noqa: ARG002 - webargs' signature
    ) -> NoReturn:
        """Answer 422 with a pointer for each message."""
        (location, messages), *_ = error.normalized_messages().items()  # type: ignore[no-untyped-call]
        found = list(_flatten(messages, ""))
        if location == "query":
            found = [("?" + pointer.removeprefix("/"), message) for pointer, message in found]
        raise malformed(found)


class _Members(list[tuple[str, Any]]):
    """The members of an object as they were sent: a name may stand there twice."""


def receive() -> None:
    """Read the whole body before the transaction, which a slow client must not hold open.

    Problem 400 when it ends early, whichever server runs the application; 413 when it is too large.
    """
    if request.method in {"GET", "HEAD"}:
        return
    length, in_chunks = request.headers.get("Content-Length"), "Transfer-Encoding" in request.headers
    # werkzeug takes a body for empty whose length is no number, or whose chunks the server does not end.
    if (length and not length.isdecimal()) or (
        in_chunks and not request.environ.get("wsgi.input_terminated")
    ):
        raise Problem("incomplete_body", "The body has neither a length nor an end.")
    body = _body(request)
    if len(body) > MAX_BODY_BYTES:
        raise Problem("too_large")
    if length and not in_chunks and int(length) != len(body):
        raise Problem("incomplete_body")


def _body(req: Request) -> bytes:
    try:
        return req.get_data(cache=True)
    except HTTPException:
        raise
    except Exception:  # noqa: BLE001 - each server raises a class of its own for chunks that are none
        raise Problem("incomplete_body") from None


def read_json(req: Request) -> Any:  # noqa: ANN401 - any JSON value
    """Read the body; Problem 413, 415 or 422 when it is too large, no JSON, or holds unsafe parts."""
    body = _body(req)
    if not body:
        return {}
    if not req.is_json:
        raise Problem("unsupported_media_type", "Send the body as application/json.")
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise malformed([("", f"Not valid JSON in UTF-8 ({where}).")]) from None
    parts, members = _count(value)
    if parts > MAX_PARTS:
        raise malformed([("", f"Must not hold more than {MAX_PARTS} members and items in all.")])
    unsafe = list(_unsafe(value, ""))
    # orjson keeps the last of several members of the same name, so that there are fewer than were sent.
    # Only then, or when a text looks like a member's name, the slower parser is worth its time.
    if not unsafe and len(_MEMBER.findall(body)) != members:
        unsafe = list(_repeated(json.loads(body, object_pairs_hook=_Members), ""))
    if unsafe:
        raise malformed(unsafe)
    return value


def _count(value: object) -> tuple[int, int]:
    """Count the members and items of a value in all, and the members alone, until there are too many."""
    parts = members = 0
    left = [value]
    while left and parts <= MAX_PARTS:
        one = left.pop()
        if isinstance(one, dict):
            members += len(one)
            parts += len(one)
            left.extend(one.values())
        elif isinstance(one, list):
            parts += len(one)
            left.extend(one)
    return parts, members


def _repeated(value: object, pointer: str) -> Iterator[tuple[str, str]]:
    """Find the members whose name stands more than once in their object."""
    if isinstance(value, _Members):
        names: set[str] = set()
        for name, part in value:
            below = f"{pointer}/{_escape(name)}"
            if name in names:
                yield below, "Given more than once."
            names.add(name)
            yield from _repeated(part, below)
    elif isinstance(value, list):
        for index, part in enumerate(value):
            yield from _repeated(part, f"{pointer}/{index}")


def refuse_unread(reads: frozenset[str]) -> None:
    """Refuse a query or a body that the operation does not read at all."""
    if "query" not in reads and request.args:
        raise malformed([(f"?{name}", "Unknown field.") for name in request.args])
    if "json" not in reads and request.method not in {"GET", "HEAD"}:
        body = read_json(request)
        if not isinstance(body, dict):
            raise malformed([("", "Invalid input type.")])
        if body:
            raise malformed([(f"/{_escape(name)}", "Unknown field.") for name in body])


def _unsafe(value: object, pointer: str) -> Iterator[tuple[str, str]]:
    """Find texts and names with NUL, which PostgreSQL cannot store, and values that are nested too deep."""
    if isinstance(value, str):
        if "\x00" in value:
            yield pointer, "Must not contain NUL characters."
    elif pointer.count("/") > MAX_DEPTH:
        yield pointer, f"Must not be nested deeper than {MAX_DEPTH} levels."
    elif isinstance(value, dict):
        for name, part in value.items():
            yield from _unsafe(name, pointer)
            yield from _unsafe(part, f"{pointer}/{_escape(name)}")
    elif isinstance(value, list):
        for index, part in enumerate(value):
            yield from _unsafe(part, f"{pointer}/{index}")


def _flatten(messages: Any, pointer: str) -> Iterator[tuple[str, str]]:  # noqa: ANN401 - marshmallow's nested messages
    """Turn nested messages into pairs of JSON pointer and message."""
    if isinstance(messages, Mapping):
        for name, below in messages.items():
            yield from _flatten(below, pointer if name == "_schema" else f"{pointer}/{_escape(str(name))}")
    elif isinstance(messages, list):
        for below in messages:
            yield from _flatten(below, pointer)
    else:
        yield pointer, str(messages)


def _escape(name: str) -> str:
    """Escape a name for a JSON pointer (RFC 6901, section 3); NUL does not travel."""
    return name.replace("~", "~0").replace("/", "~1").replace("\x00", "")


def actor() -> str | None:
    """Read X-Actor, the person behind a desk's key; 422 beyond 100 characters."""
    value = request.headers.get("X-Actor", "").strip()
    if not value:
        return None
    try:
        # WSGI hands headers over as Latin-1, clients write UTF-8.
        value = value.encode("latin-1").decode()
    except UnicodeError:
        raise malformed([("X-Actor", "Not UTF-8.")]) from None
    if len(value) > MAX_ACTOR or not value.isprintable():
        raise malformed([("X-Actor", f"Must have at most {MAX_ACTOR} printable characters.")])
    return value


def clinical_now(*, sandbox: bool) -> datetime:
    """Give the clinical clock: the real one, or in the sandbox the instant of X-Clinic-Now."""
    value = request.headers.get("X-Clinic-Now")
    if value is None:
        return clock.now()
    if not sandbox:
        raise malformed([("X-Clinic-Now", "This server is no sandbox: CLINIC_SANDBOX is not set.")])
    try:
        return parse_instant(value)
    except ValidationError as error:
        raise malformed([("X-Clinic-Now", str(error.messages[0]))]) from None


def _begin() -> None:
    given = request.headers.get("X-Request-Id", "")
    g.started = time.perf_counter()
    g.request_id = given if _REQUEST_ID.fullmatch(given) else str(uuid.uuid4())


def _refuse_what_is_no_request() -> None:
    """Refuse what the server could not receive, and an address that is too long or has slashes of its own."""
    refused = request.environ.get(REFUSED)
    if refused is not None:
        raise Problem(refused)
    address = next((request.environ[name] for name in _RAW if name in request.environ), "")
    if len(address) > MAX_ADDRESS:
        raise Problem("address_too_long")
    if _NO_PATH.search(_ORIGIN.sub("", address, count=1).partition("?")[0]):
        raise Problem("not_found")


def _stamp(response: Response) -> Response:
    response.headers["X-Request-Id"] = g.request_id
    response.headers["X-Content-Type-Options"] = "nosniff"
    if "clinic_id" in g:
        # No shared cache may keep what one key may see, and no cache at all what is about a patient.
        kept = "private, no-cache" if g.get("about_nobody") else "private, no-store"
        response.headers.setdefault("Cache-Control", kept)
    return response


def register_requests(app: Flask) -> None:
    """Bound every body and give every request its id."""
    # A body in chunks is cut off at this length: one byte more than allowed shows that it is too long.
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY_BYTES + 1
    app.before_request(_begin)
    app.before_request(_refuse_what_is_no_request)
    app.after_request(_stamp)
