"""Therapists (all bookable staff) with their qualifications and working hours."""

from collections.abc import Mapping
from typing import Any

from marshmallow import ValidationError, fields, validates_schema

from scheduling.clinical import AREAS
from schemas.base import QueryArgs, Resource
from schemas.fields import Code, Flag, Id, ListOf, Nested, Number, QueryFlag, Strict, Text, documented
from schemas.locations import affected
from schemas.times import TimeOfDay
from schemas.weekly import ValiditySchema, WeeklySchema, refuse_overlaps

DEEPEST_MM = 10


class Depth(Strict, fields.Field[Any]):
    """A depth in millimetres: a single depth for every area, or a depth by area."""

    def __init__(self, **kwargs: Any) -> None:  # noqa: ANN401 - marshmallow's own
        number = {"type": "number", "minimum": 0, "maximum": DEEPEST_MM}
        by_area = {"type": "object", "additionalProperties": number, "propertyNames": {"enum": list(AREAS)}}
        super().__init__(**documented(kwargs, anyOf=[number, by_area, {"type": "null"}]))
        self._number = Number(minimum=0, maximum=DEEPEST_MM)

    def _read(self, value: object) -> float | Mapping[str, float]:
        if not isinstance(value, dict):
            return float(self._number.deserialize(value))
        unknown = sorted(value.keys() - set(AREAS))
        if unknown:
            raise ValidationError({area: ["No such area."] for area in unknown})
        return {area: self._limit_on(area, depth) for area, depth in value.items()}

    def _limit_on(self, area: str, depth: object) -> float:
        try:
            return float(self._number.deserialize(depth))
        except ValidationError as error:
            raise ValidationError({area: error.messages}) from None


class QualificationSchema(ValiditySchema):
    """What a member of staff may do; without a location everywhere, without a depth to the code's limit."""

    code = Code(required=True)
    max_depth_mm = Depth(load_default=None, allow_none=True)
    location_id = Id(load_default=None, allow_none=True)


class WorkingHoursSchema(WeeklySchema):
    """A weekly period of work at a location, by its wall clock."""

    location_id = Id(required=True)
    starts = TimeOfDay(required=True)
    ends = TimeOfDay(required=True, end=True)


class TherapistSchema(Resource):
    """A member of staff; with `treats` they may lead a visit, without it they only assist."""

    name = Text(200, required=True)
    treats = Flag(load_default=True)
    qualifications = ListOf(Nested(QualificationSchema), load_default=list)
    working_hours = ListOf(Nested(WorkingHoursSchema), load_default=list)
    active = Flag(load_default=True)
    affected = affected()

    @validates_schema
    def _no_overlaps(self, data: dict[str, Any], **_kwargs: object) -> None:
        refuse_overlaps("working_hours", data.get("working_hours", ()), lambda period: period["location_id"])


class TherapistQuery(QueryArgs):
    """The query of the list of therapists."""

    location_id = Id(
        metadata={"description": "Those who have working hours there, or special hours on some date."}
    )
    procedure_id = Id(
        metadata={
            "description": "Those who may lead the procedure today, on all of its areas, at the location or, "
            "without one, at any: active staff who treat, with valid qualifications that go deep enough."
        }
    )
    active = QueryFlag()
