"""A calendar program and the two calendars of its owner."""

import pytest

from dav.calendars import Home
from tests.dav.shelf import Program, Shelf, event


@pytest.fixture
def busy() -> Shelf:
    """Give an empty calendar."""
    return Shelf("busy")


@pytest.fixture
def program(busy: Shelf) -> Program:
    """Give a program of Ada's, who has a calendar of one visit, which is read-only, and her busy calendar."""
    visits = Shelf("visits", writable=False, objects={"v.ics": event("v", 12)}, log=["v.ics"])
    return Program(Home("ada", "Ada", (visits, busy)))
