"""The shape of every error, and of the refusals that a 409 lists."""

from typing import Any, ClassVar

from marshmallow import fields, post_dump

from scheduling.clinical import LADDER
from scheduling.reasons import REFUSALS
from schemas.base import Schema
from schemas.fields import Id, Integer, ListOf, Nested
from schemas.times import Instant, LocalDate


class Terse(Schema):
    """An answer that leaves out its empty fields."""

    kept: ClassVar[frozenset[str]] = frozenset()

    @post_dump
    def drop_empty(self, data: dict[str, Any], **_kwargs: object) -> dict[str, Any]:
        """Leave out nulls and empty lists, except in the `kept` fields, whose emptiness says something."""
        return {
            name: value
            for name, value in data.items()
            if name in self.kept or (value is not None and value != [])
        }


class RefusalSchema(Terse):
    """A reason against a visit."""

    code = fields.String(required=True, metadata={"enum": list(REFUSALS)})
    message = fields.String(required=True)
    rule_id = fields.String(metadata={"description": "The code of the rule, such as S02."})
    resource_id = Id()
    earliest_on = LocalDate(metadata={"description": "The first date that passes."})
    overridable_by = fields.String(
        metadata={"description": "The least level that may override it.", "enum": list(LADDER)}
    )
    appointment_id = Id(metadata={"description": "The visit that is using what is needed now."})
    until = Instant(metadata={"description": "Until when that visit is going to use it."})
    book_first = Id(metadata={"description": "The procedure by which what must come first can be booked."})
    because = ListOf(
        Nested("RefusalSchema"),
        metadata={"description": "The candidates' own reasons behind a pool's refusal."},
    )


class AlternativeSchema(Schema):
    """A slot that can be booked, in the location's time."""

    starts_at = fields.String(required=True, metadata={"format": "date-time"})
    procedure_at = fields.String(required=True, metadata={"format": "date-time"})
    ends_at = fields.String(required=True, metadata={"format": "date-time"})
    therapist_ids = ListOf(Id(), required=True)


class OfferedTimeSchema(AlternativeSchema, Terse):
    """Another time that is offered in the answer to a step of a visit."""

    appointment_id = Id(
        metadata={"description": "The visit that it is for, where that is not the visit of the answer."}
    )


class NearSlotSchema(AlternativeSchema):
    """A slot that is offered instead of what is refused."""

    room_ids = ListOf(
        Id(),
        metadata={"description": "When a `reassign` is refused: the rooms that the visit could have then."},
    )


class RefusedVisitSchema(Schema):
    """The reasons against a visit among several."""

    position = Integer(required=True, metadata={"description": "Its place in the request, from 0."})
    refusals = ListOf(Nested(RefusalSchema), required=True)
    alternatives = ListOf(
        Nested(NearSlotSchema),
        metadata={"description": "Near slots of a course's session, at most five."},
    )


class InputErrorSchema(Schema):
    """A field of the request that cannot be used."""

    pointer = fields.String(
        required=True,
        metadata={
            "description": (
                "A JSON pointer into the body (`/phases/0/minutes`), `?name` for a query parameter, "
                "or the name of a header."
            )
        },
    )
    message = fields.String(required=True)


class CalendarChoiceSchema(Schema):
    """A calendar that an address leads to: send its URL to have it."""

    url = fields.String(required=True)
    name = fields.String(required=True)


class ProblemSchema(Terse):
    """An RFC 9457 problem: `code` tells the kind, `detail` says it in words."""

    kept = frozenset({"refusals", "alternatives", "allowed"})

    type = fields.String(required=True, metadata={"format": "uri-reference"})
    title = fields.String(required=True)
    status = Integer(required=True)
    detail = fields.String(required=True)
    code = fields.String(required=True)
    request_id = fields.String(required=True)
    errors = ListOf(Nested(InputErrorSchema), metadata={"description": "The fields at fault, for a 422."})
    refusals = ListOf(
        Nested(RefusalSchema),
        metadata={"description": "Every reason against the visit, or against every day of the horizon."},
    )
    visits = ListOf(
        Nested(RefusedVisitSchema),
        metadata={
            "description": "The same reasons by visit, where several were to be booked or changed together."
        },
    )
    alternatives = ListOf(
        Nested(NearSlotSchema), metadata={"description": "Near slots that can be booked, at most five."}
    )
    allowed = ListOf(fields.String(), metadata={"description": "The statuses from which it can be done."})
    appointment_ids = ListOf(
        Id(), metadata={"description": "The appointments in the way, or those that have changed."}
    )
    merged_into = Id(metadata={"description": "The patient who has everything that this one had."})
    choices = ListOf(
        Nested(CalendarChoiceSchema), metadata={"description": "The calendars that the address leads to."}
    )
    missing = ListOf(fields.String(), metadata={"description": "The parts that are not ready."})
