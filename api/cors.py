"""CORS: which answers the browser may give to a page of another origin."""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Final

from flask import Flask, Response, current_app, g, request

from api.auth import TOKEN_HEADER

ALLOWED: Final[Sequence[str]] = (
    "Authorization",
    "Content-Type",
    "If-Match",
    "If-None-Match",
    "Idempotency-Key",
    TOKEN_HEADER,
    "X-Clinic-Now",
    "X-Request-Id",
)
"""The request headers that a page may send."""
EXPOSED: Final[Sequence[str]] = (
    "ETag",
    "Location",
    "Retry-After",
    "X-Request-Id",
    "RateLimit",
    "RateLimit-Policy",
    "Idempotency-Replayed",
)
"""The headers of an answer that a page may read."""
_PREFLIGHT_SECONDS: Final = 7200
_API: Final = "/v1/"


# A preflight carries no key, so it cannot be known whose page asks: it allows any origin to ask, and the
# request itself is then answered or refused by the origins of its key. Cookies play no part: no credentials.
def _preflight() -> Response | None:
    """Answer a preflight for a route of the API, as far as the route knows the method."""
    asked = request.headers.get("Access-Control-Request-Method")
    if request.method != "OPTIONS" or asked is None or "Origin" not in request.headers:
        return None
    if not request.path.startswith(_API) or request.url_rule is None:
        return None
    methods = sorted(set(current_app.make_default_options_response().allow) - {"OPTIONS", "HEAD"})
    response = Response(status=HTTPStatus.NO_CONTENT)
    _allow(response, request.headers["Origin"])
    response.headers["Access-Control-Allow-Methods"] = ", ".join(methods)
    response.headers["Access-Control-Allow-Headers"] = ", ".join(ALLOWED)
    response.headers["Access-Control-Max-Age"] = str(_PREFLIGHT_SECONDS)
    return response


def _mark(response: Response) -> Response:
    """Let the page of an allowed origin read the answer."""
    origin = g.get("allowed_origin")
    if origin is not None:
        _allow(response, origin)
        response.headers["Access-Control-Expose-Headers"] = ", ".join(EXPOSED)
    return response


def _allow(response: Response, origin: str) -> None:
    response.headers["Access-Control-Allow-Origin"] = origin
    response.vary.add("Origin")


def register_cors(app: Flask) -> None:
    """Answer preflights, and mark the answers that pages of a key's origins may read."""
    app.before_request(_preflight)
    app.after_request(_mark)
