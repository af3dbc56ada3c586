"""Odd requests of calendar programs are answered and break nothing."""

from contextlib import AbstractContextManager, nullcontext
from datetime import UTC, datetime, timedelta
from io import BytesIO
from uuid import UUID

import pytest
from sqlalchemy import text

from booking.core.caller import Caller
from dav.calendars import Calendar, InvalidSyncTokenError
from jobs.rounds import EACH_NIGHT
from models.database import Database
from sync.caldav.busy_calendar import forget_deletions
from sync.caldav.home import home_of
from sync.changes.cursors import renew_epoch
from tests.sync.phone import BUSY, DAY, VISITS, XMLNS, Phone, Practice, event, told_by

NAMES = ["%00.ics", "a%00", "%FF.ics", "%F0%9F", "%0D%0A", "x" * 3_000, "..", "%2F", "%25"]
HREFS = [*NAMES, "//[", "http://[::1", "https://x/dav/", "?", "", "%", "\U0001f426"]
METHODS = ["GET", "HEAD", "PUT", "DELETE", "PROPFIND", "PROPPATCH", "REPORT"]
TOKENS = ["data:,", "data:,x", "http://example.org/1", "0", "A" * 10_000, "data:,\U0001f426", "data:,&#10;"]
ETAG = "<D:prop><D:getetag/></D:prop>"
SPANS = [
    ("00010101T000000Z", "99991231T235959Z", 1),
    # As ticks, these lie where two octets end.
    ("19700422T000000Z", "19700424T120000Z", 0),
    ("99991231T000000Z", "99991231T235959Z", 0),
    ("00010101T000000Z", "00010102T000000Z", 0),
]

both = pytest.mark.parametrize("calendar", [VISITS, BUSY])


def in_events(inner: str) -> str:
    """Write a query for the events that pass a filter."""
    events = f'<C:comp-filter name="VEVENT">{inner}</C:comp-filter>'
    return f'{ETAG}<C:filter><C:comp-filter name="VCALENDAR">{events}</C:comp-filter></C:filter>'


@both
@pytest.mark.parametrize(("start", "end", "busy"), SPANS)
def test_any_time_can_be_asked_for(
    practice: Practice, phone: Phone, calendar: str, start: str, end: str, busy: int
) -> None:
    practice.booked("10:00")
    phone.kept("a.ics")
    span = f'<C:time-range start="{start}" end="{end}"/>'
    queried = phone.report(calendar, "C:calendar-query", in_events(span), depth="1")
    free_busy = phone.report(calendar, "C:free-busy-query", span, depth="1")

    assert (queried.status_code, free_busy.status_code) == (207, 200)
    assert free_busy.text.count("FREEBUSY;") == busy


@both
def test_any_number_can_be_asked_for(phone: Phone, calendar: str) -> None:
    limits = ("1", "9" * 30, "9" * 5_000, "0", "-1", "one", "")
    answers = [phone.collected(calendar, limit=limit).status_code for limit in limits]

    assert answers == [207, 207, 207, 400, 400, 400, 400]


@both
def test_no_name_breaks_anything(phone: Phone, calendar: str) -> None:
    answers = {
        (method, name): phone.ask(method, f"{calendar}/{name}", depth="0").status_code
        for method in METHODS
        for name in NAMES
    }

    assert {one: status for one, status in answers.items() if not 400 <= status < 500} == {}


@both
def test_no_href_breaks_anything(phone: Phone, calendar: str) -> None:
    hrefs = (href for one in HREFS for href in (one, f"{phone.home}{calendar}/{one}"))
    named = "".join(f"<D:href>{href}</D:href>" for href in hrefs)
    answer = phone.report(calendar, "C:calendar-multiget", ETAG + named)

    assert answer.status_code == 207
    assert "200 OK" not in answer.text


def test_two_calendars_are_no_object(phone: Phone) -> None:
    refused = phone.put("a.ics", event("a") + event("a", "14:00", "15:00"))
    queried = phone.report(BUSY, "C:calendar-query", in_events('<C:prop-filter name="SUMMARY"/>'), depth="1")

    assert (refused.status_code, "valid-calendar-data" in refused.text) == (403, True)
    assert (queried.status_code, told_by(queried)) == (207, {})


def test_a_deep_document_is_read(phone: Phone) -> None:
    deep = f"<D:propfind {XMLNS}><D:prop>{'<a>' * 100_000}{'</a>' * 100_000}</D:prop></D:propfind>"

    assert phone.ask("PROPFIND", "", deep, depth="0").status_code == 207


def chunked(phone: Phone, body: bytes) -> int:
    """PUT a body without its length, and give the status."""
    answer = phone.app.test_client().open(
        f"{phone.home}{BUSY}/a.ics",
        method="PUT",
        auth=(phone.user, phone.password),
        headers={"Transfer-Encoding": "chunked", "Content-Type": "text/calendar"},
        input_stream=BytesIO(body),
        environ_overrides={"wsgi.input_terminated": True},
    )
    return answer.status_code


def test_a_body_may_come_in_chunks_and_may_not_be_endless(phone: Phone) -> None:
    assert chunked(phone, event("a").encode()) == 201
    assert chunked(phone, b"x" * 2_000_000) == 413
    assert chunked(phone, b"x" * 70_000) == 403
    assert phone.ask("GET", f"{BUSY}/a.ics").text == event("a")


@both
def test_a_token_that_is_none_lets_a_program_begin_anew(phone: Phone, calendar: str) -> None:
    answers = {token: phone.collected(calendar, token) for token in TOKENS}

    assert {answer.status_code for answer in answers.values()} == {403}
    assert [token for token, answer in answers.items() if "valid-sync-token" not in answer.text] == []
    assert phone.collected(calendar).status_code == 207


@both
def test_a_token_of_before_a_restore_lets_a_program_begin_anew(
    practice: Practice, phone: Phone, database: Database, calendar: str
) -> None:
    phone.follow(calendar)
    with database.transaction(practice.desk.clinic_id) as session:
        renew_epoch(session)

    refused = phone.collected(calendar, phone.tokens[calendar])
    assert (refused.status_code, "valid-sync-token" in refused.text) == (403, True)


@pytest.mark.parametrize("place", [0, 1], ids=[VISITS, BUSY])
@pytest.mark.parametrize(
    ("age", "read"),
    [
        (timedelta(days=90), nullcontext()),
        (timedelta(days=91) - timedelta(seconds=1), nullcontext()),
        (timedelta(days=91), pytest.raises(InvalidSyncTokenError)),
    ],
)
def test_a_token_is_good_for_ninety_days_and_the_rest_of_the_last(
    practice: Practice, database: Database, place: int, age: timedelta, read: AbstractContextManager[object]
) -> None:
    with database.transaction(practice.desk.clinic_id) as session:

        def calendar(now: datetime) -> Calendar:
            home = home_of(Caller(session, practice.desk.clinic_id, now), UUID(practice.ada["id"]))
            assert home is not None
            return home.calendars[place]

        token, later = calendar(DAY).token(), calendar(DAY + age)
        with read:
            assert later.changes(token, None).changed == []


@pytest.mark.parametrize(("hours", "left"), [(-1, 1), (1, 0)])
def test_what_was_deleted_is_forgotten_after_every_token(
    practice: Practice, phone: Phone, database: Database, hours: int, left: int
) -> None:
    phone.kept("a.ics")
    phone.ask("DELETE", f"{BUSY}/a.ics")
    night = datetime.now(UTC) + timedelta(days=91, hours=hours)
    with database.transaction(practice.desk.clinic_id) as session:
        forget_deletions(Caller(session, practice.desk.clinic_id, night))

    with database.transaction(practice.desk.clinic_id) as session:
        assert session.scalar(text("SELECT count(*) FROM busy_deletions")) == left
    assert forget_deletions in EACH_NIGHT


def test_a_slash_at_the_end_makes_no_difference(phone: Phone) -> None:
    paths = ("/dav", "/dav/", phone.home.rstrip("/"), phone.home + BUSY, f"{phone.home}{BUSY}/")
    found = [phone.ask("PROPFIND", path, depth="0").status_code for path in paths]
    shown = [
        phone.ask("PROPFIND", f"/.well-known/caldav{slash}").headers.get("Location") for slash in ("", "/")
    ]

    assert found == [207] * 5
    assert shown == ["/dav/"] * 2


@pytest.mark.parametrize("method", ["LOCK", "UNLOCK", "PATCH", "POST", "COPY", "SEARCH", "TRACE"])
def test_a_method_that_there_is_not_is_not_offered_either(phone: Phone, method: str) -> None:
    answer = phone.ask(method, f"{BUSY}/a.ics")

    assert answer.status_code == 405
    assert {method, "MKCALENDAR"}.isdisjoint(answer.headers["Allow"].split(", "))
