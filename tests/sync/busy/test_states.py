"""What becomes of a calendar is told: by its status, by what could not be read of it, and by an event."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, text, update

from booking.core.caller import Caller
from models import BusyObject, Event, ExternalCalendar
from models.database import Database
from sync.busy.external_calendars import fetch_due
from sync.busy.fetching import read_retry_after
from sync.busy.outcomes import EVERY, LONGEST_PAUSE
from sync.caldav.own_busy import load_kept, read_again, renew
from tests.support.cast import NOW, Made, create_location, create_therapist, rows, working
from tests.sync.calendars import Collection, Text, calendar, event
from tests.sync.elsewhere import DAY, Elsewhere, at
from tests.sync.feeds.feeding import subscribe
from tests.sync.servers import Server, Talk, drips, hangs, ok, redirect, says

Site = Callable[[Talk], Server]
pytestmark = pytest.mark.usefixtures("loopback")
NOON, THREE = f"{DAY} 12:00/13:00", f"{DAY} 15:00/16:00"
LATER = "2027-01-04T08:20:00+00:00"
ALL_DAY = "DTSTART;VALUE=DATE:20270302"
EXPANSIONS = text(
    "SELECT count(*) FROM queue.procrastinate_jobs WHERE task_name = 'busy' AND args->>'clinic_id' = :id"
)
FETCHES = text("SELECT count(*) FROM queue.procrastinate_jobs WHERE args->>'calendar_id' = :id")
HEAD = b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//test//\r\n"


def busy(start: str = "12:00", end: str = "13:00", *lines: str, uid: str = "one") -> str:
    return event(*lines, uid=uid, start=at(start), end=at(end))


def made(elsewhere: Elsewhere, talk: Talk, site: Site, **fields: Any) -> tuple[Made, Server]:
    server = site(talk)
    path = "/cal/" if fields.get("kind") == "caldav" else "/busy.ics"
    return elsewhere.clinic.desk.made(elsewhere.calendars, url=server.url(path), **fields), server


def told(database: Database, elsewhere: Elsewhere) -> list[dict[str, Any]]:
    """Give the data of the events about calendars, but for their ids and versions."""
    found = [one for one in rows(database, elsewhere.clinic.desk, Event) if one.type.startswith("external")]
    assert {str(one.data["therapist_id"]) for one in found} <= {str(elsewhere.therapist_id)}
    return [{name: one.data[name] for name in ("status", "last_error", "unread_events")} for one in found]


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
    assert read_retry_after(value, datetime.fromisoformat(NOW)) in {timedelta(0), timedelta.max}


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


IGNORED = {
    "tentative": [
        busy("12:00", "13:00", "STATUS:TENTATIVE"),
        busy("12:00", "13:00", "X-MICROSOFT-CDO-BUSYSTATUS:TENTATIVE"),
        busy("12:00", "13:00", "ATTENDEE;PARTSTAT=TENTATIVE:mailto:tom@example.org"),
        "BEGIN:VFREEBUSY\nUID:fb\nFREEBUSY;FBTYPE=BUSY-TENTATIVE:20270301T120000Z/PT1H\nEND:VFREEBUSY",
    ],
    "declined": [
        busy("12:00", "13:00", "ATTENDEE;PARTSTAT=DECLINED:mailto:tom@example.org"),
        busy("12:00", "13:00", "ATTENDEE;CN=Tom;PARTSTAT=declined:MAILTO:Tom@Example.org"),
        busy("12:00", "13:00", "ATTENDEE;EMAIL=tom@example.org;PARTSTAT=DECLINED:urn:uuid:1"),
        busy("12:00", "13:00", "ATTENDEE;PARTSTAT=ACCEPTED:mailto:ann@example.org",
             "ATTENDEE;PARTSTAT=DECLINED:mailto:tom@example.org"),
    ],
    "all_day": [
        event("DTSTART;VALUE=DATE:20270301"),
        event("DTSTART;VALUE=DATE:20270301", "DTEND;VALUE=DATE:20270302"),
        event("DTSTART;VALUE=DATE:20270228", "DURATION:P3D"),
        event("DTSTART:20270228", "RRULE:FREQ=DAILY;COUNT=3"),
    ],
}  # fmt: skip


@pytest.mark.parametrize(("kind", "text"), [(kind, text) for kind in IGNORED for text in IGNORED[kind]])
def test_a_calendar_says_what_of_it_does_not_count(
    elsewhere: Elsewhere, site: Site, kind: str, text: str
) -> None:
    one, _ = made(elsewhere, Text(calendar(text)).talk, site, ignore=[], attendee="tom@example.org")
    path = f"{elsewhere.calendars}/{one['id']}"
    elsewhere.fetch(one)
    assert elsewhere.clinic.book(at("12:00")).status_code == 409

    changed = elsewhere.clinic.desk.patch(path, {"ignore": [kind]})
    assert changed.get_json()["ignore"] == [kind]
    found = elsewhere.fetch(one, LATER)
    assert elsewhere.taken() == []
    # The clinic itself wants nothing of it to count.
    assert (found["status"], found["emptied_since"]) == ("ok", None)


def test_by_default_what_the_owner_declined_does_not_count(elsewhere: Elsewhere, site: Site) -> None:
    declined = busy("12:00", "13:00", "ATTENDEE;PARTSTAT=DECLINED:mailto:tom@example.org")
    tentative = busy("15:00", "16:00", "STATUS:TENTATIVE", uid="two")
    one, _ = made(elsewhere, Text(calendar(declined, tentative)).talk, site)
    assert (one["ignore"], one["attendee"]) == (["declined"], None)
    elsewhere.fetch(one)
    # Nothing says yet who of the attendees the owner is.
    assert elsewhere.taken() == [NOON, THREE]

    path = f"{elsewhere.calendars}/{one['id']}"
    elsewhere.clinic.desk.patch(path, {"attendee": "mailto:TOM@example.org"})
    elsewhere.fetch(one, LATER)
    assert elsewhere.taken() == [THREE]


@pytest.mark.parametrize("ignore", [["sometimes"], ["declined", "declined"], "declined", [None]])
def test_what_no_calendar_can_ignore_is_refused(elsewhere: Elsewhere, ignore: Any) -> None:
    body = {"url": "https://example.org/a.ics", "ignore": ignore}

    assert elsewhere.clinic.desk.post(elsewhere.calendars, body).status_code == 422


@pytest.mark.parametrize("of", ["resource", "location", "patient"])
def test_a_feed_of_the_clinics_own_visits_is_a_loop_and_no_conflict(
    elsewhere: Elsewhere, site: Site, of: str
) -> None:
    clinic = elsewhere.clinic
    visit = clinic.booked(at("12:00"))
    whose = {"resource": clinic.therapist, "location": clinic.location, "patient": clinic.patient}[of]
    feed = subscribe(clinic.desk, **{of: whose}).ask().data
    page = Text(feed)
    one, _ = made(elsewhere, page.talk, site)
    found = elsewhere.fetch(one)

    assert (found["status"], found["last_error"]) == ("failed", "own_feed")
    assert elsewhere.taken() == []
    assert clinic.desk.get(f"/appointments/{visit['id']}").get_json()["flags"] == []
    # What somebody merged with other events into one calendar counts without the clinic's own visits.
    page.body = feed.replace(
        b"END:VCALENDAR", busy("15:00", "16:00").replace("\n", "\r\n").encode() + b"\r\nEND:VCALENDAR"
    )
    page.etag = b'"2"'
    assert elsewhere.fetch(one, LATER)["status"] == "ok"
    assert elsewhere.taken() == [THREE]


def test_the_zone_of_a_day_is_that_of_where_the_therapist_works_then(
    elsewhere: Elsewhere, site: Site
) -> None:
    """Tuesdays in Sydney stay busy when all is read in London, and follow the therapist to another place."""
    clinic = elsewhere.clinic
    sydney = create_location(clinic.desk, timezone="Australia/Sydney")
    therapist = f"/therapists/{clinic.therapist['id']}"
    hours = working(clinic.location)
    tuesdays = [one | {"location_id": sydney["id"]} if one["weekday"] == "tue" else one for one in hours]
    assert clinic.desk.patch(therapist, {"working_hours": tuesdays}).status_code == 200
    one, _ = made(elsewhere, Text(calendar(event(ALL_DAY))).talk, site)
    elsewhere.busy("12:00", "13:00")
    elsewhere.put(calendar(event(ALL_DAY, uid="own")).decode(), name="own.ics")
    elsewhere.fetch(one)

    # 2 March 2027 is a Tuesday; Sydney is eleven hours ahead.
    assert [span for span in elsewhere.taken() if span != NOON] == ["2027-03-01 13:00/13:00"] * 2
    clinic.desk.patch(therapist, {"working_hours": hours})
    elsewhere.read_again(one)
    assert [span for span in elsewhere.taken() if span != NOON] == ["2027-03-02 00:00/00:00"] * 2


def test_a_calendar_is_empty_also_when_the_therapists_hours_have_changed(
    elsewhere: Elsewhere, database: Database, site: Site
) -> None:
    page = Text(calendar(busy()))
    one, _ = made(elsewhere, page.talk, site)
    elsewhere.fetch(one)
    path = f"/therapists/{elsewhere.clinic.therapist['id']}"
    elsewhere.clinic.desk.patch(path, {"working_hours": working(elsewhere.clinic.location, "10:00", "19:00")})
    page.body, page.etag = calendar(), b'"2"'

    assert elsewhere.fetch(one, LATER)["status"] == "warning"
    assert [one["status"] for one in told(database, elsewhere)] == ["warning"]


def test_that_a_calendar_is_well_again_is_told_also_after_a_change(
    elsewhere: Elsewhere, database: Database, site: Site
) -> None:
    one, server = made(elsewhere, Text(calendar(busy())).talk, site)
    elsewhere.fetch(one)
    server.talk = says(ok(b"", status=b"500 Oh"))
    elsewhere.fetch(one, LATER)
    other = site(Text(calendar(busy())).talk).url("/other.ics")
    elsewhere.clinic.desk.patch(f"{elsewhere.calendars}/{one['id']}", {"url": other})
    elsewhere.fetch(one, LATER)

    assert [one["status"] for one in told(database, elsewhere)] == ["stale", "pending", "ok"]


def test_an_older_expansion_is_not_written_over_a_newer(elsewhere: Elsewhere) -> None:
    clinic = elsewhere.clinic
    elsewhere.put(calendar(event(ALL_DAY, uid="own")).decode(), name="own.ics")
    with elsewhere.database.transaction(clinic.desk.clinic_id) as session:
        kept = load_kept(elsewhere.caller(session), elsewhere.therapist_id)
    assert kept is not None
    old = read_again(kept)
    sydney = create_location(clinic.desk, timezone="Australia/Sydney")
    hours = working(clinic.location)
    tuesdays = [one | {"location_id": sydney["id"]} if one["weekday"] == "tue" else one for one in hours]
    clinic.desk.patch(f"/therapists/{clinic.therapist['id']}", {"working_hours": tuesdays})
    before = elsewhere.taken()
    with elsewhere.database.transaction(clinic.desk.clinic_id) as session:
        renew(
            elsewhere.caller(session), elsewhere.therapist_id, replace(kept, within=replace(kept.within)), old
        )
        jobs = session.scalars(EXPANSIONS, {"id": str(clinic.desk.clinic_id)}).one()

    # The first job is that of the new hours, the second that of the expansion that came too late.
    assert (elsewhere.taken(), jobs) == (before, 2)


def test_a_server_that_fails_is_not_asked_again_because_hours_have_changed(
    elsewhere: Elsewhere, database: Database, site: Site
) -> None:
    failing, _ = made(elsewhere, says(ok(b"", status=b"503 Later")), site)
    well, _ = made(elsewhere, Text(calendar(busy())).talk, site)
    elsewhere.fetch(failing)
    elsewhere.fetch(well)
    path = f"/therapists/{elsewhere.clinic.therapist['id']}"
    elsewhere.clinic.desk.patch(path, {"working_hours": working(elsewhere.clinic.location, "10:00", "19:00")})

    with database.transaction() as session:
        queued = [session.scalars(FETCHES, {"id": one["id"]}).one() for one in (failing, well)]
    # The first fetch of each was queued when it was made.
    assert queued == [1, 2]


def test_a_therapist_who_is_a_patient_is_busy_then(elsewhere: Elsewhere, site: Site) -> None:
    clinic = elsewhere.clinic
    other = create_therapist(clinic.desk, clinic.location)
    clinic.booked(at("12:00"), therapist_id=other["id"])
    feed = subscribe(clinic.desk, patient=clinic.patient).ask().data
    one, _ = made(elsewhere, Text(feed).talk, site)

    assert elsewhere.fetch(one)["status"] == "ok"
    assert elsewhere.taken() == [f"{DAY} 12:00/12:20"]


def test_what_another_reader_has_read_is_read_whole_again(
    elsewhere: Elsewhere, database: Database, site: Site
) -> None:
    one, server = made(elsewhere, Text(calendar(busy())).talk, site)
    elsewhere.fetch(one)
    with database.transaction(elsewhere.clinic.desk.clinic_id) as session:
        session.execute(update(ExternalCalendar).values(reader=0))
    elsewhere.fetch(one, LATER)
    elsewhere.fetch(one, LATER)

    assert [b"If-None-Match" in request for request in server.requests] == [False, False, True]


def test_what_takes_no_time_is_not_stored(elsewhere: Elsewhere, database: Database, site: Site) -> None:
    past = [
        event(uid=f"past {year}", start=f"{year}-03-01T10:00Z", end=f"{year}-03-01T11:00Z")
        for year in range(1990, 2020)
    ]
    free = busy("09:00", "10:00", "TRANSP:TRANSPARENT", uid="free")
    one, _ = made(elsewhere, Text(calendar(*past, free, busy())).talk, site)
    elsewhere.fetch(one)

    assert [found.uid for found in rows(database, elsewhere.clinic.desk, BusyObject)] == ["one"]


def test_a_fetch_that_began_before_the_therapist_moved_is_not_written(
    elsewhere: Elsewhere, site: Site
) -> None:
    clinic = elsewhere.clinic
    sydney = create_location(clinic.desk, timezone="Australia/Sydney")
    day = {
        "on": "2027-03-02",
        "location_id": sydney["id"],
        "periods": [{"opens": "09:00", "closes": "17:00"}],
    }
    page = Text(calendar(event(ALL_DAY)))

    def talk(connection: Any, request: bytes) -> None:
        path = f"/therapists/{clinic.therapist['id']}/special-hours"
        assert clinic.desk.post(path, day).status_code == 201
        page.talk(connection, request)

    one, server = made(elsewhere, talk, site)
    elsewhere.fetch(one)
    assert elsewhere.taken() == []

    server.talk = page.talk
    elsewhere.fetch(one)
    assert elsewhere.taken() == ["2027-03-01 13:00/13:00"]
