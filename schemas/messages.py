"""Messages that are due to patients, with what a clinic's mail or text gateway needs."""

from marshmallow import fields

from scheduling.messages import MOMENT_OF
from schemas.base import PageArgs, Schema
from schemas.fields import Id, Nested, QueryChoices
from schemas.times import Instant

MESSAGE_KINDS = (*MOMENT_OF, "booking_code")
STATUSES = ("planned", "due", "sending", "failed")


class MessageQuery(PageArgs):
    """The query of the list of messages."""

    due_by = Instant(
        required=True, metadata={"description": "Messages due until then, at most 31 days ahead."}
    )
    location_id = Id()
    patient_id = Id()
    appointment_id = Id()
    kind = QueryChoices(MESSAGE_KINDS)


class RecipientSchema(Schema):
    """The patient whom a message is for; of a code only the address is known."""

    name = fields.String(required=True)
    email = fields.String(required=True, allow_none=True)
    phone = fields.String(required=True, allow_none=True)


class MessageSchema(Schema):
    """A message that has not been sent, as it would go out now."""

    id = fields.String(required=True, metadata={"description": "Stays while the visit is where it is."})
    kind = fields.String(required=True, metadata={"enum": list(MESSAGE_KINDS)})
    appointment_id = Id(required=True, allow_none=True, metadata={"description": "Null for a code."})
    patient_id = Id(required=True, allow_none=True)
    location_id = Id(required=True, allow_none=True)
    due_at = Instant(required=True)
    expires_at = Instant(required=True, metadata={"description": "From then on it is not sent any more."})
    status = fields.String(required=True, metadata={"enum": list(STATUSES)})
    to = Nested(RecipientSchema, required=True)
    subject = fields.String(required=True)
    body = fields.String(required=True)


class SentMessageSchema(Schema):
    """A message that has been sent."""

    id = fields.String(required=True)
    kind = fields.String(required=True, metadata={"enum": list(MESSAGE_KINDS)})
    appointment_id = Id(required=True, allow_none=True)
    status = fields.String(required=True, metadata={"enum": ["sent"]})
    sent_at = Instant(required=True)
