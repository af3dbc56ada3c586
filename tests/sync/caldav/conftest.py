"""The practice that CalDAV shows, and a phone of its first therapist."""

import pytest

from tests.support.copying import Copied
from tests.sync.phone import Phone, Practice, create_practice


@pytest.fixture
def practice(copied: Copied[Practice]) -> Practice:
    """Give a practice of two therapists, Ada and Ben."""
    return copied(create_practice)


@pytest.fixture
def phone(practice: Practice) -> Phone:
    """Give a calendar program with Ada's account."""
    return practice.phone()
