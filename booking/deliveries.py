"""Puts what happened in line for the webhooks that asked for it, in the transaction of the act."""

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple
from uuid import UUID

from procrastinate.types import JSONValue
from sqlalchemy import insert
from sqlalchemy.orm import Session
from uuid_utils.compat import uuid7

from booking.queue import defer_each
from models import WebhookDelivery

QUEUE: Final = "webhooks"
"""The queue that workers serve beside the others, so that slow receivers hold up no other work."""
TASK: Final = "deliver"


class Wanted(NamedTuple):
    """An event that an endpoint asked for."""

    clinic_id: UUID
    endpoint_id: UUID
    event_id: UUID
    type: str


def put_in_line(session: Session, wanted: Sequence[Wanted]) -> None:
    """Write the deliveries, and queue what makes them."""
    if wanted:
        session.execute(insert(WebhookDelivery), [{**one._asdict(), "id": uuid7()} for one in wanted])
        wake(session, {(one.clinic_id, one.endpoint_id) for one in wanted})


def wake(session: Session, endpoints: Iterable[tuple[UUID, UUID]]) -> None:
    """Queue, for each endpoint of a clinic, the work on whatever it has in line."""
    named: list[dict[str, JSONValue]] = [
        {"clinic_id": str(clinic_id), "endpoint_id": str(endpoint_id)}
        for clinic_id, endpoint_id in sorted(endpoints)
    ]
    defer_each(session, TASK, named, queue=QUEUE)
