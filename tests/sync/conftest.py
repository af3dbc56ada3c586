"""Clinics, receivers of their webhooks, and sites of their external calendars."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from flask import Flask

from api.state import state_of
from models.database import Database
from tests.booking.conftest import clinic, desk, pipeline
from tests.support.cast import Clinic
from tests.support.copying import Copied
from tests.sync.cast import Branches, create_branches
from tests.sync.elsewhere import Elsewhere
from tests.sync.hooks import Office
from tests.sync.receivers import Manners, Receiver, fine
from tests.sync.servers import Server, Talk

__all__ = ["clinic", "desk", "pipeline"]

Site = Callable[..., Server]


@pytest.fixture
def branches(copied: Copied[Branches]) -> Branches:
    """Give a clinic of two locations, two therapists and two rooms in each."""
    return copied(create_branches)


@pytest.fixture(scope="package", autouse=True)
def _listener_ends(app: Flask) -> Iterator[None]:
    """End the application's listener, whose connection other tests would count."""
    yield
    state_of(app).waiting.close()


@pytest.fixture
def office(database: Database, clinic: Clinic) -> Office:
    """Give the clinic's office."""
    return Office(database, clinic)


@pytest.fixture
def receiver() -> Iterator[Callable[..., Receiver]]:
    """Start receivers that stop with the test."""
    with ExitStack() as stack:

        def start(manners: Manners = fine) -> Receiver:
            return stack.enter_context(Receiver(manners).listening())

        yield start


@pytest.fixture
def site() -> Iterator[Site]:
    """Start sites that end with the test."""
    started: list[Server] = []

    def start(talk: Talk, **where: Any) -> Server:
        started.append(Server(talk, **where))
        return started[-1]

    yield start
    for one in started:
        one.close()


@pytest.fixture
def elsewhere(clinic: Clinic, database: Database) -> Elsewhere:
    """Give the busy time of the clinic's therapist outside the clinic."""
    return Elsewhere(clinic, database)
