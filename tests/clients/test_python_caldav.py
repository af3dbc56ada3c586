"""The `caldav` library finds, reads, follows and writes calendars."""

import json
from pathlib import Path

from tests.clients.conftest import HERE, PROGRAMS, SETUPS, Phone
from tests.support.programs import run


@SETUPS
def test_a_program_on_the_caldav_library_reads_follows_and_writes(
    phone: Phone, tmp_path: Path, path: str
) -> None:
    printed = run([PROGRAMS / "python", HERE / "python_caldav.py"], phone.environment(path), tmp_path)

    told = json.loads(printed)
    assert told.pop("refused")
    assert told == {
        "calendars": ["Appointments", "Busy"],
        "visits": ["2027-01-05T10:00:00+00:00"],
        "not that day": 0,
        "at first": 0,
        "came": [1, 0],
        "by uid": "Dentist",
        "changed": [1, 0],
        "busy": True,
        "went": [0, 1],
    }
