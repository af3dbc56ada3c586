"""Procedures with their phases."""

from typing import Any

from marshmallow import ValidationError, fields, validates_schema

from scheduling.clinical import AREAS, EVENTS
from scheduling.ticks import TICK_MINUTES
from scheduling.visits import LONGEST_VISIT
from schemas.base import QueryArgs, Resource, Schema
from schemas.fields import (
    Choice,
    Code,
    Codes,
    Flag,
    Integer,
    ListOf,
    Minutes,
    Nested,
    Number,
    QueryFlag,
    SetOf,
    Text,
)
from schemas.locations import affected
from schemas.prices import PriceSchema

PHASE_KINDS = ("intake", "numbing", "prep", "procedure", "aftercare", "turnover", "consultation")
LONGEST_VISIT_MINUTES = LONGEST_VISIT * TICK_MINUTES
LONGEST_PHASE_MINUTES = 600
MOST_PHASES = 30
HOUR_LIMIT = 24 * 366


class PhaseSchema(Schema):
    """A part of a visit, and what it holds meanwhile."""

    name = Text(100, required=True)
    kind = Choice(PHASE_KINDS, required=True)
    minutes = Minutes(required=True, maximum=LONGEST_PHASE_MINUTES)
    min_minutes = Minutes(load_default=None, allow_none=True)
    max_minutes = Minutes(load_default=None, allow_none=True)
    therapist = Flag(load_default=False)
    assistant = Code(
        load_default=None,
        allow_none=True,
        metadata={"description": "A qualification code: any other member of staff who has it."},
    )
    room_kinds = Codes(load_default=list, maximum=20, metadata={"description": "Any one of these."})
    device_kinds = Codes(load_default=list, maximum=20, metadata={"description": "Any one of these."})
    patient = Flag(load_default=True)
    at_minute = Minutes(
        load_default=None,
        allow_none=True,
        minimum=0,
        maximum=LONGEST_VISIT_MINUTES,
        metadata={"description": "Minutes from arrival; by default when the phase before it ends."},
    )

    @validates_schema
    def _within_limits(self, data: dict[str, Any], **_kwargs: object) -> None:
        if data["min_minutes"] is not None and data["min_minutes"] > data["minutes"]:
            raise ValidationError("Must not be more than minutes.", "min_minutes")
        if data["max_minutes"] is not None and data["max_minutes"] < data["minutes"]:
            raise ValidationError("Must not be less than minutes.", "max_minutes")


class PrerequisiteSchema(Schema):
    """A visit of another family that must come first."""

    family = Code(required=True)
    min_hours_before = Integer(minimum=0, maximum=HOUR_LIMIT, load_default=None, allow_none=True)
    valid_days = Integer(minimum=1, maximum=3660, load_default=None, allow_none=True)


class ProcedureSchema(Resource):
    """What a visit is for; code, family and areas are fixed once the procedure has been booked."""

    code = Code(required=True)
    name = Text(200, required=True)
    family = Code(required=True)
    areas = SetOf(Choice(AREAS), load_default=list, maximum=len(AREAS))
    choose_areas = Flag(
        load_default=False,
        metadata={"description": "false: a visit treats all of `areas`; true: the booking names which."},
    )
    depth_mm = Number(minimum=0, maximum=10, load_default=None, allow_none=True)
    qualifications = Codes(load_default=list, maximum=20, metadata={"description": "All of these."})
    qualifications_any = Codes(load_default=list, maximum=20, metadata={"description": "One of these."})
    counts_as = Choice(EVENTS, load_default=None, allow_none=True)
    prerequisites = ListOf(Nested(PrerequisiteSchema), load_default=list, maximum=20)
    online = Flag(
        load_default=False,
        metadata={"description": "Whether publishable keys see it, and patients book it by a widget."},
    )
    description = Text(
        2000,
        lines=True,
        load_default=None,
        allow_none=True,
        metadata={"description": "What patients are told of it, in plain text."},
    )
    price = Nested(PriceSchema, load_default=None, allow_none=True)
    phases = ListOf(Nested(PhaseSchema), required=True, maximum=MOST_PHASES)
    patient_minutes = fields.Function(
        lambda procedure: _length(procedure["phases"], with_patient=True),
        required=True,
        metadata={
            "type": "integer",
            "description": "The minutes from the patient's arrival to when they leave.",
        },
    )
    first_visit = fields.Function(
        lambda procedure: not procedure["prerequisites"],
        required=True,
        metadata={"type": "boolean", "description": "Whether it has no prerequisites."},
    )
    active = Flag(load_default=True)
    affected = affected()

    @validates_schema
    def _is_a_visit(self, data: dict[str, Any], **_kwargs: object) -> None:
        phases = data.get("phases")
        if phases is None:
            return
        if not {phase["kind"] for phase in phases} & {"procedure", "consultation"}:
            raise ValidationError("Needs a phase of kind procedure (or consultation).", "phases")
        if not any(phase["patient"] for phase in phases):
            raise ValidationError("Needs a phase with the patient.", "phases")
        if _length(phases) > LONGEST_VISIT_MINUTES:
            raise ValidationError("A visit takes at most 12 hours.", "phases")

    @validates_schema
    def _stored_exactly(self, data: dict[str, Any], **_kwargs: object) -> None:
        depth = data.get("depth_mm")
        if depth is not None and round(depth, 2) != depth:
            raise ValidationError("Must have at most two decimals.", "depth_mm")


def _length(phases: list[dict[str, Any]], *, with_patient: bool = False) -> int:
    """Return the minutes from arrival to the end of the last phase, or of the last with the patient."""
    end = longest = 0
    for phase in phases:
        start = end if phase["at_minute"] is None else phase["at_minute"]
        end = start + phase["minutes"]
        longest = max(longest, end) if phase["patient"] or not with_patient else longest
    return longest


class ProcedureQuery(QueryArgs):
    """The query of the list of procedures."""

    code = Code()
    family = Code()
    active = QueryFlag()
