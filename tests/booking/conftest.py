"""Fixtures of the booking tests: desks at a fixed instant, and clinics."""

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any

import pytest
from flask import Flask

from booking.catalogue.clinics import create_clinic as found_clinic
from models.database import Database
from tests.support.cast import NOW, Clinic, create_clinic, create_pipeline, create_rule
from tests.support.catalogue_cast import Cast, create_cast
from tests.support.copying import Copied, MakeClinic
from tests.support.desk import Desk


@pytest.fixture
def desk(make_clinic: Callable[..., Desk]) -> Desk:
    """Give a fresh clinic's desk on a Monday morning in January 2027."""
    return make_clinic().at(NOW)


@pytest.fixture
def clinic(copied: Copied[Clinic]) -> Clinic:
    """Give a clinic of one therapist and one treatment room, without spacing rules."""
    return copied(_one_of_each)


@pytest.fixture
def spaced(clinic: Clinic) -> Clinic:
    """Give the same clinic with rule S02."""
    create_rule(clinic.desk)
    return clinic


@pytest.fixture
def pipeline(copied: Copied[Clinic]) -> Clinic:
    """Give a clinic that offers `MN_FACE_STD`, with two treatment rooms and two numbing bays."""
    return copied(_pipeline)


@pytest.fixture(scope="module")
def standing(app: Flask, database: Database) -> Clinic:
    """Create a clinic that all tests of a module share; what they write does not disturb other tests."""
    return _found(app, database)


@pytest.fixture(scope="module")
def neighbour(app: Flask, database: Database) -> Clinic:
    """Create another shared clinic, whose data the first must not see."""
    return _found(app, database)


@pytest.fixture
def make_cast(copied: Copied[Cast]) -> Callable[[], Cast]:
    """Give a function that creates clinics, each with a cast of its own."""
    return partial(copied, create_cast)


@pytest.fixture
def cast(make_cast: Callable[[], Cast]) -> Cast:
    """Create a clinic with the cast in it."""
    return make_cast()


@pytest.fixture
def desk_with() -> Callable[..., Desk]:
    """Give a function that creates a key of these scopes and gives its desk."""

    def make(cast: Cast, *scopes: str, **fields: Any) -> Desk:
        values = {"name": "Key", "kind": "secret", "scopes": list(scopes)} | fields
        return cast.desk.using(cast.desk.made("/api-keys", **values)["key"])

    return make


@pytest.fixture
def rows(database: Database) -> Callable[..., list[tuple[Any, ...]]]:
    """Give a function that reads rows of a clinic by SQL."""

    def read(desk: Desk, sql: str, **values: Any) -> list[tuple[Any, ...]]:
        with database.transaction(desk.clinic_id) as session:
            return [tuple(row) for row in session.connection().exec_driver_sql(sql, values)]

    return read


def _one_of_each(make_clinic: MakeClinic) -> Clinic:
    return create_clinic(make_clinic().at(NOW))


def _pipeline(make_clinic: MakeClinic) -> Clinic:
    return create_pipeline(make_clinic().at(NOW))


def _found(app: Flask, database: Database) -> Clinic:
    made = found_clinic(
        database, name="Standing", timezone="Europe/London", catalogue="none", now=datetime.fromisoformat(NOW)
    )
    return create_clinic(Desk(app, made.clinic_id, made.admin_key))
