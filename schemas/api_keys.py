"""API keys as clients see them; the key itself is only in the answer that makes it."""

from collections.abc import Sequence

from marshmallow import fields

from schemas.base import Resource
from schemas.fields import Choice, Ids, SetOf, Text
from schemas.times import Instant

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
    "override:desk",
    "override:therapist",
    "override:clinician",
    "override:dermatologist",
    "admin",
)
KINDS: Sequence[str] = ("secret", "publishable")


class ApiKeySchema(Resource):
    """A key: `secret` for servers and desks, `publishable` for a widget in a browser."""

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


class NewApiKeySchema(ApiKeySchema):
    """A key with its secret, which is shown only this time."""

    key = fields.String(
        dump_only=True, required=True, metadata={"description": "Shown once; only its SHA-256 is stored."}
    )
