"""By any address of a CalDAV account its calendars are found, with no transaction open meanwhile."""

from collections.abc import Callable
from socket import socket

import pytest
from sqlalchemy import QueuePool

from models.database import Database
from sync.busy.multistatus import leads_to
from tests.support.cast import Made, pointers
from tests.sync.accounts import HOME, PRINCIPAL, Account
from tests.sync.calendars import Collection, calendar, event
from tests.sync.elsewhere import DAY, Elsewhere, at
from tests.sync.servers import Server, Talk, hangs, ok, redirect, says

Site = Callable[[Talk], Server]
pytestmark = pytest.mark.usefixtures("loopback")
NOON = [f"{DAY} 12:00/13:00"]
ADDRESSES = ("/", "/.well-known/caldav", PRINCIPAL, HOME, f"{HOME}work/", f"{HOME}work/one.ics", "/elsewhere")


def filled(*names: str) -> dict[str, Collection]:
    """Give calendars of these names, each with an hour at noon."""
    made = {name: Collection() for name in names}
    for one in made.values():
        one.put("one.ics", calendar(event(start=at("12:00"), end=at("13:00"))))
    return made


def sent(elsewhere: Elsewhere, server: Server, path: str) -> Made:
    return elsewhere.clinic.desk.made(elsewhere.calendars, url=server.url(path), kind="caldav")


@pytest.mark.parametrize("path", ADDRESSES)
def test_the_only_calendar_is_found_by_every_address(elsewhere: Elsewhere, site: Site, path: str) -> None:
    account = Account(filled("work"))

    found = elsewhere.fetch(sent(elsewhere, site(account.talk), path))

    assert (found["status"], found["last_error"]) == ("ok", None)
    assert elsewhere.taken() == NOON


@pytest.mark.parametrize("path", ["/", PRINCIPAL, HOME, f"{HOME}work/one.ics"])
def test_of_several_calendars_the_desk_chooses_by_their_names(
    elsewhere: Elsewhere, site: Site, path: str
) -> None:
    account = Account(filled("home", "work", "tasks"), components={"tasks": "VTODO"})
    server = site(account.talk)
    body = {"url": server.url(path), "kind": "caldav"}

    refused = elsewhere.clinic.desk.post(elsewhere.calendars, body)

    assert (refused.status_code, refused.get_json()["code"]) == (409, "several_calendars")
    choices = refused.get_json()["choices"]
    assert choices == [
        {"url": server.url(f"{HOME}home/"), "name": "Home"},
        {"url": server.url(f"{HOME}work/"), "name": "Work"},
    ]
    assert elsewhere.clinic.desk.get(elsewhere.calendars).get_json()["items"] == []
    for choice in choices:
        made = elsewhere.clinic.desk.made(elsewhere.calendars, url=choice["url"], kind="caldav")
        assert elsewhere.fetch(made)["status"] == "ok"


@pytest.mark.parametrize(
    "account",
    [
        Account(),
        Account(filled("tasks"), components={"tasks": "VTODO"}),
        Account(filled("work"), root=None),
    ],
    ids=["an empty home", "tasks alone", "a server that leads nowhere"],
)
def test_an_address_that_leads_to_no_calendar_is_refused(
    elsewhere: Elsewhere, site: Site, account: Account
) -> None:
    body = {"url": site(account.talk).url("/nowhere/"), "kind": "caldav"}

    assert pointers(elsewhere.clinic.desk.post(elsewhere.calendars, body)) == ["/url"]


@pytest.mark.parametrize(
    "page", [ok(b"<html>Log in</html>"), ok(b"", status=b"405 No"), ok(b"{}"), ok(b"", status=b"404 No")]
)
def test_a_web_page_is_no_caldav_calendar(elsewhere: Elsewhere, site: Site, page: bytes) -> None:
    body = {"url": site(says(page)).url(), "kind": "caldav"}

    assert pointers(elsewhere.clinic.desk.post(elsewhere.calendars, body)) == ["/url"]


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (ok(b"", status=b"401 Who"), "unauthorised"),
        (ok(b"", status=b"503 Later"), "unavailable"),
        (ok(b"", status=b"429 Slower"), "too_many_requests"),
        (ok(b"<oops", status=b"207 Multi-Status"), "bad_answer"),
        (redirect("/again"), "too_many_redirects"),
    ],
)
def test_a_server_that_cannot_be_asked_now_is_looked_up_when_it_can(
    elsewhere: Elsewhere, site: Site, answer: bytes, code: str
) -> None:
    server = site(says(answer))
    one = sent(elsewhere, server, "/")
    failed = elsewhere.fetch(one)
    server.talk = Account(filled("work")).talk
    well = elsewhere.fetch(one)

    assert (failed["status"], failed["last_error"]) == ("failed", code)
    assert (well["status"], well["last_error"]) == ("ok", None)
    assert elsewhere.taken() == NOON


def test_a_calendar_that_was_taken_at_its_word_is_looked_at_when_it_brings_nothing(
    elsewhere: Elsewhere, site: Site
) -> None:
    account = Account(filled("home", "work"))
    server = site(says(ok(b"", status=b"503 Later")))
    one = sent(elsewhere, server, HOME)
    server.talk = account.talk
    found = elsewhere.fetch(one)

    assert (found["status"], found["last_error"]) == ("failed", "several_calendars")
    account.calendars.clear()
    assert elsewhere.fetch(one)["last_error"] == "no_calendar"


def test_an_empty_calendar_is_a_calendar(elsewhere: Elsewhere, site: Site) -> None:
    found = elsewhere.fetch(sent(elsewhere, site(Account({"work": Collection()}).talk), f"{HOME}work/"))

    assert (found["status"], found["last_error"]) == ("ok", None)


def test_another_address_is_looked_up_too(elsewhere: Elsewhere, site: Site) -> None:
    one = sent(elsewhere, site(Account(filled("work")).talk), "/")
    path = f"{elsewhere.calendars}/{one['id']}"
    several, none = site(Account(filled("home", "work")).talk), site(says(ok(b"<html/>")))

    refused = elsewhere.clinic.desk.patch(path, {"url": several.url()})
    assert (refused.status_code, refused.get_json()["code"]) == (409, "several_calendars")
    assert pointers(elsewhere.clinic.desk.patch(path, {"url": none.url()})) == ["/url"]
    changed = elsewhere.clinic.desk.patch(path, {"url": several.url(f"{HOME}home/")})
    assert changed.status_code == 200, changed.text
    assert elsewhere.fetch(one)["status"] == "ok"


def test_no_transaction_is_open_while_a_server_is_asked(
    elsewhere: Elsewhere, site: Site, database: Database
) -> None:
    account, held, pool = Account(filled("work")), list[int](), database.engine.pool
    assert isinstance(pool, QueuePool)

    def talk(connection: socket, request: bytes) -> None:
        # Whoever has a transaction open holds a connection.
        held.append(pool.checkedout())
        account.talk(connection, request)

    sent(elsewhere, site(talk), "/")

    assert held
    assert set(held) == {0}


def test_a_server_that_hangs_keeps_nobody_waiting_for_long(
    elsewhere: Elsewhere, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sync.busy.external_calendars._LOOKING_SECONDS", 0.3)

    one = sent(elsewhere, site(hangs), "/")

    assert one["status"] == "pending"


@pytest.mark.parametrize(
    ("href", "leads"),
    [
        ("/alice/", "https://calendar.example.org/alice/"),
        ("https://p12.example.org/alice/", "https://p12.example.org/alice/"),
        ("http://calendar.example.org/alice/", None),
        ("", None),
    ],
)
def test_a_login_goes_where_the_server_says_but_never_in_clear(href: str, leads: str | None) -> None:
    assert leads_to("https://calendar.example.org/", href) == leads
