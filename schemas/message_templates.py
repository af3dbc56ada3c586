"""Message templates: the clinic's own words for each kind of message."""

from scheduling.messages import MOMENT_OF
from schemas.base import QueryArgs, Resource
from schemas.fields import Choice, Flag, QueryChoices, Text

LONGEST_SUBJECT = 200
LONGEST_BODY = 5000
_FIELDS = (
    "Fields in braces: {patient}, {clinic}, {location}, {date}, {time}, {cancel_until}, and {manage_url}, "
    "the link by which the patient confirms, moves or cancels the visit."
)


class MessageTemplateSchema(Resource):
    """What a kind of message says; every clinic has a template for each kind."""

    kind = Choice(tuple(MOMENT_OF), required=True)
    subject = Text(LONGEST_SUBJECT, required=True, metadata={"description": _FIELDS})
    body = Text(LONGEST_BODY, lines=True, required=True, metadata={"description": _FIELDS})
    active = Flag(required=True, metadata={"description": "Without its template a kind is not sent."})


class MessageTemplateQuery(QueryArgs):
    """The query of the list of message templates."""

    kind = QueryChoices(tuple(MOMENT_OF))
