"""The product's server on loopback, and a clinic with one visit and a therapist's calendar account."""

import os
import shutil
import subprocess
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from flask import Flask
from werkzeug.serving import make_server

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

PROJECT = Path(__file__).resolve().parents[2]
PROGRAMS = PROJECT / ".venv" / "clients" / "bin"
HERE = Path(__file__).resolve().parent
PATIENCE_SECONDS = 60


@pytest.fixture
def address(app: Flask) -> Iterator[str]:
    """Serve the product on a port of its own and give its address."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()


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

    @property
    def environment(self) -> dict[str, str]:
        """Give the account as a program's environment."""
        return {
            "DAV_URL": f"{self.address}/dav/",
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


def run(command: Sequence[str | Path], environment: dict[str, str], folder: Path) -> str:
    """Run a program to its end and give what it printed; it fails loudly when it is not installed."""
    found = shutil.which(str(command[0]))
    assert found, f"{command[0]} is missing: run make test-clients"
    done = subprocess.run(  # noqa: S603 - the programs under test
        [found, *map(str, command[1:])],
        env={"PATH": os.environ["PATH"], "HOME": str(folder), "LANG": "C.UTF-8", **environment},
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
