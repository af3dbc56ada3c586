"""Create waitlist entries, and offer slots as the worker does."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from werkzeug.test import TestResponse

from api import clock
from booking.claims.freed_time import ALWAYS
from booking.core.caller import Caller
from booking.waitlist.suitable_times import Freed
from jobs.offers import offer_freed
from jobs.rounds import EACH_MINUTE, EACH_NIGHT, Act
from models.database import Database
from scheduling.ticks import floor_tick
from tests.support.cast import Clinic, Made, another_patient, instant
from tests.support.times import TEN


def entry(clinic: Clinic, **fields: Any) -> Made:
    """Put the clinic's patient on the waitlist, or another patient who is given."""
    return clinic.desk.made("/waitlist", **wanted(clinic, **fields))


def wanted(clinic: Clinic, **fields: Any) -> Made:
    """Give the body of an entry."""
    named = ("procedure", "location", "patient")
    return {f"{name}_id": getattr(clinic, name)["id"] for name in named} | fields


def offer(
    clinic: Clinic, database: Database, visit: Made | None = None, *, real_now: datetime | None = None
) -> int:
    """Offer the time of a visit that has been freed, by default all time, and give the number of offers."""
    first, until = ALWAYS
    if visit is not None:
        first, until = (floor_tick(instant(visit[name])) for name in ("starts_at", "ends_at"))
    span = Freed(UUID(clinic.location["id"]), first, until)
    now = instant(str(clinic.desk.now))
    return offer_freed(database, clinic.desk.clinic_id, span, now, real_now or clock.now())


def shown_entry(clinic: Clinic, made: Made) -> Made:
    """Read an entry."""
    found: Made = clinic.desk.get(f"/waitlist/{made['id']}").get_json()
    return found


def answer(clinic: Clinic, made: Made, how: str) -> TestResponse:
    """Answer an offer with `accept` or `decline`."""
    return clinic.desk.post(f"/waitlist/{made['id']}/{how}")


def freed(clinic: Clinic, at: str = TEN) -> Made:
    """Book a visit of a new patient and cancel it."""
    other = another_patient(clinic)
    visit = other.booked(at)
    return other.acted("cancel", visit, reason_code="patient")


def minutes_work(database: Database, clinic: Clinic) -> None:
    """Do the worker's acts of each minute in a clinic."""
    do(database, clinic, EACH_MINUTE)


def nights_work(database: Database, clinic: Clinic) -> None:
    """Do the worker's acts of each night in a clinic."""
    do(database, clinic, EACH_NIGHT)


def do(database: Database, clinic: Clinic, acts: Sequence[Act]) -> None:
    """Do acts of the worker at the clinic's instant."""
    for act in acts:
        with database.transaction(clinic.desk.clinic_id) as session:
            now = instant(str(clinic.desk.now))
            act(Caller(session, clinic.desk.clinic_id, now, real_now=clock.now()))
