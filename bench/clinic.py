"""Makes the clinic that is asked over HTTP: 10 therapists, 6 rooms, three months half full."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import insert, select
from uuid_utils.compat import uuid7

from booking.callers import Caller
from booking.clinics import create_clinic
from booking.locations import LOCATION
from booking.patients import PATIENT
from booking.resources import create
from booking.rooms import ROOM
from booking.therapists import THERAPIST
from models import Occupancy, Procedure
from models.database import Database
from scheduling.ticks import to_tick
from schemas.locations import LocationSchema
from schemas.patients import PatientSchema
from schemas.rooms import RoomSchema
from schemas.therapists import TherapistSchema
from schemas.times import WEEKDAYS

ZONE = ZoneInfo("Europe/London")
THERAPISTS, DAYS = 10, 92
ROOM_KINDS = ("treatment", "treatment", "treatment", "treatment", "numbing", "numbing")
PATIENTS = 400
FULL = 0.5
OPENS, CLOSES = time(9), time(19)


@dataclass(frozen=True, slots=True)
class BenchClinic:
    """What the questions name; `first` is the first local date that is half full."""

    clinic_id: UUID
    key: str
    location_id: UUID
    procedure_id: UUID
    resources: tuple[UUID, ...]
    patients: tuple[UUID, ...]
    first: date
    intervals: int


def make(database: Database, now: datetime) -> BenchClinic:
    """Make the clinic through the booking code, and its busy time as plain rows."""
    made = create_clinic(database, name="Benchmark", timezone=ZONE.key, catalogue="default", now=now)
    first = now.astimezone(ZONE).date() + timedelta(days=1)
    with database.transaction(made.clinic_id) as session:
        caller = Caller(session, made.clinic_id, now)
        location_id = create(caller, LOCATION, LocationSchema().load(_location()))["id"]
        resources = tuple(_resources(caller, str(location_id)))
        patients = tuple(
            create(caller, PATIENT, PatientSchema().load({"name": f"Patient {number}"}))["id"]
            for number in range(PATIENTS)
        )
        procedure_id = session.scalars(select(Procedure.id).where(Procedure.code == "MN_FACE_STD")).one()
        busy = list(_half_full(made.clinic_id, resources, first))
        session.execute(insert(Occupancy), busy)
    return BenchClinic(
        made.clinic_id, made.admin_key, location_id, procedure_id, resources, patients, first, len(busy)
    )


def _location() -> dict[str, Any]:
    hours = {"opens": f"{OPENS:%H:%M}", "closes": f"{CLOSES:%H:%M}"}
    return {
        "name": "Benchmark",
        "timezone": ZONE.key,
        "opening_hours": [{"weekday": weekday, **hours} for weekday in WEEKDAYS],
    }


def _resources(caller: Caller, location_id: str) -> Iterator[UUID]:
    hours = {"location_id": location_id, "starts": f"{OPENS:%H:%M}", "ends": f"{CLOSES:%H:%M}"}
    staff = {
        "qualifications": [{"code": "BBP"}, {"code": "MN_DERMAL"}],
        "working_hours": [{"weekday": weekday, **hours} for weekday in WEEKDAYS],
    }
    for number in range(THERAPISTS):
        yield create(caller, THERAPIST, TherapistSchema().load({"name": f"Therapist {number}", **staff}))[
            "id"
        ]
    for number, kind in enumerate(ROOM_KINDS):
        room = {"location_id": location_id, "name": f"Room {number}", "kind": kind}
        yield create(caller, ROOM, RoomSchema().load(room))["id"]


def _half_full(clinic_id: UUID, resources: tuple[UUID, ...], first: date) -> Iterator[dict[str, Any]]:
    """Give pieces of 30, 40 and 55 minutes, each busy or free by the toss of a coin."""
    chance = random.Random(7)
    for resource_id in resources:
        for days in range(DAYS):
            on = first + timedelta(days=days)
            tick = to_tick(datetime.combine(on, OPENS, ZONE))
            closing = to_tick(datetime.combine(on, CLOSES, ZONE))
            while tick < closing:
                until = min(tick + chance.choice((6, 8, 11)), closing)
                if chance.random() < FULL:
                    yield _busy(clinic_id, resource_id, tick, until)
                tick = until


def _busy(clinic_id: UUID, resource_id: UUID, start: int, end: int) -> dict[str, Any]:
    return {
        "clinic_id": clinic_id,
        "id": uuid7(),
        "resource_id": resource_id,
        "lane": 0,
        "start_tick": start,
        "end_tick": end,
        "appointment_id": None,
    }
