"""Programs find their calendars when they are given the host's name alone, and write the user in any case."""

from dataclasses import replace

import pytest

from tests.sync.phone import BUSY, XMLNS, Phone, event

PRINCIPAL = f"<D:propfind {XMLNS}><D:prop><D:current-user-principal/></D:prop></D:propfind>"
ENTRANCES = ["/", "/principals", "/principals/", "/principals/users/ada%40example.org/", "/dav"]


@pytest.mark.parametrize("path", [*ENTRANCES, "/principals/users/USER/"])
def test_a_phone_that_knows_the_host_alone_finds_its_home(phone: Phone, path: str) -> None:
    home = phone.property(path.replace("USER", phone.user), "D:current-user-principal")

    assert home == phone.home


@pytest.mark.parametrize("path", ENTRANCES)
@pytest.mark.parametrize("method", ["PROPFIND", "OPTIONS"])
def test_a_phone_is_asked_who_it_is_first(phone: Phone, path: str, method: str) -> None:
    answer = phone.app.test_client().open(path, method=method, data=PRINCIPAL)

    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith("Basic realm=")
    assert phone.user not in answer.text


def test_a_stranger_is_led_to_its_own_home_alone(phone: Phone) -> None:
    stranger = replace(phone, password="x" * 40)

    assert stranger.ask("PROPFIND", f"/principals/{phone.user}/", PRINCIPAL, depth="0").status_code == 401


@pytest.mark.parametrize("path", ENTRANCES)
def test_what_is_allowed_at_the_entrance_is_listed(phone: Phone, path: str) -> None:
    answer = phone.ask("OPTIONS", path)

    assert answer.status_code == 200
    assert (answer.headers["Allow"], "calendar-access" in answer.headers["DAV"]) == (
        "OPTIONS, PROPFIND, PROPPATCH",
        True,
    )


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_the_hosts_root_stays_what_it_is_to_everybody_else(phone: Phone, method: str) -> None:
    client = phone.app.test_client()
    answer, nothing = client.open("/", method=method), client.open("/nothing", method=method)

    assert (answer.status_code, answer.content_type) == (nothing.status_code, nothing.content_type)
    assert answer.status_code == 404


@pytest.mark.parametrize("method", ["MKCALENDAR", "MKCOL"])
def test_no_calendar_can_be_made(phone: Phone, method: str) -> None:
    there, new = phone.ask(method, f"{BUSY}/"), phone.ask(method, "new/")

    assert (there.status_code, "resource-must-be-null" in there.text) == (403, True)
    assert (new.status_code, "calendar-collection-location-ok" in new.text) == (403, True)


def test_a_user_is_the_same_in_any_letter_case(phone: Phone) -> None:
    shouting = replace(phone, user=phone.user.upper())
    made = shouting.put("a.ics", event("a"))

    assert made.status_code == 201
    assert shouting.property("/dav/", "D:current-user-principal") == phone.home
    assert phone.ask("GET", f"{BUSY}/a.ics").text == event("a")
    assert shouting.ask("GET", f"{phone.home}{BUSY}/a.ics").status_code == 200
