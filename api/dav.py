"""CalDAV over HTTP: `/dav/`, for calendar programs with an app password."""

from http import HTTPStatus
from typing import Final
from urllib.parse import quote

from flask import Blueprint, Response, abort, g, request
from sqlalchemy.orm import Session
from werkzeug.datastructures import Authorization

from api import clock
from api.admission import count_calendar, count_failure, count_keyless
from api.requests import receive
from api.state import state
from api.transactions import run
from booking.core.caller import Caller
from booking.core.tokens import digest_of
from dav import responses
from dav.calendars import Home
from dav.requests import Request
from dav.server import CLASSES, METHODS, answer
from models.app_passwords import PasswordRow, authenticate_app
from sync.caldav.home import home_of

PREFIX: Final = "/dav/"
_ACTOR: Final = "CalDAV"
_REALM: Final = 'Basic realm="clinic", charset="UTF-8"'
# What is not served is answered by the protocol's own 405, not by a problem in JSON.
_OTHERS: Final = ("COPY", "MOVE", "LOCK", "UNLOCK", "PATCH", "POST", "ACL", "BIND", "SEARCH", "TRACE")
_ALL: Final = [*METHODS, *_OTHERS]
# The host's own root stays what it is to everybody else: nothing to GET, as at a path without a route.
_NOTHING: Final = frozenset({"GET", "HEAD"})
_AT_THE_ROOT: Final = [one for one in METHODS if one not in {"PUT", "DELETE"}]

dav = Blueprint("dav", "dav")


@dav.route("/.well-known/caldav", methods=_ALL, provide_automatic_options=False, strict_slashes=False)
def well_known() -> Response:
    """Redirect a calendar program to the CalDAV server (RFC 6764)."""
    return Response(status=HTTPStatus.MOVED_PERMANENTLY, headers={"Location": PREFIX})


@dav.route("/", methods=_AT_THE_ROOT, provide_automatic_options=False)
def enter() -> Response:
    """Lead a calendar program on that was given the host's name alone."""
    if request.method in _NOTHING:
        abort(HTTPStatus.NOT_FOUND)
    return serve("")


@dav.route("/principals/", methods=_ALL, provide_automatic_options=False, strict_slashes=False)
@dav.route("/principals/<path:path>", methods=_ALL, provide_automatic_options=False)
def lead_on(path: str = "") -> Response:
    """Lead a calendar program on that asks for its principal where other servers have it."""
    return serve(path)


@dav.route(PREFIX, methods=_ALL, defaults={"path": ""}, provide_automatic_options=False, strict_slashes=False)
@dav.route(f"{PREFIX}<path:path>", methods=_ALL, provide_automatic_options=False)
def serve(path: str) -> Response:  # noqa: ARG001 - the path is taken as it was sent
    """Answer a calendar program's request in one transaction."""
    receive()
    headers = {name.lower(): value for name, value in request.headers.items()}
    asked = Request(request.method, quote(request.path), headers, request.get_data(cache=True))
    answered = run(state().database, lambda session: _answer(session, asked))
    response = Response(answered.body, answered.status, dict(answered.headers))
    response.headers["DAV"] = CLASSES
    return response


def _answer(session: Session, asked: Request) -> responses.Response:
    home = _home(session)
    if home is None:
        text = "An app password is needed.\n"
        return responses.plain(HTTPStatus.UNAUTHORIZED, text, WWW_Authenticate=_REALM)
    return answer(asked, home, PREFIX)


def _home(session: Session) -> Home | None:
    given = request.authorization
    if given is None:
        count_keyless()
        return None
    password = _password(session, given)
    if password is None:
        count_failure()
        return None
    count_calendar(password.id)
    g.clinic_id = password.clinic_id
    state().notes.use("app_passwords", password.clinic_id, password.id)
    now = clock.now()
    caller = Caller(session, password.clinic_id, now, actor=_ACTOR, request_id=g.request_id)
    return home_of(caller, password.therapist_id)


def _password(session: Session, given: Authorization) -> PasswordRow | None:
    """Find the app password that was sent; the user's name is the id of its therapist, in either case."""
    if given.type != "basic" or not given.password:
        return None
    found = authenticate_app(session, digest_of(given.password))
    user = (given.username or "").lower()
    return found if found is not None and user == str(found.therapist_id) else None
