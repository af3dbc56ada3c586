"""Makes the clinic that is asked over HTTP: 10 therapists, 6 rooms, three months half full."""

import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import insert, select
from uuid_utils.compat import uuid7

from booking.catalogue.clinics import create_clinic
from booking.catalogue.locations import Locations
from booking.catalogue.patients import Patients
from booking.catalogue.rooms import Rooms
from booking.catalogue.therapists import Therapists
from booking.core.caller import Caller
from models import Appointment, ExternalTreatment, MedicalHold, Occupancy, Procedure
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
    """The ids that the requests name; `first` is the first local date that is half full.

    All patients have had their consultation; the `regular` patient has also had a course, treatments
    elsewhere and medical holds.
    """

    clinic_id: UUID
    key: str
    location_id: UUID
    procedure_id: UUID
    resources: tuple[UUID, ...]
    patients: tuple[UUID, ...]
    first: date
    intervals: int
    regular: UUID


def make(database: Database, now: datetime) -> BenchClinic:
    """Make the clinic through the booking code, and its busy time as plain rows."""
    made = create_clinic(database, name="Benchmark", timezone=ZONE.key, catalogue="default", now=now)
    first = now.astimezone(ZONE).date() + timedelta(days=1)
    with database.transaction(made.clinic_id) as session:
        caller = Caller(session, made.clinic_id, now)
        location_id = Locations(caller).create(LocationSchema().load(_location()))["id"]
        resources = tuple(_resources(caller, str(location_id)))
        patients = tuple(
            Patients(caller).create(PatientSchema().load({"name": f"Patient {number}"}))["id"]
            for number in range(PATIENTS)
        )
        codes = select(Procedure.code, Procedure.id).where(Procedure.clinic_id == made.clinic_id)
        procedures = dict(session.execute(codes).tuples().all())
        procedure_id, regular = procedures["MN_FACE_STD"], patients[-1]
        past = [*_consultations(patients, procedures["CONSULT_NEW"]), *_sessions(regular, procedure_id)]
        session.add_all(_done(made.clinic_id, location_id, first, *visit) for visit in past)
        session.add_all(_history(made.clinic_id, regular, first))
        busy = list(_half_full(made.clinic_id, resources, first))
        session.execute(insert(Occupancy), busy)
    return BenchClinic(
        made.clinic_id,
        made.admin_key,
        location_id,
        procedure_id,
        resources,
        patients,
        first,
        len(busy),
        regular,
    )


Done = tuple[UUID, UUID, int, tuple[str, ...]]
"""A visit of the past: patient, procedure, how many days ago, areas."""


def _consultations(patients: Iterable[UUID], procedure_id: UUID) -> Iterator[Done]:
    return ((patient_id, procedure_id, 10, ()) for patient_id in patients)


def _sessions(patient_id: UUID, procedure_id: UUID) -> Iterator[Done]:
    """Give a course of four sessions, so long ago that it forbids nothing any more."""
    return ((patient_id, procedure_id, 60 + 35 * number, ("FACE",)) for number in range(4))


def _done(
    clinic_id: UUID,
    location_id: UUID,
    first: date,
    patient_id: UUID,
    procedure_id: UUID,
    days_ago: int,
    areas: tuple[str, ...],
) -> Appointment:
    on = first - timedelta(days=days_ago)
    starts_at = datetime.combine(on, OPENS, ZONE)
    return Appointment(
        clinic_id=clinic_id, status="completed", location_id=location_id, procedure_id=procedure_id,
        patient_id=patient_id, areas=list(areas), starts_at=starts_at, procedure_at=starts_at,
        ends_at=starts_at + timedelta(minutes=30), local_date=on, warnings=[], flags=[], overrides=[],
    )  # fmt: skip


def _history(clinic_id: UUID, patient_id: UUID, first: date) -> Iterator[ExternalTreatment | MedicalHold]:
    """Give treatments elsewhere, and medical holds that are resolved."""
    long_ago = first - timedelta(days=400)
    for event in ("botulinum_toxin", "superficial_peel", "micro_needling"):
        yield ExternalTreatment(
            clinic_id=clinic_id, patient_id=patient_id, event=event, areas=["FACE"], on=long_ago
        )
    for code in ("infection", "pregnancy"):
        yield MedicalHold(
            clinic_id=clinic_id, patient_id=patient_id, code=code, areas=[], opened_on=long_ago,
            resolved_on=long_ago, earliest_on=None, signed_off=None,
        )  # fmt: skip


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
        yield Therapists(caller).create(TherapistSchema().load({"name": f"Therapist {number}", **staff}))[
            "id"
        ]
    for number, kind in enumerate(ROOM_KINDS):
        room = {"location_id": location_id, "name": f"Room {number}", "kind": kind}
        yield Rooms(caller).create(RoomSchema().load(room))["id"]


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
