"""The log lines of gunicorn itself show a request's address without a secret in it."""

import logging
from logging.handlers import BufferingHandler

import pytest
from gunicorn.config import Config

from serving import ServerLog


@pytest.mark.parametrize(
    ("message", "args", "told"),
    [
        (
            "Error handling request %s %s",
            ("GET", "/calendars/Ab-c_1.ics?x=1"),
            "Error handling request GET /calendars/...",
        ),
        ("Invalid: 'GET /calendars/Abc.ics HTTP/9'", (), "Invalid: 'GET /calendars/... HTTP/9'"),
        (
            "Error handling request %s %s",
            ("PROPFIND", "/principals/users/ada%40example.org/"),
            "Error handling request PROPFIND /principals/...",
        ),
        ("Worker %d was sent SIGTERM", (7,), "Worker 7 was sent SIGTERM"),
    ],
)
def test_the_address_of_a_feed_is_not_told(
    monkeypatch: pytest.MonkeyPatch, message: str, args: tuple[object, ...], told: str
) -> None:
    log: logging.Logger = ServerLog(Config()).error_log
    heard = BufferingHandler(100)
    monkeypatch.setattr(log, "handlers", [heard])

    log.error(message, *args)

    assert [one.getMessage() for one in heard.buffer] == [told]
