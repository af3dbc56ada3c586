"""The desk's board: what each resource of a location does, hour by hour."""

from marshmallow import fields

from models.statuses import APPOINTMENT_STATUSES
from schemas.availability import RangeSchema
from schemas.base import Schema
from schemas.fields import Id, Integer, ListOf, Nested
from schemas.patients import included, included_patient
from schemas.problems import Terse
from schemas.procedures import PHASE_KINDS
from schemas.times import Instant, LocalDate

LONGEST_BOARD_DAYS = 31


class ScheduleQuerySchema(RangeSchema):
    """Which location and local days to show."""

    longest_days = LONGEST_BOARD_DAYS
    location_id = Id(required=True)
    include = included()


class OpenSpanSchema(Schema):
    """A stretch of open or working time."""

    starts_at = Instant(required=True)
    ends_at = Instant(required=True)


class ItemSchema(Terse):
    """A phase of an appointment or hold, a block, or a busy time of which the key may see no more."""

    type = fields.String(required=True, metadata={"enum": ["appointment", "hold", "block", "busy"]})
    starts_at = Instant(required=True)
    ends_at = Instant(required=True)
    lane = Integer(required=True)
    appointment_id = Id()
    location_id = Id(metadata={"description": "Where it is: staff may have visits at other locations."})
    status = fields.String(metadata={"enum": list(APPOINTMENT_STATUSES)})
    procedure_id = Id()
    patient_id = Id()
    patient = included_patient()
    phase = fields.String()
    kind = fields.String(metadata={"enum": list(PHASE_KINDS)})
    actual_starts_at = Instant(metadata={"description": "When the phase really began, once that is noted."})
    actual_ends_at = Instant(metadata={"description": "When the phase really ended, once that is noted."})
    occupied_from = Instant(
        metadata={"description": "From when the phase really takes the resource, once the visit has begun."}
    )
    occupied_until = Instant(metadata={"description": "Until when; the same instant if it takes nothing."})


class RowSchema(Schema):
    """A room, device or therapist with open hours and what fills them, in time order."""

    resource_id = Id(required=True)
    type = fields.String(required=True, metadata={"enum": ["therapist", "room", "device"]})
    name = fields.String(required=True)
    open = ListOf(Nested(OpenSpanSchema), required=True)
    items = ListOf(Nested(ItemSchema), required=True)


class ScheduleSchema(Schema):
    """The whole board of a location."""

    location_id = Id(required=True)
    timezone = fields.String(required=True)
    from_ = LocalDate(data_key="from", required=True)
    until = LocalDate(required=True)
    resources = ListOf(Nested(RowSchema), required=True)
