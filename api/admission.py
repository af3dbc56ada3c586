"""Admits requests: counts each against its limit, and gives searches a seat before they cost anything.

A request over its key's limit, and a search too many, are refused before they reach the database when the
key has been good before.
"""

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final
from uuid import UUID

from flask import Flask, Response, g, request

from api.known_keys import KnownKey
from api.limits import ADDRESS, CALENDAR, FAILURES, SECRET_KEY, VISITOR, search_cost
from api.state import state
from api.visitors import visitor_address

# What a load balancer asks, and what is counted by the key, password or token that comes with it.
_UNCOUNTED: Final = frozenset({"/healthz", "/readyz"})
_BY_CREDENTIALS: Final = ("/v1/", "/dav/", "/principals/", "/calendars/")


def sent_token() -> str:
    """Give the bearer token of the request; empty when there is none."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def hash_of(token: str) -> bytes:
    """Hash a token as keys are stored."""
    # Latin-1 is how WSGI hands the header over, so it can always be encoded back.
    return hashlib.sha256(token.encode("latin-1", "replace")).digest()


def _known_key() -> KnownKey | None:
    """Find the request's key if it has been good before."""
    token = sent_token()
    return state().known_keys.get(hash_of(token)) if token else None


def count_key(key: KnownKey) -> None:
    """Count the request against its key, a publishable one also by its visitor; 429 over the limit."""
    cost = search_cost() if g.get("searches") else 1
    # Also a refusal is for the page to read.
    origin = request.headers.get("Origin")
    if origin in key.origins:
        g.allowed_origin = origin
    if key.publishable:
        state().limits.count(VISITOR, f"{key.id} {visitor_address()}", cost)
    else:
        state().limits.count(SECRET_KEY, str(key.id), cost)


def count_visitor(link: str) -> None:
    """Count the request against the link that it came with; 429 over the limit."""
    state().limits.count(VISITOR, link, search_cost() if g.get("searches") else 1)


def count_calendar(id_: UUID) -> None:
    """Count a request for a calendar against its address or password alone; 429 over the limit."""
    state().limits.count(CALENDAR, str(id_))


def count_failure() -> None:
    """Count a key, password or token that is none against its sender's address; 429 after ten a minute."""
    state().limits.count(FAILURES, visitor_address())


def count_keyless() -> None:
    """Count a request without any key or password against its sender's address."""
    state().limits.count(ADDRESS, visitor_address())


@contextmanager
def admitted(*, searches: bool, authenticate: Callable[[], None]) -> Iterator[None]:
    """Let a request with a key run: 429 over the key's limit, 503 for a search too many.

    A key that is not known yet is counted when it is authenticated, for a search at once.
    """
    g.searches = searches
    key = _known_key()
    if key is None and searches:
        authenticate()
        key = _known_key()
    if key is None and searches and "clinic_id" in g:
        # A link has no key; it is a visitor's.
        with state().seats.taken(g.clinic_id, cost=search_cost(), widget=True):
            yield
        return
    if key is None:
        yield
        return
    count_key(key)
    if not searches:
        yield
        return
    with state().seats.taken(key.clinic_id, cost=search_cost(), widget=key.publishable):
        yield


def register_admission(app: Flask) -> None:
    """Limit by address what needs no key, and tell in every counted answer what is left."""

    def by_address() -> None:
        if request.path not in _UNCOUNTED and not request.path.startswith(_BY_CREDENTIALS):
            count_keyless()

    def tell(response: Response) -> Response:
        response.headers.update(g.get("rate_limit", {}))
        return response

    app.before_request(by_address)
    app.after_request(tell)
