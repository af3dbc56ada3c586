"""Authentication by API key, and the check of the key's scopes."""

import hashlib

from flask import g, request
from sqlalchemy.orm import Session

from api import clock
from api.problems import Problem
from api.requests import actor, clinical_now
from booking.core.caller import Caller
from booking.core.errors import MissingScope
from models.api_keys import KeyRow, authenticate

_REALM = 'Bearer realm="clinic"'


def authenticated(session: Session, *, sandbox: bool) -> Caller:
    """Authenticate the request and bind the transaction to the key's clinic; 401 without a valid key.

    A key expires by the real clock, in a sandbox too.
    """
    key = _key(session)
    g.clinic_id = key.clinic_id
    g.publishable = key.kind == "publishable"
    if g.publishable and request.headers.get("Origin") not in key.origins:
        raise Problem("wrong_origin")
    return Caller(
        session=session,
        clinic_id=key.clinic_id,
        now=clinical_now(sandbox=sandbox),
        real_now=clock.now(),
        scopes=frozenset(key.scopes),
        key_id=key.id,
        actor=actor(),
        request_id=g.request_id,
        publishable=g.publishable,
        location_ids=None if key.location_ids is None else frozenset(key.location_ids),
    )


def authorise(caller: Caller, scope: str, *, public: bool) -> None:
    """Check that the key may do this at all; 403 when it may not."""
    if caller.publishable and not public:
        raise Problem("secret_key_required")
    if not caller.may(scope):
        raise MissingScope(f"The key lacks the scope {scope}.")


def _key(session: Session) -> KeyRow:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise Problem(
            "unauthenticated",
            "Send Authorization: Bearer with a key.",
            headers={"WWW-Authenticate": _REALM},
        )
    # Latin-1 is how WSGI hands the header over, so it can always be encoded back.
    key = authenticate(session, hashlib.sha256(token.strip().encode("latin-1", "replace")).digest())
    if key is None or (key.expires_at is not None and key.expires_at <= clock.now()):
        raise Problem(
            "unauthenticated",
            "The key is unknown, revoked or expired.",
            headers={"WWW-Authenticate": f'{_REALM}, error="invalid_token"'},
        )
    return key
