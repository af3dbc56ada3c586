"""Fetches an external CalDAV calendar: only what its sync token (RFC 6578) or its ETags say has changed."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote, unquote, urljoin, urlsplit
from xml.etree.ElementTree import Element, ParseError, SubElement, tostring

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from dav.names import c, d
from sync.busy.busy_time import MOST_PIECES, Found, found_in, stored_name
from sync.busy.expansion import MOST_EVENTS, Expanded, UnusableError
from sync.busy.fetching import Fetched, FetchError, Known, Line, expect, mark
from sync.busy.sandboxed_reading import FEED, read
from sync.outbound.outbound import Answer

_MULTISTATUS: Final = 207
_INSUFFICIENT: Final = 507
_NOT_FOUND: Final = 404
_AT_ONCE: Final = 100
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
    """Fetch the changed objects of a collection; all objects when the server cannot tell the changes."""
    listing = None
    if not known.full and known.sync_token is not None:
        listing = _changes(line, known, known.sync_token)
    listing = listing or _changes(line, known, None) or _everything(line, known)
    if len(listing.etags) > MOST_EVENTS:
        raise FetchError("too_many_events")
    old = {} if known.full else known.stored
    wanted = [href for href, etag in listing.etags.items() if not etag or old.get(stored_name(href)) != etag]
    texts = dict(_texts(line, known, wanted))
    found, unread = _busy(texts, listing.etags, known)
    token = mark(listing.token)
    if known.full:
        return Fetched(found, None, unread=unread, sync_token=token)
    # An object that was listed and has no text was deleted between the two requests.
    gone = {stored_name(href) for href in listing.gone.union(wanted) - texts.keys()}
    if listing.whole:
        gone |= known.stored.keys() - {stored_name(href) for href in listing.etags}
    return Fetched(found, gone, unread=unread, sync_token=token)


def _changes(line: Line, known: Known, token: str | None) -> _Listing | None:
    """List the changes since the token (None: every object); None when the server refuses the report."""
    etags: dict[str, str] = {}
    gone: set[str] = set()
    whole = token is None
    for _ in range(_MOST_ROUNDS):
        answer = line.ask("REPORT", _headers("1" if token is None else "0"), _sync_report(token))
        if answer.status in _REFUSES_TOKEN:
            return None
        expect(answer, _MULTISTATUS)
        root = _xml(answer)
        is_cut = False
        for href, status, prop in _members(root, known.url):
            # A server that shortens its answer says so by 507; its token goes on from there (RFC 6578, 3.6).
            is_cut = is_cut or status == _INSUFFICIENT
            if status == _NOT_FOUND:
                etags.pop(href, None)
                gone.add(href)
            elif prop is not None and not href.endswith("/"):
                etags[href] = _text(prop, d("getetag"))
                gone.discard(href)
        token = _text(root, d("sync-token")) or None
        if not is_cut or token is None:
            return _Listing(etags, frozenset(gone), token, whole)
    raise FetchError("bad_answer")


def _everything(line: Line, known: Known) -> _Listing:
    """List every object of a collection, for a server that has no sync tokens."""
    query = _element(d("propfind"), prop=[d("getetag")])
    answer = line.ask("PROPFIND", _headers("1"), tostring(query))
    expect(answer, _MULTISTATUS)
    members = _members(_xml(answer), known.url)
    etags = {
        href: _text(prop, d("getetag"))
        for href, _, prop in members
        if prop is not None and not href.endswith("/")
    }
    return _Listing(etags, frozenset(), None, whole=True)


def _texts(line: Line, known: Known, hrefs: Sequence[str]) -> Iterator[tuple[str, bytes]]:
    """Fetch the texts of these objects, a hundred to a request; objects that are gone are left out."""
    for first in range(0, len(hrefs), _AT_ONCE):
        query = _element(c("calendar-multiget"), prop=[d("getetag"), c("calendar-data")])
        for href in hrefs[first : first + _AT_ONCE]:
            SubElement(query, d("href")).text = href
        answer = line.ask("REPORT", _headers("1"), tostring(query))
        expect(answer, _MULTISTATUS)
        for href, _, prop in _members(_xml(answer), known.url):
            text = _text(prop, c("calendar-data")) if prop is not None else ""
            if text:
                yield href, text.encode()


def _busy(texts: Mapping[str, bytes], etags: Mapping[str, str], known: Known) -> tuple[dict[str, Found], int]:
    """Read all texts in a child process; a text that is no calendar has no busy time, and is counted."""
    try:
        read_all = read(list(texts.values()), known.within, FEED)
        found = {
            stored_name(href): found_in(one or Expanded({}, 0), etags.get(href, ""))
            for href, one in zip(texts, read_all, strict=True)
        }
    except UnusableError as error:
        raise FetchError(str(error)) from error
    if sum(len(one.spans) for one in found.values()) > MOST_PIECES:
        raise FetchError("too_many_events")
    return found, sum(1 if one is None else one.unread for one in read_all)


def _sync_report(token: str | None) -> bytes:
    report = _element(d("sync-collection"))
    SubElement(report, d("sync-token")).text = token
    SubElement(report, d("sync-level")).text = "1"
    SubElement(SubElement(report, d("prop")), d("getetag"))
    return tostring(report)


def _element(tag: str, prop: Sequence[str] = ()) -> Element:
    made = Element(tag)
    if prop:
        wanted = SubElement(made, d("prop"))
        for name in prop:
            SubElement(wanted, name)
    return made


def _headers(depth: str) -> dict[str, str]:
    return {"Depth": depth, "Content-Type": "application/xml; charset=utf-8"}


def _xml(answer: Answer) -> Any:  # noqa: ANN401 - the library has no types
    try:
        return fromstring(answer.body)
    except (ParseError, DefusedXmlException, ValueError, LookupError) as error:
        raise FetchError("bad_answer") from error


def _members(root: Any, url: str) -> Iterator[tuple[str, int, Any]]:  # noqa: ANN401 - see above
    """Yield the path, the status and the found properties of each response in a multistatus answer."""
    for response in root.iter(d("response")):
        # Servers percent-encode the same name in different ways, so every path gets one spelling.
        path = quote(unquote(urlsplit(urljoin(url, _text(response, d("href")))).path))
        status = _status(response)
        found = (one for one in response.iter(d("propstat")) if _status(one) == 200)  # noqa: PLR2004 - HTTP
        prop = next((one.find(d("prop")) for one in found), None)
        is_itself = unquote(path).rstrip("/") == unquote(urlsplit(url).path).rstrip("/")
        # The collection is listed too: its path ends in a slash, by which callers tell it from its objects.
        yield f"{path.rstrip('/')}/" if is_itself else path, status, prop


def _status(element: Any) -> int:  # noqa: ANN401 - see above
    """Read the number in `HTTP/1.1 200 OK`; 0 when the element has no status of its own."""
    parts = _text(element, d("status")).split()
    return int(parts[1]) if len(parts) > 1 and parts[1].isdigit() else 0


def _text(element: Any, tag: str) -> str:  # noqa: ANN401 - see above
    return (element.findtext(tag) or "").strip()
