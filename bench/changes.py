"""Times the change feed over HTTP: a clinic of 5,000 visits, read whole, by the page, and when idle."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, Final

import orjson
from sqlalchemy import select, text

from bench.clinic import ZONE
from bench.timing import Series, timed, timed_in_turn
from bench.traffic import Client
from booking.catalogue.clinics import create_clinic
from booking.catalogue.locations import Locations
from booking.catalogue.patients import Patients
from booking.core.caller import Caller
from models import Procedure
from models.database import Database
from schemas.locations import LocationSchema
from schemas.patients import PatientSchema

VISITS: Final = 5_000
PHASES: Final = 8
PAGE: Final = 500
POLLS, PAGES, WHOLE = 400, 20, 3

_VISITS = text("""
    WITH visits AS (
        INSERT INTO appointments (
            clinic_id, id, status, location_id, procedure_id, patient_id, areas, starts_at, procedure_at,
            ends_at, local_date, warnings, flags, overrides
        )
        SELECT :clinic_id, gen_random_uuid(), 'completed', :location_id, :procedure_id, :patient_id, '{FACE}',
               at, at, at + interval '80 minutes', at::date, '[]', '[]', '[]'
        FROM (SELECT :now - n * interval '2 hours' AS at FROM generate_series(1, :visits) AS n) AS times
        RETURNING clinic_id, id, starts_at
    )
    INSERT INTO appointment_phases
        (clinic_id, appointment_id, position, name, kind, starts_at, ends_at, patient)
    SELECT clinic_id, id, n, 'Phase', 'procedure', starts_at + n * interval '10 minutes',
           starts_at + (n + 1) * interval '10 minutes', true
    FROM visits CROSS JOIN generate_series(0, :phases - 1) AS n
""")


def make(database: Database, now: datetime) -> str:
    """Make a clinic of visits long past, and give its key."""
    made = create_clinic(database, name="Feed", timezone=ZONE.key, catalogue="default", now=now)
    with database.transaction(made.clinic_id) as session:
        caller = Caller(session, made.clinic_id, now)
        location = Locations(caller).create(LocationSchema().load({"name": "Feed", "timezone": ZONE.key}))
        patient = Patients(caller).create(PatientSchema().load({"name": "Patient"}))
        values: dict[str, Any] = {
            "clinic_id": made.clinic_id,
            "location_id": location["id"],
            "patient_id": patient["id"],
            "procedure_id": session.scalars(select(Procedure.id).limit(1)).one(),
            "now": now - timedelta(days=1),
            "visits": VISITS,
            "phases": PHASES,
        }
        session.execute(_VISITS, values)
    return made.admin_key


def measure(client: Client) -> Iterator[Series]:
    """Time an empty poll, a page and the full state."""
    cursor = _drain(client)
    polled = {"cursor": cursor}
    yield timed("changes: nothing new", lambda _: client.get("/v1/changes", polled), range(POLLS))
    page = {"limit": PAGE}
    yield from timed_in_turn(
        (f"changes: a page of {PAGE}", lambda: client.get("/v1/changes", page)),
        (f"  {PAGE} of the list of appointments, in turn", lambda: client.get("/v1/appointments", page)),
        PAGES,
    )
    yield timed(f"changes: the full state of {VISITS:,}", lambda _: _drain(client), range(WHOLE))


def _drain(client: Client) -> str:
    asked: dict[str, Any] = {"limit": PAGE}
    while True:
        answer = orjson.loads(client.get("/v1/changes", asked))
        asked["cursor"] = answer["next_cursor"]
        if not answer["has_more"]:
            return str(answer["next_cursor"])
