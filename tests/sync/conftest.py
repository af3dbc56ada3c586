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
