"""Calls URLs that users give, guarded against private addresses: no other module may call them."""

import logging
import socket
import threading
import time
from collections.abc import Mapping
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, replace
from http.client import HTTPException
from http.cookiejar import DefaultCookiePolicy
from typing import Any
from urllib.parse import urljoin, urlsplit

import requests
from requests_hardened import Config, HTTPSession
from requests_hardened.ip_filter import InvalidIPAddress
from requests_hardened.ip_filter_adapter import IPFilterAdapter
from urllib3.exceptions import HTTPError, ProtocolError, ReadTimeoutError

from sync.outbound.addresses import ForbiddenAddressError, check_address, check_url

__all__ = ["Answer", "ForbiddenAddressError", "UnreachableError", "check_url", "send"]

USER_AGENT = "clinic-scheduling/1"
_CHUNK = 16_384
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_CREDENTIALS = frozenset({"authorization", "cookie", "proxy-authorization"})

# These libraries log hosts and paths, which may be secrets: they are silenced.
for _name in ("requests", "requests_hardened", "urllib3", "urllib3_future"):
    logging.getLogger(_name).setLevel(logging.CRITICAL + 1)


class UnreachableError(Exception):
    """No server answered in time and as HTTP demands.

    `str()` is a code, never the server's own words: "timeout", "connection", "tls", "too_large",
    "too_many_redirects" or "bad_answer".
    """


@dataclass(frozen=True, slots=True)
class Answer:
    """The last server's answer: headers without regard to case, the decoded body, the URL asked last."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    url: str


@dataclass(frozen=True, slots=True)
class _Call:
    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes | None
    auth: tuple[bytes, bytes] | None
    most_bytes: int
    allow_loopback: bool


class _Line:
    """The sockets of a call, which are cut when its time is over.

    The client's own timeouts start again with every byte, so a slow server could keep a call for hours.
    """

    def __init__(self, seconds: float) -> None:
        self._ends = time.monotonic() + seconds
        self._lock = threading.Lock()
        self._sockets: list[socket.socket] = []
        self._is_cut = False

    def left(self) -> float:
        """Give the seconds that are left; UnreachableError when the time is over."""
        left = self._ends - time.monotonic()
        if left <= 0 or self._is_cut:
            raise UnreachableError("timeout")
        return left

    def hold(self, connected: socket.socket) -> None:
        """Keep a second handle of a connection, because TLS takes the first handle away."""
        with self._lock:
            self._sockets.append(connected.dup())
        if self._is_cut:
            self.cut()

    def cut(self) -> None:
        """End all connections at once, also those that another thread reads from."""
        with self._lock:
            self._is_cut = True
            for held in self._sockets:
                with suppress(OSError):  # The other side may have been faster.
                    held.shutdown(socket.SHUT_RDWR)
                held.close()
            self._sockets.clear()


class _Guard(IPFilterAdapter):  # type: ignore[misc]  # The library has no types.
    """The library's guard, which pins the resolved address, with our stricter rule and our time limit."""

    def __init__(self, line: _Line, *, is_https: bool, allow_loopback: bool) -> None:
        super().__init__(is_https_proto=is_https, allow_loopback=allow_loopback)
        self._line = line

    def build_connection_pool_key_attributes(self, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401
        """Check the address that the library has pinned."""
        host, pool = super().build_connection_pool_key_attributes(*args, **kwargs)
        check_address(host["host"], allow_loopback=self._allow_loopback)
        self._line.left()
        return host, pool

    def get_connection_with_tls_context(self, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401
        """Give a pool whose new connections are kept by the line, which can cut them."""
        pool = super().get_connection_with_tls_context(*args, **kwargs)
        line, plain = self._line, pool.ConnectionCls

        class Held(plain):  # type: ignore[misc, valid-type]
            def _new_conn(self) -> socket.socket:
                connected: socket.socket = super()._new_conn()
                line.hold(connected)
                return connected

        pool.ConnectionCls = Held
        return pool


def send(
    method: str,
    url: str,
    *,
    headers: Mapping[str, str] = {},
    body: bytes | None = None,
    seconds: float,
    most_bytes: int,
    allow_loopback: bool,
    redirects: int = 0,
    auth: tuple[str, str] | None = None,
) -> Answer:
    """Call a URL that a user gave, within `seconds` in all and `most_bytes` of decoded body.

    Every hop passes the guard; with `redirects=0` a redirect is the answer, without its body. Raises
    ForbiddenAddressError before the forbidden address is connected to, and UnreachableError with a code.
    """
    credentials = (auth[0].encode(), auth[1].encode()) if auth else None
    call = _Call(method, url, headers, body, credentials, most_bytes, allow_loopback)
    line, promise = _Line(seconds), Future[Answer]()
    # A thread, because resolving a name cannot be interrupted and a server may drip its headers for hours.
    threading.Thread(target=_fulfil, args=(promise, call, line, redirects), daemon=True).start()
    try:
        return promise.result(timeout=seconds)
    except TimeoutError:
        pass
    finally:
        line.cut()
    raise UnreachableError("timeout")


def _fulfil(promise: "Future[Answer]", call: _Call, line: _Line, redirects: int) -> None:
    failure: BaseException
    try:
        promise.set_result(_follow(call, line, redirects))
    except (requests.RequestException, HTTPError, HTTPException, OSError, ValueError) as error:
        failure = _translated(error, line)
    except BaseException as error:  # noqa: BLE001 - The caller's thread raises it.
        failure = error
    else:
        return
    # Set outside the handlers: within them, the client's error, which repeats the URL, would be its context.
    promise.set_exception(failure)


def _follow(call: _Call, line: _Line, redirects: int) -> Answer:
    with HTTPSession(_config(call)) as session:
        session.trust_env = False
        session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        for scheme in ("http", "https"):
            guard = _Guard(line, is_https=scheme == "https", allow_loopback=call.allow_loopback)
            session.mount(f"{scheme}://", guard)
        for hop in range(redirects + 1):
            found = _ask(session, call, line, follow=redirects > 0)
            if isinstance(found, Answer):
                return found
            if hop < redirects:
                call = _redirected(session, call, *found)
    raise UnreachableError("too_many_redirects")


def _config(call: _Call) -> Config:
    return Config(
        ip_filter_enable=True,
        ip_filter_allow_loopback_ips=call.allow_loopback,
        never_redirect=True,
        default_timeout=None,
        user_agent_override=USER_AGENT,
    )


def _ask(session: HTTPSession, call: _Call, line: _Line, *, follow: bool) -> Answer | tuple[int, str]:
    """Give the answer, or the status and target of a redirect, whose body is not read."""
    check_url(call.url, allow_loopback=call.allow_loopback)
    with session.request(
        call.method,
        call.url,
        headers=dict(call.headers),
        data=call.body,
        auth=call.auth,
        timeout=line.left(),
        stream=True,
    ) as response:
        if response.status_code in _REDIRECTS and "location" in response.headers:
            if follow:
                return response.status_code, session.get_redirect_target(response) or ""
            return Answer(response.status_code, response.headers, b"", call.url)
        return Answer(
            response.status_code, response.headers, _body(response, call.most_bytes, line), call.url
        )


def _body(response: requests.Response, most: int, line: _Line) -> bytes:
    body = bytearray()
    for chunk in response.iter_content(_CHUNK):
        line.left()
        body += chunk
        if len(body) > most:
            raise UnreachableError("too_large")
    line.left()
    return bytes(body)


def _redirected(session: HTTPSession, call: _Call, status: int, place: str) -> _Call:
    url = urljoin(call.url, requests.utils.requote_uri(place)).partition("#")[0]
    if urlsplit(call.url).scheme == "https" and urlsplit(url).scheme != "https":
        raise ForbiddenAddressError
    new = replace(call, url=url)
    # As RFC 9110, 15.4 has it: 303 asks for another resource, and by custom a POST becomes a GET.
    if (status == 303 and call.method != "HEAD") or (status in {301, 302} and call.method == "POST"):  # noqa: PLR2004
        new = replace(new, method="GET", body=None)
    if session.should_strip_auth(call.url, url):
        kept = {name: value for name, value in call.headers.items() if name.lower() not in _CREDENTIALS}
        new = replace(new, headers=kept, auth=None)
    return new


def _translated(error: Exception, line: _Line) -> Exception:
    """Turn an error of the client's libraries into ForbiddenAddressError or UnreachableError."""
    try:
        line.left()
    except UnreachableError as late:
        return late
    cause = error.args[0] if error.args else None
    is_unusable = isinstance(error, ValueError) and isinstance(
        error, requests.RequestException | UnicodeError
    )
    if is_unusable or isinstance(error, InvalidIPAddress):
        return ForbiddenAddressError()
    if isinstance(error, requests.exceptions.SSLError):
        return UnreachableError("tls")
    if isinstance(error, requests.Timeout) or isinstance(cause, ReadTimeoutError):
        return UnreachableError("timeout")
    # A server that broke off, or that spoke no HTTP, was reached: that is a bad answer instead.
    if isinstance(error, requests.ConnectionError) and not isinstance(cause, ProtocolError):
        return UnreachableError("connection")
    return UnreachableError("bad_answer")
