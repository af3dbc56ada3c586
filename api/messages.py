"""Messages over HTTP: what a clinic's gateway fetches, sends and acknowledges."""

import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any, Final
from uuid import UUID

from flask import Response, after_this_request
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from api.blueprints import Blueprint
from api.paging import cut, foreign_cursor
from api.reads import LISTED, saw
from api.state import address, own_sealer, state
from booking.appointments.visit_links import LinkWriter
from booking.core.caller import Caller
from booking.core.errors import NotFound
from booking.messages import messages
from booking.messages.messages import Message
from booking.messages.sending import mark_sent
from booking.online.code_messages import CODE_KIND, CodeMessage, code_messages, code_of
from booking.online.codes import gateway_is_noted, note_code_sent, note_gateway
from models import Appointment, BookingCode, MessageTemplate
from schemas.base import page_of
from schemas.messages import MessageQuery, MessageSchema, SentMessageSchema

blp = Blueprint(
    "messages",
    "messages",
    url_prefix="/v1/messages",
    description="Messages to patients, each with the instant at which it is due.",
)

_COLUMNS: Final[Mapping[str, Any]] = {
    "location_id": Appointment.location_id,
    "patient_id": Appointment.patient_id,
    "appointment_id": Appointment.id,
}
Listed = Message | CodeMessage
_CURSOR: Final = re.compile(r"\d{17}\.[0-9a-f-]{36}\.\w{1,32}\.\d{1,17}", re.ASCII)


@blp.route("", methods=["GET"])
@blp.needs("appointments:read")
@blp.arguments(MessageQuery, location="query")
@blp.response(200, page_of(MessageSchema))
def list_messages(caller: Caller, query: dict[str, Any]) -> dict[str, Any]:
    """List the messages that are due by an instant and not sent yet, in order of time.

    Needs the scope patients:read as well. Among them are codes for online booking (`booking_code`), which
    belong to no visit: send them at once, and acknowledge them like others. Codes by phone are offered to
    patients while messages are fetched at least once a day.
    """
    only = [column == query[name] for name, column in _COLUMNS.items() if name in query]
    if "kind" in query:
        only.append(MessageTemplate.kind.in_(query["kind"]))
    found: list[Listed] = []
    if _asks_for_codes(caller, query):
        # What the server mails itself, no gateway may send a second time.
        others = () if state().settings.mail is None else (BookingCode.email.is_(None),)
        found += code_messages(caller, own_sealer(), *others)
        _note_gateway(caller)
    found += messages.list_messages(caller, query["due_by"], *only, links=LinkWriter(own_sealer(), address()))
    listed = _page(found, query)
    saw((one.patient_id for one in listed["items"] if one.patient_id is not None), LISTED)
    return listed


@blp.action("/<message_id>/sent", "appointments:write", SentMessageSchema)
def mark_message_sent(caller: Caller, message_id: str) -> dict[str, Any]:
    """Note that a message has been sent; a repetition changes nothing."""
    code_id = code_of(message_id)
    if code_id is not None:
        return _sent_code(caller, message_id, code_id)
    sent = mark_sent(caller, message_id)
    return {
        "id": message_id,
        "kind": sent.kind,
        "appointment_id": sent.appointment_id,
        "status": sent.status,
        "sent_at": sent.sent_at,
    }


def _asks_for_codes(caller: Caller, query: Mapping[str, Any]) -> bool:
    """Whether the list has the codes that wait to be sent, which are of no visit and no location."""
    asked = query.get("kind")
    others = any(name in query for name in _COLUMNS) or (asked is not None and CODE_KIND not in asked)
    return not others and caller.location_ids is None


def _sent_code(caller: Caller, message_id: str, code_id: UUID) -> dict[str, Any]:
    if note_code_sent(caller, code_id) is None:
        raise NotFound("message")
    told = {"id": message_id, "kind": CODE_KIND, "appointment_id": None}
    return told | {"status": "sent", "sent_at": caller.real_now}


def _note_gateway(caller: Caller) -> None:
    """Note, now and then and after the request's own transaction, that a gateway fetches codes."""
    if gateway_is_noted(caller):
        return
    database = state().database

    def note(response: Response) -> Response:
        # The next fetch notes it as well.
        with suppress(DBAPIError, PoolTimeoutError), database.transaction(caller.clinic_id) as session:
            note_gateway(replace(caller, session=session))
        return response

    after_this_request(note)


def _page(found: Sequence[Listed], args: Mapping[str, Any]) -> dict[str, Any]:
    """Cut a page out of all messages, by the time of the last message on the page before."""
    limit: int = args["limit"]
    if "cursor" in args:
        after = args["cursor"]
        if not _CURSOR.fullmatch(after):
            raise foreign_cursor()
        found = [message for message in found if _place(message) > after]
    return cut(sorted(found, key=_place), limit, _place)


def _place(message: Listed) -> str:
    return f"{round(message.due_at.timestamp() * 1_000_000):017}.{message.id}"
