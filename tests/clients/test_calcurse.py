"""`calcurse-caldav`, of Debian, brings the visits into `calcurse` and keeps busy time in step with it."""

import shutil
from pathlib import Path

import pytest

from tests.clients.conftest import Phone
from tests.support.programs import run

# Debian's own interpreter, which has the program's packages: another may stand before it on the path.
PYTHON = "/usr/bin/python3"
SETTINGS = """
[General]
Binary = calcurse
Hostname = {host}
Path = {path}
HTTPS = No
DryRun = No
SyncFilter = cal
AuthMethod = basic
[Auth]
Username = {user}
Password = {password}
"""
LUNCH = """BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//test//EN
BEGIN:VEVENT
UID:lunch
DTSTAMP:20270101T000000Z
DTSTART:20270105T130000Z
DTEND:20270105T133000Z
SUMMARY:Lunch
END:VEVENT
END:VCALENDAR
"""


class Diary:
    """A calcurse with a folder of its own that is kept in step with one of the two calendars.

    The program looks for no calendars: by its manual, `Path` is the path of the calendar itself.
    """

    def __init__(self, phone: Phone, folder: Path, calendar: str) -> None:
        self._folder = folder
        folder.mkdir()
        settings = SETTINGS.format(
            host=phone.address.removeprefix("http://"),
            path=f"dav/{phone.login['username']}/{calendar}/",
            user=phone.login["username"],
            password=phone.login["password"],
        )
        (folder / "config").write_text(settings)

    def sync(self, *options: str) -> str:
        """Bring both sides in step, and give what the program says of it."""
        program = shutil.which("calcurse-caldav")
        assert program, "calcurse-caldav is missing: apt-get install calcurse python3-httplib2"
        files = ("--config", "config", "--syncdb", "sync.db", "--lockfile", "lock", "--datadir", "data")
        return run([PYTHON, program, *files, *options], {"TZ": "UTC"}, self._folder)

    def calcurse(self, *options: str) -> str:
        """Run calcurse itself on the folder."""
        return run(["calcurse", "-D", "data", *options], {"TZ": "UTC"}, self._folder)

    def take(self, text: str) -> None:
        """Let calcurse import a text."""
        (self._folder / "import.ics").write_text(text)
        self.calcurse("-q", "-i", "import.ics")


def bookable(phone: Phone) -> bool:
    """Whether a visit could be booked at ten past one."""
    wanted = phone.booking | {"starts_at": "2027-01-05T13:10:00+00:00", "patient_id": phone.patient["id"]}
    answer = phone.desk.at("2027-01-04T08:00:00+00:00").post("/appointments/validate", wanted)
    assert answer.status_code == 200, answer.text
    return bool(answer.get_json()["bookable"])


def test_calcurse_shows_the_visits_and_follows_them(phone: Phone, tmp_path: Path) -> None:
    diary = Diary(phone, tmp_path / "visits", "appointments")
    first = diary.sync("--init", "keep-remote")
    shown = diary.calcurse("-G")
    phone.book("2027-01-05T12:00:00+00:00")

    assert "1 items imported" in first
    assert "01/05/2027 @ 10:00" in shown
    assert "Appointment" in shown
    assert "1 items imported" in diary.sync()
    assert "01/05/2027 @ 12:00" in diary.calcurse("-G")


def test_what_calcurse_adds_to_the_visits_is_refused_until_it_begins_anew(
    phone: Phone, tmp_path: Path
) -> None:
    diary = Diary(phone, tmp_path / "visits", "appointments")
    diary.sync("--init", "keep-remote")
    diary.take(LUNCH)
    with pytest.raises(AssertionError, match="405"):
        diary.sync()
    again = diary.sync("--init", "keep-remote")

    assert "1 items imported" in again
    assert "Lunch" not in diary.calcurse("-G")


def test_calcurse_writes_busy_time_and_takes_it_away(phone: Phone, tmp_path: Path) -> None:
    diary = Diary(phone, tmp_path / "busy", "busy")
    diary.calcurse("-Q")
    diary.take(LUNCH)
    sent = diary.sync("--init", "two-way")
    blocked = not bookable(phone)
    other = Diary(phone, tmp_path / "other", "busy")
    other.sync("--init", "keep-remote")
    shown = other.calcurse("-G")
    other.calcurse("-F", "--filter-type", "todo")
    removed = other.sync()

    assert "1 items exported" in sent
    assert blocked
    assert "Lunch" in shown
    assert "1 items removed from the server" in removed
    assert bookable(phone)
