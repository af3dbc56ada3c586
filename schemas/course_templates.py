"""Course templates: the procedures, the sessions and the spacing of a kind of course."""

from marshmallow import validate

from schemas.base import QueryArgs, Resource
from schemas.fields import Code, Flag, Id, Ids, Integer, Nested, QueryFlag, Text
from schemas.locations import affected
from schemas.spacing_rules import MOST_DAYS, DaysSchema

MOST_SESSIONS = 50
MOST_MONTHS = 60


class TemplateSpacingSchema(DaysSchema):
    """The days between two sessions of the same course."""

    code = Code(metadata={"description": "What refusals and warnings name; by default the template's."})


class CourseTemplateSchema(Resource):
    """A kind of course; its code is fixed once it has courses."""

    code = Code(required=True)
    name = Text(200, required=True)
    procedure_ids = Ids(
        required=True,
        maximum=20,
        validate=validate.Length(min=1, error="Needs at least one procedure."),
        metadata={"description": "What its sessions are; the first is the default."},
    )
    sessions = Integer(
        required=True,
        minimum=1,
        maximum=MOST_SESSIONS,
        metadata={"description": "How many a course has unless it says otherwise."},
    )
    min_sessions = Integer(minimum=1, maximum=MOST_SESSIONS, load_default=1)
    max_sessions = Integer(minimum=1, maximum=MOST_SESSIONS, load_default=MOST_SESSIONS)
    spacing = Nested(
        TemplateSpacingSchema,
        load_default=None,
        allow_none=True,
        metadata={
            "description": "Between sessions of one course it beats the spacing rules; null: they apply.",
        },
    )
    review_days = Integer(
        minimum=1,
        maximum=MOST_DAYS,
        load_default=None,
        allow_none=True,
        metadata={"description": "Days after the last session on which a review is due; null: none."},
    )
    maintenance_opens_months = Integer(
        minimum=1,
        maximum=MOST_MONTHS,
        load_default=None,
        allow_none=True,
        metadata={"description": "Calendar months after the last session; null: no maintenance."},
    )
    maintenance_closes_months = Integer(minimum=1, maximum=MOST_MONTHS, load_default=None, allow_none=True)
    active = Flag(load_default=True)
    affected = affected()


class CourseTemplateQuery(QueryArgs):
    """The query of the list of course templates."""

    code = Code()
    active = QueryFlag()
    procedure_id = Id(metadata={"description": "Templates that have this procedure among theirs."})
