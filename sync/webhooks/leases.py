"""Leases an endpoint's next webhook delivery to a worker, so that no other worker sends it meanwhile."""

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
"""How long a delivery belongs to the worker that took it; after that the worker counts as lost."""
AT_ONCE: Final = 2
"""How many deliveries to an endpoint are sent at a time; a single delivery after a timeout."""


class Nothing(Enum):
    """What is lacking: a delivery in line for now, or an event that the change feed shows already."""

    IN_LINE = "in line"
    VISIBLE = "visible"


# A receiver may take ten seconds to answer, or never answer, and no transaction may stay open that long: it
# would stop the horizon, and with it the change feed and every webhook of the server. So a delivery takes
# three steps: lease it and commit, call the receiver with no transaction open, and note the outcome in a
# second transaction (outcomes.py). Between the two only the lease keeps other workers away.
#
# The lock on the endpoint's row makes its workers take leases one after the other. Without it two workers
# could count the same leases, both find room and both choose the oldest delivery: the receiver would get it
# twice, and a slow receiver would get more calls at once than AT_ONCE allows.
#
# A worker may be killed during its call, so a lease ends by itself, later than any call can; then the round
# of the minute finds the delivery due again. Without an end, a delivery would be lost with its worker. The
# lease's instant is also the proof of ownership: `note` writes only while `leased_until` is still the
# parcel's own, or a worker that was late would overwrite the outcome of the worker that took over. The
# price is that a message may arrive twice; its `webhook-id` stays the same, by which receivers can tell.
#
# Only an event below the horizon is leased (see sync/changes/changes.py). A receiver looks into the change
# feed as soon as it is told: a message that ran ahead of the feed would make it look too early, find nothing
# and not come back. Waiting for the horizon is no attempt and counts as none. The decision is docs/adr/0016.
def take(caller: Caller, endpoint_id: UUID) -> Parcel | Nothing:
    """Lease the endpoint's next delivery to the caller; the lease counts once the transaction is committed.

    Other workers wait for the lock on the endpoint's row, and then see the lease.
    """
    endpoint = lock_endpoint(caller, endpoint_id)
    if endpoint is None or not endpoint.active:
        return Nothing.IN_LINE
    if endpoint.resting_until is not None and endpoint.resting_until > caller.real_now:
        come_back(caller, endpoint_id, endpoint.resting_until - caller.real_now)
        return Nothing.IN_LINE
    if caller.session.scalars(_leased(caller, endpoint_id)).one() >= (1 if endpoint.timeouts else AT_ONCE):
        # The workers that have the leased deliveries take the next delivery afterwards.
        return Nothing.IN_LINE
    found = caller.session.execute(_next(caller, endpoint_id)).one_or_none()
    if found is None:
        unseen = select(exists(due(caller, endpoint_id)))
        return Nothing.VISIBLE if caller.session.scalar(unseen) else Nothing.IN_LINE
    return _lease(caller, endpoint, found)


def _leased(caller: Caller, endpoint_id: UUID) -> Select[int]:
    """Select the number of deliveries to the endpoint that workers have leased."""
    held = WebhookDelivery.leased_until > caller.real_now
    return select(func.count()).select_from(WebhookDelivery).where(*of_endpoint(caller, endpoint_id), held)


def _next(caller: Caller, endpoint_id: UUID) -> Select[Any]:
    """Select the oldest due delivery: a ping, or an event that the change feed shows by now."""
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


def _lease(caller: Caller, endpoint: WebhookEndpoint, found: Row[Any]) -> Parcel:
    """Write the lease of a delivery, and give the parcel to send."""
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
