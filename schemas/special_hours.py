"""Special hours: the periods of one date in place of the weekly ones."""

from itertools import pairwise
from typing import Any

from marshmallow import ValidationError, validates_schema

from schemas.base import QueryArgs, Resource, Schema
from schemas.fields import Id, ListOf, Nested
from schemas.locations import affected
from schemas.times import LocalDate, TimeOfDay

MOST_PERIODS = 48


class SpecialPeriodSchema(Schema):
    """A part of a date, by the location's wall clock."""

    opens = TimeOfDay(required=True, attribute="starts")
    closes = TimeOfDay(required=True, attribute="ends", end=True)

    @validates_schema
    def _has_length(self, data: dict[str, Any], **_kwargs: object) -> None:
        if data["starts"] >= data["ends"]:
            raise ValidationError("Must be later than the period begins.", "closes")


class SpecialDaySchema(Resource):
    """The hours of one date in place of the weekly ones, on a public holiday too."""

    on = LocalDate(required=True, metadata={"description": "The date at the location."})
    periods = ListOf(
        Nested(SpecialPeriodSchema),
        required=True,
        maximum=MOST_PERIODS,
        metadata={"description": "None: closed on that date."},
    )
    affected = affected()

    @validates_schema
    def _no_overlaps(self, data: dict[str, Any], **_kwargs: object) -> None:
        periods = data.get("periods", ())
        order = sorted(range(len(periods)), key=lambda place: periods[place]["starts"])
        for one, other in pairwise(order):
            if periods[other]["starts"] < periods[one]["ends"]:
                raise ValidationError({"periods": {max(one, other): ["Overlaps another period."]}})


class SpecialOpeningDaySchema(SpecialDaySchema):
    """When a location opens on one date, also on a public holiday; its closures still close it."""

    location_id = Id(dump_only=True, required=True)


class SpecialWorkingDaySchema(SpecialDaySchema):
    """When a member of staff works at a location on one date; their hours at other locations stay."""

    therapist_id = Id(dump_only=True, required=True)
    location_id = Id(required=True)
    periods = ListOf(
        Nested(SpecialPeriodSchema),
        required=True,
        maximum=MOST_PERIODS,
        metadata={"description": "None: not working there on that date."},
    )


class SpecialDayQuery(QueryArgs):
    """The query of a list of special hours: those of a half-open range of dates, or all."""

    from_ = LocalDate(data_key="from")
    until = LocalDate()

    @validates_schema(skip_on_field_errors=True)
    def _in_order(self, data: dict[str, Any], **_kwargs: object) -> None:
        if "from_" in data and "until" in data and data["until"] <= data["from_"]:
            raise ValidationError("Must be after from.", "until")
