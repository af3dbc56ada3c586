"""Folders for embedded databases, and clinics that a whole module shares."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from models.database import Database
from tests.support.desk import Desk
from tests.support.full_clinic import create_full_clinic
from tests.support.new_clinics import open_clinic
from tests.support.processes import User, data_folder


@pytest.fixture
def empty_folder() -> Iterator[Path]:
    """Give a folder for an embedded database of the test's own."""
    with data_folder() as folder:
        yield folder


@pytest.fixture(scope="session")
def cluster() -> Iterator[Path]:
    """Start an embedded database once, stop it, and give its folder."""
    with data_folder() as folder:
        with User(folder) as first:
            first.url()
        yield folder


@pytest.fixture
def used_folder(cluster: Path) -> Iterator[Path]:
    """Give a folder of the test's own whose embedded database was started and stopped before."""
    with data_folder() as folder:
        # The files keep their owner, who is another user where root runs the tests.
        subprocess.run(["cp", "-a", cluster / "postgres", folder], check=True)  # noqa: S603, S607 - fixed
        yield folder


@pytest.fixture(scope="module")
def alice(app: Flask, database: Database) -> Desk:
    """Give the desk of a clinic that has a row in every table."""
    desk = open_clinic(app, database)
    create_full_clinic(desk)
    return desk


@pytest.fixture(scope="module")
def bob(app: Flask, database: Database) -> Desk:
    """Give the desk of another clinic, which must see nothing of Alice's."""
    return open_clinic(app, database)
