"""Clients of an application with toys, and clinics of the product itself with its document."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import schemathesis
from flask import Flask
from schemathesis.schemas import APIOperation, BaseSchema

from booking.core.caller import Caller
from config import Settings
from models.database import Database
from tests.api.furnished import Furnished, furnish
from tests.api.toys import seen, toy_app
from tests.support.cast import Clinic, create_clinic
from tests.support.copying import Copied, MakeClinic
from tests.support.desk import Desk


@pytest.fixture(scope="session")
def spec(app: Flask) -> dict[str, Any]:
    """Fetch the product's own OpenAPI document."""
    document: dict[str, Any] = app.test_client().get("/openapi.json").get_json()
    return document


@pytest.fixture(scope="session")
def toys(settings: Settings, database: Database) -> Flask:
    """Make an application with toys, in which the act on a toy answers with its caller's data."""
    return toy_app(settings, database, seen)


@pytest.fixture
def child(desk: Desk, toys: Flask) -> Desk:
    """Give a client of the toys with the fresh clinic's admin key."""
    return replace(desk, app=toys)


@pytest.fixture
def child_who(
    desk: Desk, settings: Settings, database: Database
) -> Callable[[Callable[[Caller], Any]], Desk]:
    """Make clients of applications in which a toy does what the test says."""

    def make(act: Callable[[Caller], Any]) -> Desk:
        return replace(desk, app=toy_app(settings, database, act))

    return make


@pytest.fixture
def clinic(copied: Copied[Clinic]) -> Clinic:
    """Give a clinic of one therapist and one treatment room."""
    return copied(_one_of_each)


def _one_of_each(make_clinic: MakeClinic) -> Clinic:
    return create_clinic(make_clinic())


@pytest.fixture(scope="session")
def schema(app: Flask) -> BaseSchema:
    """Let schemathesis read the document; it leaves the key alone."""
    schema = schemathesis.openapi.from_wsgi("/openapi.json", app)
    schema.config.generation.update(with_security_parameters=False)
    return schema


@pytest.fixture
def furnished(copied: Copied[Furnished]) -> Furnished:
    """Give a clinic with an object of every kind."""
    return copied(furnish)


@pytest.fixture
def operation(schema: BaseSchema, request: pytest.FixtureRequest) -> APIOperation:
    """Give the operation that the test's parameter names."""
    found = schema.find_operation_by_label(request.param)
    assert found is not None
    return found
