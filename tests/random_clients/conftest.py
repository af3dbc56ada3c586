"""Random clients act on a clinic like that of the booking tests."""

from tests.booking.conftest import desk

__all__ = ["desk"]
