"""What of a calendar counts: by what it ignores, whose visits it shows, and where the therapist is."""

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import text, update

from models import BusyObject, ExternalCalendar
from models.database import Database
from sync.caldav.own_busy import load_kept, read_again, renew
from tests.support.cast import create_location, create_therapist, rows, working
from tests.sync.busy.subscribing import LATER, NOON, THREE, Site, busy, made, told
from tests.sync.calendars import Text, calendar, event
from tests.sync.elsewhere import DAY, Elsewhere, at
from tests.sync.feeds.feeding import subscribe
from tests.sync.servers import ok, says

pytestmark = pytest.mark.usefixtures("loopback")
ALL_DAY = "DTSTART;VALUE=DATE:20270302"
EXPANSIONS = text(
    "SELECT count(*) FROM queue.procrastinate_jobs WHERE task_name = 'busy' AND args->>'clinic_id' = :id"
)
FETCHES = text("SELECT count(*) FROM queue.procrastinate_jobs WHERE args->>'calendar_id' = :id")


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


def test_an_emptied_calendar_is_well_when_the_clinic_says_anew_what_counts(
    elsewhere: Elsewhere, site: Site
) -> None:
    page = Text(calendar(busy()))
    one, _ = made(elsewhere, page.talk, site)
    elsewhere.fetch(one)
    page.body, page.etag = calendar(), b'"2"'
    assert elsewhere.fetch(one, LATER)["status"] == "warning"

    elsewhere.clinic.desk.patch(f"{elsewhere.calendars}/{one['id']}", {"ignore": ["all_day"]})
    found = elsewhere.fetch(one, LATER)
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


def test_a_calendar_that_becomes_a_loop_keeps_nothing_of_what_it_was(
    elsewhere: Elsewhere, site: Site
) -> None:
    clinic = elsewhere.clinic
    clinic.booked(at("12:00"))
    feed = subscribe(clinic.desk, resource=clinic.therapist).ask().data
    page = Text(calendar(busy("15:00", "16:00"), event("DTSTART:soon", uid="odd")))
    one, server = made(elsewhere, page.talk, site)
    assert elsewhere.fetch(one)["unread_events"] == 1
    page.body, page.etag = feed, b'"2"'
    looped = elsewhere.fetch(one, LATER)
    elsewhere.fetch(one, LATER)

    assert (looped["last_error"], looped["unread_events"], looped["unread"]) == ("own_feed", 0, [])
    assert elsewhere.taken() == []
    # What is said only of changes might leave out that all is a loop, so all is asked for.
    assert b"If-None-Match" not in server.requests[-1]


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
