"""Delivers an endpoint's webhooks in turn, with no transaction open while the receiver answers."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from booking.core.caller import Caller
from jobs.rounds import ACTOR, going_on
from models.database import Database
from sync.outbound.outbound import ForbiddenAddressError, UnreachableError, send
from sync.webhooks.deliveries import come_back
from sync.webhooks.leases import CALL_SECONDS, Nothing, take
from sync.webhooks.outcomes import Outcome, note
from sync.webhooks.payloads import Parcel, headers

_MOST_BYTES: Final = 1024 * 1024
# A turn is short, so that a worker can stop in time and other endpoints get their turn.
_TURN_SECONDS: Final = 5
_LOOKS: Final = 10
_LOOK_SECONDS: Final = 0.05
_SOON: Final = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Post:
    """What every delivery needs; `clock` gives the present instant, aware."""

    database: Database
    clock: Callable[[], datetime]
    allow_loopback: bool = False


def deliver(post: Post, clinic_id: UUID, endpoint_id: UUID) -> None:
    """Send the endpoint's due deliveries until nothing is due, or its turn is over."""
    with going_on(f"the webhooks of clinic {clinic_id}"):
        ends, looks, done = time.monotonic() + _TURN_SECONDS, 0, None
        while time.monotonic() < ends and looks < _LOOKS:
            # Noting an outcome and leasing the next delivery share a transaction: one commit a delivery.
            with _acting(post, clinic_id) as caller:
                _note(caller, done)
                found = take(caller, endpoint_id)
            done = None
            if found is Nothing.IN_LINE:
                return
            if found is Nothing.VISIBLE:
                # The event lies above the horizon, mostly for milliseconds: an older transaction still runs.
                looks += 1
                time.sleep(_LOOK_SECONDS)
            else:
                done = found, _attempt(post, found)
        with _acting(post, clinic_id) as caller:
            _note(caller, done)
            come_back(caller, endpoint_id, _SOON if done is None else timedelta())


@contextmanager
def _acting(post: Post, clinic_id: UUID) -> Iterator[Caller]:
    with post.database.transaction(clinic_id) as session:
        yield Caller(session, clinic_id, post.clock(), actor=ACTOR)


def _note(caller: Caller, done: tuple[Parcel, Outcome] | None) -> None:
    if done is not None:
        note(caller, *done)


def _attempt(post: Post, parcel: Parcel) -> Outcome:
    try:
        answer = send(
            "POST",
            parcel.url,
            headers=headers(parcel, post.clock()),
            body=parcel.body,
            seconds=CALL_SECONDS,
            most_bytes=_MOST_BYTES,
            allow_loopback=post.allow_loopback,
        )
    except ForbiddenAddressError:
        return Outcome(code="forbidden_address")
    except UnreachableError as error:
        return Outcome(code=str(error))
    return Outcome(status=answer.status, retry_after=answer.headers.get("retry-after"))
