"""A folder with the served document, and a clinic of the live server in which generated clients book."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from tests.support.cast import NOW, Made, create_clinic
from tests.support.desk import Desk
from tests.support.openapi import operations
from tests.support.programs import run, served

HERE = Path(__file__).resolve().parent
TOOLS = Path("node_modules") / ".bin"
PYTHON = HERE.parents[1] / ".venv" / "generators" / "bin"
# What each client tells when it has booked a visit, has asked for it again, moved it and cancelled it.
TOLD = {
    "booked": "booked",
    "refused": ["patient_busy", "no_therapist_available", "no_room_available"],
    "moved": True,
    "cancelled": "patient",
    "listed": [True],
}


@pytest.fixture(scope="session")
def address(app: Flask) -> Iterator[str]:
    """Serve the product on a port of its own and give its address."""
    with served(app) as found:
        yield found


@pytest.fixture(scope="session")
def document(app: Flask, address: str) -> dict[str, Any]:
    """Read the document as the live server gives it."""
    read: dict[str, Any] = app.test_client().get("/openapi.json", base_url=address).get_json()
    return read


@pytest.fixture(scope="session")
def creating(document: dict[str, Any]) -> list[str]:
    """Name every operation that creates something."""
    names = sorted(one["operationId"] for _, _, one in operations(document))
    return [name for name in names if name.startswith("create_")]


@pytest.fixture(scope="session")
def workshop(app: Flask, address: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a folder with the document, the programs and the installed packages of Node."""
    folder = tmp_path_factory.mktemp("generators")
    (folder / "openapi.json").write_bytes(app.test_client().get("/openapi.json", base_url=address).data)
    (folder / "node_modules").symlink_to(HERE / "node_modules")
    for name in ("package.json", "tsconfig.json", "mypy.ini", ".spectral.yaml"):
        shutil.copy(HERE / name, folder)
    for program in (*HERE.glob("*.ts"), *HERE.glob("python_*.py")):
        shutil.copy(program, folder)
    return folder


@pytest.fixture
def tell(desk: Desk, address: str, workshop: Path) -> Callable[..., str]:
    """Run a client with the key of a fresh clinic, and give what it prints."""

    def told(*command: str | Path, **named: str) -> str:
        login = {"ADDRESS": address, "KEY": desk.key, "NOW": NOW}
        return run(command, login | named, workshop)

    return told


@pytest.fixture
def visit(desk: Desk) -> dict[str, str]:
    """Give what names a visit in a clinic of one therapist, one room and one patient."""
    clinic = create_clinic(desk)
    named: dict[str, Made] = {
        "PROCEDURE": clinic.procedure,
        "LOCATION": clinic.location,
        "PATIENT": clinic.patient,
    }
    return {name: one["id"] for name, one in named.items()}
