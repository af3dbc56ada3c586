"""Blocks: times in which a resource is kept free."""

from schemas.base import QueryArgs, Resource, Schema
from schemas.fields import Id, Nested, SetOf, Text
from schemas.times import Instant, LocalDate, Weekday
from schemas.weekly import every_weeks


class RepeatSchema(Schema):
    """The same wall-clock time again on these weekdays until a date (inclusive), at most two years later."""

    weekdays = SetOf(Weekday(), maximum=7, required=True)
    until = LocalDate(required=True)
    every_weeks = every_weeks("the block's first date")


class BlockSchema(Resource):
    """A time in which the therapist, room or device cannot be booked; whole multiples of 5 minutes."""

    resource_id = Id(required=True)
    starts_at = Instant(required=True, grid=True)
    ends_at = Instant(required=True, grid=True)
    reason = Text(500, required=True)
    repeats = Nested(RepeatSchema, load_default=None, allow_none=True)


class BlockQuery(QueryArgs):
    """The query of the list of blocks."""

    resource_id = Id()
