"""Delivers webhooks, one after the other to an endpoint, with no transaction open while it answers."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from booking.callers import Caller
from jobs.rounds import ACTOR, going_on
from models.database import Database
from sync.claims import CALL_SECONDS, Nothing, take
from sync.deliveries import come_back
from sync.outbound import ForbiddenAddressError, UnreachableError, send
from sync.outcomes import Outcome, note
from sync.parcels import Parcel, headers

_MOST_BYTES: Final = 1024 * 1024
# A turn ends in time for a worker that is told to stop, and for other endpoints to have theirs.
_TURN_SECONDS: Final = 5
_LOOKS: Final = 10
_LOOK_SECONDS: Final = 0.05
_SOON: Final = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Post:
    """What deliveries are made with; `clock` gives the present instant, aware."""

    database: Database
    clock: Callable[[], datetime]
    allow_loopback: bool = False


def deliver(post: Post, clinic_id: UUID, endpoint_id: UUID) -> None:
    """Deliver what the endpoint has in line until nothing is due, or its turn is over."""
    with going_on(f"the webhooks of clinic {clinic_id}"):
        ends, looks = time.monotonic() + _TURN_SECONDS, 0
        parcel: Parcel | Nothing = Nothing.VISIBLE
        outcome: Outcome | None = None
        while parcel is not Nothing.IN_LINE:
            over = time.monotonic() >= ends or looks >= _LOOKS
            parcel, outcome = _step(post, clinic_id, endpoint_id, parcel, outcome, over), None
            if isinstance(parcel, Parcel):
                outcome = _attempt(post, parcel)
            elif parcel is Nothing.VISIBLE:
                looks += 1
                time.sleep(_LOOK_SECONDS)


def _step(
    post: Post,
    clinic_id: UUID,
    endpoint_id: UUID,
    last: Parcel | Nothing,
    outcome: Outcome | None,
    over: bool,
) -> Parcel | Nothing:
    """Note what came of the last delivery and take the next, unless the turn is over."""
    with post.database.transaction(clinic_id) as session:
        caller = Caller(session, clinic_id, post.clock(), actor=ACTOR)
        if isinstance(last, Parcel) and outcome is not None:
            note(caller, last, outcome)
        if not over:
            return take(caller, endpoint_id)
        come_back(caller, endpoint_id, _SOON if last is Nothing.VISIBLE else timedelta())
        return Nothing.IN_LINE


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
