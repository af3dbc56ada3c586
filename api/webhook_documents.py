"""Describes in the document what arrives at a webhook: a message for each event, with its headers."""

from typing import Any, Final

from apispec import APISpec

from api.references import REF
from schemas.base import schema_name
from schemas.events import EVENT_DATA

_HEADERS: Final = {
    "webhook-id": "The same at every attempt: by it a receiver knows a message that comes twice.",
    "webhook-timestamp": "When this attempt was signed, in seconds since 1970; refuse what is minutes off.",
    "webhook-signature": "`v1,` and a signature by Standard Webhooks; several have blanks between them.",
}


def add_webhooks(spec: APISpec) -> None:
    """Add the schema of each message, and of the data in it."""
    for kind, data in EVENT_DATA.items():
        if schema_name(data) not in spec.components.schemas:
            spec.components.schema(schema_name(data), schema=data)
        spec.components.schema(_name(kind), _message(kind, f"{REF}{schema_name(data)}"))


def webhooks() -> dict[str, Any]:
    """Give the part of the document that lists the messages by their types."""
    return {kind: {"post": _delivery(kind)} for kind in EVENT_DATA}


def _delivery(kind: str) -> dict[str, Any]:
    message = {"application/json": {"schema": {"$ref": f"{REF}{_name(kind)}"}}}
    return {
        "operationId": f"on_{kind.replace('.', '_')}",
        "summary": f"Receive `{kind}`.",
        "description": "Answer with any 2xx within ten seconds. See `POST /v1/webhooks`.",
        "tags": ["webhooks"],
        "security": [],
        "parameters": [
            {
                "in": "header",
                "name": name,
                "required": True,
                "description": described,
                "schema": {"type": "string"},
            }
            for name, described in _HEADERS.items()
        ],
        "requestBody": {"required": True, "content": message},
        "responses": {
            "2XX": {"description": "The message has arrived."},
            "410": {"description": "Nothing is to be sent here any more."},
        },
    }


def _message(kind: str, data: str) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {
            "type": {"type": "string", "const": kind},
            "timestamp": {"type": "string", "format": "date-time"},
            "data": {"$ref": data},
        },
        "required": ["data", "timestamp", "type"],
    }


def _name(kind: str) -> str:
    """Name a message's schema: `appointment.no_show` is `AppointmentNoShowEvent`."""
    return "".join(part.title() for part in kind.replace("_", ".").split(".")) + "Event"
