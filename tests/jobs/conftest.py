"""The tests of background work use the clinic of the booking tests."""

from tests.booking.conftest import clinic, desk

__all__ = ["clinic", "desk"]
