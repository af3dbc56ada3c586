"""Connections: whole requests alone are served, and slow or broken clients take nothing from the others."""

import asyncio
import os
import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from types import SimpleNamespace
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

import pytest
from flask import Flask
from gunicorn.config import Config

import api.receiving
from api.receiving import Worker
from api.requests import REFUSED
from serving import ServerLog
from tests.support.processes import wait_until
from tests.support.sockets import HEAD, asked, call, heard, problem

GET = b"GET /healthz HTTP/1.1\r\n"
POST = b"POST /v1/patients HTTP/1.1\r\nContent-Type: application/json\r\n"
CHUNKED = b"Transfer-Encoding: chunked\r\n\r\n"


@dataclass
class Receiving:
    """A worker that receives requests in a thread of the tests."""

    worker: Worker
    address: tuple[str, int]


class Slow:
    """An application whose answers are very long, or wait until they may go."""

    def __init__(self, app: Flask) -> None:
        self.app, self.begun, self.may_go = app, threading.Event(), threading.Event()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> object:
        content = b""
        if environ["PATH_INFO"] == "/long":
            content = b"x" * 16_000_000
        elif environ["PATH_INFO"] == "/query":
            content = environ["QUERY_STRING"].encode()
        elif environ["PATH_INFO"] == "/fail" and REFUSED not in environ:
            raise ValueError("Ada Lovelace")
        elif environ["PATH_INFO"] == "/wait":
            self.begun.set()
            self.may_go.wait(60)
        else:
            return self.app(environ, start_response)
        start_response("200 OK", [("Content-Length", str(len(content)))])
        return [content]


@contextmanager
def working(app: WSGIApplication) -> Iterator[Receiving]:
    """Run a worker without a process of its own."""
    config = Config()
    config.set("threads", 2)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        made = SimpleNamespace(wsgi=lambda: app)
        sockets = [SimpleNamespace(sock=listener)]
        worker = Worker(1, os.getppid(), sockets, made, 30, config, ServerLog(config))
        worker.loop = asyncio.new_event_loop()
        worker.load_wsgi()
        thread = threading.Thread(target=worker.run)
        thread.start()
        try:
            yield Receiving(worker, listener.getsockname())
        finally:
            worker.alive = False
            thread.join()
            worker.threads.shutdown()
            worker.tmp.close()


@pytest.fixture(scope="module")
def slow(app: Flask) -> Slow:
    """Give the product's application with two slow paths."""
    return Slow(app)


@pytest.fixture(scope="module")
def receiving(slow: Slow) -> Iterator[Receiving]:
    """Run a worker for all tests that do not end it."""
    with working(slow) as worker:
        yield worker
        slow.may_go.set()


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make every deadline short."""
    for name in ("HEADERS", "BODY", "ANSWER", "KEEP_ALIVE"):
        monkeypatch.setattr(api.receiving, f"{name}_SECONDS", 0.2)


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        (b"\x16\x03\x01\x02\x00\r\n\r\n", (400, "bad_request")),
        (b"GET /\r\n\r\n", (400, "bad_request")),
        (b"GET / HTTP/2.0\r\n\r\n", (400, "bad_request")),
        (b"GET /\xff HTTP/1.1\r\n\r\n", (400, "bad_request")),
        (GET + b"a b: c\r\n\r\n", (400, "bad_request")),
        (GET + b"a\r\n\r\n", (400, "bad_request")),
        (GET + b"Idempotency-Key: a\x00b\r\n\r\n", (400, "bad_request")),
        (b"GET /" + b"a" * 8000 + b" HTTP/1.1\r\n" + HEAD + b"\r\n", (414, "address_too_long")),
        (b"GET /" + b"a" * 20_000, (414, "address_too_long")),
        (GET + b"a: " + b"b" * 40_000, (431, "headers_too_large")),
        (GET + b"a: b\r\n" * 101, (431, "headers_too_large")),
        (GET + (b"a: " + b"b" * 1000 + b"\r\n") * 40, (431, "headers_too_large")),
        (b"GET //v1/rooms HTTP/1.1\r\n" + HEAD + b"\r\n", (404, "not_found")),
        (b"GET /v1%2frooms HTTP/1.1\r\n" + HEAD + b"\r\n", (404, "not_found")),
        (b"GET http://x//v1/rooms HTTP/1.1\r\n" + HEAD + b"\r\n", (404, "not_found")),
        (b"OPTIONS * HTTP/1.1\r\n" + HEAD + b"\r\n", (404, "not_found")),
        (b"CONNECT a:1 HTTP/1.1\r\n" + HEAD + b"\r\n", (404, "not_found")),
        (POST + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}", (400, "bad_request")),
        (POST + b"Content-Length: -2\r\n\r\n{}", (400, "bad_request")),
        (POST + b"Content-Length: 2\r\n" + CHUNKED + b"0\r\n\r\n", (400, "bad_request")),
        (POST.replace(b"1.1", b"1.0") + CHUNKED + b"0\r\n\r\n", (400, "bad_request")),
        (POST + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", (400, "bad_request")),
        (POST + b"Transfer-Encoding: gzip\r\n\r\n{}", (400, "bad_request")),
        (POST + CHUNKED + b"zz\r\n{}\r\n0\r\n\r\n", (400, "incomplete_body")),
        (POST + CHUNKED + b"1\r\n{}\r\n0\r\n\r\n", (400, "incomplete_body")),
        (POST + HEAD + b"Content-Length: 3000000\r\n\r\n" + b" " * 3_000_000, (413, "too_large")),
        (POST + b"Expect: 100-continue\r\nContent-Length: 3000000\r\n\r\n", (413, "too_large")),
    ],
)  # fmt: skip
def test_what_is_no_request_is_answered_by_a_problem(
    receiving: Receiving, sent: bytes, expected: tuple[int, str]
) -> None:
    assert problem(asked(receiving.address, sent)) == expected


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        (b"GET /heal", (400, "bad_request")),
        (GET + HEAD, (400, "bad_request")),
        (POST + b"Content-Length: 10\r\n\r\n", (400, "incomplete_body")),
        (POST + b"Content-Length: 10\r\n\r\n{}", (400, "incomplete_body")),
        (POST + CHUNKED, (400, "incomplete_body")),
        (POST + CHUNKED + b"2\r\n{}\r\n", (400, "incomplete_body")),
        (POST + CHUNKED + b"2\r\n{}\r\n0\r\n", (400, "incomplete_body")),
    ],
)
def test_a_request_that_breaks_off_is_answered_and_not_served(
    receiving: Receiving, sent: bytes, expected: tuple[int, str]
) -> None:
    assert problem(asked(receiving.address, sent, ends=True)) == expected


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        (GET + b"Host: x\r\n", (408, "timed_out")),
        (POST + b"Content-Length: 10\r\n\r\n{}", (408, "timed_out")),
        (POST + CHUNKED + b"2\r\n{}\r\n", (408, "timed_out")),
    ],
)
@pytest.mark.usefixtures("hasty")
def test_what_does_not_arrive_in_time_is_408(
    receiving: Receiving, sent: bytes, expected: tuple[int, str]
) -> None:
    assert problem(asked(receiving.address, sent)) == expected


@pytest.mark.usefixtures("hasty")
def test_a_body_that_arrives_byte_by_byte_is_in_time_only_as_a_whole(receiving: Receiving) -> None:
    with call(receiving.address) as client:
        client.sendall(POST + b"Content-Length: 100000\r\n\r\n")
        client.settimeout(0.02)
        answer = b""
        while not answer:
            client.sendall(b" ")
            try:
                answer = client.recv(65536)
            except TimeoutError:
                continue

    assert problem(answer) == (408, "timed_out")


@pytest.mark.parametrize("sent", [b"", GET + b"Host: x\r\n\r\n"])
@pytest.mark.usefixtures("hasty")
def test_who_asks_for_nothing_is_sent_away_without_a_word(receiving: Receiving, sent: bytes) -> None:
    answer = asked(receiving.address, sent)

    assert answer.count(b"HTTP/1.1") == (1 if sent else 0)


@pytest.mark.usefixtures("hasty")
def test_who_does_not_read_the_answer_is_sent_away(receiving: Receiving) -> None:
    with call(receiving.address) as client:
        client.sendall(b"GET /long HTTP/1.1\r\nHost: x\r\n\r\n")
        wait_until(lambda: bool(receiving.worker.connections))
        wait_until(lambda: not receiving.worker.connections)
        answer = heard(client)

    assert len(answer) < 16_000_000


def test_a_long_answer_arrives_whole_and_the_next_follows_it(receiving: Receiving) -> None:
    both = asked(receiving.address, b"GET /long HTTP/1.1\r\nHost: x\r\n\r\n" + GET + HEAD + b"\r\n")

    assert both.count(b"x" * 16_000_000) == 1
    assert both.endswith(b'{"status":"ok"}')


@pytest.mark.parametrize(
    ("sent", "answers", "closes"),
    [
        (GET + HEAD + b"\r\n", 1, True),
        (b"\r\n" + GET + HEAD + b"\r\n", 1, True),
        (b"GET /healthz HTTP/1.0\r\n\r\n", 1, True),
        (b"GET http://clinic.example/healthz HTTP/1.1\r\n" + HEAD + b"\r\n", 1, True),
        ((GET + b"Host: x\r\n\r\n") * 3 + GET + HEAD + b"\r\n", 4, True),
        (b"HEAD /healthz HTTP/1.1\r\nHost: x\r\n\r\n" + GET + HEAD + b"\r\n", 2, True),
        (b"GET /healthz HTTP/1.0\r\nConnection: keep-alive\r\n\r\n" * 2 + GET + HEAD + b"\r\n", 3, True),
    ],
)
def test_requests_on_a_connection_are_answered_in_turn(
    receiving: Receiving, sent: bytes, answers: int, closes: bool
) -> None:
    answer = asked(receiving.address, sent)

    assert answer.count(b"HTTP/1.1 200 OK\r\n") == answers
    assert (b"Connection: close\r\n" in answer) == closes
    assert answer.count(b'{"status":"ok"}') == answers - sent.count(b"HEAD")


def test_a_query_arrives_as_it_was_sent(receiving: Receiving) -> None:
    answer = asked(receiving.address, b"GET /query?a=http://b//c%2F?d HTTP/1.1\r\n" + HEAD + b"\r\n")

    assert answer.endswith(b"\r\n\r\na=http://b//c%2F?d")


def test_who_stops_sending_after_a_whole_request_hears_the_answer(receiving: Receiving) -> None:
    assert asked(receiving.address, GET + b"Host: x\r\n\r\n", ends=True).endswith(b'{"status":"ok"}')


def test_who_asks_before_sending_the_body_is_told_to_go_on(receiving: Receiving) -> None:
    with call(receiving.address) as client:
        client.sendall(POST + HEAD + b"Expect: 100-continue\r\nContent-Length: 2\r\n\r\n")
        assert client.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        client.sendall(b"{}")

        assert problem(heard(client)) == (401, "unauthenticated")


def test_an_error_outside_the_application_is_a_problem_and_logged_without_its_message(
    receiving: Receiving, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(receiving.worker.log.error_log, "propagate", True)

    assert problem(asked(receiving.address, b"GET /fail HTTP/1.1\r\n" + HEAD + b"\r\n")) == (500, "error")
    assert "ValueError" in caplog.text
    assert "Ada" not in caplog.text


def test_a_header_cannot_be_given_by_another_name(receiving: Receiving) -> None:
    named = b"X_Request_Id: mine\r\nX-Request-Id: yours\r\n"

    answer = asked(receiving.address, GET + HEAD + named + b"\r\n")

    assert b"X-Request-Id: yours\r\n" in answer


def test_when_there_are_too_many_connections_those_go_first_that_ask_for_nothing(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api.receiving, "MAX_CONNECTIONS", 4)
    slow, body = Slow(app), POST + b"Content-Length: 9\r\n\r\n"
    with working(slow) as receiving, ExitStack() as clients:

        def opened(sent: bytes, stage: str) -> socket.socket:
            client = clients.enter_context(call(receiving.address))
            client.sendall(sent)
            wait_until(lambda: stage in {one.stage.name for one in receiving.worker.connections})
            return client

        served = opened(b"GET /wait HTTP/1.1\r\n" + HEAD + b"\r\n", "SERVED")
        missed_least = [opened(body, "BODY"), opened(GET, "HEADERS"), opened(b"", "IDLE")]
        for lost in reversed(missed_least):
            opened(body, "BODY")
            assert heard(lost) == b""
        slow.may_go.set()

        assert heard(served).startswith(b"HTTP/1.1 200 OK")


def test_a_worker_that_stops_finishes_what_has_begun(app: Flask) -> None:
    slow = Slow(app)
    with working(slow) as receiving, call(receiving.address) as served, call(receiving.address) as idle:
        served.sendall(b"GET /wait HTTP/1.1\r\nHost: x\r\n\r\n")
        assert slow.begun.wait(60)
        wait_until(lambda: len(receiving.worker.connections) == 2)
        receiving.worker.alive = False

        assert heard(idle) == b""
        slow.may_go.set()
        assert b"Connection: close\r\n" in heard(served)
