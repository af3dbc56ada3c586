"""Queues the sending of webhook deliveries, in the transaction of the act that wrote the deliveries."""

from collections.abc import Iterable
from typing import Final
from uuid import UUID

from procrastinate.types import JSONValue
from sqlalchemy.orm import Session

from booking.core.queue import defer_each

QUEUE: Final = "webhooks"
"""The queue that workers serve beside the others, so that slow receivers delay no other work."""
TASK: Final = "deliver"


def wake(session: Session, endpoints: Iterable[tuple[UUID, UUID]]) -> None:
    """Queue a task for each endpoint (clinic id, endpoint id), which sends its waiting deliveries."""
    named: list[dict[str, JSONValue]] = [
        {"clinic_id": str(clinic_id), "endpoint_id": str(endpoint_id)}
        for clinic_id, endpoint_id in sorted(endpoints)
    ]
    defer_each(session, TASK, named, queue=QUEUE)
