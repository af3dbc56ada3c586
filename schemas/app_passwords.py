"""App passwords as clients see them; the password itself is in the answer that makes it and nowhere else."""

from marshmallow import fields

from schemas.base import QueryArgs, Resource
from schemas.fields import Id, Text


class AppPasswordSchema(Resource):
    """What lets one calendar program at one therapist's calendars over CalDAV."""

    therapist_id = Id(required=True)
    name = Text(100, required=True, metadata={"description": "The device or program: `Ada's phone`."})
    password_hint = fields.String(
        dump_only=True, metadata={"description": "The password's last four characters."}
    )


class NewAppPasswordSchema(AppPasswordSchema):
    """All that a calendar program asks for, shown this once."""

    url = fields.String(dump_only=True, metadata={"description": "The server's address for the program."})
    username = fields.String(dump_only=True)
    password = fields.String(
        dump_only=True, metadata={"description": "Shown once; only its SHA-256 is stored."}
    )


class AppPasswordQuery(QueryArgs):
    """The query of the list."""

    therapist_id = Id()
