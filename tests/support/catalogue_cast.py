"""Create a clinic with one object of each kind for the tests of the catalogue."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.support import samples
from tests.support.copying import MakeClinic
from tests.support.desk import Desk

Rows = Callable[..., list[tuple[Any, ...]]]

WEEK_FROM_NINE = samples.location()["opening_hours"]
NOW = "2027-01-04T08:00:00Z"


@dataclass(frozen=True)
class Cast:
    """The objects that most scenarios need, as the API returned them."""

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
    """Create a clinic with the cast in it."""
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
