"""App passwords as clients see them; the password itself is only in the answer that makes it."""

from marshmallow import fields

from schemas.base import QueryArgs, Resource
from schemas.fields import Id, Text
from schemas.times import last_used


class AppPasswordSchema(Resource):
    """A password with which a calendar program may use a therapist's calendars over CalDAV."""

    derived = ("last_used_at",)

    therapist_id = Id(required=True)
    name = Text(100, required=True, metadata={"description": "The device or program: `Ada's phone`."})
    password_hint = fields.String(
        dump_only=True, required=True, metadata={"description": "The password's last four characters."}
    )
    last_used_at = last_used()


class NewAppPasswordSchema(AppPasswordSchema):
    """All that a calendar program asks for; the password is shown only this time."""

    url = fields.String(
        dump_only=True, required=True, metadata={"description": "The server's address for the program."}
    )
    username = fields.String(dump_only=True, required=True)
    password = fields.String(
        dump_only=True, required=True, metadata={"description": "Shown once; only its SHA-256 is stored."}
    )


class AppPasswordQuery(QueryArgs):
    """The query of the list of app passwords."""

    therapist_id = Id()
