"""Webhooks as clients see them; a secret is only in the answers that make it."""

from marshmallow import fields

from models.webhooks import EVENT_TYPES
from schemas.base import QueryArgs, Resource, Schema
from schemas.fields import Choice, Flag, Id, ListOf, Nested, QueryChoices, SetOf, Text
from schemas.times import Instant, last_used

_MOST_URL = 2000


class DisabledSchema(Schema):
    """Since when nothing is sent any more, and why."""

    at = Instant(required=True)
    reason = Choice(
        ("gone", "failing"),
        required=True,
        metadata={"description": "`gone`: it answered 410; `failing`: nothing arrived for five days."},
    )


class WebhookSchema(Resource):
    """A URL and the events that are sent to it."""

    derived = ("last_used_at", "disabled")

    url = Text(
        _MOST_URL,
        required=True,
        metadata={"format": "uri", "description": "http or https, on a public host."},
    )
    events = SetOf(Choice(EVENT_TYPES), minimum=1, maximum=len(EVENT_TYPES), required=True)
    description = Text(500, load_default=None, allow_none=True)
    active = Flag(
        dump_only=True,
        required=True,
        metadata={"description": "Whether anything is sent; `false` makes it pause."},
    )
    disabled = Nested(DisabledSchema, dump_only=True, required=True, allow_none=True)
    last_used_at = last_used("When a message arrived here last")


class WebhookChangeSchema(WebhookSchema):
    """The parts of a webhook that may change; `active: true` ends a disablement too."""

    active = Flag()


class NewWebhookSchema(WebhookSchema):
    """A webhook with its secret, which is shown only this time."""

    secret = fields.String(
        dump_only=True,
        required=True,
        metadata={"description": "`whsec_` and base64; shown this once, to verify signatures."},
    )


class AttemptSchema(Schema):
    """The result of an attempt: an HTTP status, or a code where there was none."""

    at = Instant(required=True)
    status = fields.Integer(required=True, allow_none=True)
    code = fields.String(
        required=True,
        allow_none=True,
        metadata={
            "description": "Why there was no status.",
            "enum": ["timeout", "connection", "tls", "too_large", "bad_answer", "forbidden_address", None],
        },
    )


class DeliverySchema(Schema):
    """An event on its way to a webhook; the answers of receivers are not kept."""

    id = Id(required=True)
    webhook_id = Id(required=True)
    event_id = Id(
        required=True,
        allow_none=True,
        metadata={
            "description": "The header `webhook-id`; null for a ping, which goes by the delivery's id."
        },
    )
    type = Choice((*EVENT_TYPES, "ping"), required=True)
    status = Choice(("pending", "delivered", "failed"), required=True)
    attempts = ListOf(Nested(AttemptSchema), required=True, metadata={"description": "The latest 50."})
    next_attempt_at = Instant(required=True, allow_none=True)
    created_at = Instant(required=True)


class DeliveryQuery(QueryArgs):
    """The query of an endpoint's deliveries."""

    status = QueryChoices(("pending", "delivered", "failed"))
