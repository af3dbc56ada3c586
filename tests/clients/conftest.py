"""The product's server on loopback, and a clinic with one visit and a therapist's calendar account."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from flask import Flask

from tests.support.cast import (
    NOW,
    Made,
    create_location,
    create_patient,
    create_procedure,
    create_room,
    create_therapist,
)
from tests.support.desk import Desk
from tests.support.programs import served

PROJECT = Path(__file__).resolve().parents[2]
PROGRAMS = PROJECT / ".venv" / "clients" / "bin"
SETUPS = pytest.mark.parametrize("path", ["/dav/", ""], ids=["by the address", "by the host alone"])
"""What a program is given to find the calendars by."""
HERE = Path(__file__).resolve().parent


@pytest.fixture
def address(app: Flask) -> Iterator[str]:
    """Serve the product on a port of its own and give its address."""
    with served(app) as found:
        yield found


@dataclass(frozen=True)
class Phone:
    """A calendar program's account, and the desk of the clinic it belongs to."""

    desk: Desk
    address: str
    login: Made
    therapist: Made
    booking: Made
    patient: Made

    def book(self, starts_at: str) -> Made:
        """Book a visit with the therapist, for a patient of its own."""
        return self.desk.at(NOW).made(
            "/appointments",
            **self.booking | {"starts_at": starts_at, "patient_id": create_patient(self.desk)["id"]},
        )

    def environment(self, path: str) -> dict[str, str]:
        """Give the account as a program's environment; with an empty path it names the host alone."""
        return {
            "DAV_URL": f"{self.address}{path}",
            "DAV_USER": self.login["username"],
            "DAV_PASSWORD": self.login["password"],
        }


@pytest.fixture
def phone(desk: Desk, address: str) -> Phone:
    """Give a therapist's account at a clinic with a visit on 5 January 2027 at 10:00."""
    location = create_location(desk)
    create_room(desk, location)
    therapist = create_therapist(desk, location)
    procedure = create_procedure(desk)
    booking = {
        "procedure_id": procedure["id"],
        "location_id": location["id"],
        "therapist_id": therapist["id"],
    }
    login = desk.made("/app-passwords", therapist_id=therapist["id"], name="Phone")
    made = Phone(desk, address, login, therapist, booking, create_patient(desk))
    made.book("2027-01-05T10:00:00+00:00")
    return made
