"""Messages over HTTP: what a clinic's gateway fetches, sends and acknowledges."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from api.blueprints import Blueprint
from api.paging import cut, foreign_cursor
from booking.core.caller import Caller
from booking.messages import messages
from booking.messages.messages import Message
from booking.messages.sending import mark_sent
from models import Appointment, MessageTemplate
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
_CURSOR: Final = re.compile(r"\d{17}\.[0-9a-f-]{36}\.\w{1,32}\.\d{1,17}", re.ASCII)


@blp.route("", methods=["GET"])
@blp.needs("appointments:read")
@blp.arguments(MessageQuery, location="query")
@blp.response(200, page_of(MessageSchema))
def list_messages(caller: Caller, query: dict[str, Any]) -> dict[str, Any]:
    """List the messages that are due by an instant and not sent yet, in order of time.

    Needs the scope patients:read as well.
    """
    only = [column == query[name] for name, column in _COLUMNS.items() if name in query]
    if "kind" in query:
        only.append(MessageTemplate.kind.in_(query["kind"]))
    return _page(messages.list_messages(caller, query["due_by"], *only), query)


@blp.action("/<message_id>/sent", "appointments:write", SentMessageSchema)
def mark_message_sent(caller: Caller, message_id: str) -> dict[str, Any]:
    """Note that a message has been sent; a repetition changes nothing."""
    sent = mark_sent(caller, message_id)
    return {
        "id": message_id,
        "kind": sent.kind,
        "appointment_id": sent.appointment_id,
        "status": sent.status,
        "sent_at": sent.sent_at,
    }


def _page(found: Sequence[Message], args: Mapping[str, Any]) -> dict[str, Any]:
    """Cut a page out of all messages, by the time of the last message on the page before."""
    limit: int = args["limit"]
    if "cursor" in args:
        after = args["cursor"]
        if not _CURSOR.fullmatch(after):
            raise foreign_cursor()
        found = [message for message in found if _place(message) > after]
    return cut(found, limit, _place)


def _place(message: Message) -> str:
    return f"{round(message.due_at.timestamp() * 1_000_000):017}.{message.id}"
