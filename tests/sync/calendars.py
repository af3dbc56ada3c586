"""Calendars as text, and a site on loopback that serves them: one text, or a CalDAV collection."""

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from socket import socket
from typing import Final

from tests.sync.servers import Server, ok

CUSTOM_ZONE: Final = """BEGIN:VTIMEZONE
TZID:Office
BEGIN:STANDARD
DTSTART:16011028T030000
RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10
TZOFFSETFROM:+0200
TZOFFSETTO:+0100
END:STANDARD
BEGIN:DAYLIGHT
DTSTART:16010325T020000
RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3
TZOFFSETFROM:+0100
TZOFFSETTO:+0200
END:DAYLIGHT
END:VTIMEZONE"""


def event(*lines: str, uid: str = "one", start: str = "", end: str = "") -> str:
    """Write one event; `start` and `end` are instants of UTC."""
    times = [f"DTSTART:{_utc(start)}", f"DTEND:{_utc(end)}"] if start else []
    return "\n".join(["BEGIN:VEVENT", f"UID:{uid}", "DTSTAMP:20260101T000000Z", *times, *lines, "END:VEVENT"])


def calendar(*parts: str) -> bytes:
    """Write a calendar of these parts."""
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//test//", *parts, "END:VCALENDAR", ""]
    return "\n".join(lines).replace("\n", "\r\n").encode()


def _utc(text: str) -> str:
    return datetime.fromisoformat(text).astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")


class Text:
    """A site that serves one calendar and knows If-None-Match; `status` other than 200 is its answer."""

    def __init__(self, body: bytes) -> None:
        self.body, self.status, self.etag = body, b"200 OK", b'"1"'

    def talk(self, connection: socket, request: bytes) -> None:
        if b"If-None-Match: " + self.etag in request and self.status == b"200 OK":
            connection.sendall(ok(b"", status=b"304 Not Modified"))
            return
        body = self.body if self.status == b"200 OK" else b""
        connection.sendall(ok(body, b"ETag: " + self.etag, status=self.status))


class Collection:
    """A CalDAV collection at /cal/: RFC 6578's report as far as clients ask, and multiget.

    Every change counts the token up; one that is older than `forgotten` is refused. Without `knows_tokens`
    only PROPFIND tells what there is.
    """

    def __init__(self, *, knows_tokens: bool = True) -> None:
        self.objects: dict[str, tuple[int, bytes]] = {}
        self.history: list[tuple[int, str]] = []
        self.now, self.forgotten, self.knows_tokens = 1, 0, knows_tokens

    def put(self, name: str, body: bytes) -> None:
        self.now += 1
        self.objects[name] = (self.now, body)
        self.history.append((self.now, name))

    def delete(self, name: str) -> None:
        self.now += 1
        del self.objects[name]
        self.history.append((self.now, name))

    def talk(self, connection: socket, request: bytes, path: str = "/cal/") -> None:
        """Answer as the collection at this path."""
        text = request.decode()
        if "calendar-multiget" in text:
            names = re.findall(rf"href>{path}([^<]+)<", text)
            found = [self._shown(path, name, whole=True) for name in names]
        elif "sync-collection" in text:
            since = re.search(r"sync-token>t(\d+)<", text)
            if not self.knows_tokens or (since and int(since[1]) < self.forgotten):
                connection.sendall(ok(b"<error/>", status=b"403 Forbidden"))
                return
            first = int(since[1]) if since else 0
            names = list(self.objects) if not since else [name for at, name in self.history if at > first]
            found = [
                *(self._shown(path, name) for name in dict.fromkeys(names)),
                f"<D:sync-token>t{self.now}</D:sync-token>",
            ]
        else:
            itself = f"<D:response><D:href>{path}</D:href></D:response>"
            found = [itself, *(self._shown(path, name) for name in self.objects)]
        connection.sendall(ok(multistatus(found), status=b"207 Multi-Status"))

    def _shown(self, path: str, name: str, *, whole: bool = False) -> str:
        if name not in self.objects:
            status = "<D:status>HTTP/1.1 404 Not Found</D:status>"
            return f"<D:response><D:href>{path}{name}</D:href>{status}</D:response>"
        etag, body = self.objects[name]
        data = f"<C:calendar-data>{body.decode()}</C:calendar-data>" if whole else ""
        prop = f'<D:prop><D:getetag>"{etag}"</D:getetag>{data}</D:prop>'
        stat = f"<D:propstat>{prop}<D:status>HTTP/1.1 200 OK</D:status></D:propstat>"
        return f"<D:response><D:href>{path}{name}</D:href>{stat}</D:response>"


def multistatus(parts: Iterable[str]) -> bytes:
    """Write an answer of these responses."""
    names = 'xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"'
    return f'<?xml version="1.0"?><D:multistatus {names}>{"".join(parts)}</D:multistatus>'.encode()


def methods(server: Server) -> list[str]:
    """Give the methods (or reports' names) of a server's requests in order, and forget the requests."""
    asked = [
        next(
            (name for name in ("calendar-multiget", "sync-collection") if name.encode() in one),
            one[:8].split()[0].decode(),
        )
        for one in server.requests
    ]
    server.requests.clear()
    return asked
