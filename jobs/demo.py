"""Makes the demo clinic of the first run, has it filled beside the server, and prints how to use it."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Final

from booking.catalogue.api_keys import create_api_key
from booking.catalogue.clinics import create_clinic
from booking.catalogue.patients import Patients
from booking.core.caller import Caller
from config import Settings
from jobs import demo_card
from jobs.child_process import running
from jobs.demo_card import MAKING, Card
from jobs.demo_clinic import furnish
from jobs.demo_example_accounts import add_accounts
from jobs.demo_example_catalogue import add_spare_objects
from jobs.demo_example_visits import add_visits
from jobs.demo_filling import begin, fill
from jobs.demo_naming import named
from jobs.demo_people import patient
from models import Patient
from models.api_keys import authenticate
from models.database import Database
from schemas.demo_ids import DEMO_IDS, OF_CATALOGUE

__all__ = ["Card", "fill", "filling", "prepare", "welcome"]


WIDGET_ORIGINS: Final = ("http://localhost:8000", "http://127.0.0.1:8000")
"""Where a page that tries the demo's widget key may lie: `python -m http.server` serves there."""
_WIDGETS_KEY: Final = {
    "name": "Widget",
    "kind": "publishable",
    "scopes": ["catalog:read", "availability:read", "appointments:write"],
    "origins": WIDGET_ORIGINS,
}

_WELCOME: Final = """
The API is at {base}/v1, its reference at {base}/docs.
The demo clinic's key: {key}
{widget}
Find the next slot for a patient, and book it (again and again: the spacing rules move the date on):

{curl}
"""
_WIDGET: Final = "Its widget's key, for pages of {origin} (docs/widget.md): {key}\n"
_WELCOME_WITHOUT_DEMO: Final = """
The API is at {base}/v1, its reference at {base}/docs.
Make a clinic and its key: .venv/bin/clinic create-clinic --name "My clinic" --timezone Europe/London
"""
_CURL: Final = (
    "curl -sS -H 'Authorization: Bearer {key}' "
    "'{base}/v1/availability/next?procedure_id={procedure}&location_id={location}&patient_id={patient}' | "
    """sed -E 's/.*"starts_at": *"([^"]+)".*/"""
    '{{"procedure_id":"{procedure}","location_id":"{location}","patient_id":"{patient}","starts_at":"\\1"}}/'
    "' | curl -sS -H 'Authorization: Bearer {key}' -H 'Content-Type: application/json' -d @- "
    "{base}/v1/appointments"
)


def prepare(database: Database, settings: Settings, now: datetime) -> Card:
    """Make the demo clinic unless it exists, and give its card; `now` (aware) divides its three months."""
    with demo_card.alone(settings, MAKING):
        card = demo_card.load(settings)
        if card is None or not _is_there(database, card):
            card = begin(database, _make(database, now.replace(microsecond=0)))
            demo_card.save(settings, card)
        return card


def _is_there(database: Database, card: Card) -> bool:
    with database.transaction() as session:
        return authenticate(session, hashlib.sha256(card.key.encode()).digest()) is not None


def _make(database: Database, now: datetime) -> Card:
    made = create_clinic(
        database,
        name="Demo clinic",
        timezone="Europe/London",
        catalogue="default",
        now=now,
        ids=OF_CATALOGUE,
    )
    with database.transaction(made.clinic_id) as session:
        caller = Caller(session, made.clinic_id, now, actor="Demo")
        location_id = furnish(caller)
        add_spare_objects(caller)
        with named(caller, Patient, "patient"):
            patient_id = Patients(caller).create(patient(0))["id"]
        add_accounts(caller)
        _, widget_key = create_api_key(caller, _WIDGETS_KEY)
    with database.transaction(made.clinic_id) as session:
        caller = Caller(session, made.clinic_id, now, actor="Demo")
        add_visits(caller)
    return Card(
        clinic_id=made.clinic_id,
        key=made.admin_key,
        made_at=now,
        procedure_id=DEMO_IDS["treatment"],
        location_id=location_id,
        patient_id=patient_id,
        widget_key=widget_key,
    )


@contextmanager
def filling(settings: Settings, card: Card | None) -> Iterator[None]:
    """Fill the demo clinic in a child process while the block runs, unless the clinic is complete."""
    if card is None or card.complete:
        yield
        return
    with running(settings, "demo"):
        yield


def welcome(settings: Settings, card: Card | None) -> str:
    """Write how to begin: with the demo clinic, by a command that finds a slot and books it."""
    base = settings.own_address
    if card is None:
        return _WELCOME_WITHOUT_DEMO.format(base=base)
    curl = _CURL.format(
        base=base,
        key=card.key,
        procedure=card.procedure_id,
        location=card.location_id,
        patient=card.patient_id,
    )
    widget = _WIDGET.format(key=card.widget_key, origin=WIDGET_ORIGINS[0]) if card.widget_key else ""
    return _WELCOME.format(base=base, key=card.key, widget=widget, curl=curl)
