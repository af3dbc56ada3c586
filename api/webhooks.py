"""Webhooks over HTTP: `/v1/webhooks`, their deliveries, and the same below `/v1/deliveries`."""

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from api.api_keys import SHOWN_ONCE
from api.blueprints import Blueprint
from api.etags import Version, expected_version
from api.paging import page
from api.state import allow_loopback
from booking.core.caller import Caller
from models import WebhookDelivery, WebhookEndpoint
from schemas.base import QueryArgs, page_of, patch_of
from schemas.webhooks import (
    DeliveryQuery,
    DeliverySchema,
    NewWebhookSchema,
    WebhookChangeSchema,
    WebhookSchema,
)
from sync.webhooks import deliveries, endpoints

blp = Blueprint(
    "webhooks",
    "webhooks",
    url_prefix="/v1/webhooks",
    description="Addresses of a clinic's servers that get events, signed after Standard Webhooks.",
)
again = Blueprint(
    "deliveries", "deliveries", url_prefix="/v1/deliveries", description="Deliveries by their ids."
)
_SCOPE: Final = "webhooks:manage"


@blp.route("", methods=["GET"])
@blp.needs(_SCOPE)
@blp.arguments(QueryArgs, location="query")
@blp.response(200, page_of(WebhookSchema))
def list_webhooks(caller: Caller, query: dict[str, Any]) -> dict[str, Any]:
    """List the webhooks, by default oldest first."""
    found = page(caller.session, endpoints.select_webhooks(caller), WebhookEndpoint, query)
    return found | {"items": endpoints.show_webhooks(caller, found["items"])}


@blp.route("", methods=["POST"])
@blp.needs(_SCOPE)
@blp.arguments(WebhookSchema)
@blp.response(201, NewWebhookSchema)
def create_webhook(caller: Caller, body: dict[str, Any]) -> tuple[dict[str, Any], Mapping[str, str]]:
    """Create a webhook; `secret` is shown this once."""
    return endpoints.create_webhook(caller, body, allow_loopback=allow_loopback()), SHOWN_ONCE


@blp.route("/<uuid:webhook_id>", methods=["GET"])
@blp.needs(_SCOPE)
@blp.response(200, WebhookSchema)
def get_webhook(caller: Caller, webhook_id: UUID) -> dict[str, Any]:
    """Get a webhook."""
    return endpoints.get_webhook(caller, webhook_id)


@blp.route("/<uuid:webhook_id>", methods=["PATCH"])
@blp.needs(_SCOPE)
@blp.arguments(patch_of(WebhookChangeSchema))
@blp.response(200, WebhookSchema)
def update_webhook(caller: Caller, body: dict[str, Any], webhook_id: UUID) -> dict[str, Any]:
    """Change a webhook's URL, events or description, pause or resume it.

    While it is not `active` no delivery is queued for it; earlier deliveries go on when it is active again.
    """
    expected = expected_version(body)
    return endpoints.change_webhook(caller, webhook_id, body, expected, allow_loopback=allow_loopback())


@blp.route("/<uuid:webhook_id>", methods=["DELETE"])
@blp.needs(_SCOPE)
@blp.response(204)
def delete_webhook(caller: Caller, webhook_id: UUID) -> None:
    """Delete a webhook with its deliveries."""
    endpoints.delete_webhook(caller, webhook_id, expected_version())


@blp.action("/<uuid:webhook_id>/rotate-secret", _SCOPE, NewWebhookSchema, version=Version.OPTIONAL)
def rotate_webhook_secret(
    caller: Caller, webhook_id: UUID, expected: int | None
) -> tuple[dict[str, Any], Mapping[str, str]]:
    """Give a webhook a new secret, shown this once; the old secret signs beside it for 24 hours."""
    return endpoints.rotate_secret(caller, webhook_id, expected), SHOWN_ONCE


@blp.action("/<uuid:webhook_id>/ping", _SCOPE, DeliverySchema, status=202)
def ping_webhook(caller: Caller, webhook_id: UUID) -> dict[str, Any]:
    """Queue a message of the type `ping`, for a webhook of any events.

    409 `wrong_status` while the webhook is not active.
    """
    return deliveries.ping(caller, webhook_id)


@blp.route("/<uuid:webhook_id>/deliveries", methods=["GET"])
@blp.needs(_SCOPE)
@blp.arguments(DeliveryQuery, location="query")
@blp.response(200, page_of(DeliverySchema))
def list_webhook_deliveries(caller: Caller, query: dict[str, Any], webhook_id: UUID) -> dict[str, Any]:
    """List the deliveries of the last 30 days, by default oldest first."""
    select = deliveries.select_deliveries(caller, webhook_id, query.get("status"))
    found = page(caller.session, select, WebhookDelivery, query)
    return found | {"items": deliveries.show_deliveries(found["items"])}


@blp.action("/<uuid:webhook_id>/deliveries/<uuid:delivery_id>/redeliver", _SCOPE, DeliverySchema, status=202)
def redeliver_webhook(caller: Caller, webhook_id: UUID, delivery_id: UUID) -> dict[str, Any]:
    """Queue a delivery again, with the same `webhook-id`, even if it has succeeded.

    409 `wrong_status` while the webhook is not active.
    """
    return deliveries.redeliver(caller, delivery_id, webhook_id)


@again.action("/<uuid:delivery_id>/redeliver", _SCOPE, DeliverySchema, status=202)
def redeliver(caller: Caller, delivery_id: UUID) -> dict[str, Any]:
    """Queue a delivery again, as below its webhook."""
    return deliveries.redeliver(caller, delivery_id)
