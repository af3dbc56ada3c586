"""External calendars are fetched from a real server, kept when a fetch fails, and their URLs stay hidden."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, text

from booking.core.caller import Caller
from models import BusyObject, ExternalCalendar
from models.database import Database
from sync.busy.expansion import MOST_BYTES
from sync.busy.external_calendars import fetch_due
from sync.busy.fetching import Fetched
from sync.busy.outcomes import EVERY, claim, settle
from tests.support.cast import NOW, Made, audit_entries, create_key, create_therapist, pointers
from tests.sync.calendars import Collection, Text, calendar, event, methods
from tests.sync.elsewhere import DAY, Elsewhere, at
from tests.sync.servers import Server, Talk, hangs, ok, redirect, says

Site = Callable[[Talk], Server]
pytestmark = pytest.mark.usefixtures("loopback")
NOON = f"{DAY} 12:00/13:00"
THREE = f"{DAY} 15:00/16:00"
JOBS = text(
    "SELECT count(*) FROM queue.procrastinate_jobs "
    "WHERE task_name = 'calendar' AND args->>'calendar_id' = :id"
)
LATER = "2027-01-04T08:20:00+00:00"
NEXT_DAY = "2027-01-05T08:20:00+00:00"


def busy(start: str, end: str, uid: str = "one") -> bytes:
    return calendar(event("SUMMARY:Chemotherapy", uid=uid, start=at(start), end=at(end)))


def made(elsewhere: Elsewhere, server: Server, path: str = "/private-123/busy.ics", **fields: Any) -> Made:
    return elsewhere.clinic.desk.made(elsewhere.calendars, url=server.url(path), **fields)


def test_what_a_calendar_says_is_not_offered(elsewhere: Elsewhere, site: Site) -> None:
    page = Text(busy("12:00", "13:00"))
    found = elsewhere.fetch(made(elsewhere, site(page.talk)))

    assert elsewhere.taken() == [NOON]
    assert elsewhere.clinic.book(at("12:00")).status_code == 409
    assert (found["last_error"], found["stale_since"], found["unread_events"]) == (None, None, 0)
    assert datetime.fromisoformat(found["last_success_at"]) == datetime.fromisoformat(NOW)


def test_a_calendar_is_asked_only_for_what_is_new(elsewhere: Elsewhere, site: Site) -> None:
    page = Text(busy("12:00", "13:00"))
    server = site(page.talk)
    one = made(elsewhere, server)
    elsewhere.fetch(one)
    elsewhere.fetch(one, LATER)
    page.body, page.etag = busy("15:00", "16:00"), b'"2"'
    elsewhere.fetch(one, LATER)

    assert [b'If-None-Match: "1"' in request for request in server.requests] == [False, True, True]
    assert elsewhere.taken() == [THREE]


def test_once_a_day_all_of_it_is_read_again_as_the_window_moves(elsewhere: Elsewhere, site: Site) -> None:
    weekly = event("RRULE:FREQ=YEARLY", start="2027-01-20T10:00Z", end="2027-01-20T11:00Z")
    server = site(Text(calendar(weekly)).talk)
    one = made(elsewhere, server)
    elsewhere.fetch(one)
    before = elsewhere.taken()
    elsewhere.fetch(one, "2027-12-25T08:00:00+00:00")

    assert before == ["2027-01-20 10:00/11:00", "2028-01-20 10:00/11:00"]
    assert elsewhere.taken() == ["2028-01-20 10:00/11:00", "2029-01-20 10:00/11:00"]


@pytest.mark.parametrize(
    ("talk", "code"),
    [
        (says(ok(b"", status=b"500 Oh")), "http_error"),
        (says(ok(b"", status=b"401 No")), "unauthorised"),
        (says(ok(b"", status=b"404 No")), "gone"),
        (says(ok(b"<html>Log in</html>")), "not_a_calendar"),
        (says(ok(b"x" * (MOST_BYTES + 1))), "too_large"),
        (says(b"nonsense\r\n\r\n"), "bad_answer"),
        (says(redirect("http://10.0.0.1/")), "forbidden_address"),
    ],
)  # fmt: skip
def test_a_failure_is_told_by_its_code_and_leaves_what_was_known(
    elsewhere: Elsewhere, site: Site, talk: Talk, code: str
) -> None:
    page = Text(busy("12:00", "13:00"))
    server = site(page.talk)
    one = made(elsewhere, server)
    elsewhere.fetch(one)
    server.talk = talk
    failed = elsewhere.fetch(one, LATER)
    still = elsewhere.fetch(one, NEXT_DAY)

    assert failed["last_error"] == still["last_error"] == code
    assert datetime.fromisoformat(still["stale_since"]) == datetime.fromisoformat(LATER)
    assert datetime.fromisoformat(still["last_success_at"]) == datetime.fromisoformat(NOW)
    assert elsewhere.taken() == [NOON]
    server.talk = page.talk
    assert elsewhere.fetch(one, NEXT_DAY)["stale_since"] is None


def test_a_server_that_says_nothing_is_given_up(
    elsewhere: Elsewhere, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sync.busy.fetching.SECONDS", 0.2)

    assert elsewhere.fetch(made(elsewhere, site(hangs)))["last_error"] == "timeout"


@pytest.mark.parametrize("knows_tokens", [True, False])
def test_of_a_collection_only_what_has_changed_is_fetched(
    elsewhere: Elsewhere, site: Site, knows_tokens: bool
) -> None:
    collection = Collection(knows_tokens=knows_tokens)
    collection.put("a.ics", busy("12:00", "13:00"))
    collection.put("b%40x.ics", busy("15:00", "16:00", uid="two"))
    server = site(collection.talk)
    one = made(elsewhere, server, "/cal/", kind="caldav", username="alice", password="open sesame")
    assert methods(server) == ["PROPFIND"]
    elsewhere.fetch(one)
    assert elsewhere.taken() == [NOON, THREE]
    first = methods(server)

    collection.put("a.ics", busy("09:00", "10:00"))
    collection.delete("b%40x.ics")
    elsewhere.fetch(one, LATER)
    assert elsewhere.taken() == [f"{DAY} 09:00/10:00"]
    second = methods(server)

    elsewhere.fetch(one, LATER)
    listing = ["sync-collection"] if knows_tokens else ["sync-collection", "PROPFIND"]
    assert first == second == [*listing, "calendar-multiget"]
    assert methods(server) == listing


def test_a_token_that_is_forgotten_makes_all_of_it_be_listed_anew(elsewhere: Elsewhere, site: Site) -> None:
    collection = Collection()
    collection.put("a.ics", busy("12:00", "13:00"))
    server = site(collection.talk)
    one = made(elsewhere, server, "/cal/", kind="caldav")
    elsewhere.fetch(one)
    collection.delete("a.ics")
    collection.put("b.ics", busy("15:00", "16:00"))
    collection.forgotten, collection.history = 99, []
    found = elsewhere.fetch(one, LATER)

    assert elsewhere.taken() == [THREE]
    assert found["last_error"] is None


def test_the_login_is_sent_and_no_url_is_shown_that_is_a_secret(elsewhere: Elsewhere, site: Site) -> None:
    server = site(Text(busy("12:00", "13:00")).talk)
    one = made(elsewhere, server, username="alice", password="open sesame")
    elsewhere.fetch(one)
    shown = elsewhere.clinic.desk.get(f"{elsewhere.calendars}/{one['id']}").text

    assert b"Authorization: Basic YWxpY2U6b3BlbiBzZXNhbWU=" in server.requests[0]
    assert one["url"] == server.url("/***")
    assert "private" not in shown
    assert "sesame" not in shown
    assert "alice" in shown


@pytest.mark.parametrize(
    "login", [{"username": None, "password": None}, {"username": "bob", "password": "x"}]
)
def test_a_login_can_be_removed_and_replaced(
    elsewhere: Elsewhere, site: Site, login: dict[str, str | None]
) -> None:
    server = site(Text(busy("12:00", "13:00")).talk)
    one = made(elsewhere, server, username="alice", password="open sesame")
    answer = elsewhere.clinic.desk.patch(f"{elsewhere.calendars}/{one['id']}", login)
    elsewhere.fetch(one)

    assert (answer.status_code, answer.get_json()["username"]) == (200, login["username"])
    assert (b"Authorization" in server.requests[0]) is (login["username"] is not None)


@pytest.mark.parametrize("change", [{"url": "https://example.org/"}, {"username": "bob"}, {"username": None}])
def test_a_stored_password_is_sent_only_where_it_was_given_for(
    elsewhere: Elsewhere, site: Site, change: dict[str, str | None]
) -> None:
    one = made(elsewhere, site(Text(b"").talk), username="alice", password="open sesame")
    path = f"{elsewhere.calendars}/{one['id']}"

    assert pointers(elsewhere.clinic.desk.patch(path, change)) == ["/password"]
    assert elsewhere.clinic.desk.get(path).get_json()["username"] == "alice"


def test_no_word_of_an_event_is_kept(elsewhere: Elsewhere, database: Database, site: Site) -> None:
    one = made(elsewhere, site(Text(busy("12:00", "13:00")).talk))
    elsewhere.fetch(one)
    with database.transaction(elsewhere.clinic.desk.clinic_id) as session:
        (kept,) = session.scalars(select(BusyObject))

    assert (kept.body, kept.href, kept.uid, kept.etag) == (None, "one", "one", "")
    (entry,) = audit_entries(database, elsewhere.clinic.desk, "external_calendar.created")
    assert "private" not in str(entry.changes)


def test_what_was_read_can_be_sent_back_and_changes_nothing(elsewhere: Elsewhere, site: Site) -> None:
    page = Text(busy("12:00", "13:00"))
    server = site(page.talk)
    one = made(elsewhere, server)
    elsewhere.fetch(one)
    path = f"{elsewhere.calendars}/{one['id']}"
    answer = elsewhere.clinic.desk.patch(path, {"url": one["url"], "username": None})
    elsewhere.fetch(one, LATER)

    assert answer.status_code == 200, answer.text
    assert elsewhere.taken() == [NOON]
    assert server.requests[-1].startswith(b"GET /private-123/busy.ics")


def test_another_url_is_read_from_the_beginning(elsewhere: Elsewhere, site: Site) -> None:
    one = made(elsewhere, site(Text(busy("12:00", "13:00")).talk))
    elsewhere.fetch(one)
    other = site(Text(busy("15:00", "16:00")).talk)
    elsewhere.clinic.desk.patch(f"{elsewhere.calendars}/{one['id']}", {"url": other.url("/x.ics")})
    assert elsewhere.taken() == [NOON]

    elsewhere.fetch(one, LATER)
    assert elsewhere.taken() == [THREE]


def test_deleting_a_calendar_frees_its_time_alone(elsewhere: Elsewhere, site: Site) -> None:
    one = made(elsewhere, site(Text(busy("12:00", "13:00")).talk))
    elsewhere.fetch(one)
    elsewhere.busy("15:00", "16:00")
    visit = elsewhere.clinic.booked(at("17:00"))
    answer = elsewhere.clinic.desk.delete(f"{elsewhere.calendars}/{one['id']}")

    assert answer.status_code == 204
    assert elsewhere.taken() == [THREE]
    assert elsewhere.clinic.booked(at("12:00"), patient_id=visit["patient_id"])


def test_a_calendar_is_fetched_when_it_is_made_when_it_is_due_and_on_demand(
    elsewhere: Elsewhere, database: Database, site: Site
) -> None:
    one = made(elsewhere, site(Text(busy("12:00", "13:00")).talk))
    clinic_id, now = elsewhere.clinic.desk.clinic_id, datetime.now(UTC)

    def queued() -> int:
        with database.transaction(clinic_id) as session:
            return int(session.scalars(JOBS, {"id": one["id"]}).one())

    def due(at: datetime) -> int:
        with database.transaction(clinic_id) as session:
            return fetch_due(Caller(session, clinic_id, at))

    assert queued() == 1
    assert [
        due(now + after) for after in (timedelta(0), timedelta(0), EVERY - timedelta(minutes=1), EVERY * 2)
    ] == [0, 0, 0, 1]
    assert queued() == 2
    refreshed = elsewhere.clinic.desk.post(f"{elsewhere.calendars}/{one['id']}/refresh")
    assert (refreshed.status_code, queued()) == (202, 3)


def test_who_claims_a_calendar_last_is_the_one_who_writes(
    elsewhere: Elsewhere, database: Database, site: Site
) -> None:
    one = made(elsewhere, site(Text(busy("12:00", "13:00")).talk))
    clinic_id = elsewhere.clinic.desk.clinic_id

    def claimed() -> Any:
        with database.transaction(clinic_id) as session:
            (row,) = session.scalars(select(ExternalCalendar))
            return claim(elsewhere.caller(session), row.id)

    first, second = claimed(), claimed()
    with database.transaction(clinic_id) as session:
        caller = elsewhere.caller(session)
        written = [settle(caller, known, Fetched({}, None)) for known in (first, second)]
    elsewhere.clinic.desk.delete(f"{elsewhere.calendars}/{one['id']}")

    assert written == [False, True]
    with database.transaction(clinic_id) as session:
        assert settle(elsewhere.caller(session), second, Fetched({}, None)) is False


@pytest.mark.parametrize(
    "url",
    ["http://10.0.0.1/x.ics", "ftp://example.org/x", "webcal://", "http://metadata/", "file:///etc/passwd"],
)
def test_a_url_that_leads_inside_is_refused(elsewhere: Elsewhere, url: str) -> None:
    assert pointers(elsewhere.clinic.desk.post(elsewhere.calendars, {"url": url})) == ["/url"]


def test_webcal_is_read_as_https(elsewhere: Elsewhere) -> None:
    one = elsewhere.clinic.desk.made(elsewhere.calendars, url="webcal://calendar.example.org/x.ics?k=1")

    assert one["url"] == "https://calendar.example.org/***"


def test_a_key_of_some_locations_cannot_touch_time_that_counts_at_all(
    elsewhere: Elsewhere, site: Site
) -> None:
    one = made(elsewhere, site(Text(b"").talk))
    location = elsewhere.clinic.location["id"]
    limited = create_key(elsewhere.clinic.desk, "catalog:write", location_ids=[location])
    path = f"{elsewhere.calendars}/{one['id']}"

    assert limited.post(elsewhere.calendars, {"url": "https://example.org/a.ics"}).status_code == 403
    assert limited.get(elsewhere.calendars).get_json()["items"] == []
    refused = (limited.get(path), limited.delete(path), limited.post(f"{path}/refresh"))
    assert [answer.status_code for answer in refused] == [404, 404, 404]


def test_a_url_whose_path_is_hidden_is_no_url(elsewhere: Elsewhere) -> None:
    answer = elsewhere.clinic.desk.post(elsewhere.calendars, {"url": "https://calendar.example.org/***"})

    assert pointers(answer) == ["/url"]


def test_a_calendar_belongs_to_its_therapist_and_to_keys_of_the_catalogue(
    elsewhere: Elsewhere, site: Site
) -> None:
    one = made(elsewhere, site(Text(b"").talk))
    desk = elsewhere.clinic.desk
    other = elsewhere.of(create_therapist(desk, elsewhere.clinic.location))
    reader = create_key(desk, "catalog:read")

    assert desk.get(f"{other.calendars}/{one['id']}").status_code == 404
    assert desk.post(f"{other.calendars}/{one['id']}/refresh").status_code == 404
    assert [found["id"] for found in reader.get(elsewhere.calendars).get_json()["items"]] == [one["id"]]
    assert reader.post(elsewhere.calendars, {"url": "https://example.org/"}).status_code == 403
    assert create_key(desk, "appointments:write").get(elsewhere.calendars).status_code == 403
    assert pointers(desk.post(elsewhere.calendars, {"url": "https://example.org/", "username": "x"})) == [
        "/password"
    ]
