"""A small clinic, an office that delivers its webhooks, and receivers."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from models.database import Database
from tests.booking.cast import NOW, Clinic, create_clinic
from tests.copying import Copied, MakeClinic
from tests.sync.hooks import Office
from tests.sync.receivers import Manners, Receiver, fine


@pytest.fixture
def clinic(copied: Copied[Clinic]) -> Clinic:
    """Give a clinic of one therapist and one treatment room."""
    return copied(_one_of_each)


def _one_of_each(make_clinic: MakeClinic) -> Clinic:
    return create_clinic(make_clinic().at(NOW))


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
