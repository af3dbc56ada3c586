"""What the tests of the waitlist share: entries, and offers made as the worker makes them."""

from datetime import datetime
from typing import Any
from uuid import UUID

from werkzeug.test import TestResponse

from api import clock
from booking.freed import ALWAYS
from booking.offers import Freed
from jobs.offers import offer_freed
from models.database import Database
from scheduling.ticks import floor_tick
from tests.booking.cast import Clinic, Made, instant


def entry(clinic: Clinic, **fields: Any) -> Made:
    """Put the clinic's patient, or another one, on the waitlist."""
    return clinic.desk.made("/waitlist", **wanted(clinic, **fields))


def wanted(clinic: Clinic, **fields: Any) -> Made:
    """Give an entry's body."""
    named = ("procedure", "location", "patient")
    return {f"{name}_id": getattr(clinic, name)["id"] for name in named} | fields


def offer(
    clinic: Clinic, database: Database, visit: Made | None = None, *, real_now: datetime | None = None
) -> int:
    """Do what the worker does once a visit's or a hold's time is freed, by default any time."""
    first, until = ALWAYS
    if visit is not None:
        first, until = (floor_tick(instant(visit[name])) for name in ("starts_at", "ends_at"))
    span = Freed(UUID(clinic.location["id"]), first, until)
    now = instant(str(clinic.desk.now))
    return offer_freed(database, clinic.desk.clinic_id, span, now, real_now or clock.now())


def shown(clinic: Clinic, made: Made) -> Made:
    """Read an entry."""
    found: Made = clinic.desk.get(f"/waitlist/{made['id']}").get_json()
    return found


def answer(clinic: Clinic, made: Made, how: str) -> TestResponse:
    """Answer `accept` or `decline` to an offer."""
    return clinic.desk.post(f"/waitlist/{made['id']}/{how}")
