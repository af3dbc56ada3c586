"""Fetches an external calendar: what of it has changed since the last time, as busy time by object."""

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
"""Longest that one request may take."""
SECONDS_IN_ALL: Final = 60.0
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

    `marks` are the other server's: ETag, Last-Modified, sync token. `stored` has each object's ETag by
    href. Without `marks` all of it is read anew.
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
    """What has changed: the objects found by href, those gone (None: all others), and the new marks."""

    found: Mapping[str, Found]
    gone: Collection[str] | None
    unread: int = 0
    etag: str | None = None
    last_modified: str | None = None
    sync_token: str | None = None


class Line:
    """Asks one calendar's server, as often as it takes within the time for all of it."""

    def __init__(self, known: Known, *, allow_loopback: bool) -> None:
        self._known = known
        self._allow_loopback = allow_loopback
        self._ends = monotonic() + SECONDS_IN_ALL

    def ask(self, method: str, headers: Mapping[str, str], body: bytes | None = None) -> Answer:
        """Give the answer, whatever its status; FetchError when there is none."""
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
    """Fetch a calendar that is one text, unless it has not changed."""
    answer = line.ask("GET", {"Accept": "text/calendar", **({} if known.full else _conditions(known))})
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
    """Give what a server wants to hear again, if it can be stored and sent."""
    usable = value is not None and value.isascii() and value.isprintable() and len(value) <= _LONGEST_MARK
    return value if usable else None
