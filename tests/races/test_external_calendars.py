"""Fetches of calendars race bookings, changes and deletions: no busy time over a visit stays unseen."""

from dataclasses import replace
from functools import partial
from socket import socket

import pytest
from werkzeug.test import TestResponse

from api.state import state_of
from models.database import Database
from tests.support.cast import Clinic, Made, codes, working
from tests.support.racing import assert_sound, race, statuses
from tests.support.times import minutes_after
from tests.support.visits import flag_codes
from tests.sync.calendars import Text, calendar, event
from tests.sync.elsewhere import Elsewhere, at
from tests.sync.servers import Server

PATIENTS = 8
WHOLE_DAY = calendar(event(start=at("00:00"), end=at("23:00")))


@pytest.fixture
def elsewhere(clinic: Clinic, database: Database, monkeypatch: pytest.MonkeyPatch) -> Elsewhere:
    """Give the therapist's busy time, with calendars on this machine allowed."""
    state = state_of(clinic.desk.app)
    allowing = replace(state, settings=replace(state.settings, allow_loopback_urls=True))
    monkeypatch.setitem(clinic.desk.app.extensions, "clinic-scheduling", allowing)
    return Elsewhere(clinic, database)


def fetch(elsewhere: Elsewhere, one: Made) -> TestResponse:
    """Do the job that fetches a calendar, and give the calendar as an answer."""
    elsewhere.fetch(one)
    return elsewhere.clinic.desk.get(f"{elsewhere.calendars}/{one['id']}")


def test_a_fetch_and_bookings_never_miss_each_other(elsewhere: Elsewhere, database: Database) -> None:
    clinic, server = elsewhere.clinic, Server(Text(WHOLE_DAY).talk)
    one = clinic.desk.made(elsewhere.calendars, url=server.url("/busy.ics"))
    named = {"therapist_id": clinic.therapist["id"]}
    acts = [
        partial(clinic.book, minutes_after("09:00", 60 * number), patient_id=patient_id, **named)
        for number, patient_id in enumerate(clinic.patients(PATIENTS))
    ]
    acts.insert(PATIENTS // 2, partial(fetch, elsewhere, one))

    answers = race(acts)
    server.close()

    fetched = answers.pop(PATIENTS // 2).get_json()
    booked = [answer.get_json() for answer in answers if answer.status_code == 201]
    assert fetched["status"] == "ok"
    assert [codes(answer) for answer in answers if answer.status_code != 201] == [["therapist_busy"]] * (
        PATIENTS - len(booked)
    )
    assert [flag_codes(clinic, visit) for visit in booked] == [["external_busy"]] * len(booked)
    assert_sound(database, clinic.desk)


def test_fetches_and_changes_of_a_calendar_leave_what_the_last_address_says(
    elsewhere: Elsewhere,
) -> None:
    """Four fetches, two new addresses and new working hours at once; then a quiet fetch settles it."""
    clinic = elsewhere.clinic
    pages = [calendar(event(start=at(f"{hour}:00"), end=at(f"{hour + 1}:00"))) for hour in (12, 15)]

    def talk(connection: socket, request: bytes) -> None:
        Text(pages[b"/1.ics" in request]).talk(connection, request)

    server = Server(talk)
    one = clinic.desk.made(elsewhere.calendars, url=server.url("/0.ics"))
    path = f"{elsewhere.calendars}/{one['id']}"
    hours = {"working_hours": working(clinic.location, "08:00", "20:00")}
    acts = [
        *[partial(fetch, elsewhere, one)] * 4,
        *[partial(clinic.desk.patch, path, {"url": server.url(f"/{number}.ics")}) for number in (1, 0)],
        partial(clinic.desk.patch, f"/therapists/{clinic.therapist['id']}", hours),
    ]

    answers = race(acts)
    clinic.desk.patch(path, {"url": server.url("/1.ics")})
    settled = elsewhere.fetch(one)
    server.close()

    assert statuses(answers) == [200] * 7
    assert settled["status"] == "ok"
    assert [span.partition(" ")[2] for span in elsewhere.taken()] == ["15:00/16:00"]


def test_a_fetch_of_a_calendar_that_is_being_deleted_leaves_nothing(elsewhere: Elsewhere) -> None:
    clinic, server = elsewhere.clinic, Server(Text(WHOLE_DAY).talk)
    one = clinic.desk.made(elsewhere.calendars, url=server.url("/busy.ics"))
    path = f"{elsewhere.calendars}/{one['id']}"

    def fetch_away() -> TestResponse:
        elsewhere.fetch(one)
        return clinic.desk.get(elsewhere.calendars)

    answers = race([*[fetch_away] * 3, partial(clinic.desk.delete, path)])
    server.close()

    assert statuses(answers) == [200, 200, 200, 204]
    assert elsewhere.taken() == []
    assert clinic.booked(at("12:00"))
