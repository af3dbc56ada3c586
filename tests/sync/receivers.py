"""Receivers of webhooks on loopback, each with its own way to answer."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from time import monotonic
from typing import Any

import orjson
from standardwebhooks import Webhook


@dataclass(frozen=True)
class Call:
    """A request as the receiver got it."""

    headers: dict[str, str]
    body: bytes
    at: float = field(default_factory=monotonic)

    @property
    def id(self) -> str:
        """Give the message's id."""
        return self.headers["webhook-id"]

    @property
    def message(self) -> dict[str, Any]:
        """Read the body."""
        read: dict[str, Any] = orjson.loads(self.body)
        return read

    def verify(self, secret: str) -> dict[str, Any]:
        """Verify the signature as a client does, and read the body."""
        read: dict[str, Any] = Webhook(secret).verify(self.body, self.headers)
        return read


Manners = Callable[[int], tuple[int, dict[str, str]]]


def fine(_number: int) -> tuple[int, dict[str, str]]:
    """Accept every call."""
    return 204, {}


class Receiver:
    """A server that answers its n-th call, counted from 0, by its `manners`, and keeps the calls."""

    def __init__(self, manners: Manners = fine) -> None:
        self.manners = manners
        self.calls: list[Call] = []
        self.leaving = threading.Event()
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}/hook"

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                receiver.take(self)

            def log_message(self, format: str, *args: object) -> None:
                """Keep quiet."""

        return Handler

    def take(self, request: BaseHTTPRequestHandler) -> None:
        """Keep the call, then answer it."""
        body = request.rfile.read(int(request.headers["content-length"]))
        with self._lock:
            number = len(self.calls)
            self.calls.append(Call({name.lower(): value for name, value in request.headers.items()}, body))
        status, headers = self.manners(number)
        try:
            request.send_response(status)
            for name, value in headers.items():
                request.send_header(name, value)
            request.send_header("content-length", "0")
            request.end_headers()
        except OSError:
            pass  # The caller has given up.

    def hang(self, _number: int) -> tuple[int, dict[str, str]]:
        """Say nothing until the test is over."""
        self.leaving.wait(60)
        return 204, {}

    @property
    def types(self) -> list[str]:
        """Give the types of the messages in order."""
        return [call.message["type"] for call in self.calls]

    @contextmanager
    def listening(self) -> Iterator["Receiver"]:
        """Serve for as long as the block runs."""
        thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self.leaving.set()
            self._server.shutdown()
            self._server.server_close()


def answering(*statuses: int, **headers: str) -> Manners:
    """Answer with these statuses in turn; the last status stays."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda number: (statuses[min(number, len(statuses) - 1)], named)
