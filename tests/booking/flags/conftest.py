"""The clinic of these tests is that of the catalogue's."""

from tests.booking.catalogue.conftest import cast, desk_with, make_cast, rows

__all__ = ["cast", "desk_with", "make_cast", "rows"]
