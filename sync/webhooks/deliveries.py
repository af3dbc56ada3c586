"""Lists webhook deliveries, queues pings and redeliveries, and finds deliveries that are due."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Select, SQLColumnExpression, delete, exists, or_, select

from booking.core.caller import Caller
from booking.core.crud import Values
from booking.core.errors import NotFound, WrongStatus
from booking.core.queue import defer_once
from booking.core.webhook_queue import QUEUE, TASK, wake
from models import WebhookDelivery, WebhookEndpoint
from models.webhooks import PING
from sync.webhooks.endpoints import require_webhook, require_whole_clinic

KEPT: Final = timedelta(days=30)
"""How long deliveries are kept and can be looked up."""
_SOON: Final = timedelta(minutes=1)


def select_deliveries(caller: Caller, webhook_id: UUID, statuses: Sequence[str] | None = None) -> Select[Any]:
    """Select an endpoint's deliveries, all or those of some statuses; NotFound for an unknown endpoint."""
    require_webhook(caller, webhook_id)
    own = select(WebhookDelivery).where(*of_endpoint(caller, webhook_id))
    return own if statuses is None else own.where(WebhookDelivery.status.in_(statuses))


def show_deliveries(deliveries: Iterable[WebhookDelivery]) -> list[Values]:
    """Give deliveries as clients see them."""
    return [
        {
            "id": one.id,
            "webhook_id": one.endpoint_id,
            "event_id": one.event_id,
            "type": one.type,
            "status": one.status,
            "attempts": [{**made, "at": datetime.fromisoformat(str(made["at"]))} for made in one.attempts],
            "next_attempt_at": one.next_attempt_at,
            "created_at": one.created_at,
        }
        for one in deliveries
    ]


def ping(caller: Caller, webhook_id: UUID) -> Values:
    """Queue a ping to an endpoint; WrongStatus when the endpoint is switched off."""
    require_webhook(caller, webhook_id)
    endpoint = _active(caller, webhook_id)
    made = WebhookDelivery(clinic_id=caller.clinic_id, endpoint_id=endpoint.id, event_id=None, type=PING)
    caller.session.add(made)
    caller.session.flush()
    caller.session.refresh(made)
    wake(caller.session, [(caller.clinic_id, endpoint.id)])
    return show_deliveries([made])[0]


def redeliver(caller: Caller, delivery_id: UUID, webhook_id: UUID | None = None) -> Values:
    """Queue a delivery again, in any status; the attempts so far stay listed.

    A delivery that a worker is sending just now is left alone. WrongStatus when the endpoint is switched off.
    """
    require_whole_clinic(caller)
    own = (WebhookDelivery.clinic_id == caller.clinic_id, WebhookDelivery.id == delivery_id)
    statement = select(WebhookDelivery).where(*own).execution_options(populate_existing=True)
    # Read without a lock first: it names the endpoint, whose row must be locked before the delivery's.
    found = caller.session.scalar(statement)
    if found is None or webhook_id not in {None, found.endpoint_id}:
        raise NotFound("delivery")
    endpoint = _active(caller, found.endpoint_id)
    delivery = caller.session.scalars(statement.with_for_update()).one()
    if delivery.leased_until is None or delivery.leased_until <= caller.real_now:
        delivery.status, delivery.tries, delivery.next_attempt_at = "pending", 0, caller.real_now
        delivery.leased_until = None
        caller.session.flush()
        wake(caller.session, [(caller.clinic_id, endpoint.id)])
    return show_deliveries([delivery])[0]


def _active(caller: Caller, webhook_id: UUID) -> WebhookEndpoint:
    """Lock the endpoint and give it; NotFound, or WrongStatus when it is switched off."""
    endpoint = lock_endpoint(caller, webhook_id)
    if endpoint is None:
        raise NotFound("webhook")
    if not endpoint.active:
        raise WrongStatus(("active",), "The webhook is not active: nothing is sent to it.")
    return endpoint


def lock_endpoint(caller: Caller, endpoint_id: UUID) -> WebhookEndpoint | None:
    """Lock the endpoint's row, always before rows of its deliveries, and give it as it is now, or None."""
    own = (WebhookEndpoint.clinic_id == caller.clinic_id, WebhookEndpoint.id == endpoint_id)
    # FOR NO KEY UPDATE, so that bookings can go on to insert deliveries that refer to this row.
    statement = select(WebhookEndpoint).where(*own).with_for_update(key_share=True)
    return caller.session.scalar(statement.execution_options(populate_existing=True))


def of_endpoint(
    caller: Caller, endpoint_id: UUID | SQLColumnExpression[UUID]
) -> tuple[ColumnElement[bool], ...]:
    """Give the SQL conditions that select an endpoint's deliveries."""
    return (WebhookDelivery.clinic_id == caller.clinic_id, WebhookDelivery.endpoint_id == endpoint_id)


def due(caller: Caller, endpoint_id: UUID | SQLColumnExpression[UUID]) -> Select[UUID]:
    """Select the deliveries whose time has come and that no worker has leased."""
    return select(WebhookDelivery.id).where(
        *of_endpoint(caller, endpoint_id),
        WebhookDelivery.status == "pending",
        WebhookDelivery.next_attempt_at <= caller.real_now,
        or_(WebhookDelivery.leased_until.is_(None), WebhookDelivery.leased_until <= caller.real_now),
    )


def come_back(
    caller: Caller, endpoint_id: UUID, pause: timedelta = timedelta(), to: UUID | None = None
) -> None:
    """Queue the work on an endpoint's deliveries after a pause; the minute's round sees to longer pauses.

    At most one such job waits for an endpoint, or for the delivery that `to` names.
    """
    if pause > _SOON:
        return
    defer_once(
        caller.session,
        TASK,
        caller.real_now + pause if pause else None,
        queue=QUEUE,
        lock=f"{TASK} {to or endpoint_id}",
        clinic_id=str(caller.clinic_id),
        endpoint_id=str(endpoint_id),
    )


def wake_overdue(caller: Caller) -> int:
    """Queue every endpoint with due deliveries, also where a worker was lost; give their number."""
    rested = or_(WebhookEndpoint.resting_until.is_(None), WebhookEndpoint.resting_until <= caller.real_now)
    overdue = exists(due(caller, WebhookEndpoint.id).correlate(WebhookEndpoint))
    own = (WebhookEndpoint.clinic_id == caller.clinic_id, WebhookEndpoint.active, rested, overdue)
    found = caller.session.scalars(select(WebhookEndpoint.id).where(*own).order_by(WebhookEndpoint.id)).all()
    for endpoint_id in found:
        come_back(caller, endpoint_id)
    return len(found)


def forget_deliveries(caller: Caller) -> int:
    """Delete the deliveries that are older than KEPT; give their number."""
    old = (WebhookDelivery.clinic_id == caller.clinic_id, WebhookDelivery.created_at < caller.real_now - KEPT)
    statement = delete(WebhookDelivery).where(*old).returning(WebhookDelivery.id)
    return len(caller.session.scalars(statement, execution_options={"synchronize_session": False}).all())
