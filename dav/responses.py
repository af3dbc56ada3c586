"""Makes answers of a status, headers and a body, as any HTTP server can send them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus

from dav.multistatus import Multistatus


@dataclass(frozen=True, slots=True)
class Response:
    """An answer to a request."""

    status: HTTPStatus
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


def xml(status: HTTPStatus, body: bytes) -> Response:
    """Answer with an XML document."""
    return Response(status, {"Content-Type": "application/xml; charset=utf-8"}, body)


def multistatus(answer: Multistatus) -> Response:
    """Answer with 207 Multi-Status."""
    return xml(HTTPStatus.MULTI_STATUS, answer.render())


def calendar_text(body: bytes, **headers: str) -> Response:
    """Answer with an iCalendar text; the keywords are headers."""
    return Response(HTTPStatus.OK, {"Content-Type": "text/calendar; charset=utf-8"} | _named(headers), body)


def plain(status: HTTPStatus, text: str = "", **headers: str) -> Response:
    """Answer with a line of plain text; the keywords are headers."""
    return Response(status, {"Content-Type": "text/plain; charset=utf-8"} | _named(headers), text.encode())


def _named(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items()}
