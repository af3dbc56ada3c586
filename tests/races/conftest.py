"""Races start from the clinics of the booking tests, and end without a deadlock."""

from collections.abc import Iterator

import pytest

from models.database import Database
from tests.api.conftest import child_who
from tests.booking.conftest import cast, clinic, desk, desk_with, make_cast, pipeline, rows, spaced
from tests.support.racing import deadlocks

__all__ = ["cast", "child_who", "clinic", "desk", "desk_with", "make_cast", "pipeline", "rows", "spaced"]


@pytest.fixture(scope="module", autouse=True)
def _no_deadlocks(database: Database) -> Iterator[None]:
    """Insist that PostgreSQL had no deadlock to break in all races of a module."""
    before = deadlocks(database)
    yield
    assert deadlocks(database) == before
