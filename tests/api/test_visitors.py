"""The visitor's address: what trusted proxies say of it, and nothing that anybody else says."""

from dataclasses import replace
from ipaddress import ip_network

import pytest
from flask import Flask

from api.visitors import visitor_address
from config import Settings
from models.database import Database
from tests.api.toys import seen as seen_by
from tests.api.toys import toy_app

PROXY, OTHER_PROXY = "10.1.2.3", "2001:db8:ffff::1"
VISITOR, FORGED = "203.0.113.7", "198.51.100.66"


@pytest.fixture(scope="module")
def behind_proxies(settings: Settings, database: Database) -> Flask:
    """Make an application that trusts two proxies."""
    proxies = tuple(map(ip_network, ("10.0.0.0/8", OTHER_PROXY)))
    return toy_app(replace(settings, trusted_proxies=proxies), database, seen_by)


def seen(app: Flask, peer: str, *forwarded: str) -> str:
    """Tell whom the application sees behind a request of this peer with these headers."""
    environ = {"REMOTE_ADDR": peer}
    if forwarded:
        # WSGI servers join a header that was sent several times.
        environ["HTTP_X_FORWARDED_FOR"] = ",".join(forwarded)
    with app.test_request_context(environ_overrides=environ):
        return visitor_address()


@pytest.mark.parametrize(
    ("peer", "forwarded", "expected"),
    [
        (VISITOR, (), VISITOR),
        (VISITOR, (FORGED,), VISITOR),
        (VISITOR, (PROXY,), VISITOR),
        (PROXY, (), PROXY),
        (PROXY, (VISITOR,), VISITOR),
        (PROXY, (FORGED, VISITOR), VISITOR),
        (PROXY, (FORGED, VISITOR, OTHER_PROXY, "10.9.9.9"), VISITOR),
        (PROXY, ("10.9.9.9",), "10.9.9.9"),
        (PROXY, (f"{FORGED}, {VISITOR}:4711",), VISITOR),
        (PROXY, ("unknown",), PROXY),
        (PROXY, (FORGED, "", "10.9.9.9"), "10.9.9.9"),
        (f"::ffff:{PROXY}", (VISITOR,), VISITOR),
        (OTHER_PROXY, (f"::ffff:{VISITOR}",), VISITOR),
        (PROXY, ("[2001:db8:1:2:3:4:5:6]:443",), "2001:db8:1:2::/64"),
        ("2001:db8:1:2:3:4:5:6", (FORGED,), "2001:db8:1:2::/64"),
        ("", (FORGED,), ""),
    ],
)
def test_only_trusted_proxies_say_who_the_visitor_is(
    behind_proxies: Flask, peer: str, forwarded: tuple[str, ...], expected: str
) -> None:
    assert seen(behind_proxies, peer, *forwarded) == expected


def test_without_trusted_proxies_no_header_counts(app: Flask) -> None:
    assert seen(app, PROXY, VISITOR) == PROXY
    assert seen(app, "127.0.0.1", VISITOR) == "127.0.0.1"
