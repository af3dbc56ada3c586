"""API keys as clients see them; the key itself is only in the answer that makes it."""

from collections.abc import Sequence

from marshmallow import fields

from schemas.base import Resource, Schema
from schemas.fields import Choice, Id, Ids, Integer, Nested, SetOf, Text
from schemas.times import Instant, last_used

SCOPES: Sequence[str] = (
    "catalog:read",
    "catalog:write",
    "availability:read",
    "appointments:read",
    "appointments:write",
    "patients:read",
    "patients:write",
    "feeds:manage",
    "webhooks:manage",
    "changes:read",
    "audit:read",
    "override:desk",
    "override:therapist",
    "override:clinician",
    "override:dermatologist",
    "admin",
)
KINDS: Sequence[str] = ("secret", "publishable")


class ApiKeySchema(Resource):
    """A key: `secret` for servers and desks, `publishable` for a widget in a browser."""

    derived = ("last_used_at",)

    name = Text(100, required=True)
    kind = Choice(KINDS, required=True)
    scopes = SetOf(Choice(SCOPES), maximum=len(SCOPES), required=True)
    origins = SetOf(
        Text(300),
        maximum=20,
        load_default=list,
        metadata={"description": "The web origins a publishable key works from: `https://example.org`."},
    )
    location_ids = Ids(
        load_default=None,
        allow_none=True,
        metadata={"description": "The only locations that the key sees; null for all."},
    )
    expires_at = Instant(
        load_default=None,
        allow_none=True,
        metadata={"description": "By the real clock, sandbox or not; a new key's lies ahead."},
    )
    key_hint = fields.String(
        dump_only=True, required=True, metadata={"description": "The key's last four characters."}
    )
    revoked_at = Instant(dump_only=True, required=True, allow_none=True)
    previous_until = Instant(
        dump_only=True,
        required=True,
        allow_none=True,
        metadata={"description": "Until when the text before the last rotation goes on."},
    )
    last_used_at = last_used()


class RotationSchema(Schema):
    """How a key is rotated."""

    overlap_seconds = Integer(
        load_default=0,
        minimum=0,
        maximum=604_800,
        metadata={"description": "How long the present text goes on beside the new one; 0 ends it at once."},
    )


class KeyClinicSchema(Schema):
    """The clinic of a key."""

    id = Id(required=True)
    name = Text(200, required=True)


class OwnKeySchema(Schema):
    """What a key may know about itself."""

    name = Text(100, required=True)
    kind = Choice(KINDS, required=True)
    scopes = SetOf(Choice(SCOPES), maximum=len(SCOPES), required=True)
    location_ids = Ids(required=True, allow_none=True)
    clinic = Nested(KeyClinicSchema, required=True)


class NewApiKeySchema(ApiKeySchema):
    """A key with its secret, which is shown only this time."""

    key = fields.String(
        dump_only=True, required=True, metadata={"description": "Shown once; only its SHA-256 is stored."}
    )
