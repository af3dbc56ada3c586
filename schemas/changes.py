"""The change feed: the query for changes, and the changes in its answer."""

from typing import Any

from marshmallow import ValidationError, validates_schema

from schemas.appointments import AppointmentSchema
from schemas.base import PageArgs, Schema
from schemas.fields import Choice, Flag, Id, Integer, ListOf, Nested, QueryInteger, Text

LONGEST_WAIT_SECONDS = 60
_SCOPES = ("location_id", "therapist_id", "room_id")


class ChangesQuerySchema(PageArgs):
    """The scope and the start of the changes; the scope is all without a location, therapist or room."""

    cursor = Text(
        2000, metadata={"description": "The `next_cursor` of the answer before; without it the full state."}
    )
    location_id = Id()
    therapist_id = Id(metadata={"description": "Appointments that this member of staff leads or assists."})
    room_id = Id()
    wait = QueryInteger(
        load_default=0,
        minimum=0,
        maximum=LONGEST_WAIT_SECONDS,
        metadata={"description": "While nothing has changed, wait so many seconds at most for a change."},
    )

    @validates_schema(skip_on_field_errors=True)
    def check_scope(self, data: dict[str, Any], **_kwargs: object) -> None:
        """Refuse a query with several scopes, naming each."""
        named = [name for name in _SCOPES if name in data]
        if len(named) > 1:
            raise ValidationError({name: ["Name one of them."] for name in named})


class ChangeSchema(Schema):
    """An appointment as it is now; `deleted` when it has left the scope or is gone."""

    type = Choice(("appointment",), required=True)
    id = Id(required=True)
    version = Integer(
        required=True, metadata={"description": "The appointment's version; 0 when there is none any more."}
    )
    deleted = Flag(required=True)
    appointment = Nested(AppointmentSchema, required=True, allow_none=True)


class ChangesSchema(Schema):
    """Changes in order; `next_cursor` leads to the changes after them, even when there are none yet."""

    items = ListOf(Nested(ChangeSchema), required=True)
    next_cursor = Text(2000, required=True)
    has_more = Flag(required=True)
