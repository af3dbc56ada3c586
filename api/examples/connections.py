"""Examples for what other programs use: messages, webhooks, keys, calendars."""

from collections.abc import Mapping
from typing import Final

from api.examples.values import At, Example, Of

EXAMPLES: Final[Mapping[str, Example]] = {
    "list_messages": Example(query={"due_by": At(-14, "12:00")}),
    "create_webhook": Example(
        {"url": "https://example.org/hook", "events": ["appointment.booked", "appointment.cancelled"]}
    ),
    "update_webhook": Example({"description": "Recalls and visits"}),
    "create_api_key": Example({"name": "Till", "kind": "secret", "scopes": ["appointments:read"]}),
    "rotate_api_key": Example({"overlap_seconds": 3600}),
    "update_api_key": Example({"name": "Reception, ground floor"}),
    "create_calendar_feed": Example({"resource_id": Of("therapist"), "detail": "reference"}),
    "create_app_password": Example({"therapist_id": Of("therapist"), "name": "Tom's tablet"}),
    "create_external_calendar": Example({"url": "https://calendar.example.org/private.ics"}),
    "update_external_calendar": Example({"url": "https://calendar.example.org/tom-2.ics"}),
}
