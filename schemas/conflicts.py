"""Conflicts: visits during which a member of staff who treats or assists has become busy elsewhere."""

from typing import Any

from marshmallow import ValidationError, validates_schema

from schemas.base import PageArgs, Schema
from schemas.fields import Id, Nested
from schemas.times import Instant, LocalDate


class ConflictSourceSchema(Schema):
    """What keeps a member of staff busy: its time and its calendar, never its contents."""

    external_calendar_id = Id(
        required=True, allow_none=True, metadata={"description": "Null: their own collection of busy time."}
    )
    starts_at = Instant(required=True)
    ends_at = Instant(required=True)


class ConflictSchema(Schema):
    """A visit, and a busy time over a member of staff's part of it; instants are local to the visit."""

    appointment_id = Id(required=True)
    location_id = Id(required=True)
    therapist_id = Id(required=True, metadata={"description": "Who is busy: they treat or assist."})
    starts_at = Instant(required=True, metadata={"description": "The visit's start."})
    ends_at = Instant(required=True)
    source = Nested(ConflictSourceSchema, required=True)


class ConflictQuery(PageArgs):
    """Which conflicts to list; `from` and `until` are local dates of the visits, half-open."""

    therapist_id = Id()
    location_id = Id()
    from_ = LocalDate(data_key="from", metadata={"description": "Without it, visits that are not over."})
    until = LocalDate()

    @validates_schema(skip_on_field_errors=True)
    def check_range(self, data: dict[str, Any], **_kwargs: object) -> None:
        """Refuse an empty or reversed range."""
        if "from_" in data and "until" in data and data["until"] <= data["from_"]:
            raise ValidationError("Must be after from.", "until")
