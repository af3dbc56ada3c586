"""Medical holds: reasons not to treat a patient."""

from marshmallow import fields

from scheduling.clinical import AREAS, HOLDS
from schemas.appointments import ActionSchema
from schemas.base import QueryArgs, Resource, Schema
from schemas.fields import Choice, Flag, Id, Nested, SetOf, Text
from schemas.hold_rules import RELEASED_BY
from schemas.locations import affected
from schemas.times import LocalDate


class SignedOffSchema(Schema):
    """When, by whom and why a patient may be treated despite the hold."""

    at = fields.String(required=True, metadata={"format": "date-time"})
    actor = fields.String(required=True, allow_none=True, metadata={"description": "From `X-Actor`."})
    key_id = Id(required=True, allow_none=True)
    reason = fields.String(required=True)


class MedicalHoldSchema(Resource):
    """A reason not to treat a patient; its code and its first day are fixed once it is made."""

    patient_id = Id(dump_only=True, required=True)
    code = Choice(HOLDS, required=True)
    areas = SetOf(
        Choice(AREAS),
        load_default=list,
        maximum=len(AREAS),
        metadata={"description": "Where; none: everywhere. To take one away needs the level."},
    )
    opened_on = LocalDate(required=True, metadata={"description": "Not in the future."})
    resolved_on = LocalDate(
        load_default=None,
        allow_none=True,
        metadata={"description": "Not before `opened_on`, not in the future. To change it needs the level."},
    )
    earliest_on = LocalDate(
        load_default=None,
        allow_none=True,
        metadata={"description": "No treatment before this date. To change it needs the level."},
    )
    signed_off = Nested(SignedOffSchema, dump_only=True, required=True, allow_none=True)
    released_by = Choice(
        RELEASED_BY,
        dump_only=True,
        required=True,
        metadata={"description": "The level, `override:...`, that releasing the hold needs: its rule's."},
    )
    affected = affected()


class NewMedicalHoldSchema(MedicalHoldSchema):
    """A medical hold to open."""

    release_appointments = Flag(
        load_only=True,
        load_default=False,
        metadata={"description": "Whether the visits that the hold stands against are cancelled."},
    )


class SignOffSchema(ActionSchema):
    """Why a patient may be treated despite the medical hold."""

    reason = Text(1000, required=True, lines=True)


class MedicalHoldQuery(QueryArgs):
    """The query of the list of a patient's medical holds."""
