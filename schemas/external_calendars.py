"""External calendars of staff: their addresses, and whether what was read from them is still fresh."""

from typing import Any

from marshmallow import ValidationError, fields, validates_schema

from schemas.base import QueryArgs, Resource
from schemas.fields import Choice, Id, Integer, QueryChoices, Text
from schemas.times import Instant

KINDS = ("ics", "caldav")


class ExternalCalendarSchema(Resource):
    """A calendar whose busy time is kept free of bookings."""

    derived = ("last_success_at", "stale_since", "last_error", "unread_events")

    therapist_id = Id(dump_only=True, required=True)
    url = Text(
        2000,
        required=True,
        metadata={
            "description": "`https`, `http` or `webcal`. Reads show where it leads, not its path or query, "
            "which are often the only secret; sent back like that, it stays as it is."
        },
    )
    kind = Choice(
        KINDS,
        load_default="ics",
        metadata={"description": "One iCalendar text, or a CalDAV collection."},
    )
    username = Text(200, load_default=None, allow_none=True)
    password = Text(
        500, load_only=True, load_default=None, allow_none=True, metadata={"description": "Never shown."}
    )
    last_success_at = Instant(dump_only=True, required=True, allow_none=True)
    stale_since = Instant(
        dump_only=True,
        required=True,
        allow_none=True,
        metadata={"description": "Since when fetching fails; what was known before still counts."},
    )
    last_error = fields.String(
        dump_only=True, required=True, allow_none=True, metadata={"description": "A code, while it is stale."}
    )
    unread_events = Integer(
        dump_only=True,
        required=True,
        metadata={"description": "How many events made no sense, and so keep nobody busy."},
    )

    @validates_schema
    def _no_colon_in_username(self, data: dict[str, Any], **_kwargs: object) -> None:
        if ("username" in data or "password" in data) and ":" in (data.get("username") or ""):
            raise ValidationError("Must not contain a colon.", "username")


class ExternalCalendarQuery(QueryArgs):
    """The query of the list of a therapist's calendars."""

    kind = QueryChoices(KINDS)
