"""Every error as an RFC 9457 problem; the table of codes is the only place where statuses are given."""

import re
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

import orjson
from flask import Flask, Response, g, request
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from werkzeug.exceptions import ClientDisconnected, HTTPException

from api.constraints import error_for
from api.logs import log_failure
from booking.core.errors import (
    DomainError,
    HasVisits,
    InUse,
    Invalid,
    Merged,
    NoSlot,
    NotFound,
    Refused,
    RetryLater,
    SeveralCalendars,
    StaleVersion,
    WrongDay,
    WrongStatus,
)
from scheduling.reasons import Refusal, for_widget
from schemas.problems import ProblemSchema

RETRY_AFTER_SECONDS = 1
MAX_ERRORS = 50
MAX_POINTER = 200
# The SQLSTATEs, or how they begin, of what passes: no connection, no resources, a server that stops or
# starts, locks and statements that took too long, and collisions that outlasted our own retries.
_PASSING = ("08", "53", "57P0", "55P03", "57014", "40001", "40P01")

# Stable codes: the status and the title of each, those of booking/core/errors.py among them.
PROBLEMS: Mapping[str, tuple[int, str]] = {
    "bad_request": (400, "The request is not understood."),
    "incomplete_body": (400, "The body did not arrive whole, and nothing was done."),
    "unauthenticated": (401, "A valid key is needed."),
    "missing_scope": (403, "The key lacks the scope for this."),
    "other_locations": (403, "A key of some locations changes nothing that others share."),
    "secret_key_required": (403, "A publishable key cannot do this."),
    "booking_token_required": (403, "A widget needs a booking token for this."),
    "publishable_key_required": (403, "This is for the publishable key of a widget."),
    "wrong_code": (403, "The code is wrong."),
    "wrong_origin": (403, "The key does not belong to this origin."),
    "not_found": (404, "No such object."),
    "no_slot": (404, "There is no slot within the horizon."),
    "method_not_allowed": (405, "The path does not know this method."),
    "timed_out": (408, "The request did not arrive in time, and nothing was done."),
    "already_exists": (409, "Another object already has this code."),
    "channel_unavailable": (409, "Nothing here sends codes to such an address."),
    "course_full": (409, "The course has fewer sessions left."),
    "has_visits": (409, "The patient has visits to come."),
    "idempotency_in_progress": (409, "The first request with this key is still running."),
    "idempotency_shown_once": (409, "This has been done, and its answer is shown only once."),
    "in_use": (409, "The object is in use."),
    "last_admin_key": (409, "The clinic's last key with admin must stay."),
    "refused": (409, "A rule or the present state refuses the visit."),
    "several_calendars": (409, "The address leads to several calendars."),
    "retired": (409, "This is retired and takes no new bookings."),
    "too_late_online": (409, "It is too late to move the visit online."),
    "too_many_holds": (409, "There are too many live holds at this location."),
    "too_many_online": (409, "The patient has booked as many visits online as may be."),
    "too_early": (409, "It is too early for this."),
    "wrong_day": (409, "The visit is on another day."),
    "wrong_status": (409, "The present status does not allow this."),
    "hold_converted": (409, "The hold has become an appointment."),
    "hold_extended": (409, "A hold can be extended once."),
    "anonymised": (410, "The patient was anonymised."),
    "code_expired": (410, "The code cannot be used any more."),
    "cursor_expired": (410, "The cursor leads nowhere any more."),
    "hold_expired": (410, "The hold has expired."),
    "merged": (410, "The patient was merged into another."),
    "stale": (412, "The object has changed since you read it."),
    "too_large": (413, "The body is too large."),
    "address_too_long": (414, "The address is too long."),
    "unsupported_media_type": (415, "The body must be JSON."),
    "idempotency_mismatch": (422, "The Idempotency-Key was used for another request."),
    "invalid": (422, "The request is malformed."),
    "version_required": (428, "Say which version you change."),
    "rate_limited": (429, "Too many requests."),
    "too_many_codes": (429, "Too many codes were sent within an hour."),
    "headers_too_large": (431, "The headers are too large."),
    "error": (500, "Something went wrong here."),
    "unavailable": (503, "The service cannot answer just now."),
    "overloaded": (503, "Too many searches are running."),
    "not_ready": (503, "The service is not ready."),
}
_CODE_BY_STATUS = {
    400: "bad_request",
    404: "not_found",
    405: "method_not_allowed",
    413: "too_large",
    415: "unsupported_media_type",
    422: "invalid",
    429: "rate_limited",
}
_SCHEMA = ProblemSchema()


class Problem(Exception):  # noqa: N818 - RFC 9457's own word for it
    """An error as an answer: a code of PROBLEMS, a sentence about this case, and further members."""

    def __init__(
        self,
        code: str,
        detail: str | None = None,
        *,
        headers: Mapping[str, str] | None = None,
        **members: object,
    ) -> None:
        self.status, self.title = PROBLEMS[code]
        self.code = code
        self.detail = detail or self.title
        self.headers = dict(headers or {})
        self.members = members
        super().__init__(self.detail)


def malformed(errors: Sequence[tuple[str, str]]) -> Problem:
    """Make the 422 that names the fields at fault, at most 50; pairs of pointer and message."""
    named = [(_short(pointer), message) for pointer, message in errors[:MAX_ERRORS]]
    if len(errors) > MAX_ERRORS:
        named.append(("", f"There are {len(errors) - MAX_ERRORS} more errors."))
    first = named[0]
    return Problem(
        "invalid",
        f"{first[0]}: {first[1]}" if first[0] else first[1],
        errors=[{"pointer": pointer, "message": message} for pointer, message in named],
    )


def _short(pointer: str) -> str:
    return pointer if len(pointer) <= MAX_POINTER else f"{pointer[:MAX_POINTER]}..."


def unavailable() -> Problem:
    """Make the 503 of a database that is away or overloaded."""
    return Problem("unavailable", headers={"Retry-After": str(RETRY_AFTER_SECONDS)})


def problem_for(error: Exception) -> Problem:
    """Find the problem that the client gets for an error."""
    if isinstance(error, Problem):
        return error
    if isinstance(error, DomainError):
        return _from_domain(error)
    if isinstance(error, IntegrityError):
        known = error_for(error, request.method)
        return _from_domain(known) if known else Problem("error")
    if isinstance(error, PoolTimeoutError) or (isinstance(error, DBAPIError) and _passes(error)):
        return unavailable()
    return Problem("error")


def _passes(error: DBAPIError) -> bool:
    """Whether the error is temporary, so that a retry may succeed."""
    sqlstate: str | None = getattr(error.orig, "sqlstate", None)
    if sqlstate is not None:
        return error.connection_invalidated or sqlstate.startswith(_PASSING)
    # Without an answer of the server the connection was lost, or could not be made at all.
    return error.connection_invalidated or error.statement is None


def _from_domain(error: DomainError) -> Problem:
    if isinstance(error, Invalid):
        return malformed([(_pointer(error.pointer), error.message)])
    headers = {"Retry-After": str(error.retry_after)} if isinstance(error, RetryLater) else {}
    return Problem(error.code, str(error), headers=headers, **_members(error))


def _members(error: DomainError) -> dict[str, Any]:
    """Give what an error tells beyond its code and its sentence."""
    members: dict[str, Any] = {}
    match error:
        case NotFound(pointer=str(pointer)):
            members = {"errors": [{"pointer": _pointer(pointer), "message": str(error)}]}
        case Refused():
            members = _refusal(error)
        case WrongDay(alternatives=alternatives) if alternatives is not None:
            members = {"alternatives": alternatives}
        case NoSlot():
            members = {"refusals": told(error.refusals)}
        case WrongStatus():
            members = {"allowed": error.allowed}
        case InUse() | StaleVersion() | HasVisits():
            members = {"appointment_ids": error.appointment_ids}
        case Merged():
            members = {"merged_into": error.into}
        case SeveralCalendars():
            members = {"choices": error.choices}
    return members


def _refusal(error: Refused) -> dict[str, Any]:
    """Give the reasons, the near slots and, of several visits, the reasons against each."""
    members: dict[str, Any] = {"refusals": told(error.refusals), "alternatives": error.alternatives}
    if error.by_visit is not None:
        members["visits"] = [
            {"position": place, "refusals": told(refusals)} | _near(error, place)
            for place, refusals in error.by_visit.items()
        ]
    return members


def _near(error: Refused, place: int) -> dict[str, Any]:
    """Give the near slots of one of several visits, if there was a search for them."""
    return {"alternatives": error.near[place]} if place in error.near else {}


def told(refusals: Sequence[Refusal]) -> Sequence[Refusal]:
    """Hide from a widget the clinical reasons why a patient cannot be treated yet."""
    return for_widget(refusals, own=g.has_token) if g.get("publishable") else refusals


def _pointer(pointer: str) -> str:
    """Point into the query where there is no body."""
    return re.sub("^/", "?", pointer) if request.method in {"GET", "HEAD"} else pointer


def _from_http(error: HTTPException) -> Problem:
    if isinstance(error, ClientDisconnected):
        return Problem("incomplete_body")
    status = error.code or HTTPStatus.INTERNAL_SERVER_ERROR
    headers = {name: value for name, value in error.get_headers() if name in {"Allow", "Retry-After"}}
    return Problem(_CODE_BY_STATUS.get(status, "bad_request"), headers=headers)


def answer(problem: Problem) -> Response:
    """Render the problem; the request's id ties it to the log."""
    body = {
        "type": f"/problems#{problem.code}",
        "title": problem.title,
        "status": problem.status,
        "detail": problem.detail,
        "code": problem.code,
        "request_id": g.get("request_id", ""),
        **problem.members,
    }
    content = orjson.dumps(_SCHEMA.dump(body))
    response = Response(content, problem.status, content_type="application/problem+json")
    response.headers.update(problem.headers)
    return response


def register_problems(app: Flask) -> None:
    """Answer every error of the application as a problem."""

    def on_http_error(error: HTTPException) -> Response:
        return answer(_from_http(error))

    def on_error(error: Exception) -> Response:
        problem = problem_for(error)
        if problem.status >= HTTPStatus.INTERNAL_SERVER_ERROR and problem is not error:
            log_failure(error)
        return answer(problem)

    app.register_error_handler(HTTPException, on_http_error)
    app.register_error_handler(Exception, on_error)
