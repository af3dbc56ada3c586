"""London on the default catalogue, its patient with and without a first consultation."""

from datetime import UTC, datetime

import pytest
from flask import Flask

from booking.clinics import create_clinic
from models.database import Database
from tests.booking.cast import Clinic
from tests.desk import Desk
from tests.journeys.cast import MakeClinic, another_patient, changed, consulted, create_default_clinic


@pytest.fixture
def london(make_clinic: MakeClinic) -> Clinic:
    """Create a clinic in London whose patient has had nothing yet, on 4 January 2027."""
    return create_default_clinic(make_clinic)


@pytest.fixture
def known(london: Clinic) -> Clinic:
    """Give the clinic on 22 February, after the patient's consultation on Saturday 20 February."""
    consulted(london)
    return london.at("2027-02-22T09:00:00Z")


@pytest.fixture(scope="module")
def lasting(app: Flask, database: Database) -> Clinic:
    """Create a clinic that all tests of a module share: what they write no other could notice."""

    def make(catalogue: str, timezone: str) -> Desk:
        made = create_clinic(
            database, name="Lasting", timezone=timezone, catalogue=catalogue, now=datetime.now(UTC)
        )
        return Desk(app, made.clinic_id, made.admin_key)

    return create_default_clinic(make)


@pytest.fixture(scope="module")
def unbound(lasting: Clinic) -> Clinic:
    """Give the shared clinic on 22 February, once it asks for no consultation before its treatments."""
    for procedure in lasting.desk.get("/procedures").get_json()["items"]:
        changed(lasting, f"/procedures/{procedure['id']}", prerequisites=[])
    return lasting.at("2027-02-22T09:00:00Z")


@pytest.fixture
def someone(unbound: Clinic) -> Clinic:
    """Give the shared clinic with a new patient: for what is judged and never booked."""
    return another_patient(unbound)
