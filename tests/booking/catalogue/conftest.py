"""A clinic with one location, a room, a member of staff, a procedure and a patient, and its keys."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import pytest

from models.database import Database
from tests.booking.catalogue import samples
from tests.support.copying import Copied, MakeClinic
from tests.support.desk import Desk

WEEK_FROM_NINE = samples.location()["opening_hours"]
NOW = "2027-01-04T08:00:00Z"


@dataclass(frozen=True)
class Cast:
    """The objects that most scenarios need, as the API gave them."""

    desk: Desk
    location: dict[str, Any]
    room: dict[str, Any]
    therapist: dict[str, Any]
    procedure: dict[str, Any]
    patient: dict[str, Any]

    def book(self, starts_at: str) -> dict[str, Any]:
        """Book the patient with the therapist."""
        return self.desk.made(
            "/appointments",
            procedure_id=self.procedure["id"],
            location_id=self.location["id"],
            patient_id=self.patient["id"],
            starts_at=starts_at,
        )


def create_cast(make_clinic: MakeClinic) -> Cast:
    """Make a clinic with the cast in it."""
    desk = make_clinic().at(NOW)
    location = desk.made("/locations", **samples.location())
    return Cast(
        desk=desk,
        location=location,
        room=desk.made("/rooms", **samples.room(location["id"])),
        therapist=desk.made("/therapists", **samples.therapist(location["id"])),
        procedure=desk.made("/procedures", **samples.procedure()),
        patient=desk.made("/patients", **samples.patient()),
    )


@pytest.fixture
def make_cast(copied: Copied[Cast]) -> Callable[[], Cast]:
    """Give what makes further clinics, each with a cast of its own."""
    return partial(copied, create_cast)


@pytest.fixture
def cast(make_cast: Callable[[], Cast]) -> Cast:
    """Make a clinic with the cast in it."""
    return make_cast()


@pytest.fixture
def desk_with() -> Callable[..., Desk]:
    """Give a clinic's desk with a key of these scopes alone."""

    def make(cast: Cast, *scopes: str, **fields: Any) -> Desk:
        values = {"name": "Key", "kind": "secret", "scopes": list(scopes)} | fields
        return cast.desk.using(cast.desk.made("/api-keys", **values)["key"])

    return make


@pytest.fixture
def rows(database: Database) -> Callable[..., list[tuple[Any, ...]]]:
    """Read rows of a clinic by SQL."""

    def read(desk: Desk, sql: str, **values: Any) -> list[tuple[Any, ...]]:
        with database.transaction(desk.clinic_id) as session:
            return [tuple(row) for row in session.connection().exec_driver_sql(sql, values)]

    return read
