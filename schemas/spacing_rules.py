"""Spacing rules: days between an earlier treatment and a later treatment."""

from typing import Any

from marshmallow import ValidationError, validates_schema

from scheduling.clinical import AREAS, EVENTS, LADDER
from schemas.base import QueryArgs, Resource, Schema
from schemas.fields import Choice, Code, Flag, Integer, Nested, QueryFlag, SetOf
from schemas.locations import affected

MOST_DAYS = 3660
_NAMES = ("family", "procedure", "event")


class MatcherSchema(Schema):
    """Picks treatments by family, by a procedure's code or by event; no areas means any area."""

    family = Code(load_default=None, allow_none=True)
    procedure = Code(load_default=None, allow_none=True)
    event = Choice(EVENTS, load_default=None, allow_none=True)
    areas = SetOf(Choice(AREAS), load_default=list, maximum=len(AREAS))

    @validates_schema
    def _names_one(self, data: dict[str, Any], **_kwargs: object) -> None:
        if sum(data[name] is not None for name in _NAMES) != 1:
            raise ValidationError(f"Name exactly one of: {', '.join(_NAMES)}.")


class DaysSchema(Schema):
    """Numbers of days that rise from the floor to overdue, and who may go below the minimum."""

    floor_days = Integer(
        minimum=0,
        maximum=MOST_DAYS,
        required=True,
        metadata={"description": "Nobody may go below. A later rise does not touch what is booked."},
    )
    min_days = Integer(minimum=0, maximum=MOST_DAYS, required=True)
    recommended_days = Integer(minimum=0, maximum=MOST_DAYS, load_default=None, allow_none=True)
    overdue_days = Integer(minimum=0, maximum=MOST_DAYS, load_default=None, allow_none=True)
    override_by = Choice(
        LADDER,
        load_default=None,
        allow_none=True,
        metadata={"description": "Who may go below min_days; null: nobody."},
    )


class SpacingRuleSchema(Resource, DaysSchema):
    """A rule between two treatments of a patient; what it matches is fixed once it is made."""

    code = Code(required=True, metadata={"description": "Need not be unique: a rule may have several rows."})
    after = Nested(MatcherSchema, required=True, metadata={"description": "The earlier treatment."})
    before = Nested(MatcherSchema, required=True, metadata={"description": "The later treatment."})
    scope = Choice(("area", "patient"), required=True)
    active = Flag(load_default=True)
    affected = affected()


class SpacingRuleQuery(QueryArgs):
    """The query of the list of spacing rules."""

    code = Code()
    active = QueryFlag()
