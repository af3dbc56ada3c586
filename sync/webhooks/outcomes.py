"""Notes the outcome of a webhook attempt: delivered, to be retried or failed, and the endpoint's health."""

import random
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select, update

from booking.core.caller import Caller
from booking.core.events import audit
from booking.core.notes import USE_NOTED_EVERY
from models import WebhookDelivery, WebhookEndpoint
from sync.webhooks.deliveries import come_back, lock_endpoint, of_endpoint
from sync.webhooks.payloads import Parcel
from sync.webhooks.retries import pause_after, requested_pause, rest_after

GIVEN_UP: Final = timedelta(days=5)
"""An endpoint whose attempts have all failed for so long is disabled."""
_KEPT_ATTEMPTS: Final = 50
# The count is kept in a smallint, and long before this the rest is as long as it gets.
_MOST_TIMEOUTS: Final = 1000
_ASKS_FOR_REST: Final = frozenset({HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE})


@dataclass(frozen=True, slots=True)
class Outcome:
    """The outcome of an attempt: an HTTP status, or an error code when no answer came."""

    status: int | None = None
    code: str | None = None
    retry_after: str | None = None

    @property
    def arrived(self) -> bool:
        """Whether the receiver has taken the message."""
        return self.status is not None and self.status // 100 == HTTPStatus.OK // 100


def note(caller: Caller, parcel: Parcel, outcome: Outcome) -> None:
    """Write the outcome of an attempt, unless the delivery is gone or its lease is no longer the parcel's."""
    # The endpoint's row comes first, as in `take`, so that the two cannot deadlock.
    endpoint = lock_endpoint(caller, parcel.endpoint_id)
    statement = select(WebhookDelivery).where(
        *of_endpoint(caller, parcel.endpoint_id),
        WebhookDelivery.id == parcel.delivery_id,
        WebhookDelivery.leased_until == parcel.leased_until,
    )
    delivery = caller.session.scalar(statement.with_for_update())
    if endpoint is None or delivery is None:
        return
    attempt = {"at": caller.real_now, "status": outcome.status, "code": outcome.code}
    delivery.attempts = [*delivery.attempts, attempt][-_KEPT_ATTEMPTS:]
    delivery.leased_until = None
    if outcome.arrived:
        delivery.status, delivery.next_attempt_at = "delivered", None
    else:
        _note_failure(caller, delivery, parcel, outcome)
    caller.session.flush()
    _note_health(caller, endpoint, outcome)


def _note_failure(caller: Caller, delivery: WebhookDelivery, parcel: Parcel, outcome: Outcome) -> None:
    """Schedule the delivery's next attempt, or give it up as failed."""
    delivery.tries = parcel.tries + 1
    pause = pause_after(delivery.tries, random.random())  # noqa: S311 - spreads load, keeps no secret
    if pause is None or outcome.status == HTTPStatus.GONE:
        delivery.status, delivery.next_attempt_at = "failed", None
        return
    pause = max(pause, _requested(caller, outcome))
    delivery.next_attempt_at = caller.real_now + pause
    come_back(caller, delivery.endpoint_id, pause, delivery.id)


def _requested(caller: Caller, outcome: Outcome) -> timedelta:
    asked = outcome.retry_after if outcome.status in _ASKS_FOR_REST else None
    return requested_pause(asked, caller.real_now) or timedelta()


def _note_health(caller: Caller, endpoint: WebhookEndpoint, outcome: Outcome) -> None:
    """Let the endpoint rest after a timeout or at its own request; disable it after 410 or GIVEN_UP."""
    if outcome.arrived:
        health: dict[str, Any] = {"failing_since": None, "timeouts": 0, "resting_until": None}
        used = endpoint.last_used_at
        if used is None or used <= caller.real_now - USE_NOTED_EVERY:
            health["last_used_at"] = caller.real_now
        _write_health(caller, endpoint, health)
        return
    timeouts = endpoint.timeouts + 1 if outcome.code == "timeout" else 0
    rest = max(rest_after(timeouts) if timeouts else timedelta(), _requested(caller, outcome))
    since = endpoint.failing_since or caller.real_now
    resting_until = caller.real_now + rest if rest else endpoint.resting_until
    _write_health(
        caller,
        endpoint,
        {"failing_since": since, "timeouts": min(timeouts, _MOST_TIMEOUTS), "resting_until": resting_until},
    )
    if endpoint.active and outcome.status == HTTPStatus.GONE:
        _disable(caller, endpoint, "gone")
    elif endpoint.active and since <= caller.real_now - GIVEN_UP:
        _disable(caller, endpoint, "failing")


def _write_health(caller: Caller, endpoint: WebhookEndpoint, health: Mapping[str, Any]) -> None:
    """Write the values that differ; they are no change by a client, so `version` and `updated_at` stay."""
    changed = {name: value for name, value in health.items() if getattr(endpoint, name) != value}
    if changed:
        _update(caller, endpoint.id, {**changed, "updated_at": WebhookEndpoint.updated_at})


def _disable(caller: Caller, endpoint: WebhookEndpoint, reason: str) -> None:
    values = {"active": False, "disabled_at": caller.real_now, "disabled_reason": reason}
    _update(caller, endpoint.id, {**values, "version": WebhookEndpoint.version + 1})
    audit(caller, "webhook.disabled", "webhook", endpoint.id, {"reason": reason})


def _update(caller: Caller, endpoint_id: UUID, values: Mapping[str, Any]) -> None:
    own = (WebhookEndpoint.clinic_id == caller.clinic_id, WebhookEndpoint.id == endpoint_id)
    statement = update(WebhookEndpoint).where(*own).values(**values)
    caller.session.execute(statement, execution_options={"synchronize_session": False})
