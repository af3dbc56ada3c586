"""External calendars of staff: their addresses, and whether what was read from them is still fresh."""

from typing import Any

from marshmallow import ValidationError, fields, validates_schema

from schemas.base import QueryArgs, Resource, Schema
from schemas.fields import Choice, Id, Integer, QueryChoices, SetOf, Text
from schemas.times import Instant

KINDS = ("ics", "caldav")
IGNORABLE = ("tentative", "declined", "all_day")
CALENDAR_STATUSES = ("pending", "ok", "warning", "stale", "failed")


class UnreadEventSchema(Schema):
    """Where an event is that could not be read as it is meant; none of its text."""

    uid = fields.String(
        required=True,
        metadata={"description": "The event's UID, or its SHA-256 where it is long or unprintable."},
    )
    line = Integer(required=True, metadata={"description": "The line in the calendar's text, from 1."})


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
        metadata={"description": "One iCalendar text, or CalDAV: a calendar, or any address of an account."},
    )
    username = Text(200, load_default=None, allow_none=True)
    password = Text(
        500, load_only=True, load_default=None, allow_none=True, metadata={"description": "Never shown."}
    )
    ignore = SetOf(
        Choice(IGNORABLE),
        maximum=len(IGNORABLE),
        load_default=lambda: ["declined"],
        metadata={
            "description": "What does not count as busy: events that are tentative, that the `attendee` has "
            "declined, or that last for whole days."
        },
    )
    attendee = Text(
        320,
        load_default=None,
        allow_none=True,
        metadata={
            "description": "The owner's address among an event's attendees, by which an answer is told."
        },
    )
    status = Choice(
        CALENDAR_STATUSES,
        dump_only=True,
        required=True,
        metadata={
            "description": "`pending` before the first fetch; `warning` when something could not be read, or "
            "when the calendar brings no busy time though it did before; `stale` while fetches fail and what "
            "was known before counts; `failed` when no fetch has succeeded."
        },
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
        metadata={
            "description": "How many events could not be read as they are meant. What of them can be read "
            "counts as busy."
        },
    )
    unread = fields.List(
        fields.Nested(UnreadEventSchema),
        dump_only=True,
        required=True,
        metadata={"description": "The first hundred of them."},
    )
    emptied_since = Instant(
        dump_only=True,
        required=True,
        allow_none=True,
        metadata={"description": "Since when it brings no busy time, having brought some before."},
    )

    @validates_schema
    def _no_colon_in_username(self, data: dict[str, Any], **_kwargs: object) -> None:
        if ("username" in data or "password" in data) and ":" in (data.get("username") or ""):
            raise ValidationError("Must not contain a colon.", "username")


class ExternalCalendarQuery(QueryArgs):
    """The query of the list of a therapist's calendars."""

    kind = QueryChoices(KINDS)
