"""`vdirsyncer` keeps a folder and the busy calendar in step, and `khal` shows the fetched events."""

from pathlib import Path

import pytest

from tests.clients.conftest import PROGRAMS, Phone
from tests.support.programs import run

SETTINGS = """
[general]
status_path = "{folder}/status/"

[pair busy]
a = "here"
b = "there"
collections = ["busy"]
conflict_resolution = {winner}

[pair visits]
a = "here"
b = "readable"
collections = ["appointments"]
conflict_resolution = "b wins"
partial_sync = "revert"

[storage here]
type = "filesystem"
path = "{folder}/calendars/"
fileext = ".ics"

[storage there]
type = "caldav"
url = "{url}"
username = "{user}"
password = "{password}"

[storage readable]
type = "caldav"
url = "{url}"
username = "{user}"
password = "{password}"
read_only = true
"""
KHAL = """
[calendars]
[[appointments]]
path = {folder}/calendars/appointments
[[busy]]
path = {folder}/calendars/busy
[locale]
timeformat = %H:%M
dateformat = %Y-%m-%d
longdateformat = %Y-%m-%d
datetimeformat = %Y-%m-%d %H:%M
longdatetimeformat = %Y-%m-%d %H:%M
default_timezone = Europe/London
local_timezone = Europe/London
"""
EVENT = """BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//test//EN
BEGIN:VEVENT
UID:{uid}
DTSTAMP:20270101T000000Z
DTSTART;TZID=Europe/London:20270105T{hour}0000
DTEND;TZID=Europe/London:20270105T{hour}3000
SUMMARY:{summary}
END:VEVENT
END:VCALENDAR
"""


class Folder:
    """A folder of calendars that vdirsyncer keeps in step with the server."""

    def __init__(self, phone: Phone, folder: Path, winner: str = "null", path: str = "/dav/") -> None:
        self.folder = folder
        account = {
            "url": phone.environment(path)["DAV_URL"],
            "user": phone.login["username"],
            "password": phone.login["password"],
        }
        settings = SETTINGS.format(folder=folder, winner=winner, **account)
        (folder / "vdirsyncer.conf").write_text(settings)
        (folder / "khal.conf").write_text(KHAL.format(folder=folder))
        (folder / "calendars" / "appointments").mkdir(parents=True)
        (folder / "calendars" / "busy").mkdir()
        self.call("discover")

    def call(self, command: str) -> str:
        return run([PROGRAMS / "vdirsyncer", "--config", "vdirsyncer.conf", command], {}, self.folder)

    def put(self, uid: str, hour: int, summary: str = "Lunch") -> None:
        text = EVENT.format(uid=uid, hour=f"{hour:02}", summary=summary)
        (self.folder / "calendars" / "busy" / f"{uid}.ics").write_text(text)

    def delete(self, uid: str, calendar: str = "busy") -> None:
        (found,) = [path for path in self._objects(calendar) if f"UID:{uid}" in path.read_text()]
        found.unlink()

    def summaries(self, calendar: str = "busy") -> dict[str, str]:
        """Give the summaries of the folder's events by UID."""
        texts = [path.read_text() for path in self._objects(calendar)]
        return {_value(text, "UID"): _value(text, "SUMMARY") for text in texts}

    def _objects(self, calendar: str) -> list[Path]:
        return sorted((self.folder / "calendars" / calendar).glob("*.ics"))

    def listed(self) -> str:
        """Give khal's own list of the day."""
        command = [PROGRAMS / "khal", "--config", "khal.conf", "list", "--format", "{start-time} {title}"]
        return run([*command, "2027-01-05", "2027-01-06"], {}, self.folder)


def _value(text: str, name: str) -> str:
    return next(line.partition(":")[2].strip() for line in text.splitlines() if line.startswith(name))


@pytest.fixture
def folders(phone: Phone, tmp_path: Path) -> tuple[Folder, Folder]:
    """Give two devices of one therapist; where both change an event, the second lets the server win."""
    made = tmp_path / "one", tmp_path / "two"
    for folder in made:
        folder.mkdir()
    return Folder(phone, made[0]), Folder(phone, made[1], winner='"b wins"')


def test_two_devices_stay_in_step_through_changes_deletions_and_a_conflict(
    phone: Phone, folders: tuple[Folder, Folder]
) -> None:
    one, two = folders
    one.put("lunch", 13)
    one.put("dentist", 15)
    for folder in folders:
        folder.call("sync")
    assert one.summaries() == two.summaries() == {"lunch": "Lunch", "dentist": "Lunch"}
    assert len(two.summaries("appointments")) == 1

    # In between: a change here, a deletion there, another visit, and both devices change the same event.
    phone.book("2027-01-05T11:00:00+00:00")
    two.delete("dentist")
    two.put("school", 16, "School")
    one.put("lunch", 12, "Early lunch")
    one.call("sync")
    two.put("lunch", 14, "Late lunch")
    two.call("sync")
    one.call("sync")

    assert one.summaries() == two.summaries() == {"lunch": "Early lunch", "school": "School"}
    assert one.summaries("appointments") == two.summaries("appointments")
    assert len(one.summaries("appointments")) == 2
    # Nothing is left to do.
    before = one.summaries(), two.summaries()
    for folder in folders:
        folder.call("sync")
    assert (one.summaries(), two.summaries()) == before


def test_a_visit_that_a_device_has_deleted_comes_back(phone: Phone, folders: tuple[Folder, Folder]) -> None:
    one, _ = folders
    phone.book("2027-01-05T11:00:00+00:00")
    one.call("sync")
    visits = one.summaries("appointments")
    one.delete(min(visits), "appointments")

    # The first run finds that it must not delete the visit, the second run fetches it again.
    for _ in range(2):
        one.call("sync")

    assert one.summaries("appointments") == visits
    assert len(visits) == 2


def test_a_device_that_knows_the_host_alone_finds_both_calendars(phone: Phone, tmp_path: Path) -> None:
    folder = Folder(phone, tmp_path, path="")
    folder.put("lunch", 13)
    folder.call("sync")

    assert len(folder.summaries("appointments")) == 1
    assert phone.desk.app.test_client().get(
        f"/dav/{phone.login['username']}/busy/lunch.ics",
        auth=(phone.login["username"], phone.login["password"]),
    ).status_code == 200  # fmt: skip


def test_busy_time_from_a_device_blocks_bookings_and_khal_shows_both(
    phone: Phone, folders: tuple[Folder, Folder]
) -> None:
    one, _ = folders
    one.put("lunch", 13, "Lunch")
    one.call("sync")

    wanted = phone.booking | {"starts_at": "2027-01-05T13:10:00+00:00", "patient_id": phone.patient["id"]}
    refused = phone.desk.at("2027-01-04T08:00:00+00:00").post("/appointments", wanted)
    assert [one["code"] for one in refused.get_json()["refusals"]] == ["therapist_busy"]
    listed = one.listed()
    assert "10:00 Appointment" in listed
    assert "13:00 Lunch" in listed
