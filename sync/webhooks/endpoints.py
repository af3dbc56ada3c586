"""Creates, changes and deletes webhook endpoints, and rotates their secrets."""

import base64
import secrets
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Select

from booking.core.caller import Caller
from booking.core.crud import Collection, Values
from booking.core.errors import Invalid
from booking.core.events import audit
from booking.core.webhook_queue import wake
from models import WebhookEndpoint
from sync.outbound.outbound import ForbiddenAddressError, check_url

OVERLAP: Final = timedelta(hours=24)
"""How long the old secret signs beside the new one."""
_SECRET_BYTES: Final = 32
_HIDDEN: Final = frozenset(
    {
        "secret",
        "previous_secret",
        "previous_until",
        "disabled_at",
        "disabled_reason",
        "failing_since",
        "timeouts",
        "resting_until",
    }
)
_HEALTHY: Final[Values] = {
    "disabled_at": None,
    "disabled_reason": None,
    "failing_since": None,
    "timeouts": 0,
    "resting_until": None,
}


class Webhooks(Collection):
    """The clinic's endpoints."""

    name = "webhook"
    model = WebhookEndpoint
    locks = "id"
    # Secrets belong in no log, and the URLs of some receivers are secrets too.
    private = True

    def complete(self, before: Values | None, values: Values) -> None:
        """Reset an endpoint's health when it is switched on, or gets another URL."""
        if before is not None and (values.get("active") or ("url" in values and before["active"])):
            values |= _HEALTHY

    def follow(self, before: Values | None, after: Values | None) -> None:
        """Queue at once what has been waiting for an endpoint that is active after a change."""
        if before is not None and after is not None and after["active"]:
            wake(self.caller.session, [(self.caller.clinic_id, after["id"])])

    def show(self, found: list[Values]) -> None:
        """Say since when and why an endpoint is disabled."""
        for values in found:
            at, reason = values["disabled_at"], values["disabled_reason"]
            values["disabled"] = None if at is None else {"at": at, "reason": reason}


def create_webhook(caller: Caller, values: Values, *, allow_loopback: bool) -> Values:
    """Create an endpoint; its `secret` is in this result alone.

    Invalid for a URL that must not be called.
    """
    require_whole_clinic(caller)
    _check_url(values, allow_loopback=allow_loopback)
    secret = _fresh_secret()
    made = Webhooks(caller).create(values | {"secret": secret, "active": True})
    return _visible(made) | {"secret": secret}


def select_webhooks(caller: Caller) -> Select[Any]:
    """Select the clinic's endpoints."""
    require_whole_clinic(caller)
    return Webhooks(caller).select()


def show_webhooks(caller: Caller, endpoints: list[WebhookEndpoint]) -> list[Values]:
    """Give endpoints as clients see them."""
    return [_visible(one) for one in Webhooks(caller).represent(endpoints)]


def require_webhook(caller: Caller, webhook_id: UUID) -> None:
    """Raise NotFound unless the clinic has this endpoint."""
    require_whole_clinic(caller)
    Webhooks(caller).require(webhook_id)


def get_webhook(caller: Caller, webhook_id: UUID) -> Values:
    """Get an endpoint; NotFound when the clinic has none with this id."""
    require_whole_clinic(caller)
    return _visible(Webhooks(caller).get(webhook_id))


def change_webhook(
    caller: Caller, webhook_id: UUID, values: Values, expected: int | None, *, allow_loopback: bool
) -> Values:
    """Change an endpoint's URL, events or description, or switch it on or off."""
    require_whole_clinic(caller)
    _check_url(values, allow_loopback=allow_loopback)
    return _visible(Webhooks(caller).change(webhook_id, values, expected))


def delete_webhook(caller: Caller, webhook_id: UUID, expected: int | None) -> None:
    """Delete an endpoint with its deliveries."""
    require_whole_clinic(caller)
    Webhooks(caller).remove(webhook_id, expected)


def rotate_secret(caller: Caller, webhook_id: UUID, expected: int | None) -> Values:
    """Give an endpoint a new secret, shown only here; the old secret signs beside it for a day."""
    require_whole_clinic(caller)
    row, before = Webhooks(caller).lock_for_change(webhook_id, expected)
    fresh = _fresh_secret()
    values = {
        "previous_secret": before["secret"],
        "previous_until": caller.real_now + OVERLAP,
        "secret": fresh,
    }
    Webhooks(caller).write_changes(row, values)
    audit(caller, "webhook.secret_rotated", "webhook", webhook_id, {"fields": ["secret"]})
    return get_webhook(caller, webhook_id) | {"secret": fresh}


def _fresh_secret() -> str:
    return "whsec_" + base64.b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()


def _check_url(values: Values, *, allow_loopback: bool) -> None:
    if "url" in values:
        try:
            check_url(values["url"], allow_loopback=allow_loopback)
        except ForbiddenAddressError:
            raise Invalid("/url", "Must be an http or https URL with a public address.") from None


def require_whole_clinic(caller: Caller) -> None:
    """Refuse keys of some locations: a webhook reports what happens at all of them."""
    caller.require_every_location("A webhook tells of every location, so a key of some cannot manage any.")


def _visible(values: Values) -> Values:
    return {name: value for name, value in values.items() if name not in _HIDDEN}
