"""Fixtures of the journeys: a clinic in London, before and after its patient's first consultation."""

from datetime import UTC, datetime

import pytest
from flask import Flask

from booking.catalogue.clinics import create_clinic
from models.database import Database
from tests.journeys.cast import changed, consulted, create_default_clinic
from tests.support.cast import Clinic, another_patient
from tests.support.copying import Copied, MakeClinic
from tests.support.desk import Desk


@pytest.fixture
def london(copied: Copied[Clinic]) -> Clinic:
    """Give a clinic in London on 4 January 2027, whose patient has had no visit yet."""
    return copied(create_default_clinic)


@pytest.fixture
def known(copied: Copied[Clinic]) -> Clinic:
    """Give such a clinic on 22 February, after the patient's consultation on Saturday 20 February."""
    return copied(_known).at("2027-02-22T09:00:00Z")


def _known(make_clinic: MakeClinic) -> Clinic:
    london = create_default_clinic(make_clinic)
    consulted(london)
    return london


@pytest.fixture(scope="module")
def lasting(app: Flask, database: Database) -> Clinic:
    """Create a clinic that all tests of a module share; what they write does not disturb other tests."""

    def make(catalogue: str, timezone: str) -> Desk:
        made = create_clinic(
            database, name="Lasting", timezone=timezone, catalogue=catalogue, now=datetime.now(UTC)
        )
        return Desk(app, made.clinic_id, made.admin_key)

    return create_default_clinic(make)


@pytest.fixture(scope="module")
def unbound(lasting: Clinic) -> Clinic:
    """Give the shared clinic on 22 February, without prerequisites of its procedures."""
    for procedure in lasting.desk.get("/procedures").get_json()["items"]:
        changed(lasting, f"/procedures/{procedure['id']}", prerequisites=[])
    return lasting.at("2027-02-22T09:00:00Z")


@pytest.fixture
def someone(unbound: Clinic) -> Clinic:
    """Give the shared clinic with a new patient, for tests that judge visits and book none."""
    return another_patient(unbound)
