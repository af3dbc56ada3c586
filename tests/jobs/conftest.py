"""Background work is tried on the clinic of the booking tests."""

from tests.booking.conftest import clinic, desk

__all__ = ["clinic", "desk"]
