"""The page behind a link to a visit: shows the visit, and confirms or cancels it without JavaScript."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Final
from uuid import UUID

from flask import Blueprint, Response, url_for
from markupsafe import Markup
from sqlalchemy.orm import Session

from api.auth import caller_by_link
from api.problems import Problem
from api.requests import receive
from api.state import state
from api.transactions import run
from booking.appointments import transitions
from booking.appointments.records import Visit, get_appointment, with_phases
from booking.appointments.transitions import Cancellation
from booking.core.caller import Caller
from booking.core.errors import DomainError
from models import Clinic, Location
from models.statuses import TO_COME

visit_pages = Blueprint("visit-pages", __name__, url_prefix="/visit")

_ACTIONS: Final = {"confirm": "Confirm", "cancel": "Cancel the visit"}
_STATUSES: Final = {"booked": "booked", "confirmed": "confirmed", "cancelled": "cancelled"}
# The address is a secret: no page that a patient goes to from here may learn it, and no cache may keep it.
_HEADERS: Final = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'",
    "Referrer-Policy": "no-referrer",
}
_PAGE: Final = Markup(
    '<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
    '<meta name="robots" content="noindex"><title>{title}</title>'
    "<style>body {{ font: 1rem sans-serif; max-width: 32rem; margin: auto; padding: 1rem }}"
    " button {{ font: inherit; padding: .5rem 1rem; margin: .25rem 0 }}</style>"
    "<main><h1>{title}</h1>{content}</main></html>"
)
_VISIT: Final = Markup("<p>{clinic}, {place}<br>{day} at {time}</p><p>Your visit is {status}.</p>{forms}")
_FORM: Final = Markup('<form method="post" action="{action}"><button>{label}</button></form>')


@visit_pages.get("/<token>")
def show_visit(token: str) -> Response:
    """Show the visit that a link leads to, with what the link allows; looking changes nothing."""
    return _by_link(token, lambda caller: _page_of(caller, token))


@visit_pages.post("/<token>/confirm")
def confirm_visit(token: str) -> Response:
    """Confirm the visit, and lead back to its page, which shows how it stands."""
    return _acted(token, "confirm", _confirm)


@visit_pages.post("/<token>/cancel")
def cancel_visit(token: str) -> Response:
    """Cancel the visit, and lead back to its page, which shows how it stands."""
    by_patient = Cancellation("patient")
    return _acted(token, "cancel", lambda caller, id_: transitions.cancel(caller, id_, None, by_patient))


def _confirm(caller: Caller, visit_id: UUID) -> None:
    """Confirm the visit, unless the patient presses the button a second time."""
    if get_appointment(caller, visit_id).status != "confirmed":
        transitions.confirm(caller, visit_id, None)


def _acted(token: str, action: str, act: Callable[[Caller, UUID], object]) -> Response:
    def work(caller: Caller) -> Response:
        visit_id, allowed = _linked(caller)
        if action not in allowed:
            raise Problem("missing_scope", "The link does not allow this.")
        act(caller, visit_id)
        return _answered("", HTTPStatus.SEE_OTHER, Location=url_for("visit-pages.show_visit", token=token))

    receive()
    return _by_link(token, work)


def _by_link(token: str, act: Callable[[Caller], Response]) -> Response:
    """Act as the link's holder in a transaction; a page says when the link is no good or the act refused."""

    def work(session: Session) -> Response:
        return act(caller_by_link(session, token, sandbox=state().settings.sandbox))

    try:
        return run(state().database, work)
    except Problem as problem:
        if problem.status >= HTTPStatus.INTERNAL_SERVER_ERROR or problem.code == "rate_limited":
            raise
        return _told("This link leads to no visit any more, or does not allow this.", HTTPStatus.NOT_FOUND)
    except DomainError:
        return _told("This cannot be done any more. Please call the clinic.", HTTPStatus.CONFLICT)


def _page_of(caller: Caller, token: str) -> Response:
    visit_id, allowed = _linked(caller)
    visit = with_phases(caller, [get_appointment(caller, visit_id)])[0]
    clinic = caller.session.get_one(Clinic, caller.clinic_id)
    place = caller.session.get_one(Location, (caller.clinic_id, visit.appointment.location_id))
    starts_at = visit.appointment.starts_at.astimezone(visit.zone)
    content = _VISIT.format(
        clinic=clinic.name,
        place=place.name,
        day=f"{starts_at:%A, %-d %B %Y}",
        time=f"{starts_at:%H:%M}",
        status=_STATUSES.get(visit.appointment.status, "under way or over"),
        forms=Markup().join(
            _FORM.format(action=url_for(f"visit-pages.{action}_visit", token=token), label=label)
            for action, label in _ACTIONS.items()
            if action in allowed and _may_follow(action, visit)
        ),
    )
    return _answered(_PAGE.format(title="Your visit", content=content), HTTPStatus.OK)


def _linked(caller: Caller) -> tuple[UUID, frozenset[str]]:
    """Give the visit that the caller's link names, and what the link allows."""
    token = caller.token
    if token is None or token.appointment_id is None:
        raise Problem("missing_scope")
    return token.appointment_id, token.actions


def _may_follow(action: str, visit: Visit) -> bool:
    status = visit.appointment.status
    return status == "booked" if action == "confirm" else status in TO_COME


def _told(text: str, status: HTTPStatus) -> Response:
    return _answered(_PAGE.format(title="Your visit", content=Markup("<p>{}</p>").format(text)), status)


def _answered(content: str, status: HTTPStatus, **headers: str) -> Response:
    return Response(content, status, {**_HEADERS, **headers}, mimetype="text/html")
