"""What the tests of external calendars share."""

from dataclasses import replace

import pytest

from api.state import state_of
from tests.support.cast import Clinic


@pytest.fixture
def loopback(clinic: Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
    """Allow calendars on this machine, as CLINIC_ALLOW_LOOPBACK_URLS=1 does."""
    state = state_of(clinic.desk.app)
    allowing = replace(state, settings=replace(state.settings, allow_loopback_urls=True))
    monkeypatch.setitem(clinic.desk.app.extensions, "clinic-scheduling", allowing)
