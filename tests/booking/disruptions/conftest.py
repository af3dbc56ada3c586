"""Fixtures of the tests of disruptions: a clinic with three visits on a morning."""

import pytest

from tests.support.cast import (
    NOW,
    Clinic,
    Made,
    create_clinic,
)
from tests.support.copying import Copied, MakeClinic
from tests.support.times import at


@pytest.fixture
def busy(copied: Copied[Clinic]) -> Clinic:
    """Give a clinic of one therapist and two treatment rooms."""
    return copied(_two_rooms)


def _two_rooms(make_clinic: MakeClinic) -> Clinic:
    return create_clinic(make_clinic().at(NOW), rooms=[{"kind": "treatment"}] * 2)


@pytest.fixture
def morning(busy: Clinic) -> list[Made]:
    """Book three visits in the morning."""
    times = zip(("09:00", "10:00", "11:00"), busy.patients(3), strict=True)
    return [busy.booked(at(clock), patient_id=patient) for clock, patient in times]
