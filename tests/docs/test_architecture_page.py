"""The page about the architecture lists what a booking and a search ask of the database."""

import re

import pytest

from config import PROJECT
from models.database import Database
from tests.docs.pages import first_codes, section
from tests.support.cast import Clinic, create_clinic
from tests.support.copying import Copied, MakeClinic
from tests.support.statements import Statement, listening

PAGE = PROJECT / "docs" / "architecture.md"
NOW = "2027-01-04T08:00:00Z"


def _one_of_each(make_clinic: MakeClinic) -> Clinic:
    clinic = create_clinic(make_clinic().at(NOW))
    # From then on the process has the catalogue.
    clinic.booked("2027-03-01T10:00:00Z")
    return clinic


@pytest.fixture
def clinic(copied: Copied[Clinic]) -> Clinic:
    """Give a clinic of one therapist and one room, with one visit."""
    return copied(_one_of_each)


def told(title: str, heard: list[Statement]) -> list[str]:
    """Give the page's name of each statement that was heard, or the statement itself."""
    names = first_codes(section(PAGE, title))
    asked = [re.sub(r"\s+", " ", statement) for statement, _ in heard]
    pairs = zip(asked, [*names, *[""] * len(asked)], strict=False)
    return [name if name and name in statement else statement for statement, name in pairs]


def test_the_statements_of_a_booking_are_those_of_the_page(clinic: Clinic, database: Database) -> None:
    title = "A booking, from the socket to the SQL and back"
    clinic.slots("2027-03-01", "2027-03-02")
    with listening(database) as heard:
        clinic.booked("2027-03-29T10:00:00Z")

    assert told(title, heard) == first_codes(section(PAGE, title))


def test_the_statements_of_a_search_are_those_of_the_page(clinic: Clinic, database: Database) -> None:
    title = "A search, from the socket to the SQL and back"
    clinic.slots("2027-03-01", "2027-03-02")
    with listening(database) as heard:
        clinic.slots("2027-03-29", "2027-03-30", patient_id=clinic.patient["id"])

    assert told(title, heard) == first_codes(section(PAGE, title))
