"""Fetches an external CalDAV calendar: only what its sync token (RFC 6578) or its ETags say has changed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Final
from xml.etree.ElementTree import SubElement, tostring

from dav.names import c, d
from sync.busy.busy_time import MOST_PIECES, Found, found_in, stored_name
from sync.busy.discovery import describe, discover
from sync.busy.expansion import MOST_BYTES, Expanded, Unread, UnusableError
from sync.busy.fetching import INCOMPLETE, Fetched, FetchError, Known, Line, expect, mark
from sync.busy.multistatus import Member, element, headers, members, propfind, read_multistatus, text
from sync.busy.sandboxed_reading import FEED, read
from sync.busy.series import MOST_EVENTS

_AT_ONCE: Final = 100
_NOTHING: Final = Expanded({}, [Unread("", 1)])
# What a fetch of an address meets that is no calendar, but perhaps leads to one.
_ELSEWHERE: Final = frozenset({"no_calendar", "http_error", "gone", "bad_answer", "unauthorised"})
_MOST_ROUNDS: Final = 50
_MOST_IN_ALL: Final = 4 * MOST_BYTES
"""The most bytes of all objects that one fetch reads."""
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
        if not choices and str(error) == "unauthorised":
            raise
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
    texts, gone = _texts(line, known, wanted)
    if known.full and not texts:
        _require_calendar(line, known.url)
    found = _busy(texts, listing.etags, known)
    left = {stored_name(href) for href in listing.gone | gone}
    if listing.whole:
        left |= known.stored.keys() - {stored_name(href) for href in listing.etags}
    if len(texts) + len(gone) < len(wanted):
        # What the server could not give just now is kept as it is, and asked for again.
        return Fetched(found, left, error=INCOMPLETE)
    return Fetched(found, left, sync_token=mark(listing.token))


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
        expect(answer, HTTPStatus.MULTI_STATUS)
        root, is_cut = read_multistatus(answer), False
        for one in members(root, known.url):
            # A server that shortens its answer says so by 507; its token goes on from there (RFC 6578, 3.6).
            if one.status == HTTPStatus.INSUFFICIENT_STORAGE:
                is_cut = True
            elif one.is_gone:
                etags.pop(one.path, None)
                gone.add(one.path)
            elif one.is_object:
                etags[one.path] = _etag(one)
                gone.discard(one.path)
        token = text(root, d("sync-token")) or None
        if token is None:
            # Without a token (RFC 6578, 6.2) nothing says that this is the whole of it.
            return None
        if not is_cut:
            return _Listing(etags, frozenset(gone), token, whole)
    raise FetchError("bad_answer")


def _everything(line: Line, known: Known) -> _Listing:
    """List every object of a collection, for a server that has no sync tokens."""
    answer = line.ask("PROPFIND", known.url, headers("1"), propfind(d("getetag")))
    expect(answer, HTTPStatus.MULTI_STATUS)
    listed = list(members(read_multistatus(answer), known.url))
    is_cut = any(one.status == HTTPStatus.INSUFFICIENT_STORAGE for one in listed)
    # A list without the collection itself is none: nothing that it lacks is gone.
    if is_cut or all(one.is_object for one in listed):
        raise FetchError("bad_answer")
    etags = {one.path: _etag(one) for one in listed if one.is_object and not one.is_gone}
    return _Listing(etags, frozenset(), None, whole=True)


def _etag(member: Member) -> str:
    """Give the ETag of an object; an empty text when it has none, so that it is always fetched."""
    return "" if member.prop is None else text(member.prop, d("getetag"))


def _texts(line: Line, known: Known, hrefs: Sequence[str]) -> tuple[dict[str, bytes], set[str]]:
    """Fetch the texts of these objects, a hundred to a request, and tell which of them are gone."""
    texts: dict[str, bytes] = {}
    gone: set[str] = set()
    left = _MOST_IN_ALL
    for first in range(0, len(hrefs), _AT_ONCE):
        query = element(c("calendar-multiget"), [d("getetag"), c("calendar-data")])
        asked = hrefs[first : first + _AT_ONCE]
        for href in asked:
            SubElement(query, d("href")).text = href
        answer = line.ask("REPORT", known.url, headers("1"), tostring(query))
        expect(answer, HTTPStatus.MULTI_STATUS)
        left -= len(answer.body)
        if left < 0:
            raise FetchError("too_large")
        for one in members(read_multistatus(answer), known.url):
            data = "" if one.prop is None else text(one.prop, c("calendar-data"))
            if data and one.path in asked:
                texts[one.path] = data.encode()
            elif one.is_gone and one.path in asked:
                gone.add(one.path)
    return texts, gone


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
