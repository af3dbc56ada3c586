"""Act as the worker does, with a transaction for each act."""

from collections.abc import Callable
from datetime import datetime
from typing import TypeVar

from api import clock
from booking.claims import expired_holds
from booking.core.caller import Caller
from models.database import Database
from tests.support.cast import NOW, instant
from tests.support.desk import Desk

T = TypeVar("T")


def as_worker(
    database: Database,
    desk: Desk,
    act: Callable[[Caller], T],
    now: datetime | None = None,
    real_now: datetime | None = None,
) -> T:
    """Let the worker act for a clinic at an instant, by default at that of its desk."""
    at = now or instant(desk.now or NOW)
    with database.transaction(desk.clinic_id) as session:
        return act(Caller(session, desk.clinic_id, at, actor="Worker", real_now=real_now or clock.now()))


def sweep(database: Database, desk: Desk) -> int:
    """End the clinic's expired holds as each minute's work does, and give their number."""
    return as_worker(database, desk, expired_holds.sweep)
