"""Calendar feeds as clients see them; the address is only in the answer that makes it."""

from marshmallow import fields

from schemas.base import Resource
from schemas.fields import Choice, Id
from schemas.times import last_used

DETAILS = ("busy", "reference", "initials")


class CalendarFeedSchema(Resource):
    """An iCalendar feed of a resource, a location or a patient: exactly one of the three is given."""

    derived = ("last_used_at",)

    resource_id = Id(
        load_default=None, allow_none=True, metadata={"description": "A therapist, a room or a device."}
    )
    location_id = Id(load_default=None, allow_none=True)
    patient_id = Id(load_default=None, allow_none=True)
    detail = Choice(
        DETAILS,
        required=True,
        metadata={
            "description": "What events say: nothing, a short reference of the appointment, or the "
            "patient's initials."
        },
    )
    token_hint = fields.String(
        dump_only=True,
        required=True,
        metadata={"description": "The last four characters of the address's token."},
    )
    last_used_at = last_used()


class NewCalendarFeedSchema(CalendarFeedSchema):
    """A feed with its address, which is shown only this time."""

    url = fields.String(
        dump_only=True,
        required=True,
        metadata={"description": "Shown once. Whoever knows it can read the feed; only a hash is stored."},
    )
