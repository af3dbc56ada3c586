"""Calls to users' URLs: forbidden addresses are never connected to, and calls are bounded."""

import gzip
import logging
import socket
import threading
import time
import tracemalloc
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from sync.outbound.outbound import Answer, ForbiddenAddressError, UnreachableError, check_url, send
from tests.sync.conftest import Site
from tests.sync.servers import CERTIFICATE, Server, Talk, connections, drips, hangs, ok, redirect, says

LOOPBACK = [
    "127.0.0.1", "127.255.255.254", "127.1", "127.0.1", "2130706433", "0x7f000001", "0x7f.1", "0177.0.0.1",
    "017700000001", "127.0.0.1.", "localhost", "LOCALHOST", "localhost.", "a.localhost", "[::1]",
    "[0:0:0:0:0:0:0:1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]",
]  # fmt: skip
PRIVATE = [
    "0", "0.0.0.0", "0.1.2.3", "10.0.0.1", "10.1", "167772161", "0xa000001", "012.0.0.1", "172.16.0.1",  # noqa: S104 - to refuse, not to listen on
    "172.31.255.255", "192.168.0.1", "169.254.169.254", "2852039166", "100.64.0.1", "100.127.255.254",
    "192.0.0.8", "192.0.0.9", "192.0.2.1", "192.88.99.1", "198.18.0.1", "198.19.255.255", "198.51.100.1",
    "203.0.113.1", "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255", "[::]", "[::127.0.0.1]",
    "[::ffff:10.0.0.1]", "[::ffff:169.254.169.254]", "[::ffff:0:127.0.0.1]", "[64:ff9b::7f00:1]",
    "[64:ff9b::808:808]", "[64:ff9b:1::1]", "[100::1]", "[2001::1]", "[2001:2::1]", "[2001:10::1]",
    "[2001:20::1]", "[2001:db8::1]", "[2002:7f00:1::]", "[2002:808:808::]", "[3fff::1]", "[5f00::1]",
    "[fc00::1]", "[fd12:3456::1]", "[fe80::1]", "[fe80::1%25lo]", "[fec0::1]", "[ff02::1]", "metadata",
    "metadata.google.internal", "instance-data.ec2.internal", "printer.local", "nas.home.arpa",
]  # fmt: skip
MALFORMED = [
    "http://\uff11\uff12\uff17.\uff10.\uff10.\uff11/", "http://127\u30020\u30020\u30021/", "http://\u24dbocalhost/",
    "http://\u2460\u2461\u2466.\u24ea.\u24ea.\u2460/", "http://loc\u00adalhost/", "http://\uff21\uff11.example.org/",
    "", "example.org", "//example.org/", "ftp://example.org/", "file:///etc/passwd", "gopher://127.0.0.1/",
    "unix:///run/x", "http://", "http:///x", "http://:80/", "http://example.org:0/", "http://example.org:65536/",
    "http://example.org:/", "http://example.org:x/", "http://example.org:-1/", "http://example.org:\uff18\uff10/",
    "http://u@example.org/", "http://u:p@example.org/", "http://@example.org/", "http://example.org@127.0.0.1/",
    "http://127.0.0.1\\@example.org/", "http://example.org\\@127.0.0.1/", "http://example.org\uff20127.0.0.1/",
    "http://127.0.0.1%2f@example.org/", "http://example.org%00.127.0.0.1/", "http://%31%32%37.0.0.1/",
    "http://example.org/\r\nHost: x", "http://exa mple.org/", " http://example.org/", "http://example.org/\x00",
    "http://example.org/a b", "http://example.org/#http://127.0.0.1/", "http://example.org#@127.0.0.1/",
    "http://[::1/", "http://::1/", "http://[v1.a:b]/", "http://[127.0.0.1]/", "http://a..org/",
    "http://.example.org/",
    "http://*.example.org/", "http://\ud800.example.org/", f"http://{'a' * 64}.org/",
    f"http://{'a.' * 127}org/",
    "http://example.org/" + "x" * 1982,
]  # fmt: skip


@pytest.fixture
def canary(site: Site) -> Iterator[Server]:
    """Listen on both loopback addresses, and insist that the test connects to no address at all."""
    four = site(says(ok()))
    six = site(says(ok()), host="::1", port=four.port) if socket.has_ipv6 else four
    with connections() as attempts:
        yield four
    assert (attempts, four.accepted, six.accepted) == ([], 0, 0)


def get(url: str, **how: Any) -> Answer:
    """Call a URL, by default with loopback allowed and small bounds."""
    chosen: dict[str, Any] = {"seconds": 5, "most_bytes": 1000, "allow_loopback": True, **how}
    return send(chosen.pop("method", "GET"), url, **chosen)


def code(url: str, **how: Any) -> str:
    """Call a URL that cannot be reached, and give the failure's code."""
    with pytest.raises(UnreachableError) as failure:
        get(url, **how)
    return str(failure.value)


def forbid(url: str, **how: Any) -> None:
    """Insist that a URL may not be called."""
    with pytest.raises(ForbiddenAddressError):
        get(url, **how)


@pytest.mark.parametrize("host", LOOPBACK)
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_loopback_is_refused_in_every_spelling(canary: Server, scheme: str, host: str) -> None:
    url = f"{scheme}://{host}:{canary.port}/"

    forbid(url, allow_loopback=False)
    with pytest.raises(ForbiddenAddressError):
        check_url(url, allow_loopback=False)
    check_url(url, allow_loopback=True)


@pytest.mark.parametrize("host", PRIVATE)
@pytest.mark.parametrize("allow_loopback", [False, True])
def test_no_other_address_inside_is_ever_connected_to(
    canary: Server, host: str, allow_loopback: bool
) -> None:
    url = f"http://{host}:{canary.port}/"

    forbid(url, allow_loopback=allow_loopback)
    with pytest.raises(ForbiddenAddressError):
        check_url(url, allow_loopback=allow_loopback)


@pytest.mark.parametrize("url", MALFORMED)
def test_a_malformed_url_is_refused(canary: Server, url: str) -> None:
    forbid(url)
    with pytest.raises(ForbiddenAddressError):
        check_url(url, allow_loopback=True)
    assert canary.accepted == 0


PUBLIC = [
    "https://example.org",
    "http://example.org:1/",
    "http://example.org:65535/?a=b&c=%20",
    "https://example.org./x",
    "https://bücher.example/straße?q=ü",
    "https://8.8.8.8/",
    "https://172.15.255.255/",
    "https://172.32.0.0/",
    "https://[2606:4700::1111]/",
    "https://localhost.example.org/",
    "https://a_b.example.org/x@y",
    "http://example.org/" + "x" * 1981,
]


def resolves(monkeypatch: pytest.MonkeyPatch, *answers: list[str]) -> list[str]:
    """Answer names as a hostile resolver does, with one answer after another; the last answer stays."""
    asked: list[str] = []

    def resolve(host: str, port: int, *_: Any, **__: Any) -> list[tuple[Any, ...]]:
        # The client may look up the address that it has pinned, which is no name.
        if host[0].isdigit() or ":" in host:
            given = [host]
        else:
            given = answers[min(len(asked), len(answers) - 1)]
            asked.append(host)
        return [
            (socket.AF_INET6 if ":" in each else socket.AF_INET, socket.SOCK_STREAM, 6, "", (each, port))
            for each in given
        ]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    return asked


@pytest.mark.parametrize("url", PUBLIC)
def test_a_public_url_is_called(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    resolves(monkeypatch, ["8.8.8.8"])

    check_url(url, allow_loopback=False)
    with connections() as attempts:
        assert code(url, allow_loopback=False) == "connection"
    assert attempts


@pytest.mark.parametrize(
    "inside",
    ["127.0.0.1", "::1", "0.0.0.0", "10.0.0.1", "169.254.169.254", "::ffff:10.0.0.1", "fec0::1", "2001::1",  # noqa: S104 - to refuse, not to listen on
     "198.18.0.1", "240.0.0.1", "255.255.255.255", "ff0e::1", "64:ff9b::a00:1", "2002:a00:1::"],
)  # fmt: skip
def test_a_public_name_that_leads_inside_is_refused(
    canary: Server, monkeypatch: pytest.MonkeyPatch, inside: str
) -> None:
    asked = resolves(monkeypatch, [inside], [inside, "8.8.8.8"])

    forbid(f"http://rebound.example.org:{canary.port}/", allow_loopback=False)
    forbid(f"https://rebound.example.org:{canary.port}/", allow_loopback=False)
    assert asked == ["rebound.example.org"] * 2


@pytest.mark.parametrize("answers", [[["8.8.8.8"], ["127.0.0.1"]], [["8.8.8.8", "127.0.0.1"]]])
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_rebound_name_leads_nowhere_but_to_the_address_judged(
    site: Site, monkeypatch: pytest.MonkeyPatch, answers: list[list[str]], scheme: str
) -> None:
    inside = site(says(ok()))
    asked = resolves(monkeypatch, *answers)

    with connections() as attempts:
        assert code(f"{scheme}://rebound.example.org:{inside.port}/", allow_loopback=False) == "connection"
    assert (set(attempts), inside.accepted, asked) == ({"8.8.8.8"}, 0, ["rebound.example.org"])


@pytest.mark.parametrize("host", [*PRIVATE[:50:7], "u:p@127.0.0.1", "[fe80::1]", "metadata.google.internal"])
def test_a_redirect_to_the_inside_is_refused(site: Site, host: str) -> None:
    server = site(says(redirect(f"http://{host}/latest/meta-data")))

    with connections() as attempts:
        forbid(server.url(), redirects=3)
    assert attempts == ["127.0.0.1"]


@pytest.mark.parametrize("place", ["ftp://127.0.0.1/", "javascript:alert(1)", "http://:80/"])
def test_a_redirect_to_no_web_address_is_refused(site: Site, place: str) -> None:
    server = site(says(redirect(place)))

    forbid(server.url(), redirects=1)
    assert server.accepted == 1


@pytest.mark.parametrize("place", ["http://[", "//[::1"])
def test_a_redirect_to_no_url_is_a_bad_answer(site: Site, place: str) -> None:
    server = site(says(redirect(place)))

    assert code(server.url(), redirects=1) == "bad_answer"
    assert server.accepted == 1


def test_a_redirect_by_a_name_that_leads_inside_is_refused(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = site(says(redirect("http://inside.example.org/")))
    resolves(monkeypatch, ["10.0.0.1"])

    with connections() as attempts:
        forbid(server.url(), redirects=1)
    assert attempts == ["127.0.0.1"]


def test_an_answer_is_given_whole(site: Site) -> None:
    server = site(says(ok(gzip.compress(b"hello"), b"Content-Encoding: gzip", b"ETag: x", status=b"418 No")))
    answer = get(server.url("/a?b=c"), method="POST", body=b"{}", headers={"X-A": "1"}, auth=("ü", "p"))

    assert (answer.status, answer.body, answer.headers["etag"]) == (418, b"hello", "x")
    assert answer.url == server.url("/a?b=c")
    (request,) = server.requests
    assert request.startswith(b"POST /a?b=c HTTP/1.1\r\n")
    assert request.endswith(b"\r\n\r\n{}")
    lines = request.lower().split(b"\r\n")
    assert {b"x-a: 1", b"user-agent: clinic-scheduling/1", b"authorization: basic w7w6ca=="} <= set(lines)


@pytest.mark.parametrize("host", ["localhost", "127.1", "[::ffff:127.0.0.1]"])
def test_loopback_may_be_called_where_it_is_allowed(site: Site, host: str) -> None:
    server = site(says(ok()))
    if host == "localhost" and socket.has_ipv6:
        site(says(ok()), host="::1", port=server.port)

    assert get(f"http://{host}:{server.port}/").body == b"ok"


def test_a_redirect_is_the_answer_unless_it_is_to_be_followed(site: Site) -> None:
    server = site(says(redirect("/next")))
    answer = get(server.url())

    assert (answer.status, answer.headers["Location"], answer.body) == (302, "/next", b"")
    assert server.accepted == 1


def hopping(hops: int) -> Talk:
    """Redirect from /0 to /1 and so on, `hops` times."""

    def talk(connection: socket.socket, request: bytes) -> None:
        at = int(request.split()[1].removeprefix(b"/"))
        connection.sendall(ok() if at == hops else redirect(f"/{at + 1}"))

    return talk


@pytest.mark.parametrize("hops", [1, 2])
def test_redirects_are_followed_as_often_as_allowed(site: Site, hops: int) -> None:
    server = site(hopping(hops))

    assert get(server.url("/0"), redirects=2).url == server.url(f"/{hops}")
    assert server.accepted == hops + 1
    assert not any(b"ookie" in request for request in server.requests)


def test_one_redirect_too_many_is_a_failure(site: Site) -> None:
    server = site(hopping(3))

    assert code(server.url("/0"), redirects=2) == "too_many_redirects"
    assert server.accepted == 3


@pytest.mark.parametrize(
    ("status", "method"), [(301, b"GET"), (302, b"GET"), (303, b"GET"), (307, b"POST"), (308, b"POST")]
)
def test_a_post_is_repeated_only_where_http_says_so(site: Site, status: int, method: bytes) -> None:
    end = site(says(ok()))
    start = site(says(redirect(end.url("/end"), status)))

    get(start.url(), method="POST", body=b"{}", redirects=1)
    assert end.requests[0].startswith(method + b" /end ")
    assert end.requests[0].endswith(b"{}") == (method == b"POST")


def test_credentials_stay_with_their_host(site: Site) -> None:
    other = site(says(ok()))
    server = site(says(redirect(other.url(), 307)))

    secret = {"Authorization": "Bearer s3cret", "Cookie": "s3cret", "X-Kept": "1"}
    get(server.url(), headers=secret, redirects=1)
    get(server.url(), auth=("u", "s3cret"), redirects=1)
    assert [b"uthorization" in request for request in server.requests] == [True, True]
    assert not any(b"uthorization" in request or b"s3cret" in request for request in other.requests)
    assert b"X-Kept: 1" in other.requests[0]


def test_nothing_of_the_environment_or_of_earlier_answers_is_sent(
    site: Site, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    proxy = site(says(ok(b"proxied")))
    server = site(says(ok(b"ok", b"Set-Cookie: a=b; Path=/")))
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login u password p\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, proxy.url())
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)

    assert [get(server.url()).body for _ in range(2)] == [b"ok", b"ok"]
    assert proxy.accepted == 0
    assert not any(b"uthorization" in request or b"ookie" in request for request in server.requests)


@pytest.mark.parametrize(("size", "outcome"), [(999, 999), (1000, 1000), (1001, "too_large")])
@pytest.mark.parametrize("coding", ["plain", "gzip", "endless"])
def test_a_body_is_read_to_its_limit(site: Site, size: int, outcome: object, coding: str) -> None:
    body = b"x" * size
    answer = {
        "plain": ok(body),
        "gzip": ok(gzip.compress(body), b"Content-Encoding: gzip"),
        "endless": b"HTTP/1.1 200 OK\r\n\r\n" + body,
    }[coding]
    server = site(says(answer))

    found = code(server.url()) if outcome == "too_large" else len(get(server.url()).body)
    assert found == outcome


def test_a_gzip_bomb_is_cut_off_before_it_is_unpacked(site: Site) -> None:
    packed = gzip.compress(bytes(100_000_000), 9)
    server = site(says(ok(packed, b"Content-Encoding: gzip")))

    tracemalloc.start()
    try:
        assert code(server.url(), seconds=20) == "too_large"
        assert tracemalloc.get_traced_memory()[1] < 30_000_000
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    "talk",
    [
        hangs,
        drips(b"", b"H"),
        drips(b"HTTP/1.1 200 OK\r\n", b"X-Header: x\r\n"),
        drips(b"HTTP/1.1 200 OK\r\nX-Long: ", b"x"),
        drips(b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
        drips(b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n", b"x"),
        drips(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
    ],
    ids=["silence", "status", "headers", "header", "continue", "body", "chunks"],
)
def test_no_server_holds_a_call_longer_than_its_time(site: Site, talk: Talk) -> None:
    server = site(talk)
    begun = time.monotonic()

    assert code(server.url(), seconds=0.5) == "timeout"
    assert time.monotonic() - begun < 2
    while not server.ended:  # Nothing of the call goes on behind its back.
        assert time.monotonic() - begun < 5
        time.sleep(0.01)


def test_a_slow_resolver_or_many_slow_hops_are_within_the_same_time(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    def slowly(connection: socket.socket, _request: bytes) -> None:
        time.sleep(0.2)
        connection.sendall(redirect("/"))

    server = site(slowly)
    released = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: released.wait(10))
    begun = time.monotonic()
    assert code("http://slow.example.org/", seconds=0.3, allow_loopback=False) == "timeout"
    monkeypatch.undo()
    released.set()

    assert code(server.url(), seconds=0.5, redirects=50) == "timeout"
    assert time.monotonic() - begun < 3


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (b"", "bad_answer"),
        (b"220 mail.example.org ESMTP\r\n", "bad_answer"),
        (b"SSH-2.0-OpenSSH_9.6\r\n", "bad_answer"),
        (b"HTTP/1.1 20x OK\r\n\r\n", "bad_answer"),
        (b"HTTP/1.1 200 OK\r\nX: " + b"x" * 3_000_000 + b"\r\n\r\n", "bad_answer"),
        (b"HTTP/1.1 200 OK\r\n" + b"X: x\r\n" * 600_000 + b"\r\n", "bad_answer"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort", "bad_answer"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "bad_answer"),
        (b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc", "bad_answer"),
    ],
)
def test_what_is_no_answer_has_a_code_and_no_words(site: Site, answer: bytes, outcome: str) -> None:
    assert code(site(says(answer)).url()) == outcome


def test_nobody_there_is_a_failed_connection(site: Site) -> None:
    server = site(says(ok()))
    server.close()

    assert code(server.url()) == "connection"


@pytest.mark.parametrize("tls", [True, False])
def test_tls_is_verified(site: Site, tls: bool) -> None:
    server = site(says(ok()), tls=tls)

    assert code(server.url(scheme="https")) == "tls"
    assert not any(request.startswith(b"GET") for request in server.requests)


def test_a_trusted_certificate_must_be_for_the_name_asked_and_https_stays_https(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = site(says(ok()))
    server = site(says(redirect(plain.url())), tls=True)
    monkeypatch.setattr(requests.adapters, "DEFAULT_CA_BUNDLE_PATH", str(CERTIFICATE))
    resolves(monkeypatch, ["127.0.0.1"])

    assert get(f"https://localhost:{server.port}/").status == 302
    assert code(f"https://other.localhost:{server.port}/") == "tls"
    forbid(f"https://localhost:{server.port}/", redirects=1)
    assert plain.accepted == 0


def test_nothing_of_a_url_is_logged_or_told(
    site: Site, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    caplog.set_level(logging.DEBUG)
    garbled = site(says(b"HTTP/1.1 200 OK\r\ns3cret header\r\nContent-Length: 2\r\n\r\nok"))
    closed = site(says(b""))
    resolves(monkeypatch, ["10.0.0.1"])

    with pytest.raises(ForbiddenAddressError) as forbidden:
        get("http://s3cret.example.org/")
    with pytest.raises(UnreachableError) as unreachable:
        get(closed.url("/s3cret"))
    assert get(garbled.url("/s3cret")).body == b"ok"
    failures = (forbidden.value, unreachable.value)
    told = [(one, one.__cause__, one.__context__) for one in failures]
    assert garbled.requests[0].startswith(b"GET /s3cret ")
    assert "s3cret" not in caplog.text + repr(told) + "".join(capfd.readouterr())


def test_many_threads_call_at_once(site: Site) -> None:
    server = site(lambda connection, request: connection.sendall(ok(request.split()[1])))
    found: dict[int, bytes] = {}
    start = threading.Barrier(16)

    def call(number: int) -> None:
        start.wait(10)
        for again in range(5):
            found[number * 5 + again] = get(server.url(f"/{number * 5 + again}"), seconds=20).body

    callers = [threading.Thread(target=call, args=(number,)) for number in range(16)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join(30)
    assert found == {number: b"/%d" % number for number in range(80)}
