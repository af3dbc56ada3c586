"""Receives requests and sends answers without a thread: a client that is slow takes nothing from the others.

A request is read by an event loop until it is whole. Then a thread runs the application, and what it
answers is sent by the loop again. So a connection costs memory alone, which is bounded by deadlines and by a
number of connections, beyond which those go first that ask for nothing. gunicorn's parser, which is strict
about what proxies and servers could read in two ways, says where a request ends. What is no request that can
be answered reaches the application too, as a code of its problems: every answer has the same form and its
line in the log.
"""

import asyncio
import os
import re
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from email.utils import formatdate
from enum import IntEnum
from io import BytesIO
from typing import Any, Final, cast
from urllib.parse import unquote_to_bytes
from wsgiref.types import WSGIApplication

from gunicorn.asgi.parser import LimitRequestHeaders, LimitRequestLine, ParseError, PythonProtocol
from gunicorn.workers.gasgi import ASGIWorker
from werkzeug.test import run_wsgi_app

from api.requests import MAX_ADDRESS, MAX_BODY_BYTES, REFUSED

BACKLOG = 512
MAX_CONNECTIONS = 500
MAX_HEADER_BYTES = 32 * 1024
HEADERS_SECONDS = 10
BODY_SECONDS = 30
ANSWER_SECONDS = 60
KEEP_ALIVE_SECONDS = 75
# How long the end of a connection waits for the client to read the answer.
_CLOSING_SECONDS: Final = 2
# How long an answer that tells a client to come again later is kept back. It takes no thread meanwhile, and a
# client that does not heed Retry-After asks once a second and connection, not as fast as it is refused.
_REFUSED_SECONDS: Final = 1
_TO_COME_AGAIN: Final = (b'"code":"rate_limited"', b'"code":"overloaded"')
_LINE: Final = MAX_ADDRESS + 100
_MOST_HEADERS: Final = 100
# A body that is too large is read so far, and thrown away: a client that is still sending hears no answer.
_MOST_DISCARDED: Final = 16 * MAX_BODY_BYTES
_ORIGIN: Final = re.compile(rb"\Ahttps?://[^/?]*", re.IGNORECASE)
_UNPREFIXED: Final = frozenset({"CONTENT_TYPE", "CONTENT_LENGTH"})
_CONTINUE: Final = b"HTTP/1.1 100 Continue\r\n\r\n"
_KEEPS: Final = b"Connection: keep-alive\r\n\r\n"
_CLOSES: Final = b"Connection: close\r\n\r\n"

Environ = dict[str, Any]
Answer = tuple[bytes, bytes]


class Worker(ASGIWorker):
    """gunicorn's worker with an event loop, and threads for a WSGI application."""

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        self.connections: dict[Connection, None] = {}  # The oldest first.

    @classmethod
    def check_config(cls, cfg: object, log: object) -> None:
        """Accept a number of threads, for which gunicorn's own worker has no use."""

    def load_wsgi(self) -> None:
        """Make the application and its threads."""
        self.wsgi: WSGIApplication = self.app.wsgi()
        self.threads = ThreadPoolExecutor(self.cfg.threads)

    async def _serve(self) -> None:
        """Accept connections until the worker is told to stop, then finish what has begun."""
        servers = []
        for one in self.sockets:
            # asyncio accepts as many connections in a row as may wait: one process would take those of all.
            servers.append(await self.loop.create_server(lambda: Connection(self), sock=one.sock, backlog=1))
            one.sock.listen(BACKLOG)
        while self.alive and self.ppid == os.getppid():
            self.notify()
            await asyncio.sleep(0.2)
        for server in servers:
            server.close()
        deadline = self.loop.time() + self.cfg.graceful_timeout
        while self.connections and self.loop.time() < deadline:
            for one in list(self.connections):
                one.close_if_idle()
            await asyncio.sleep(0.05)

    def make_room(self) -> bool:
        """Drop the connection that is missed least where there are many; False if each is being served."""
        if len(self.connections) < MAX_CONNECTIONS:
            return True
        least = min(self.connections, key=lambda one: one.stage)
        if least.stage is Stage.SERVED:
            return False
        least.drop()
        return True


class Stage(IntEnum):
    """What a connection is doing, in the order in which connections are dropped."""

    IDLE = 0
    REFUSED = 1
    HEADERS = 2
    BODY = 3
    SENDING = 4
    SERVED = 5


class Connection(asyncio.Protocol):
    """A connection over HTTP/1, with one request at a time."""

    transport: asyncio.Transport

    def __init__(self, worker: Worker) -> None:
        self.worker = worker
        self.stage = Stage.IDLE
        self.closing = False
        self.parser = PythonProtocol(
            on_headers_complete=self._expect_body,
            on_body=self._take,
            on_message_complete=self._serve,
            limit_request_line=_LINE,
            limit_request_fields=_MOST_HEADERS,
            limit_request_field_size=MAX_HEADER_BYTES,
        )
        self.is_first = True
        self.header_bytes = 0
        self.body = bytearray()
        self.discarded = 0
        self.timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Wait for the first request."""
        self.transport = cast(asyncio.Transport, transport)
        if not self.worker.make_room():
            self.drop()
            return
        self.worker.connections[self] = None
        self._within(HEADERS_SECONDS)

    def data_received(self, data: bytes) -> None:
        """Take what was sent."""
        if self.closing:
            return
        if self.stage is Stage.IDLE:
            self.stage = Stage.HEADERS
            # The first request's headers have ten seconds from the beginning of the connection.
            if not self.is_first:
                self._within(HEADERS_SECONDS)
        if self.stage is Stage.HEADERS:
            self.header_bytes += len(data)
        try:
            self.parser.feed(data)
        except LimitRequestLine:
            self._refuse("address_too_long")
        except LimitRequestHeaders:
            self._refuse("headers_too_large")
        except ParseError:
            self._refuse("incomplete_body" if self.stage is Stage.BODY else "bad_request")
        if self.stage is Stage.HEADERS and self.header_bytes > MAX_HEADER_BYTES:
            self._refuse("headers_too_large")

    def eof_received(self) -> None:
        """Answer a request that breaks off; asyncio closes the connection."""
        if self.stage is Stage.HEADERS:
            self._refuse("bad_request")
        elif self.stage is Stage.BODY:
            self._refuse("incomplete_body")

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        """Forget the connection; what it asked for goes on."""
        self.closing = True
        self._within(None)
        self.worker.connections.pop(self, None)

    def pause_writing(self) -> None:
        """Give a client that does not read its answer a minute."""
        self.stage = Stage.SENDING
        self._within(ANSWER_SECONDS)

    def resume_writing(self) -> None:
        """Go on with the next request when the client has read its answer."""
        if not self.closing:
            self._await_next()

    def drop(self) -> None:
        """End the connection at once."""
        self.closing = True
        self.worker.connections.pop(self, None)
        self.transport.abort()

    def close_if_idle(self) -> None:
        """End the connection if it asks for nothing."""
        if self.stage is Stage.IDLE:
            self.transport.close()

    def _within(self, seconds: float | None) -> None:
        """Set the deadline of what the connection does now, in place of the one before."""
        if self.timer is not None:
            self.timer.cancel()
        self.timer = None if seconds is None else self.worker.loop.call_later(seconds, self._on_deadline)

    def _on_deadline(self) -> None:
        if not self.closing and self.stage in {Stage.HEADERS, Stage.BODY}:
            self._refuse("timed_out")
        else:
            self.drop()

    def _expect_body(self) -> bool:
        """Wait for the body, which the client may hold back until it is asked for it."""
        self.stage = Stage.BODY
        self._within(BODY_SECONDS)
        expects = b"100-continue" in self._values(b"expect")
        # A body that is compressed on its way as well would be taken for what it is made from.
        if not self._values(b"transfer-encoding") <= {b"chunked"}:
            self._refuse("bad_request")
        elif expects and (self.parser.content_length or 0) > MAX_BODY_BYTES:
            self._refuse("too_large")
        elif expects and self.parser.http_version == (1, 1):
            self.transport.write(_CONTINUE)
        return False

    def _values(self, header: bytes) -> set[bytes]:
        return {value.lower() for name, value in self.parser.headers if name == header}

    def _take(self, chunk: bytes) -> None:
        """Keep a part of the body, as far as the application reads it."""
        if len(self.body) <= MAX_BODY_BYTES:
            self.body += chunk
        else:
            self.discarded += len(chunk)
            if self.discarded > _MOST_DISCARDED:
                self._refuse("too_large")

    def _serve(self) -> None:
        """Let a thread answer the request; nothing more is read meanwhile."""
        if self.closing:
            return
        self.stage = Stage.SERVED
        self._within(None)
        self.transport.pause_reading()
        environ = self._environ() | {"wsgi.input": BytesIO(self.body)}
        done = self.worker.loop.run_in_executor(self.worker.threads, answer, self.worker.wsgi, environ)
        done.add_done_callback(self._send)

    def _send(self, done: "asyncio.Future[Answer]") -> None:
        """Send the answer, and wait for the next request or close."""
        error = done.exception()
        if error is not None:
            # Its message may repeat a patient's data.
            self.worker.log.error("The application failed by %s", type(error).__qualname__)
            self._refuse("error")
        elif self.worker.alive and any(code in done.result()[1] for code in _TO_COME_AGAIN):
            self.stage = Stage.REFUSED
            self.worker.loop.call_later(_REFUSED_SECONDS, self._write_refusal, *done.result())
        else:
            self._write(*done.result())

    def _write_refusal(self, head: bytes, content: bytes) -> None:
        self.stage = Stage.SERVED
        self._write(head, content)

    def _write(self, head: bytes, content: bytes) -> None:
        if self.closing:
            return
        keeps = bool(self.parser.should_keep_alive) and self.worker.alive
        self.transport.write(head + (_KEEPS if keeps else _CLOSES) + content)
        if not keeps:
            self._close()
            self._end()
        elif self.stage is Stage.SERVED:
            self._await_next()

    def _await_next(self) -> None:
        pipelined = self.parser.remaining()
        self.parser.reset()
        self.stage, self.is_first, self.header_bytes, self.discarded = Stage.IDLE, False, 0, 0
        self.body.clear()
        self._within(KEEP_ALIVE_SECONDS)
        self.transport.resume_reading()
        if pipelined:
            self.data_received(pipelined)

    def _refuse(self, code: str) -> None:
        """Let the application answer with the problem, which is soon done, and close."""
        if self.closing:
            return
        self._close()
        environ = self._environ() | {"wsgi.input": BytesIO(), REFUSED: code}
        head, content = answer(self.worker.wsgi, environ)
        self.transport.write(head + _CLOSES + content)
        self._end()

    def _close(self) -> None:
        """Read no more requests, and close soon, once the client has had time to read what was sent."""
        self.closing = True
        self._within(ANSWER_SECONDS if self.stage is Stage.SENDING else _CLOSING_SECONDS)
        # What the client still sends is read and thrown away: left unread, it would make the answer be lost.
        self.transport.resume_reading()

    def _end(self) -> None:
        """Say that nothing more will be sent."""
        with suppress(OSError):  # A client that has gone meanwhile has not been noticed yet.
            self.transport.write_eof()

    def _environ(self) -> Environ:
        """Give the request's environment (PEP 3333), without whole headers that of a request for nothing."""
        parser = self.parser
        begun = self.stage >= Stage.BODY
        method, target, headers = (
            (parser.method, parser.path, parser.headers) if begun else (b"GET", b"/", [])
        )
        path, _, query = _ORIGIN.sub(b"", target, count=1).partition(b"?")
        # A client that is gone already has no address.
        server, client = (self.transport.get_extra_info(name) or ("", 0) for name in ("sockname", "peername"))
        environ: Environ = {
            "REQUEST_METHOD": method.decode("latin-1"),
            "SCRIPT_NAME": "",
            "PATH_INFO": unquote_to_bytes(path).decode("latin-1"),
            "QUERY_STRING": query.decode("latin-1"),
            "REQUEST_URI": target.decode("latin-1"),
            "SERVER_NAME": str(server[0]),
            "SERVER_PORT": str(server[1]),
            "SERVER_PROTOCOL": "HTTP/1.1" if parser.http_version == (1, 1) else "HTTP/1.0",
            "REMOTE_ADDR": str(client[0]),
            "REMOTE_PORT": str(client[1]),
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "http",
            "wsgi.errors": sys.stderr,
            "wsgi.input_terminated": True,
            "wsgi.multithread": True,
            "wsgi.multiprocess": True,
            "wsgi.run_once": False,
        }
        for raw, value in headers:
            name = raw.decode("latin-1").upper().replace("-", "_")
            # A name that has an underscore already would be taken for another header.
            if b"_" not in raw:
                name = name if name in _UNPREFIXED else f"HTTP_{name}"
                text = value.decode("latin-1")
                environ[name] = f"{environ[name]},{text}" if name in environ else text
        return environ


def answer(app: WSGIApplication, environ: Environ) -> Answer:
    """Run the application; give the head of its answer, but for its last line, and the content."""
    content, status, headers = run_wsgi_app(app, environ, buffered=True)
    lines = [f"HTTP/1.1 {status}", *(f"{name}: {value}" for name, value in headers)]
    lines += [f"Date: {formatdate(usegmt=True)}", ""]
    return "\r\n".join(lines).encode("latin-1"), b"".join(content)
