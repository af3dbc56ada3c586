"""New clinics, and databases that one test module has for itself."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from flask import Flask

from api.app import create_app
from booking.catalogue.clinics import create_clinic
from config import Settings
from migrations.runner import migrate
from models.database import Database
from tests.support.desk import Desk


def open_clinic(
    app: Flask,
    database: Database,
    *,
    name: str = "Test clinic",
    timezone: str = "Europe/London",
    catalogue: str = "none",
) -> Desk:
    """Create a clinic and give the desk that holds its admin key; `catalogue` as on the command line."""
    made = create_clinic(database, name=name, timezone=timezone, catalogue=catalogue, now=datetime.now(UTC))
    return Desk(app, made.clinic_id, made.admin_key)


def own_database(purpose: str) -> tuple[Any, Any]:
    """Make a module's own fixtures `database` and `app`.

    For tests of work that goes through every clinic or job of a database: no other module has any there.
    """

    @pytest.fixture(scope="module")
    def database(make_database: Callable[[str], Database]) -> Database:
        """Migrate a database of the module's own."""
        made = make_database(purpose)
        migrate(made.engine)
        return made

    @pytest.fixture(scope="module")
    def app(database: Database, settings: Settings) -> Flask:
        """Make the application on the module's own database."""
        return create_app(settings, database)

    return database, app
