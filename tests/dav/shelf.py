"""A calendar over a dictionary, the smallest calendar that the server can serve."""

import hashlib
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from xml.etree import ElementTree as ET

from dav.calendars import (
    Changes,
    Conditions,
    ForbiddenError,
    Home,
    InvalidSyncTokenError,
    Item,
    PreconditionFailedError,
    Span,
)
from dav.names import c
from dav.recurrences import expand
from dav.requests import Request
from dav.responses import Response
from dav.server import answer

PREFIX = "/dav/"
HOME, BUSY, VISITS = "/dav/ada/", "/dav/ada/busy/", "/dav/ada/visits/"
DATA = "<D:prop><D:getetag/><C:calendar-data/></D:prop>"
MODIFIED = datetime(2027, 5, 1, 8, 30, 15, 999_999, tzinfo=UTC)
XMLNS = 'xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav" xmlns:A="http://apple.com/ns/ical/"'


@dataclass
class Shelf:
    """A calendar's objects by name, and the names in the order of their changes."""

    name: str
    title: str = "Shelf"
    writable: bool = True
    largest: int = 1_000
    objects: dict[str, bytes] = field(default_factory=dict)
    log: list[str] = field(default_factory=list)
    own: dict[str, str] = field(default_factory=dict)

    def items(self, names: Collection[str] | None = None) -> Iterable[Item]:
        for name, body in sorted(self.objects.items()):
            if names is None or name in names:
                yield Item(name, tag(body), MODIFIED, lambda body=body: body)  # type: ignore[misc]

    def between(self, start: datetime | None, end: datetime | None) -> Iterable[Item]:
        for item in self.items():
            begins, ends = span(item.render())
            if (end is None or begins < end) and (start is None or ends > start):
                yield item

    def expand(self, texts: Sequence[bytes], start: datetime, end: datetime) -> Sequence[bytes]:
        found = [expand(text, start, end, 10) for text in texts]
        return [text if one is None else one[0] for text, one in zip(texts, found, strict=True)]

    def busy(self, start: datetime, end: datetime) -> Iterable[Span]:
        for item in self.between(start, end):
            yield span(item.render())

    def properties(self) -> Mapping[str, str]:
        return self.own

    def set_properties(self, changes: Mapping[str, str | None]) -> None:
        merged = {**self.own, **changes}
        self.own = {name: value for name, value in merged.items() if value is not None}

    def token(self) -> str:
        return f"urn:shelf:{len(self.log)}"

    def changes(self, token: str | None, limit: int | None) -> Changes:
        if token is not None and not re.fullmatch(r"urn:shelf:\d+", token):
            raise InvalidSyncTokenError
        since = 0 if token is None else int(token.rpartition(":")[2])
        until = len(self.log) if limit is None else min(since + limit, len(self.log))
        names = dict.fromkeys(self.log[since:until])
        gone = [name for name in names if name not in self.objects and token is not None]
        return Changes(list(self.items(set(names))), gone, f"urn:shelf:{until}", until < len(self.log))

    def put(self, name: str, body: bytes, conditions: Conditions) -> tuple[str, bool]:
        old = self.objects.get(name)
        if not conditions.hold(None if old is None else tag(old)):
            raise PreconditionFailedError
        for other, stored in self.objects.items():
            if other != name and uid(stored) == uid(body):
                raise ForbiddenError(c("no-uid-conflict"), other)
        self.objects[name] = body
        self.log.append(name)
        return tag(body), old is None

    def delete(self, name: str, conditions: Conditions) -> bool:
        if name not in self.objects:
            return False
        if not conditions.hold(tag(self.objects[name])):
            raise PreconditionFailedError
        del self.objects[name]
        self.log.append(name)
        return True


def tag(body: bytes) -> str:
    return f'"{hashlib.sha256(body).hexdigest()[:8]}"'


def uid(body: bytes) -> bytes:
    return re.findall(rb"UID:(\S+)", body)[0]  # type: ignore[no-any-return]


def span(body: bytes) -> Span:
    first, last = (
        datetime.strptime(found.decode(), "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
        for found in re.findall(rb"DT(?:START|END):(\S+)", body)
    )
    return first, last


def event(uid: str, hour: int = 9, summary: str = "Busy") -> bytes:
    """Write an event of one hour."""
    lines = (
        "BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//test//EN", "BEGIN:VEVENT", f"UID:{uid}",
        "DTSTAMP:20270101T000000Z", f"DTSTART:20270601T{hour:02}0000Z", f"DTEND:20270601T{hour + 1:02}0000Z",
        f"SUMMARY:{summary}", "END:VEVENT", "END:VCALENDAR", "",
    )  # fmt: skip
    return "\r\n".join(lines).encode()


@dataclass
class Program:
    """A calendar program that talks to the server about one home."""

    home: Home

    def ask(self, method: str, path: str, body: str | bytes = b"", **headers: str) -> Response:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        sent = body.encode() if isinstance(body, str) else body
        return answer(Request(method, path, named, sent), self.home, PREFIX)


def responses_of(response: Response) -> Iterator[tuple[str, dict[str, ET.Element], str | None]]:
    """Give each href with its properties by local name, and its own status if it has one."""
    for one in ET.fromstring(response.body).findall("{DAV:}response"):  # noqa: S314 - our own answer
        found = {}
        for propstat in one.findall("{DAV:}propstat"):
            if " 200 " in (propstat.findtext("{DAV:}status") or ""):
                for prop in propstat.find("{DAV:}prop") or ():
                    found[prop.tag.rpartition("}")[2]] = prop
        yield one.findtext("{DAV:}href") or "", found, one.findtext("{DAV:}status")
