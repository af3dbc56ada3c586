"""Clinics that the tests of the change feed start from."""

from collections.abc import Iterator

import pytest
from flask import Flask

from api.state import state_of
from tests.copying import Copied
from tests.sync.cast import Branches, create_branches


@pytest.fixture
def branches(copied: Copied[Branches]) -> Branches:
    """Give a clinic of two locations, two therapists and two rooms in each."""
    return copied(create_branches)


@pytest.fixture(scope="package", autouse=True)
def _nobody_listens_on(app: Flask) -> Iterator[None]:
    """End the application's listener, whose connection other tests would count."""
    yield
    state_of(app).waiting.close()


"""A small clinic, an office that delivers its webhooks, and receivers."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack

from models.database import Database
from tests.booking.cast import NOW, Clinic, create_clinic
from tests.copying import Copied, MakeClinic
from tests.sync.hooks import Office
from tests.sync.receivers import Manners, Receiver, fine


def clinic(copied: Copied[Clinic]) -> Clinic:
    """Give a clinic of one therapist and one treatment room."""
    return copied(_one_of_each)


def _one_of_each(make_clinic: MakeClinic) -> Clinic:
    return create_clinic(make_clinic().at(NOW))


def office(database: Database, clinic: Clinic) -> Office:
    """Give the clinic's office."""
    return Office(database, clinic)


def receiver() -> Iterator[Callable[..., Receiver]]:
    """Start receivers that stop with the test."""
    with ExitStack() as stack:

        def start(manners: Manners = fine) -> Receiver:
            return stack.enter_context(Receiver(manners).listening())

        yield start
