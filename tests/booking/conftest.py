"""Desks at a fixed instant, and clinics that most booking tests start from."""

from collections.abc import Callable

import pytest

from tests.booking.cast import NOW, Clinic, create_clinic, create_rule
from tests.desk import Desk


@pytest.fixture
def desk(make_clinic: Callable[..., Desk]) -> Desk:
    """Give a fresh clinic's desk on a Monday morning in January 2027."""
    return make_clinic().at(NOW)


@pytest.fixture
def clinic(desk: Desk) -> Clinic:
    """Create a clinic of one therapist and one treatment room, without spacing rules."""
    return create_clinic(desk)


@pytest.fixture
def spaced(clinic: Clinic) -> Clinic:
    """Give the same clinic with rule S02."""
    create_rule(clinic.desk)
    return clinic
