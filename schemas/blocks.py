"""Blocks: times in which a resource is kept free."""

from schemas.base import QueryArgs, Resource, Schema
from schemas.fields import Flag, Id, Ids, ListOf, Nested, SetOf, Text
from schemas.times import Instant, LocalDate, Weekday
from schemas.weekly import every_weeks

MOST_DAYS = 732


class RepeatSchema(Schema):
    """The same wall-clock time again on these weekdays until a date (inclusive), at most two years later."""

    weekdays = SetOf(Weekday(), maximum=7, required=True)
    until = LocalDate(required=True)
    every_weeks = every_weeks("the block's first date")


class SkippedDaySchema(Schema):
    """A day that a block leaves out, and the appointments that were in its way."""

    on = LocalDate(required=True, metadata={"description": "The local date on which the block would begin."})
    appointment_ids = Ids(required=True)


class BlockSchema(Resource):
    """A time in which the therapist, room or device cannot be booked; whole multiples of 5 minutes."""

    resource_id = Id(required=True)
    starts_at = Instant(required=True, grid=True)
    ends_at = Instant(required=True, grid=True)
    reason = Text(500, required=True)
    repeats = Nested(RepeatSchema, load_default=None, allow_none=True)
    skip_conflicts = Flag(
        load_default=False,
        load_only=True,
        metadata={
            "description": "Leave out the days on which visits or slot holds are in the way and name them in "
            "`skipped`, in place of 409 `in_use`. It is 409 all the same when no day is left. Each change "
            "with it looks for such days anew; a change of the times without it is for all days again."
        },
    )
    skipped = ListOf(
        Nested(SkippedDaySchema),
        dump_only=True,
        required=True,
        maximum=MOST_DAYS,
        metadata={"description": "The days that the block leaves out."},
    )


class BlockQuery(QueryArgs):
    """The query of the list of blocks."""

    resource_id = Id()
