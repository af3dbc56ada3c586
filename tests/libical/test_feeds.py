"""Debian's libical reads every kind of feed and finds no error by RFC 5545's restrictions."""

import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.support.cast import (
    NOW,
    Clinic,
    create_clinic,
    create_patient,
    create_therapist,
    every_day,
    working,
)
from tests.support.copying import Copied, MakeClinic
from tests.support.desk import Desk
from tests.sync.feeds.feeding import subscribe

Made = dict[str, Any]

COUNT = Path(__file__).with_name("count_errors.py")
NAMES = ("Zoë; O'Neil, \\n", "Мария Иванова", "王小明", "محمد علي", "👩‍⚕️ " * 30, "x" * 100)
# One ordinary day, two times in each night on which the clocks change, and one more day.
TIMES = (
    "2027-03-01T10:00:00Z", "2027-03-28T00:30:00Z", "2027-03-28T01:00:00Z", "2027-10-31T00:30:00Z",
    "2027-10-31T01:30:00Z", "2027-11-01T10:00:00Z",
)  # fmt: skip


def errors(body: bytes) -> tuple[int, int]:
    """Give the numbers of events and of errors that libical finds."""
    command = ["/usr/bin/python3", "-I", COUNT]
    done = subprocess.run(command, input=body, capture_output=True, check=False)  # noqa: S603 - our own script
    assert done.returncode == 0, done.stderr
    events, found = map(int, done.stdout.split())
    return events, found


def _busy_clinic(make_clinic: MakeClinic) -> Clinic:
    clinic = create_clinic(
        make_clinic().at(NOW),
        name="Zoë's; Bath, \\ London " + "北京" * 20,
        opening_hours=every_day("00:00", "24:00"),
    )
    owl = create_therapist(
        clinic.desk, clinic.location, name=NAMES[0], working_hours=working(clinic.location, "00:00", "24:00")
    )
    clinic.desk.made("/devices", location_id=clinic.location["id"], name="RF", kind="rf")
    needs = {"therapist": True, "room_kinds": ["treatment"], "device_kinds": ["rf"]}
    phases = [{"name": "RF", "kind": "procedure", "minutes": 20, **needs}]
    procedure = clinic.desk.made(
        "/procedures", code="RF", name="RF", family="RF", areas=["FACE"], phases=phases
    )
    for place, (name, at) in enumerate(zip(NAMES, TIMES, strict=True)):
        patient = clinic.patient if place == 0 else create_patient(clinic.desk, name=name)
        visit = clinic.booked(
            at, patient_id=patient["id"], therapist_id=owl["id"], procedure_id=procedure["id"]
        )
        if place in (0, 3):
            clinic.acted("confirm", visit)
        if place in (2, 5):
            clinic.acted("cancel", visit, reason_code="patient")
    clinic.booked("2027-03-02T10:00:00Z", therapist_id=owl["id"], procedure_id=procedure["id"])
    clinic.acted(
        "cancel", clinic.booked("2027-03-03T10:00:00Z", therapist_id=owl["id"]), reason_code="patient"
    )
    return clinic


@pytest.fixture
def busy(copied: Copied[Clinic]) -> Clinic:
    """Give a clinic with visits of people of all scripts, at odd hours, some of them cancelled."""
    return copied(_busy_clinic)


def things(desk: Desk, kind: str) -> list[Made]:
    """List the clinic's objects of a kind."""
    found: list[Made] = desk.get(f"/{kind}").get_json()["items"]
    return found


@pytest.mark.parametrize("detail", ["busy", "reference", "initials"])
@pytest.mark.parametrize(
    ("kind", "events"), [("therapists", 8), ("rooms", 8), ("devices", 7), ("locations", 8), ("patients", 3)]
)
def test_libical_finds_no_error_in_any_kind_of_feed(
    busy: Clinic, detail: str, kind: str, events: int
) -> None:
    of = "resource" if kind in {"therapists", "rooms", "devices"} else kind.removesuffix("s")
    found = [
        errors(subscribe(busy.desk, detail, **{of: thing}).ask().data) for thing in things(busy.desk, kind)
    ]

    assert max(found) == (events, 0)
    assert {number for _, number in found} == {0}


@pytest.mark.parametrize(
    ("line", "instead"),
    [
        (b"SEQUENCE:1\r\n", b"SEQUENCE:1\r\nSEQUENCE:1\r\n"),
        (b"VERSION:2.0\r\n", b""),
        (b"TRANSP:OPAQUE", b"TRANSP:OPAQUE\r\nDURATION:PT1H"),
        (b"DTEND:", b"DTEND:today"),
    ],
)
def test_libical_finds_what_is_wrong(busy: Clinic, line: bytes, instead: bytes) -> None:
    body = subscribe(busy.desk, location=busy.location).ask().data
    assert line in body

    assert errors(body.replace(line, instead, 1))[1] > 0
