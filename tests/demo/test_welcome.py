"""A server that is ready prints its address and a command that books a visit."""

import os
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from threading import Thread

import orjson
import pytest
from flask import Flask
from werkzeug.serving import make_server

from config import Settings
from jobs import demo
from models.database import Database
from tests.demo.conftest import DemoClinic, make_demo

STAND_IN = Path(__file__).with_name("bin")


@pytest.fixture
def served(app: Flask, database: Database, tmp_path: Path) -> Iterator[DemoClinic]:
    """Serve a demo clinic that was made just now on a free port of loopback."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = Thread(target=server.serve_forever)
    thread.start()
    clinic = make_demo(database, tmp_path, datetime.now(UTC))
    yield replace(clinic, settings=replace(clinic.settings, port=server.server_port))
    server.shutdown()
    thread.join()
    server.server_close()


def test_the_printed_command_books_and_the_next_time_keeps_the_spacing(served: DemoClinic) -> None:
    first, second = _booked_on(served), _booked_on(served)

    assert (second - first).days >= 28


def _booked_on(clinic: DemoClinic) -> date:
    (command,) = [
        line for line in demo.welcome(clinic.settings, clinic.card).splitlines() if line.startswith("curl")
    ]
    path = f"{os.environ['PATH']}{os.pathsep}{STAND_IN}"
    ran = subprocess.run(  # noqa: S603 - what the product itself prints
        ["bash", "-c", command],  # noqa: S607 - as a user's own shell finds it
        env={"PATH": path},
        capture_output=True,
        check=True,
        timeout=60,
    )
    return datetime.fromisoformat(orjson.loads(ran.stdout)["starts_at"]).date()


def test_a_public_url_is_shown_when_there_is_one(fresh: DemoClinic) -> None:
    settings = replace(fresh.settings, public_url="https://clinic.example.org")
    shown = demo.welcome(settings, fresh.card)

    assert "https://clinic.example.org/docs" in shown
    assert "127.0.0.1" not in shown


def test_a_server_on_every_interface_is_shown_on_loopback(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path, host="0.0.0.0", port=8123)  # noqa: S104 - nothing is bound

    assert "http://127.0.0.1:8123/docs" in demo.welcome(settings, None)


def test_without_the_demo_it_says_how_to_make_a_clinic(tmp_path: Path) -> None:
    assert "clinic create-clinic" in demo.welcome(Settings(data_dir=tmp_path), None)
