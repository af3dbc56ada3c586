"""API keys over HTTP: `/v1/api-keys`."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

from api import clock
from api.blueprints import Blueprint
from api.etags import Version, expected_version
from api.paging import page
from booking.catalogue import api_keys as keys
from booking.core.caller import Caller
from models.api_keys import ApiKey
from schemas.api_keys import ApiKeySchema, NewApiKeySchema, OwnKeySchema, RotationSchema
from schemas.base import QueryArgs, page_of, patch_of

blp = Blueprint(
    "api-keys", "api-keys", url_prefix="/v1/api-keys", description="Keys of servers, desks and widgets."
)
own = Blueprint("key", "key", url_prefix="/v1/key", description="The key that a request is sent with.")
# No cache may keep a key.
SHOWN_ONCE: Mapping[str, str] = {"Cache-Control": "no-store"}


@own.route("", methods=["GET"])
@own.needs(None, public=True)
@own.response(200, OwnKeySchema)
def get_own_key(caller: Caller) -> Mapping[str, Any]:
    """Get what the request's own key may do, and for which clinic."""
    return keys.own_key(caller)


@blp.route("", methods=["GET"])
@blp.needs("admin")
@blp.arguments(QueryArgs, location="query")
@blp.response(200, page_of(ApiKeySchema))
def list_api_keys(caller: Caller, query: dict[str, Any]) -> dict[str, Any]:
    """List the API keys, by default oldest first."""
    return page(caller.session, keys.select_api_keys(caller), ApiKey, query)


@blp.route("", methods=["POST"])
@blp.needs("admin")
@blp.arguments(ApiKeySchema)
@blp.response(201, NewApiKeySchema)
def create_api_key(caller: Caller, body: dict[str, Any]) -> tuple[ApiKey, Mapping[str, str]]:
    """Create an API key; `key` is shown this once."""
    return _shown(*keys.create_api_key(caller, body)), SHOWN_ONCE


@blp.route("/<uuid:key_id>", methods=["GET"])
@blp.needs("admin")
@blp.response(200, ApiKeySchema)
def get_api_key(caller: Caller, key_id: UUID) -> ApiKey:
    """Get an API key."""
    return keys.get_api_key(caller, key_id)


@blp.route("/<uuid:key_id>", methods=["PATCH"])
@blp.needs("admin")
@blp.arguments(patch_of(ApiKeySchema, *keys.FIXED))
@blp.response(200, ApiKeySchema)
def update_api_key(caller: Caller, body: dict[str, Any], key_id: UUID) -> ApiKey:
    """Change an API key's name, scopes, origins, locations or expiry."""
    expected = expected_version(body)
    return keys.update_api_key(caller, key_id, body, expected)


@blp.action("/<uuid:key_id>/rotate", "admin", NewApiKeySchema, takes=RotationSchema, version=Version.OPTIONAL)
def rotate_api_key(
    caller: Caller, body: dict[str, Any], key_id: UUID, expected: int | None
) -> tuple[ApiKey, Mapping[str, str]]:
    """Give an API key a new secret; the old secret ends at once, or goes on for `overlap_seconds`."""
    overlap = timedelta(seconds=body["overlap_seconds"])
    return _shown(*keys.rotate_api_key(caller, key_id, overlap, expected)), SHOWN_ONCE


@blp.action("/<uuid:key_id>/revoke", "admin", ApiKeySchema, version=Version.OPTIONAL)
def revoke_api_key(caller: Caller, key_id: UUID, expected: int | None) -> ApiKey:
    """Revoke an API key for good."""
    return keys.revoke_api_key(caller, key_id, clock.now(), expected)


def _shown(key: ApiKey, text: str) -> ApiKey:
    """Let the answer carry the key's text, which no column holds."""
    key.key = text  # type: ignore[attr-defined]
    return key
