"""What becomes of a calendar is told: by its status, by what could not be read of it, and by an event."""

from datetime import datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import select

from booking.core.caller import Caller
from models import ExternalCalendar
from models.database import Database
from sync.busy.external_calendars import fetch_due
from sync.busy.fetching import read_retry_after
from sync.busy.outcomes import EVERY, LONGEST_PAUSE
from tests.support.cast import NOW
from tests.sync.busy.subscribing import LATER, NOON, THREE, Site, busy, made, told
from tests.sync.calendars import Collection, Text, calendar, event
from tests.sync.elsewhere import Elsewhere, at
from tests.sync.servers import drips, hangs, ok, redirect, says

pytestmark = pytest.mark.usefixtures("loopback")
HEAD = b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//test//\r\n"


@pytest.mark.parametrize(
    ("broken", "line"),
    [
        (event("DTSTART:soon", uid="odd"), 13),
        (event("DTSTART:20270301T100000Z", "DTEND:later", uid="odd"), 14),
        (event("DTSTART:20270301T100000Z", "DURATION:an hour", uid="odd"), 14),
        (event("SUMMARY:Nothing but a name", uid="odd"), 10),
        (event("DTSTART:20270301T100000Z", "DURATION:PT1H", "RRULE:FREQ=NEVER", uid="odd"), 15),
        (event("DTSTART;TZID=Nowhere/Land:20270301T100000", "DURATION:PT1H", uid="odd"), 13),
    ],
)
def test_what_cannot_be_read_is_told_by_uid_and_line_and_costs_no_other(
    elsewhere: Elsewhere, database: Database, site: Site, broken: str, line: int
) -> None:
    page = Text(calendar(busy(), broken))
    one, _ = made(elsewhere, page.talk, site)
    assert (one["status"], one["unread_events"], one["unread"]) == ("pending", 0, [])

    found = elsewhere.fetch(one)

    assert (found["status"], found["last_error"]) == ("warning", None)
    assert (found["unread_events"], found["unread"]) == (1, [{"uid": "odd", "line": line}])
    assert NOON in elsewhere.taken()
    assert told(database, elsewhere) == [{"status": "warning", "last_error": None, "unread_events": 1}]
    page.body, page.etag = calendar(busy()), b'"2"'
    assert elsewhere.fetch(one, LATER)["status"] == "ok"
    assert told(database, elsewhere)[1:] == [{"status": "ok", "last_error": None, "unread_events": 0}]


def test_what_of_an_object_cannot_be_read_is_counted_until_the_object_changes(
    elsewhere: Elsewhere, site: Site
) -> None:
    collection = Collection()
    collection.put("one.ics", calendar(event("DTSTART:soon", uid="odd")))
    collection.put("two.ics", b"no calendar")
    one, _ = made(elsewhere, collection.talk, site, kind="caldav")
    assert elsewhere.fetch(one)["unread"] == [{"uid": "", "line": 1}, {"uid": "odd", "line": 7}]

    collection.put("three.ics", calendar(busy()).removesuffix(b"END:VCALENDAR\r\n"))
    assert elsewhere.fetch(one, LATER)["unread_events"] == 3
    collection.put("three.ics", calendar(busy()))
    assert elsewhere.fetch(one, LATER)["unread_events"] == 2
    collection.put("one.ics", calendar(busy("15:00", "16:00")))
    collection.delete("two.ics")
    well = elsewhere.fetch(one, LATER)

    assert (well["status"], well["unread_events"]) == ("ok", 0)
    assert elsewhere.taken() == [NOON, THREE]


def test_a_calendar_that_brings_nothing_any_more_is_a_warning(
    elsewhere: Elsewhere, database: Database, site: Site
) -> None:
    page = Text(calendar(busy()))
    one, _ = made(elsewhere, page.talk, site)
    elsewhere.fetch(one)
    page.body, page.etag = calendar(), b'"2"'
    emptied = elsewhere.fetch(one, LATER)
    still = elsewhere.fetch(one, "2027-01-06T08:20:00+00:00")
    page.body, page.etag = calendar(busy()), b'"3"'
    well = elsewhere.fetch(one, "2027-01-06T08:40:00+00:00")

    assert (emptied["status"], elsewhere.taken()) == ("warning", [NOON])
    assert datetime.fromisoformat(emptied["emptied_since"]) == datetime.fromisoformat(LATER)
    assert still["emptied_since"] == emptied["emptied_since"]
    assert (well["status"], well["emptied_since"]) == ("ok", None)
    assert [one["status"] for one in told(database, elsewhere)] == ["warning", "ok"]


def test_a_calendar_that_never_brought_anything_is_well(elsewhere: Elsewhere, site: Site) -> None:
    one, _ = made(elsewhere, Text(calendar()).talk, site)

    assert elsewhere.fetch(one)["status"] == "ok"


CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n400\r\n"
NONSENSE = {
    "a page to log in": (says(ok(b"<!DOCTYPE html><html>Log in</html>")), "not_a_calendar"),
    "a loop": (says(redirect("/busy.ics")), "too_many_redirects"),
    "half a body": (says(b"HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n" + HEAD), "bad_answer"),
    "a chunk that breaks off": (says(CHUNKED + HEAD), "bad_answer"),
    "half a calendar": (says(ok(calendar(busy("15:00", "16:00"))[:-20])), "incomplete"),
    "an image": (says(ok(b"\x89PNG\r\n\x1a\n", b"Content-Type: image/png")), "not_a_calendar"),
    "JSON": (says(ok(b'{"error": "no"}', b"Content-Type: application/json")), "not_a_calendar"),
    "nothing": (says(ok(b"")), "not_a_calendar"),
    "no content": (says(ok(b"", status=b"204 No Content")), "http_error"),
    "no login": (says(ok(b"", status=b"401 Who")), "unauthorised"),
    "no payment": (says(ok(b"", status=b"402 Pay")), "http_error"),
    "too many": (says(ok(b"", status=b"429 Slower")), "too_many_requests"),
    "no service": (says(ok(b"", status=b"503 Later")), "unavailable"),
    "not modified": (says(ok(b"", status=b"304 Not Modified")), None),
    "drops": (drips(b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n", b"B"), "timeout"),
    "nothing at all": (hangs, "timeout"),
}


@pytest.mark.parametrize("name", NONSENSE)
def test_the_last_good_state_stays_whatever_a_server_says(
    elsewhere: Elsewhere, database: Database, site: Site, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr("sync.busy.fetching.SECONDS", 0.5)
    talk, code = NONSENSE[name]
    page = Text(calendar(busy()))
    one, server = made(elsewhere, page.talk, site)
    elsewhere.fetch(one)
    server.talk = talk
    found = elsewhere.fetch(one, LATER)

    assert NOON in elsewhere.taken()
    assert elsewhere.clinic.book(at("12:00")).status_code == 409
    assert (found["status"], found["last_error"]) == (("stale", code) if code else ("ok", None))
    server.talk = page.talk
    assert elsewhere.fetch(one, LATER)["status"] == "ok"
    statuses = [one["status"] for one in told(database, elsewhere)]
    assert statuses == (["stale", "ok"] if code else [])


def test_what_half_a_calendar_says_counts_beside_what_was_known(elsewhere: Elsewhere, site: Site) -> None:
    page = Text(calendar(busy()))
    one, server = made(elsewhere, page.talk, site)
    elsewhere.fetch(one)
    server.talk = says(ok(calendar(busy("15:00", "16:00", uid="two"))[:-20]))
    elsewhere.fetch(one, LATER)

    assert elsewhere.taken() == [NOON, THREE]
    server.talk = page.talk
    elsewhere.fetch(one, LATER)
    assert elsewhere.taken() == [NOON]


def test_another_address_begins_anew(elsewhere: Elsewhere, site: Site) -> None:
    one, _ = made(elsewhere, Text(calendar(busy(), event("DTSTART:soon", uid="odd"))).talk, site)
    elsewhere.fetch(one)
    other = site(Text(calendar(busy("15:00", "16:00"))).talk).url("/other.ics")
    changed = elsewhere.clinic.desk.patch(f"{elsewhere.calendars}/{one['id']}", {"url": other}).get_json()

    assert (changed["status"], changed["last_success_at"], changed["unread"]) == ("pending", None, [])
    assert elsewhere.taken() == [NOON]
    assert elsewhere.fetch(one, LATER)["status"] == "ok"
    assert elsewhere.taken() == [THREE]


@pytest.mark.parametrize("times", [1, 5])
def test_a_server_that_answers_in_part_is_asked_as_often_as_before(
    elsewhere: Elsewhere, database: Database, site: Site, times: int
) -> None:
    one, _ = made(elsewhere, says(ok(calendar(busy())[:-20])), site)
    for _ in range(times):
        assert elsewhere.fetch(one)["last_error"] == "incomplete"

    assert _next(database, elsewhere) == EVERY


def test_an_address_that_never_gave_a_calendar_has_failed(elsewhere: Elsewhere, site: Site) -> None:
    one, _ = made(elsewhere, says(ok(b"<html>Hello</html>")), site)
    found = elsewhere.fetch(one)

    assert (found["status"], found["last_error"]) == ("failed", "not_a_calendar")
    assert found["last_success_at"] is None


def _next(database: Database, elsewhere: Elsewhere) -> timedelta:
    """Give after which time the calendar is due again, but for its own delay of up to two minutes."""
    with database.transaction(elsewhere.clinic.desk.clinic_id) as session:
        row = session.scalars(select(ExternalCalendar)).one()
        since = row.next_at - datetime.fromisoformat(NOW)
    return since - timedelta(seconds=UUID(str(row.id)).int % 2**16 % 120)


def test_a_server_that_fails_is_asked_less_and_less_often(
    elsewhere: Elsewhere, database: Database, site: Site
) -> None:
    page = Text(calendar(busy()))
    one, server = made(elsewhere, says(ok(b"", status=b"500 Oh")), site)
    pauses = []
    for _ in range(9):
        elsewhere.fetch(one)
        pauses.append(_next(database, elsewhere))

    assert pauses == [EVERY * times for times in (1, 2, 4, 8, 16, 32, 64, 96, 96)]
    assert pauses[-1] == LONGEST_PAUSE
    server.talk = page.talk
    elsewhere.fetch(one)
    assert _next(database, elsewhere) == EVERY


@pytest.mark.parametrize(
    ("header", "hours"),
    [
        (b"Retry-After: 7200", 2),
        (b"Retry-After: Mon, 04 Jan 2027 13:00:00 GMT", 5),
        (b"Retry-After: 9999999", 24),
    ],
)
def test_a_server_is_left_alone_as_long_as_it_asks(
    elsewhere: Elsewhere, database: Database, site: Site, header: bytes, hours: int
) -> None:
    one, _ = made(elsewhere, says(ok(b"", header, status=b"429 Slower")), site)
    elsewhere.fetch(one)
    with database.transaction(elsewhere.clinic.desk.clinic_id) as session:
        due = session.scalars(select(ExternalCalendar.next_at)).one()

    assert due == datetime.fromisoformat(NOW) + timedelta(hours=hours)


@pytest.mark.parametrize("value", [None, "", "soon", "-5", "Mon, 99 Jan 2027 99:00:00 GMT", "1" * 400])
def test_a_retry_after_without_sense_asks_for_nothing(value: str | None) -> None:
    assert read_retry_after(value, datetime.fromisoformat(NOW)) == timedelta(0)


def test_a_calendar_is_not_due_while_it_is_left_alone(
    elsewhere: Elsewhere, database: Database, site: Site
) -> None:
    one, server = made(elsewhere, says(ok(b"", b"Retry-After: 7200", status=b"503 Later")), site)
    elsewhere.fetch(one)
    clinic_id, start = elsewhere.clinic.desk.clinic_id, datetime.fromisoformat(NOW)

    def due(after: timedelta) -> int:
        with database.transaction(clinic_id) as session:
            return fetch_due(Caller(session, clinic_id, start + after))

    assert [due(EVERY * 2), due(timedelta(minutes=119)), due(timedelta(hours=2))] == [0, 0, 1]
    assert len(server.requests) == 1
