"""Claims a delivery of a webhook: nobody else makes it for the time of a lease."""

from datetime import timedelta
from enum import Enum
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Row, Select, cast, exists, func, or_, select
from sqlalchemy.dialects.postgresql import UUID as PGUUID

from booking.core.caller import Caller
from models import Clinic, Event, Location, WebhookDelivery, WebhookEndpoint
from sync.webhooks.deliveries import come_back, due, lock_endpoint, of_endpoint
from sync.webhooks.payloads import Parcel, write

CALL_SECONDS: Final = 10
"""How long a receiver may take to answer."""
LEASE: Final = timedelta(seconds=CALL_SECONDS + 20)
"""How long a delivery is left to whoever makes it; after that they count as lost."""
AT_ONCE: Final = 2
"""How many deliveries to one endpoint are made at a time; of one that let the last run out of time, one."""


class Nothing(Enum):
    """Why there is nothing to send: all is done for now, or the change feed does not show it yet."""

    IN_LINE = "in line"
    VISIBLE = "visible"


def take(caller: Caller, endpoint_id: UUID) -> Parcel | Nothing:
    """Take the endpoint's next delivery; the lease is the caller's once the transaction is committed.

    The lock on the endpoint's row makes whoever else does the same wait, and see the lease.
    """
    endpoint = lock_endpoint(caller, endpoint_id)
    if endpoint is None or not endpoint.active:
        return Nothing.IN_LINE
    if endpoint.resting_until is not None and endpoint.resting_until > caller.real_now:
        come_back(caller, endpoint_id, endpoint.resting_until - caller.real_now)
        return Nothing.IN_LINE
    if caller.session.scalars(_leased(caller, endpoint_id)).one() >= (1 if endpoint.timeouts else AT_ONCE):
        # Whoever holds the others comes for this one afterwards.
        return Nothing.IN_LINE
    found = caller.session.execute(_next(caller, endpoint_id)).one_or_none()
    if found is None:
        unseen = select(exists(due(caller, endpoint_id)))
        return Nothing.VISIBLE if caller.session.scalar(unseen) else Nothing.IN_LINE
    return _leave(caller, endpoint, found)


def _leased(caller: Caller, endpoint_id: UUID) -> Select[int]:
    held = WebhookDelivery.leased_until > caller.real_now
    return select(func.count()).select_from(WebhookDelivery).where(*of_endpoint(caller, endpoint_id), held)


def _next(caller: Caller, endpoint_id: UUID) -> Select[Any]:
    """Select the oldest delivery that is due of an event which the change feed shows by now, or a ping."""
    horizon = func.pg_snapshot_xmin(func.pg_current_snapshot())
    place = cast(Event.data["location_id"].astext, PGUUID)
    return (
        due(caller, endpoint_id)
        .add_columns(WebhookDelivery, Event, func.coalesce(Location.timezone, Clinic.timezone).label("zone"))
        .join(Clinic, Clinic.id == WebhookDelivery.clinic_id)
        .outerjoin(
            Event, (Event.clinic_id == WebhookDelivery.clinic_id) & (Event.id == WebhookDelivery.event_id)
        )
        .outerjoin(Location, (Location.clinic_id == WebhookDelivery.clinic_id) & (Location.id == place))
        .where(or_(WebhookDelivery.event_id.is_(None), Event.xid < horizon))
        .order_by(WebhookDelivery.next_attempt_at, WebhookDelivery.id)
        .limit(1)
    )


def _leave(caller: Caller, endpoint: WebhookEndpoint, found: Row[Any]) -> Parcel:
    """Leave a delivery to the caller for the time of a lease."""
    delivery, event, zone = found.WebhookDelivery, found.Event, ZoneInfo(found.zone)
    delivery.leased_until = caller.real_now + LEASE
    caller.session.flush()
    if event is None:
        body = write(delivery.type, delivery.created_at, {"webhook_id": str(endpoint.id)}, zone)
    else:
        body = write(event.type, event.occurred_at, event.data, zone)
    secrets = [endpoint.secret]
    if endpoint.previous_until is not None and endpoint.previous_until > caller.real_now:
        secrets.append(str(endpoint.previous_secret))
    return Parcel(
        delivery_id=delivery.id,
        endpoint_id=endpoint.id,
        id=delivery.event_id or delivery.id,
        url=endpoint.url,
        body=body,
        secrets=secrets,
        tries=delivery.tries,
        leased_until=delivery.leased_until,
    )
