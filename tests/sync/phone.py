"""A therapist's calendar program, and the practice whose visits it shows."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from xml.etree import ElementTree as ET

from flask import Flask
from werkzeug.test import TestResponse

from tests.support.cast import Clinic, Made, create_patient, create_pipeline, create_therapist
from tests.support.copying import MakeClinic
from tests.support.desk import Desk
from tests.sync.cast import settle

# Busy time is kept around the real day, so these tests happen three weeks from now.
DAY = (datetime.now(UTC) + timedelta(weeks=3)).replace(hour=0, minute=0, second=0, microsecond=0)
NEXT = DAY + timedelta(days=1)
VISITS, BUSY = "appointments", "busy"
XMLNS = 'xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav" xmlns:CS="http://calendarserver.org/ns/"'
_STAMP = "%Y%m%dT%H%M%SZ"


def at(clock: str) -> str:
    """Give an instant of the day, of UTC."""
    hours, minutes = clock.split(":")
    return DAY.replace(hour=int(hours), minute=int(minutes)).isoformat()


def stamp(clock: str) -> str:
    """Give the same instant as iCalendar writes it."""
    return datetime.fromisoformat(at(clock)).strftime(_STAMP)


def event(uid: str, starts: str = "12:00", ends: str = "13:00", summary: str = "Dentist") -> str:
    """Write a calendar object with a single event on the day."""
    lines = (
        "BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//test//EN", "BEGIN:VEVENT", f"UID:{uid}",
        f"DTSTAMP:{DAY:{_STAMP}}", f"DTSTART:{stamp(starts)}", f"DTEND:{stamp(ends)}",
        f"SUMMARY:{summary}", "END:VEVENT", "END:VCALENDAR", "",
    )  # fmt: skip
    return "\r\n".join(lines)


@dataclass(frozen=True)
class Practice:
    """A clinic that offers `MN_FACE_STD`, whose second therapist is Ben."""

    desk: Desk
    location: Made
    procedure: Made
    ada: Made
    ben: Made
    patient: Made

    @property
    def clinic(self) -> Clinic:
        """Give the clinic with Ada as its therapist."""
        return Clinic(self.desk, self.location, self.procedure, self.ada, self.patient)

    def booked(self, clock: str, **fields: Any) -> Made:
        """Book a visit of a new patient with Ada, who is needed 40 minutes after the arrival for 30."""
        patient = create_patient(self.desk, name="Grace Hopper")["id"]
        return self.clinic.booked(
            at(clock), **{"therapist_id": self.ada["id"], "patient_id": patient} | fields
        )

    def phone(self, therapist: Made | None = None) -> "Phone":
        """Give a program with a new password for Ada's calendars, or another therapist's."""
        whose = (therapist or self.ada)["id"]
        login = self.desk.made("/app-passwords", therapist_id=whose, name="Phone")
        return Phone(self.desk.app, login["username"], login["password"])


def create_practice(make_clinic: MakeClinic) -> Practice:
    """Create the practice."""
    made = create_pipeline(make_clinic().at(datetime.now(UTC).isoformat()), therapist={"name": "Ada"})
    ben = create_therapist(made.desk, made.location, name="Ben")
    return Practice(made.desk, made.location, made.procedure, made.therapist, ben, made.patient)


@dataclass
class Phone:
    """A calendar program with its account; it remembers how far it has followed each calendar."""

    app: Flask
    user: str
    password: str
    address: str = "127.0.0.1"
    tokens: dict[str, str] = field(default_factory=dict)

    @property
    def home(self) -> str:
        """Give the path of the calendars."""
        return f"/dav/{self.user}/"

    def ask(self, method: str, path: str = "", body: str = "", **headers: Any) -> TestResponse:
        """Send a request; a path that does not begin with a slash is in the home."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        where = path if path.startswith("/") else self.home + path
        login = (self.user, self.password)
        return self.app.test_client().open(
            where,
            method=method,
            headers=named,
            data=body.encode(),
            auth=login,
            environ_overrides={"REMOTE_ADDR": self.address},
        )

    def put(self, name: str, body: str, **headers: Any) -> TestResponse:
        """Write an object of busy time."""
        return self.ask("PUT", f"{BUSY}/{name}", body, content_type="text/calendar; charset=utf-8", **headers)

    def kept(self, name: str, *when: str, **headers: Any) -> str:
        """Write an object of busy time, insist on 201, and give its ETag."""
        answer = self.put(name, event(name, *when), **headers)
        assert answer.status_code == 201, answer.text
        return answer.headers["ETag"]

    def report(self, calendar: str, root: str, inner: str, **headers: str) -> TestResponse:
        """Ask for a report, named with its prefix."""
        return self.ask("REPORT", f"{calendar}/", f"<{root} {XMLNS}>{inner}</{root}>", **headers)

    def collected(self, calendar: str, token: str = "", limit: int | str | None = None) -> TestResponse:
        """Ask once for what has changed since a token."""
        bound = "" if limit is None else f"<D:limit><D:nresults>{limit}</D:nresults></D:limit>"
        return self.report(
            calendar,
            "D:sync-collection",
            f"<D:sync-token>{token}</D:sync-token><D:sync-level>1</D:sync-level>{bound}"
            "<D:prop><D:getetag/><C:calendar-data/></D:prop>",
            depth="0",
        )

    def follow(
        self, calendar: str, limit: int | None = None, *, settled: bool = True
    ) -> dict[str, str | None]:
        """Give the changes since the last time by name: the text, or None for a deleted object.

        With `settled`, wait first until all changes are visible.
        """
        if settled:
            settle(self.app)
        told: dict[str, str | None] = {}
        more = True
        while more:
            answer = self.collected(calendar, self.tokens.get(calendar, ""), limit)
            assert answer.status_code == 207, answer.text
            found = told_by(answer)
            more = found.pop("", None) is not None
            told |= {name: one.get("calendar-data") for name, one in found.items()}
            self.tokens[calendar] = ET.fromstring(answer.data).findtext("{DAV:}sync-token") or ""  # noqa: S314 - ours
        return told

    def property(self, path: str, name: str) -> str | None:
        """Ask for the text of a property, named with its prefix."""
        body = f"<D:propfind {XMLNS}><D:prop><{name}/></D:prop></D:propfind>"
        answer = self.ask("PROPFIND", path, body, depth="0")
        assert answer.status_code == 207, answer.text
        return next(iter(told_by(answer).values())).get(name.partition(":")[2])


def told_by(answer: TestResponse) -> dict[str, Mapping[str, str]]:
    """Give each object's properties by its name: none for a deleted object, and "" names the calendar."""
    return dict(_told_by(answer))


def _told_by(answer: TestResponse) -> Iterator[tuple[str, Mapping[str, str]]]:
    for one in ET.fromstring(answer.data).findall("{DAV:}response"):  # noqa: S314 - our own answer
        found: dict[str, str] = {}
        for propstat in one.findall("{DAV:}propstat"):
            if " 200 " in (propstat.findtext("{DAV:}status") or ""):
                for prop in propstat.find("{DAV:}prop") or ():
                    found[prop.tag.rpartition("}")[2]] = "".join(prop.itertext())
        yield (one.findtext("{DAV:}href") or "").rpartition("/")[2], found


def times(text: str | None) -> tuple[str, str]:
    """Give an object's start and end as it writes them."""
    assert text is not None
    named = dict(line.split(":", 1) for line in text.split("\r\n") if ":" in line)
    return named["DTSTART"], named["DTEND"]
