"""Fetches an external ICS calendar, and holds what every fetch of a calendar needs."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from time import monotonic
from typing import Final
from uuid import UUID

from sync.busy.busy_time import Found, Source, spans_of, stored_name
from sync.busy.expansion import MOST_BYTES, Range, UnusableError
from sync.busy.sandboxed_reading import FEED, read
from sync.outbound.outbound import Answer, ForbiddenAddressError, UnreachableError, send

SECONDS: Final = 20.0
"""The most seconds that one request may take."""
SECONDS_IN_ALL: Final = 60.0
"""The most seconds that all requests of a fetch may take together."""
_REDIRECTS: Final = 3
_LONGEST_MARK: Final = 1000
_NOT_MODIFIED: Final = 304
_OK: Final = 200
_CODES: Final[Mapping[int, str]] = {401: "unauthorised", 403: "unauthorised", 404: "gone", 410: "gone"}


class FetchError(Exception):
    """The calendar could not be fetched or read; `str()` is a code, never the other server's words."""


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a calendar before it is fetched.

    `etag`, `last_modified` and `sync_token` are the other server's marks of its last state; `stored` has
    each object's ETag by href. With `full` the calendar is read whole, as if nothing were known.
    """

    id: UUID
    source: Source
    kind: str
    url: str
    auth: tuple[str, str] | None
    within: Range
    claim: UUID
    etag: str | None = None
    last_modified: str | None = None
    sync_token: str | None = None
    stored: Mapping[str, str] = field(default_factory=dict)
    full: bool = True


@dataclass(frozen=True, slots=True)
class Fetched:
    """The result of a fetch: changed objects by href, hrefs that are gone (None: all others), new marks."""

    found: Mapping[str, Found]
    gone: Collection[str] | None
    unread: int = 0
    etag: str | None = None
    last_modified: str | None = None
    sync_token: str | None = None


class Line:
    """The requests of a fetch to the calendar's server, which together take at most SECONDS_IN_ALL."""

    def __init__(self, known: Known, *, allow_loopback: bool) -> None:
        self._known = known
        self._allow_loopback = allow_loopback
        self._ends = monotonic() + SECONDS_IN_ALL

    def ask(self, method: str, headers: Mapping[str, str], body: bytes | None = None) -> Answer:
        """Send a request and give the answer with any status; FetchError when no answer comes."""
        left = min(SECONDS, self._ends - monotonic())
        if left <= 0:
            raise FetchError("timeout")
        try:
            return send(
                method,
                self._known.url,
                headers=headers,
                body=body,
                seconds=left,
                most_bytes=MOST_BYTES,
                allow_loopback=self._allow_loopback,
                redirects=_REDIRECTS,
                auth=self._known.auth,
            )
        except ForbiddenAddressError as error:
            raise FetchError("forbidden_address") from error
        except UnreachableError as error:
            raise FetchError(str(error)) from error


def fetch_ics(line: Line, known: Known) -> Fetched:
    """Fetch a calendar that is a single ICS text; a 304 leaves everything as it is."""
    answer = line.ask("GET", {"Accept": "text/calendar", **({} if known.full else _conditions(known))})
    # A full reading sends no conditions, so a 304 to it is an error of the server.
    if answer.status == _NOT_MODIFIED and not known.full:
        return Fetched({}, (), etag=known.etag, last_modified=known.last_modified)
    expect(answer, _OK)
    try:
        (expanded,) = read([answer.body], known.within, FEED)
        if expanded is None:
            raise FetchError("not_a_calendar")
        spans = spans_of(expanded)
    except UnusableError as error:
        raise FetchError(str(error)) from error
    # Each UID becomes an object of its own, so that a changed event rewrites its own time alone.
    found = {stored_name(uid): Found(stored_name(uid), "", one) for uid, one in spans.items()}
    headers = answer.headers
    return Fetched(
        found,
        None,
        unread=expanded.unread,
        etag=mark(headers.get("ETag")),
        last_modified=mark(headers.get("Last-Modified")),
    )


def _conditions(known: Known) -> dict[str, str]:
    named = {"If-None-Match": known.etag, "If-Modified-Since": known.last_modified}
    return {name: value for name, value in named.items() if value is not None}


def expect(answer: Answer, status: int) -> None:
    """Raise FetchError unless the answer has the status."""
    if answer.status != status:
        raise FetchError(_CODES.get(answer.status, "http_error"))


def mark(value: str | None) -> str | None:
    """Give a server's mark (ETag, date or sync token) if it can be stored and sent back, else None."""
    usable = value is not None and value.isascii() and value.isprintable() and len(value) <= _LONGEST_MARK
    return value if usable else None
