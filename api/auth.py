"""Authentication by API key, booking token or link, and the check of what these allow."""

from dataclasses import replace
from typing import Final
from uuid import UUID

from flask import g, request
from sqlalchemy.orm import Session

from api import clock
from api.access import SEE, Access
from api.admission import count_failure, count_key, count_keyless, count_visitor, hash_of, sent_token
from api.known_keys import KnownKey
from api.problems import Problem
from api.requests import actor, clinical_now
from api.state import own_sealer, state
from api.visitors import visitor_name
from booking.appointments import visit_links
from booking.core.caller import Caller, Token
from booking.core.errors import MissingScope, TokenRequired
from booking.online import tokens
from models.api_keys import KeyRow, authenticate
from models.database import bind

TOKEN_HEADER: Final = "X-Booking-Token"  # noqa: S105 - the name of a header
# What is asked for with these scopes is about no patient, unless the question names one.
_ABOUT_NOBODY = frozenset({"catalog", "availability"})
_REALM = 'Bearer realm="clinic"'
_LINK_SCOPES = frozenset({"availability:read", "appointments:write"})
_READING = frozenset({"GET", "HEAD"})


def authenticated(session: Session, *, sandbox: bool) -> Caller:
    """Authenticate the request and bind the transaction to its clinic; 401 without a valid key or link.

    A key expires by the real clock, in a sandbox too, as do tokens and links. The request counts against the
    limit of its key or link, and without a valid one against that of its address: 429 over either.
    """
    g.publishable = g.has_token = False
    given = request.headers.get(TOKEN_HEADER)
    if given is not None and "Authorization" not in request.headers:
        caller = caller_by_link(session, given, sandbox=sandbox)
    else:
        caller = _by_key(session, sandbox=sandbox)
        if given is not None:
            caller = _with_token(caller, given)
    g.has_token = caller.token is not None
    return caller


def authorise(caller: Caller, access: Access) -> None:
    """Check that the caller may do this at all; 403 when not."""
    area = (access.scope or "").partition(":")[0]
    g.about_nobody = area in _ABOUT_NOBODY and "patient_id" not in request.args
    if caller.publishable:
        _require_public(caller, access)
    if access.scope is not None and not caller.may(access.scope):
        raise MissingScope(f"The key lacks the scope {access.scope}.")


def _require_public(caller: Caller, access: Access) -> None:
    if caller.token is not None and caller.token.appointment_id is not None:
        if access.link not in {SEE, *caller.token.actions}:
            raise MissingScope("The link does not allow this.")
    elif not (access.public or access.token):
        raise Problem("secret_key_required")
    elif not access.public and caller.token is None:
        raise TokenRequired


def _by_key(session: Session, *, sandbox: bool) -> Caller:
    key = _key(session)
    g.clinic_id, g.key_id = key.clinic_id, key.id
    state().notes.use("api_keys", key.clinic_id, key.id)
    g.publishable = key.kind == "publishable"
    count_key(_known(key))
    _check_origin(key)
    return Caller(
        session=session,
        clinic_id=key.clinic_id,
        now=clinical_now(sandbox=sandbox),
        real_now=clock.now(),
        scopes=frozenset(key.scopes),
        key_id=key.id,
        # The person behind a desk: a visitor is no such person.
        actor=None if g.publishable else actor(),
        request_id=g.request_id,
        publishable=g.publishable,
        visitor=visitor_name() if g.publishable else None,
        location_ids=None if key.location_ids is None else frozenset(key.location_ids),
    )


def caller_by_link(session: Session, given: str, *, sandbox: bool) -> Caller:
    """Authenticate the holder of a link, who has no key; 401 for a link that is no good."""
    link = visit_links.read_link(own_sealer(), given)
    if link is None:
        count_failure()
        raise _no_token()
    count_visitor(str(link.appointment_id))
    g.clinic_id, g.key_id, g.publishable = link.clinic_id, None, True
    bind(session, link.clinic_id)
    caller = Caller(
        session=session,
        clinic_id=link.clinic_id,
        now=clinical_now(sandbox=sandbox),
        real_now=clock.now(),
        scopes=_LINK_SCOPES,
        request_id=g.request_id,
        publishable=True,
    )
    return _with_token(caller, given)


def _with_token(caller: Caller, given: str) -> Caller:
    """Give the caller with what the token proves; a secret key needs none, and nothing is made of it."""
    if not caller.publishable:
        return caller
    token = _token(caller, given)
    if token is None:
        raise _no_token()
    return replace(caller, token=token, visitor=_name_of(token.id or token.appointment_id))


def _token(caller: Caller, given: str) -> Token | None:
    if not given.startswith(visit_links.PREFIX):
        return tokens.read_token(caller, given)
    link = visit_links.read_link(own_sealer(), given)
    if link is None or link.clinic_id != caller.clinic_id:
        return None
    return tokens.read_link(caller, link)


def _name_of(token_id: UUID | None) -> str:
    return f"token {token_id}"


def _no_token() -> Problem:
    return Problem(
        "unauthenticated",
        "The booking token or link is unknown, revoked or over.",
        headers={"WWW-Authenticate": f'{_REALM}, error="invalid_token"'},
    )


def _check_origin(key: KeyRow) -> None:
    """Refuse a page that a key does not belong to; 403. A widget's key also needs an origin to write.

    Browsers send no origin with a read of their own server, and other programs may send any.
    """
    origin = request.headers.get("Origin")
    if origin in key.origins:
        g.allowed_origin = origin
        return
    if origin is None:
        is_refused = g.publishable and request.method not in _READING
    else:
        is_refused = g.publishable or bool(key.origins)
    if is_refused:
        raise Problem("wrong_origin")


def _key(session: Session) -> KeyRow:
    token = sent_token()
    if not token:
        count_keyless()
        raise Problem(
            "unauthenticated",
            "Send Authorization: Bearer with a key.",
            headers={"WWW-Authenticate": _REALM},
        )
    key = authenticate(session, hash_of(token))
    if key is None or (key.expires_at is not None and key.expires_at <= clock.now()):
        state().known_keys.forget(hash_of(token))
        count_failure()
        raise Problem(
            "unauthenticated",
            "The key is unknown, revoked or expired.",
            headers={"WWW-Authenticate": f'{_REALM}, error="invalid_token"'},
        )
    state().known_keys.keep(hash_of(token), _known(key))
    return key


def _known(key: KeyRow) -> KnownKey:
    return KnownKey(key.id, key.clinic_id, key.kind == "publishable", tuple(key.origins))
