"""What a CalDAV server cannot say just now is not gone, and nothing that it says stops other work."""

from collections.abc import Callable
from socket import socket
from time import process_time

import pytest

from sync.busy.discovery import discover
from sync.busy.fetching import Line
from tests.support.cast import Made
from tests.sync.accounts import HOME, PRINCIPAL, Account
from tests.sync.calendars import Collection, calendar, event, multistatus
from tests.sync.elsewhere import DAY, Elsewhere, at
from tests.sync.servers import Server, Talk, ok, redirect, says

Site = Callable[[Talk], Server]
pytestmark = pytest.mark.usefixtures("loopback")
NOON, THREE = f"{DAY} 12:00/13:00", f"{DAY} 15:00/16:00"
LATER = "2027-01-04T08:20:00+00:00"
LOGIN = b"Authorization: Basic"


def hour(start: str, end: str) -> bytes:
    return calendar(event(start=at(start), end=at(end)))


def filled(*, knows_tokens: bool = True) -> Collection:
    """Give a collection with an hour at noon and one at three."""
    made = Collection(knows_tokens=knows_tokens)
    made.put("a.ics", hour("12:00", "13:00"))
    made.put("b.ics", hour("15:00", "16:00"))
    return made


def fetched(elsewhere: Elsewhere, server: Server) -> Made:
    """Subscribe to a server's collection and fetch it."""
    one: Made = elsewhere.clinic.desk.made(elsewhere.calendars, url=server.url("/cal/"), kind="caldav")
    assert elsewhere.fetch(one)["status"] == "ok"
    assert elsewhere.taken() == [NOON, THREE]
    return one


def found(status: str, prop: str = "") -> str:
    """Write the answer about b.ics in a multiget."""
    data = f"<D:propstat><D:prop>{prop}</D:prop><D:status>HTTP/1.1 {status}</D:status></D:propstat>"
    return f"<D:response><D:href>/cal/b.ics</D:href>{data}</D:response>"


SILENT = {
    "busy": found("503 Later"),
    "broken": found("500 Oh"),
    "empty": found("200 OK", '<D:getetag>"9"</D:getetag><C:calendar-data/>'),
    "cut": "<D:response><D:href>/cal/b.ics</D:href><D:status>HTTP/1.1 507 Full</D:status></D:response>",
    "nothing": "",
}


@pytest.mark.parametrize("name", SILENT)
@pytest.mark.parametrize("full", [True, False])
def test_an_object_that_cannot_be_given_just_now_is_kept(
    elsewhere: Elsewhere, site: Site, name: str, full: bool
) -> None:
    collection = filled()
    server = site(collection.talk)
    one = fetched(elsewhere, server)
    collection.put("b.ics", hour("17:00", "18:00"))

    def talk(connection: socket, request: bytes) -> None:
        if b"calendar-multiget" in request:
            connection.sendall(ok(multistatus([SILENT[name]]), status=b"207 Multi-Status"))
        else:
            collection.talk(connection, request)

    server.talk = talk
    told = elsewhere.fetch(one, "2027-01-05T08:20:00+00:00" if full else LATER)
    assert (told["status"], told["last_error"]) == ("stale", "incomplete")
    assert elsewhere.taken() == [NOON, THREE]

    server.talk = collection.talk
    assert elsewhere.fetch(one, "2027-01-05T09:20:00+00:00")["status"] == "ok"
    assert elsewhere.taken() == [NOON, f"{DAY} 17:00/18:00"]


ITSELF = "<D:response><D:href>/cal/</D:href></D:response>"
LISTINGS = {
    "a page": b"<html/>",
    "nobody": multistatus([]),
    "no collection": multistatus([found("200 OK", '<D:getetag>"1"</D:getetag>')]),
    "a cut list": multistatus(
        [ITSELF, "<D:response><D:href>/cal/</D:href><D:status>HTTP/1.1 507 Full</D:status></D:response>"]
    ),
    "a bad address": multistatus([ITSELF, "<D:response><D:href>//[x</D:href></D:response>"]),
    "a port that is none": multistatus([ITSELF, "<D:response><D:href>http://[bad/</D:href></D:response>"]),
}


@pytest.mark.parametrize("name", LISTINGS)
def test_a_list_that_is_none_makes_nothing_be_gone(elsewhere: Elsewhere, site: Site, name: str) -> None:
    server = site(filled(knows_tokens=False).talk)
    one = fetched(elsewhere, server)
    server.talk = says(ok(LISTINGS[name], status=b"207 Multi-Status"))
    told = elsewhere.fetch(one, LATER)

    assert (told["status"], told["last_error"]) == ("stale", "bad_answer")
    assert elsewhere.taken() == [NOON, THREE]


def test_a_status_that_is_no_number_is_none(elsewhere: Elsewhere, site: Site) -> None:
    server = site(filled(knows_tokens=False).talk)
    one = fetched(elsewhere, server)
    odd = "<D:response><D:href>/cal/b.ics</D:href><D:status>HTTP/1.1 ² OK</D:status></D:response>"
    server.talk = says(ok(multistatus([ITSELF, odd]), status=b"207 Multi-Status"))
    elsewhere.fetch(one, LATER)

    assert THREE in elsewhere.taken()


@pytest.mark.parametrize("href", ["//[x", "http://[bad/", "\u0000", "http://127.0.0.1:99999/"])
def test_no_address_that_a_server_names_stops_the_request(
    elsewhere: Elsewhere, site: Site, href: str
) -> None:
    named = f"<D:current-user-principal><D:href>{href}</D:href></D:current-user-principal>"
    prop = f"<D:resourcetype><D:collection/></D:resourcetype>{named}"
    stat = f"<D:propstat><D:prop>{prop}</D:prop><D:status>HTTP/1.1 200 OK</D:status></D:propstat>"
    body = multistatus([f"<D:response><D:href>{href}</D:href>{stat}</D:response>"])
    sent = {"url": site(says(ok(body, status=b"207 Multi-Status"))).url(), "kind": "caldav"}

    assert elsewhere.clinic.desk.post(elsewhere.calendars, sent).status_code in {201, 422}


@pytest.mark.parametrize(
    "body", [b"<D:response>" * 15_000 + b"</D:response>" * 15_000, b"<D:response/>" * 60_000]
)
def test_a_heap_of_answers_takes_no_long_time(elsewhere: Elsewhere, site: Site, body: bytes) -> None:
    whole = b'<D:multistatus xmlns:D="DAV:">' + body + b"</D:multistatus>"
    sent = {"url": site(says(ok(whole, status=b"207 Multi-Status"))).url(), "kind": "caldav"}
    before = process_time()
    answer = elsewhere.clinic.desk.post(elsewhere.calendars, sent)

    assert answer.status_code in {201, 422}
    assert process_time() - before < 5


def test_a_login_goes_nowhere_that_a_redirect_leads_to(site: Site) -> None:
    """A server elsewhere that got no login by the redirect gets none by what it names either."""
    thief = site(Account({"work": Collection()}).talk)
    honest = site(says(redirect(thief.url("/"), 307)))
    line = Line(("tom", "open sesame"), allow_loopback=True)

    assert discover(line, honest.url("/")) == []
    assert any(LOGIN in one for one in honest.requests)
    assert thief.requests
    assert not any(LOGIN in one for one in thief.requests)


def test_a_login_goes_to_the_server_that_its_own_server_names(site: Site) -> None:
    other = site(Account({"work": Collection()}).talk)
    named = f"<D:current-user-principal><D:href>{other.url(PRINCIPAL)}</D:href></D:current-user-principal>"
    prop = f"<D:resourcetype><D:collection/></D:resourcetype>{named}"
    stat = f"<D:propstat><D:prop>{prop}</D:prop><D:status>HTTP/1.1 200 OK</D:status></D:propstat>"
    body = multistatus([f"<D:response><D:href>/</D:href>{stat}</D:response>"])
    own = site(says(ok(body, status=b"207 Multi-Status")))
    line = Line(("tom", "open sesame"), allow_loopback=True)

    assert [one.url for one in discover(line, own.url("/"))] == [other.url(f"{HOME}work/")]
    assert all(LOGIN in one for one in other.requests)


@pytest.mark.parametrize("status", [b"403 No", b"401 Who", b"500 Oh"])
def test_a_root_that_is_closed_is_no_end(elsewhere: Elsewhere, site: Site, status: bytes) -> None:
    account = Account({"work": filled()})

    def talk(connection: socket, request: bytes) -> None:
        if request.split(b" ")[1] == b"/":
            connection.sendall(ok(b"", status=status))
        elif request.split(b" ")[1] == b"/.well-known/caldav":
            connection.sendall(redirect(PRINCIPAL, 301))
        else:
            account.talk(connection, request)

    one = elsewhere.clinic.desk.made(elsewhere.calendars, url=site(talk).url("/"), kind="caldav")

    assert elsewhere.fetch(one)["status"] == "ok"
    assert elsewhere.taken() == [NOON, THREE]
