"""What a visit carries of its history: flags, overrides, the cancellation."""

from marshmallow import fields

from scheduling.reasons import REFUSALS
from schemas.base import Schema
from schemas.fields import Flag, Id, ListOf, Nested
from schemas.times import Instant, LocalDate

FLAGS = (*REFUSALS, "late", "overrun", "overlap", "not_closed", "disrupted", "external_busy")
CANCEL_REASONS = ("patient", "clinic", "illness", "medical", "late", "duplicate", "other")


class FlagOfVisitSchema(Schema):
    """A mark on a visit that a change has left outside the rules."""

    code = fields.String(required=True, metadata={"enum": list(FLAGS)})
    since = Instant(required=True)
    rule_id = fields.String(metadata={"description": "The code of the rule, such as S02."})
    resource_id = Id()
    location_id = Id()
    appointment_id = Id()


class GroundSchema(Schema):
    """What a clinical code rested on when it was allowed."""

    code = fields.String(required=True, metadata={"enum": list(REFUSALS)})
    rule_id = fields.String(required=True)
    source_id = Id(
        required=True,
        allow_none=True,
        metadata={"description": "The appointment, treatment or medical hold that the rule counted from."},
    )
    on = LocalDate(required=True, allow_none=True)


class OverrideOfVisitSchema(Schema):
    """Refusals that a person has allowed for a visit, for one start at one location."""

    id = Id(required=True)
    codes = ListOf(fields.String(metadata={"enum": list(REFUSALS)}), required=True)
    grounds = ListOf(Nested(GroundSchema), required=True)
    reason = fields.String(required=True)
    actor = fields.String(required=True, allow_none=True, metadata={"description": "From `X-Actor`."})
    at = Instant(required=True)
    starts_at = Instant(required=True)
    location_id = Id(required=True)


class CancellationSchema(Schema):
    """Why and when a visit was cancelled."""

    reason_code = fields.String(required=True, metadata={"enum": list(CANCEL_REASONS)})
    note = fields.String(required=True, allow_none=True)
    at = Instant(required=True)
    late = Flag(required=True, metadata={"description": "Whether it was within the `cancel_free_hours`."})
    notify = Flag(metadata={"description": "Whether the patient is told; visits of older versions lack it."})
