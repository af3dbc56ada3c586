"""Queues the reading of calendars, in the transaction of the act that makes it necessary."""

from collections.abc import Iterable
from typing import Final
from uuid import UUID

from procrastinate.types import JSONValue

from booking.core.caller import Caller
from booking.core.queue import defer_each

QUEUE: Final = "calendars"
"""The queue that workers serve beside the others, so that slow calendars delay no other work."""
FETCH: Final = "calendar"
EXPAND: Final = "busy"


def fetch_soon(caller: Caller, calendar_ids: Iterable[UUID]) -> None:
    """Queue a fetch of each external calendar."""
    _defer(caller, FETCH, "calendar_id", calendar_ids)


def expand_soon(caller: Caller, therapist_ids: Iterable[UUID]) -> None:
    """Queue a new expansion of each therapist's own collection of busy time."""
    _defer(caller, EXPAND, "therapist_id", therapist_ids)


def _defer(caller: Caller, task: str, name: str, ids: Iterable[UUID]) -> None:
    named: list[dict[str, JSONValue]] = [
        {"clinic_id": str(caller.clinic_id), name: str(one)} for one in sorted(ids)
    ]
    if named:
        defer_each(caller.session, task, named, queue=QUEUE)
