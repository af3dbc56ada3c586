"""Disruptions: what is not available, what is proposed for its visits, and what the desk accepts."""

from typing import Any

from marshmallow import ValidationError, fields, validates_schema

from models.statuses import APPOINTMENT_STATUSES
from schemas.appointments import AppointmentSchema, PlannedPhaseSchema
from schemas.base import Schema
from schemas.fields import Choice, Id, Ids, Integer, ListOf, Nested, Text
from schemas.locations import affected
from schemas.problems import RefusalSchema
from schemas.times import Instant

KINDS = ("therapist", "room", "device", "time")
MOST_ACCEPTED = 200


class DisruptionSchema(Schema):
    """A therapist, room, device or whole location that is not available for a time."""

    resource_id = Id(metadata={"description": "The therapist, room or device; or give `location_id`."})
    location_id = Id(metadata={"description": "The location that closes; or give `resource_id`."})
    starts_at = Instant(
        required=True, grid=True, metadata={"description": "What lies before now is left out."}
    )
    ends_at = Instant(
        required=True, grid=True, metadata={"description": "At most 31 days after `starts_at`."}
    )
    reason = Text(500, metadata={"description": "Kept on the block or closure."})

    @validates_schema(skip_on_field_errors=True)
    def _one_subject(self, data: dict[str, Any], **_kwargs: object) -> None:
        if ("resource_id" in data) == ("location_id" in data):
            raise ValidationError("Name exactly one of: resource_id, location_id.", "resource_id")


class AcceptedSchema(Schema):
    """Where a visit may go, as it was proposed or as the desk has chosen."""

    appointment_id = Id(required=True)
    version = Integer(required=True, minimum=1)
    starts_at = Instant(required=True, grid=True)
    therapist_id = Id(allow_none=True)
    room_id = Id(allow_none=True)


class ApplySchema(DisruptionSchema):
    """A disruption and the proposals that are accepted; every other visit stays and is flagged."""

    accept = ListOf(Nested(AcceptedSchema), required=True, maximum=MOST_ACCEPTED)

    @validates_schema(skip_on_field_errors=True)
    def _no_appointment_twice(self, data: dict[str, Any], **_kwargs: object) -> None:
        named = [one["appointment_id"] for one in data["accept"]]
        if len(set(named)) != len(named):
            raise ValidationError("Must not name an appointment twice.", "accept")


class ProposalSchema(Schema):
    """Where a visit could go, by all rules and together with every other proposal."""

    kind = Choice(
        KINDS,
        required=True,
        metadata={"description": "What changes most: the time, or at the same time who."},
    )
    starts_at = Instant(required=True)
    procedure_at = Instant(required=True)
    ends_at = Instant(required=True)
    therapist_id = Id(required=True, allow_none=True)
    room_id = Id(required=True, allow_none=True, metadata={"description": "The room of the treatment."})
    minutes_moved = Integer(
        required=True, metadata={"description": "How much later the patient comes; negative for earlier."}
    )
    phases = ListOf(Nested(PlannedPhaseSchema), required=True)


class DisruptedVisitSchema(Schema):
    """A visit that cannot stay as it is."""

    appointment_id = Id(required=True)
    version = Integer(required=True)
    status = Choice(APPOINTMENT_STATUSES, required=True)
    location_id = Id(required=True)
    procedure_id = Id(required=True)
    patient_id = Id(required=True, allow_none=True)
    therapist_id = Id(required=True, allow_none=True)
    starts_at = Instant(required=True)
    procedure_at = Instant(required=True)
    ends_at = Instant(required=True)
    proposal = fields.Nested(ProposalSchema, required=True, allow_none=True)
    refusals = ListOf(
        Nested(RefusalSchema),
        required=True,
        metadata={"description": "Without a proposal: what keeps the visit from staying at its time."},
    )


class PreviewSchema(Schema):
    """Every visit that a disruption affects, in order of time."""

    starts_at = Instant(required=True)
    ends_at = Instant(required=True)
    items = ListOf(Nested(DisruptedVisitSchema), required=True)
    elsewhere = Integer(
        required=True, metadata={"description": "How many more there are at locations the key may not see."}
    )


class AppliedSchema(Schema):
    """The result of a disruption; no visit has been cancelled."""

    appointments = ListOf(
        Nested(AppointmentSchema),
        required=True,
        metadata={"description": "Those moved, in the order accepted."},
    )
    flagged = Ids(
        required=True, metadata={"description": "Those affected that stay where they are, flagged."}
    )
    elsewhere = Integer(
        required=True, metadata={"description": "How many more are flagged where the key may not see."}
    )
    affected = affected()
    block_id = Id(required=True, allow_none=True)
    closure_id = Id(required=True, allow_none=True)
