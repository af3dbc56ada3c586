"""Clinics whose staff have calendars elsewhere, and the sites of these."""

from collections.abc import Callable, Iterator

import pytest

from models.database import Database
from tests.booking.cast import Clinic
from tests.booking.conftest import clinic, desk, pipeline
from tests.sync.elsewhere import Elsewhere
from tests.sync.servers import Server, Talk

__all__ = ["clinic", "desk", "pipeline"]

Site = Callable[[Talk], Server]


@pytest.fixture
def site() -> Iterator[Site]:
    """Start sites that end with the test."""
    started: list[Server] = []

    def start(talk: Talk) -> Server:
        started.append(Server(talk))
        return started[-1]

    yield start
    for one in started:
        one.close()


@pytest.fixture
def elsewhere(clinic: Clinic, database: Database) -> Elsewhere:
    """Give the clinic's therapist's life elsewhere."""
    return Elsewhere(clinic, database)
