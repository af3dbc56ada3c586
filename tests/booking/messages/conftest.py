"""Fixtures of the tests of messages: a visit on the day before the clocks change."""

import pytest

from tests.support.cast import Clinic, Made
from tests.support.messages import BOOKED, VISIT


@pytest.fixture
def booked(clinic: Clinic) -> Made:
    """Book a treatment for noon on Saturday 27 March."""
    return clinic.at(BOOKED).booked(VISIT)
