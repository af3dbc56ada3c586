"""Answers the reports on a calendar: queries, named objects, changes since a token, busy time."""

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Final
from xml.etree import ElementTree as ET

from dav.calendars import Calendar, ForbiddenError, InvalidSyncTokenError, Item
from dav.filters import read_filter, read_range
from dav.multistatus import Multistatus, error_body
from dav.names import c, d
from dav.paths import Paths
from dav.properties import of_item
from dav.requests import MalformedError, Request, parse, wanted_in
from dav.responses import Response, calendar_text, multistatus, xml

# As many as a body has room for: some programs name all changed objects at once.
MOST_NAMED: Final = 10_000
_MOST_DIGITS: Final = 9
_STAMP: Final = "%Y%m%dT%H%M%SZ"

Report = Callable[[Paths, Calendar, Request, ET.Element], Response]


def report(paths: Paths, calendar: Calendar, request: Request) -> Response:
    """Answer a REPORT on a calendar; ForbiddenError (supported-report) for an unknown report."""
    root = parse(request.body)
    if root.tag not in _REPORTS:
        raise ForbiddenError(d("supported-report"))
    return _REPORTS[root.tag](paths, calendar, request, root)


def _query(paths: Paths, calendar: Calendar, request: Request, root: ET.Element) -> Response:
    answer = Multistatus(wanted_in(root, minimal=request.minimal))
    found = read_filter(root).select(calendar)
    for item, data in _with_data(calendar, root, found):
        answer.add(paths.of(calendar, item.name), of_item(paths, item, data))
    return multistatus(answer)


def _multiget(paths: Paths, calendar: Calendar, request: Request, root: ET.Element) -> Response:
    """Give the named objects; a missing object is answered under the href that was asked for."""
    hrefs = [element.text or "" for element in root.findall(d("href"))]
    if not 0 < len(hrefs) <= MOST_NAMED:
        raise MalformedError(f"A calendar-multiget names 1 to {MOST_NAMED} objects.")
    names = {href: _name(paths, calendar, href) for href in hrefs}
    items = calendar.items({name for name in names.values() if name})
    found = {item.name: of_item(paths, item, data) for item, data in _with_data(calendar, root, items)}
    answer = Multistatus(wanted_in(root, minimal=request.minimal))
    for href, name in names.items():
        if name in found:
            answer.add(paths.of(calendar, name), found[name])
        else:
            answer.status(href, HTTPStatus.NOT_FOUND)
    return multistatus(answer)


def _name(paths: Paths, calendar: Calendar, href: str) -> str:
    resource = paths.named(href)
    return (resource.name or "") if resource is not None and resource.calendar is calendar else ""


def _sync(paths: Paths, calendar: Calendar, request: Request, root: ET.Element) -> Response:
    token = (root.findtext(d("sync-token")) or "").strip() or None
    if (root.findtext(d("sync-level")) or request.depth).strip() not in {"1", "infinite"}:
        raise MalformedError("The sync-level is 1.")
    try:
        changes = calendar.changes(token, _limit(root))
    except InvalidSyncTokenError:
        raise ForbiddenError(d("valid-sync-token")) from None
    answer = Multistatus(wanted_in(root, minimal=request.minimal))
    for item, data in _with_data(calendar, root, changes.changed):
        answer.add(paths.of(calendar, item.name), of_item(paths, item, data))
    for name in changes.gone:
        answer.status(paths.of(calendar, name), HTTPStatus.NOT_FOUND)
    # A 507 for the calendar itself says that changes are left, from this token on (RFC 6578, 3.6).
    if changes.more:
        answer.status(
            paths.of(calendar), HTTPStatus.INSUFFICIENT_STORAGE, d("number-of-matches-within-limits")
        )
    answer.token(changes.token)
    return multistatus(answer)


def _with_data(
    calendar: Calendar, root: ET.Element, items: Iterable[Item]
) -> Iterable[tuple[Item, bytes | None]]:
    """Give each item, with its expanded text where the report asks for it (RFC 4791, 9.6.5)."""
    element = root.find(f"{d('prop')}/{c('calendar-data')}/{c('expand')}")
    if element is None:
        return ((item, None) for item in items)
    start, end = read_range(element)
    if start is None or end is None:
        raise MalformedError("The range of an expand has both ends.")
    found = list(items)
    return zip(found, calendar.expand([item.render() for item in found], start, end), strict=True)


def _limit(root: ET.Element) -> int | None:
    text = root.findtext(f"{d('limit')}/{d('nresults')}")
    if text is None:
        return None
    number = text.strip().lstrip("0")
    if not number.isascii() or not number.isdigit():
        raise MalformedError("nresults is a whole number from 1.")
    # A number larger than any calendar is no limit.
    return int(number) if len(number) <= _MOST_DIGITS else None


def _free_busy(_paths: Paths, calendar: Calendar, _request: Request, root: ET.Element) -> Response:
    element = root.find(c("time-range"))
    if element is None:
        raise MalformedError("A free-busy-query has a time-range.")
    start, end = read_range(element)
    if start is None or end is None:
        raise MalformedError("The time-range of a free-busy-query has both ends.")
    lines = [
        "BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//clinic-scheduling//CalDAV//EN", "BEGIN:VFREEBUSY",
        f"UID:{calendar.name}-{start:{_STAMP}}-{end:{_STAMP}}", f"DTSTAMP:{start:{_STAMP}}",
        f"DTSTART:{start:{_STAMP}}", f"DTEND:{end:{_STAMP}}",
        *(f"FREEBUSY;FBTYPE=BUSY:{_utc(a)}/{_utc(b)}" for a, b in calendar.busy(start, end)),
        "END:VFREEBUSY", "END:VCALENDAR", "",
    ]  # fmt: skip
    return calendar_text("\r\n".join(lines).encode())


def _utc(instant: datetime) -> str:
    return instant.astimezone(UTC).strftime(_STAMP)


_REPORTS: Final[Mapping[str, Report]] = {
    c("calendar-query"): _query,
    c("calendar-multiget"): _multiget,
    d("sync-collection"): _sync,
    c("free-busy-query"): _free_busy,
}


def refused(error: ForbiddenError) -> Response:
    """Answer 403, which names the violated precondition."""
    return xml(HTTPStatus.FORBIDDEN, error_body(error.element, error.href))
