"""Fetches an external CalDAV calendar: only what its sync token (RFC 6578) or its ETags say has changed."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final
from xml.etree.ElementTree import SubElement, tostring

from dav.names import c, d
from sync.busy.busy_time import MOST_PIECES, Found, found_in, stored_name
from sync.busy.discovery import describe, discover
from sync.busy.expansion import Expanded, Unread, UnusableError
from sync.busy.fetching import Fetched, FetchError, Known, Line, expect, mark
from sync.busy.multistatus import element, headers, members, propfind, read_xml, text
from sync.busy.sandboxed_reading import FEED, read
from sync.busy.series import MOST_EVENTS

_MULTISTATUS: Final = 207
_INSUFFICIENT: Final = 507
_NOT_FOUND: Final = 404
_AT_ONCE: Final = 100
_NOTHING: Final = Expanded({}, [Unread("", 1)])
# What a fetch of an address meets that is no calendar, but perhaps leads to one.
_ELSEWHERE: Final = frozenset({"no_calendar", "http_error", "gone", "bad_answer"})
_MOST_ROUNDS: Final = 50
# Statuses by which servers refuse a sync token that has expired, or a report that they do not support.
_REFUSES_TOKEN: Final = frozenset({400, 403, 405, 409, 412, 415, 422, 500, 501, 507})


@dataclass(frozen=True, slots=True)
class _Listing:
    """What a server lists: ETags by href, hrefs that are gone, and the next sync token.

    `whole` says that every object is listed; otherwise only those that have changed.
    """

    etags: Mapping[str, str]
    gone: frozenset[str]
    token: str | None
    whole: bool


def fetch_caldav(line: Line, known: Known) -> Fetched:
    """Fetch a collection; where the address is none, that of the server's only calendar.

    FetchError `no_calendar` or `several_calendars` when the server has not exactly one.
    """
    try:
        return _fetch(line, known)
    except FetchError as error:
        if str(error) not in _ELSEWHERE or not known.is_new:
            raise
        choices = discover(line, known.url)
        if len(choices) != 1:
            raise FetchError("several_calendars" if choices else "no_calendar") from error
    url = choices[0].url
    return replace(_fetch(line, replace(known, url=url)), url=url)


def _fetch(line: Line, known: Known) -> Fetched:
    """Fetch the changed objects of a collection; all objects when the server cannot tell the changes."""
    listing = _listing(line, known)
    if len(listing.etags) > MOST_EVENTS:
        raise FetchError("too_many_events")
    old = {} if known.full else known.stored
    wanted = [href for href, etag in listing.etags.items() if not etag or old.get(stored_name(href)) != etag]
    texts = dict(_texts(line, known, wanted))
    if known.full and not texts:
        _require_calendar(line, known.url)
    found = _busy(texts, listing.etags, known)
    token = mark(listing.token)
    if known.full:
        return Fetched(found, None, sync_token=token)
    # An object that was listed and has no text was deleted between the two requests.
    gone = {stored_name(href) for href in listing.gone.union(wanted) - texts.keys()}
    if listing.whole:
        gone |= known.stored.keys() - {stored_name(href) for href in listing.etags}
    return Fetched(found, gone, sync_token=token)


def _listing(line: Line, known: Known) -> _Listing:
    listing = None
    if not known.full and known.sync_token is not None:
        listing = _changes(line, known, known.sync_token)
    return listing or _changes(line, known, None) or _everything(line, known)


def _changes(line: Line, known: Known, token: str | None) -> _Listing | None:
    """List the changes since the token (None: every object); None when the server refuses the report."""
    etags: dict[str, str] = {}
    gone: set[str] = set()
    whole = token is None
    for _ in range(_MOST_ROUNDS):
        answer = line.ask("REPORT", known.url, headers("1" if token is None else "0"), _sync_report(token))
        if answer.status in _REFUSES_TOKEN:
            return None
        expect(answer, _MULTISTATUS)
        root = read_xml(answer)
        is_cut = False
        for href, status, prop in members(root, known.url):
            # A server that shortens its answer says so by 507; its token goes on from there (RFC 6578, 3.6).
            is_cut = is_cut or status == _INSUFFICIENT
            if status == _NOT_FOUND:
                etags.pop(href, None)
                gone.add(href)
            elif prop is not None and not href.endswith("/"):
                etags[href] = text(prop, d("getetag"))
                gone.discard(href)
        token = text(root, d("sync-token")) or None
        if not is_cut or token is None:
            return _Listing(etags, frozenset(gone), token, whole)
    raise FetchError("bad_answer")


def _everything(line: Line, known: Known) -> _Listing:
    """List every object of a collection, for a server that has no sync tokens."""
    answer = line.ask("PROPFIND", known.url, headers("1"), propfind(d("getetag")))
    expect(answer, _MULTISTATUS)
    etags = {
        href: text(prop, d("getetag"))
        for href, _, prop in members(read_xml(answer), known.url)
        if prop is not None and not href.endswith("/")
    }
    return _Listing(etags, frozenset(), None, whole=True)


def _texts(line: Line, known: Known, hrefs: Sequence[str]) -> Iterator[tuple[str, bytes]]:
    """Fetch the texts of these objects, a hundred to a request; objects that are gone are left out."""
    for first in range(0, len(hrefs), _AT_ONCE):
        query = element(c("calendar-multiget"), [d("getetag"), c("calendar-data")])
        for href in hrefs[first : first + _AT_ONCE]:
            SubElement(query, d("href")).text = href
        answer = line.ask("REPORT", known.url, headers("1"), tostring(query))
        expect(answer, _MULTISTATUS)
        for href, _, prop in members(read_xml(answer), known.url):
            data = text(prop, c("calendar-data")) if prop is not None else ""
            if data:
                yield href, data.encode()


def _busy(texts: Mapping[str, bytes], etags: Mapping[str, str], known: Known) -> dict[str, Found]:
    """Read all texts in a child process; a text that is no calendar takes no time, and is told of."""
    try:
        read_all = read(list(texts.values()), known.within, FEED, known.counted)
        found = {
            stored_name(href): found_in(one or _NOTHING, etags.get(href, ""))
            for href, one in zip(texts, read_all, strict=True)
        }
    except UnusableError as error:
        raise FetchError(str(error)) from error
    if sum(len(one.spans) for one in found.values()) > MOST_PIECES:
        raise FetchError("too_many_events")
    return found


def _require_calendar(line: Line, url: str) -> None:
    """Refuse an address without objects that is no calendar; FetchError `no_calendar`."""
    place = describe(line, url)
    if place is None or place.is_calendar is False:
        raise FetchError("no_calendar")


def _sync_report(token: str | None) -> bytes:
    report = element(d("sync-collection"))
    SubElement(report, d("sync-token")).text = token
    SubElement(report, d("sync-level")).text = "1"
    SubElement(SubElement(report, d("prop")), d("getetag"))
    return tostring(report)
