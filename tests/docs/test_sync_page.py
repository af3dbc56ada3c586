"""The page about synchronising: its client in Python keeps a copy in step, whatever becomes of its cursor."""

import threading
from collections.abc import Callable, Iterator
from copy import deepcopy
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text
from werkzeug.serving import make_server

from config import PROJECT
from models.database import Database
from tests.docs.pages import blocks, section
from tests.support.cast import Clinic, create_clinic
from tests.support.copying import Copied, MakeClinic
from tests.sync.cast import NOON, NOW, settle, truth

PAGE = PROJECT / "docs" / "sync.md"
CatchUp = Callable[..., None]


def _one_of_each(make_clinic: MakeClinic) -> Clinic:
    return create_clinic(make_clinic().at(NOW))


@pytest.fixture
def clinic(copied: Copied[Clinic]) -> Clinic:
    """Give a clinic of one therapist and one room."""
    return copied(_one_of_each)


@pytest.fixture
def address(app: Flask) -> Iterator[str]:
    """Serve the product on a port of its own and give its address."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()


@pytest.fixture
def catch_up() -> CatchUp:
    """Give the page's own function."""
    names: dict[str, Any] = {}
    exec(blocks(section(PAGE, "A client in Python"), "python")[0], names)  # noqa: S102 - our own page
    found: CatchUp = names["catch_up"]
    return found


def test_the_client_in_python_keeps_a_copy_in_step(
    clinic: Clinic, address: str, catch_up: CatchUp, database: Database
) -> None:
    copy: dict[str, Any] = {"cursor": None, "appointments": {}}
    saved: list[dict[str, Any]] = []

    def caught_up() -> dict[str, Any]:
        settle(clinic.desk.app)
        catch_up(address, clinic.desk.key, copy, lambda one: saved.append(deepcopy(one)))
        found: dict[str, Any] = copy["appointments"]
        return found

    first = clinic.booked("2027-03-01T10:00:00+00:00")
    assert caught_up() == truth(clinic.desk)
    clinic.acted("cancel", first, reason_code="patient")
    clinic.booked(NOON)
    assert caught_up() == truth(clinic.desk)
    assert saved[-1] == copy

    # The clinic is restored from a backup: the cursor is 410, and the copy begins again.
    copy["appointments"]["nobody"] = {}
    with database.transaction(clinic.desk.clinic_id) as session:
        session.execute(text("UPDATE clinics SET sync_epoch = gen_random_uuid()"))
    assert caught_up() == truth(clinic.desk)
    assert len(copy["appointments"]) == 2
