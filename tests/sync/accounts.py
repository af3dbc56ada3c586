"""A CalDAV account on loopback with principals, a home and collections, at any address of which to begin."""

import re
from dataclasses import dataclass, field
from socket import socket

from tests.sync.calendars import Collection, multistatus
from tests.sync.servers import ok, redirect

PRINCIPAL, HOME = "/principals/alice/", "/calendars/alice/"


@dataclass
class Account:
    """An account whose calendars lie below its home, by name.

    `components` are what a calendar holds, where that is not events; `root` is where the server's root and
    its well-known address lead, None for a server that knows neither.
    """

    calendars: dict[str, Collection] = field(default_factory=dict)
    components: dict[str, str] = field(default_factory=dict)
    root: str | None = PRINCIPAL

    def talk(self, connection: socket, request: bytes) -> None:
        head = request.decode(errors="replace")
        method, path = head.split(" ", 2)[:2]
        name = path.removeprefix(HOME).partition("/")[0]
        if path.startswith(HOME) and name in self.calendars and method == "REPORT":
            self.calendars[name].talk(connection, request, f"{HOME}{name}/")
            return
        if path == "/.well-known/caldav" and self.root is not None:
            connection.sendall(redirect("/", 301))
            return
        found = self._told(path, deep="depth: 1" in head.lower()) if method == "PROPFIND" else None
        if found is None:
            connection.sendall(ok(b"<html>No such page</html>", status=b"404 Not Found"))
            return
        connection.sendall(ok(multistatus(found), status=b"207 Multi-Status"))

    def _told(self, path: str, *, deep: bool) -> list[str] | None:
        if path == "/" and self.root is None:
            return None
        if path == HOME:
            inner = [self._calendar(name) for name in self.calendars] if deep else []
            return [_response(HOME, "<D:collection/>", "Home"), *inner]
        if path in {"/", PRINCIPAL}:
            return [_response(path, "<D:collection/>" if path == "/" else "<D:principal/>", "Alice")]
        place = re.fullmatch(f"{HOME}([^/]+)/([^/]*)", path)
        if place is None or place[1] not in self.calendars:
            return None
        return [_response(path, "", "")] if place[2] else [self._calendar(place[1])]

    def _calendar(self, name: str) -> str:
        kind = "<D:collection/><C:calendar/>"
        component = self.components.get(name, "VEVENT")
        names = f'<C:comp name="{component}"/>'
        told = f"<C:supported-calendar-component-set>{names}</C:supported-calendar-component-set>"
        return _response(f"{HOME}{name}/", kind, name.title(), told)


def _response(path: str, kind: str, name: str, more: str = "") -> str:
    leads = f"<D:current-user-principal><D:href>{PRINCIPAL}</D:href></D:current-user-principal>" + (
        f"<C:calendar-home-set><D:href>{HOME}</D:href></C:calendar-home-set>" if path == PRINCIPAL else ""
    )
    prop = f"<D:resourcetype>{kind}</D:resourcetype><D:displayname>{name}</D:displayname>{leads}{more}"
    status = "<D:status>HTTP/1.1 200 OK</D:status>"
    stat = f"<D:propstat><D:prop>{prop}</D:prop>{status}</D:propstat>"
    return f"<D:response><D:href>{path}</D:href>{stat}</D:response>"
