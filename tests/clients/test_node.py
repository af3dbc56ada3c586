"""Two JavaScript libraries: `tsdav` follows and writes, `ical.js` reads every kind of feed."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.clients.conftest import HERE, SETUPS, Phone
from tests.support.cast import NOW
from tests.support.programs import PATIENCE_SECONDS, run


@SETUPS
def test_a_program_on_tsdav_reads_follows_and_writes(phone: Phone, tmp_path: Path, path: str) -> None:
    printed = run(["node", HERE / "tsdav.mjs"], phone.environment(path), tmp_path)

    told = json.loads(printed)
    assert {"syncCollection", "calendarQuery", "calendarMultiget"} <= set(told.pop("reports"))
    assert told == {
        "calendars": ["Appointments", "Busy"],
        "visits": ["20270105T100000Z"],
        "created": 201,
        "again": 412,
        "came": [1, 0, 0],
        "updated": 204,
        "stale": 412,
        "data": "20270105T170000Z",
        "deleted": 204,
        "left": 0,
        "refused": 405,
    }


@pytest.mark.parametrize("detail", ["busy", "reference", "initials"])
@pytest.mark.parametrize("of", ["therapist", "room", "location", "patient"])
def test_ical_js_reads_every_kind_of_feed(phone: Phone, of: str, detail: str) -> None:
    visit = phone.book("2027-01-05T12:00:00+00:00")
    whose = {
        "therapist": {"resource_id": visit["therapist_id"]},
        "room": {"resource_id": visit["phases"][0]["room_id"]},
        "location": {"location_id": visit["location_id"]},
        "patient": {"patient_id": visit["patient_id"]},
    }
    feed = phone.desk.made("/calendar-feeds", **whose[of], detail=detail)

    told = _read(phone, feed["url"])

    found = {one["uid"]: one for one in told["events"]}
    assert len(found) == (1 if of == "patient" else 2)
    event = next(one for uid, one in found.items() if visit["id"] in uid)
    assert (event["starts_at"], event["ends_at"]) == ("2027-01-05T12:00:00.000Z", "2027-01-05T12:20:00.000Z")
    assert (event["status"], event["sequence"]) == ("CONFIRMED", visit["version"])
    shown = {"busy": "Busy", "reference": f"Appointment {visit['id'][-8:]}", "initials": "P."}
    assert event["summary"] == shown[detail]


def _read(phone: Phone, url: str) -> Any:
    path = url.partition("/calendars/")[2]
    answer = phone.desk.app.test_client().get(f"/calendars/{path}", headers={"X-Clinic-Now": NOW})
    node = shutil.which("node")
    assert node, "Node is missing: install it, then run make test-clients"
    done = subprocess.run(  # noqa: S603 - the library under test
        [node, HERE / "ical.mjs"],
        input=answer.data,
        capture_output=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)
