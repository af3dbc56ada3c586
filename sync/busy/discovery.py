"""Finds the calendars of a CalDAV account by any address of its server, as programs do (RFC 6764)."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import urlsplit, urlunsplit

from dav.names import c, d
from sync.busy.fetching import FetchError, Line, expect
from sync.busy.multistatus import headers, leads_to, members, propfind, read_multistatus, text

_WELL_KNOWN: Final = "/.well-known/caldav"
_MOST_CHOICES: Final = 50
_MOST_BYTES: Final = 500_000
_LONGEST_NAME: Final = 200
_EVENT: Final = "VEVENT"
# A server that answers so may know a calendar all the same: to another login, or later.
_PASSING: Final = frozenset({401, 403, 429, 500, 502, 503, 504})
_WANTED: Final = propfind(
    d("resourcetype"),
    d("displayname"),
    d("current-user-principal"),
    c("calendar-home-set"),
    c("supported-calendar-component-set"),
)


@dataclass(frozen=True, slots=True)
class Choice:
    """A calendar that holds events: its address, and what people call it."""

    url: str
    name: str


@dataclass(frozen=True, slots=True)
class Place:
    """What a server says of an address; `is_calendar` is None when it does not say what is there.

    `holds_events` is false for a calendar of tasks or notes alone. `homes` and `principals` lead on.
    """

    url: str
    name: str
    is_calendar: bool | None
    holds_events: bool
    homes: tuple[str, ...]
    principals: tuple[str, ...]

    @property
    def choice(self) -> Choice | None:
        """The calendar that is here, if there is one for events."""
        return Choice(self.url, self.name) if self.is_calendar and self.holds_events else None


def discover(line: Line, url: str) -> list[Choice]:
    """Give the calendars that an address leads to: itself, those of its account, or none.

    FetchError when the server cannot be reached, or refuses the login.
    """
    failed: FetchError | None = None
    for start in dict.fromkeys((url, *_starts(url))):
        try:
            found = _found_at(line, start, is_given=start == url)
        except FetchError as error:
            failed = failed or error
            continue
        if found is not None:
            return found
    if failed is not None:
        raise failed
    return []


def _found_at(line: Line, start: str, *, is_given: bool) -> list[Choice] | None:
    """Give the calendars that an address leads to; None when it leads to none, so that others are tried."""
    place = describe(line, start)
    if place is None:
        return None
    if is_given and place.is_calendar is None:
        # A server that does not say what is there is taken at its user's word.
        return [Choice(start, place.name)]
    if is_given and place.is_calendar:
        return [Choice(start, place.name)] if place.holds_events else []
    return _calendars_of(line, place) or None


def describe(line: Line, url: str) -> Place | None:
    """Ask what is at an address; None when it is nothing of WebDAV, FetchError when nothing can be asked."""
    places = _list(line, url, "0")
    return places[0] if places else None


def _starts(url: str) -> Iterator[str]:
    """Give the addresses at which a server tells where its accounts are."""
    parts = urlsplit(url)
    for path in (_WELL_KNOWN, "/"):
        yield urlunsplit((parts.scheme, parts.netloc, path, "", ""))


def _calendars_of(line: Line, place: Place) -> list[Choice]:
    """Give the calendars of a home, of a principal's homes, or of the account that a place names."""
    listed = _list(line, place.url, "1")
    found = [one.choice for one in listed if one.choice]
    homes = list(place.homes)
    for principal in () if found or homes else _trusted(line, place.principals, place.url):
        its = describe(line, principal)
        homes += [] if its is None else _trusted(line, its.homes, its.url)
    for home in () if found else dict.fromkeys(_trusted(line, homes, place.url)):
        found += [one.choice for one in _list(line, home, "1") if one.choice]
    return [one for one in {one.url: one for one in found}.values() if line.trusts(one.url)][:_MOST_CHOICES]


def _trusted(line: Line, urls: Iterable[str], named_by: str) -> list[str]:
    """Let the login go to the servers that a server which has it names; give the addresses."""
    found = list(urls)
    for url in found:
        line.trust(url, named_by)
    return found


def _list(line: Line, url: str, depth: str) -> list[Place]:
    """Ask what is at an address and (depth 1) right below it; nothing when no WebDAV is spoken there."""
    answer = line.ask("PROPFIND", url, headers(depth), _WANTED, most_bytes=_MOST_BYTES)
    if answer.status in _PASSING:
        expect(answer, HTTPStatus.MULTI_STATUS)
    if answer.status != HTTPStatus.MULTI_STATUS:
        return []
    asked = urlsplit(answer.url)
    return [
        # The path alone: whatever it is, the calendars of a server are its own.
        _place(urlunsplit((asked.scheme, asked.netloc, one.path, "", "")), one.prop)
        for one in members(read_multistatus(answer), answer.url)
        if one.prop is not None or depth == "0"
    ]


def _place(url: str, prop: Any) -> Place:  # noqa: ANN401 - the library has no types
    kind = None if prop is None else prop.find(d("resourcetype"))
    components = None if prop is None else prop.find(c("supported-calendar-component-set"))
    names = (
        [one.get("name", "").upper() for one in components if one.tag == c("comp")]
        if components is not None
        else []
    )
    return Place(
        url,
        "" if prop is None else text(prop, d("displayname"))[:_LONGEST_NAME],
        None if kind is None else kind.find(c("calendar")) is not None,
        not names or _EVENT in names,
        tuple(_hrefs(url, prop, c("calendar-home-set"))),
        tuple(_hrefs(url, prop, d("current-user-principal"))),
    )


def _hrefs(url: str, prop: Any, name: str) -> Iterator[str]:  # noqa: ANN401 - see above
    found = None if prop is None else prop.find(name)
    for one in () if found is None else found.iter(d("href")):
        leads = leads_to(url, (one.text or "").strip())
        if leads is not None:
            yield leads
