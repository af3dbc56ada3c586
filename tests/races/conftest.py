"""The clinics that races start from are those of the tests beside the code."""

from tests.api.conftest import child_who
from tests.booking.catalogue.conftest import cast, desk_with, make_cast, rows
from tests.booking.conftest import clinic, desk, pipeline, spaced

__all__ = ["cast", "child_who", "clinic", "desk", "desk_with", "make_cast", "pipeline", "rows", "spaced"]
