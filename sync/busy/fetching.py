"""Fetches an external ICS calendar, and holds what every fetch of a calendar needs."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from time import monotonic
from typing import Final
from urllib.parse import urlsplit
from uuid import UUID

from sync.busy.busy_time import Found, Source, found_by_uid
from sync.busy.events import AS_A_RULE, Counted
from sync.busy.expansion import MOST_BYTES, UnusableError
from sync.busy.moments import Range
from sync.busy.sandboxed_reading import FEED, read
from sync.outbound.outbound import Answer, ForbiddenAddressError, UnreachableError, send

SECONDS: Final = 20.0
"""The most seconds that one request may take."""
SECONDS_IN_ALL: Final = 60.0
"""The most seconds that all requests of a fetch may take together."""
INCOMPLETE: Final = "incomplete"
"""The code of a text that breaks off: what it says counts, and what was known before counts too."""
_REDIRECTS: Final = 3
_LONGEST_MARK: Final = 1000
_NOT_MODIFIED: Final = 304
_OK: Final = 200
_CODES: Final[Mapping[int, str]] = {
    401: "unauthorised", 403: "unauthorised", 404: "gone", 410: "gone", 429: "too_many_requests",
    503: "unavailable",
}  # fmt: skip


class FetchError(Exception):
    """The calendar could not be fetched or read; `str()` is a code, never the other server's words.

    `retry_after` is the server's Retry-After: how long it asked to be left alone.
    """

    def __init__(self, code: str, retry_after: str | None = None) -> None:
        super().__init__(code)
        self.retry_after = retry_after


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a calendar before it is fetched.

    `etag`, `last_modified` and `sync_token` are the other server's marks of its last state; `stored` has
    each object's ETag by href. With `full` the calendar is read whole, as if nothing were known; `is_new`
    says that it has never been read.
    """

    id: UUID
    source: Source
    kind: str
    url: str
    auth: tuple[str, str] | None
    within: Range
    claim: UUID
    counted: Counted = AS_A_RULE
    etag: str | None = None
    last_modified: str | None = None
    sync_token: str | None = None
    stored: Mapping[str, str] = field(default_factory=dict)
    full: bool = True
    is_new: bool = True


@dataclass(frozen=True, slots=True)
class Fetched:
    """The result of a fetch: changed objects by href, hrefs that are gone (None: all others), new marks.

    `url` is another address at which the calendar was found; `error` says what is wrong all the same.
    """

    found: Mapping[str, Found]
    gone: Collection[str] | None
    etag: str | None = None
    last_modified: str | None = None
    sync_token: str | None = None
    url: str | None = None
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Failed:
    """A fetch that failed: its code, and the server's Retry-After."""

    code: str
    retry_after: str | None = None


class Line:
    """The requests to a calendar's server with one login, which together take at most `seconds`.

    The login goes to the server that is asked first, and to those that this server names (`trust`).
    """

    def __init__(
        self, auth: tuple[str, str] | None, *, allow_loopback: bool, seconds: float = SECONDS_IN_ALL
    ) -> None:
        self._auth = auth
        self._allow_loopback = allow_loopback
        self._ends = monotonic() + seconds
        self._trusted: set[tuple[str, str]] = set()

    def trusts(self, url: str) -> bool:
        """Whether the login may go to an address."""
        return _origin(url) in self._trusted

    def trust(self, url: str, named_by: str) -> None:
        """Let the login go to an address that a server names which has the login itself."""
        if self.trusts(named_by):
            self._trusted.add(_origin(url))

    def ask(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: bytes | None = None,
        *,
        most_bytes: int = MOST_BYTES,
    ) -> Answer:
        """Send a request and give the answer with any status; FetchError when no answer comes."""
        left = min(SECONDS, self._ends - monotonic())
        if left <= 0:
            raise FetchError("timeout")
        self._trusted = self._trusted or {_origin(url)}
        try:
            answer = send(
                method,
                url,
                headers=headers,
                body=body,
                seconds=left,
                most_bytes=most_bytes,
                allow_loopback=self._allow_loopback,
                redirects=_REDIRECTS,
                auth=self._auth if self.trusts(url) else None,
            )
        except ForbiddenAddressError as error:
            raise FetchError("forbidden_address") from error
        except UnreachableError as error:
            raise FetchError(str(error)) from error
        # A redirect takes the login along only to https on the same host.
        (_, host), (scheme, led_to) = _origin(url), _origin(answer.url)
        if self.trusts(url) and scheme == "https" and host.partition(":")[0] == led_to.partition(":")[0]:
            self._trusted.add((scheme, led_to))
        return answer


def _origin(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return parts.scheme.lower(), parts.netloc.lower()


def fetch_ics(line: Line, known: Known) -> Fetched:
    """Fetch a calendar that is a single ICS text; a 304 leaves everything as it is."""
    conditions = {} if known.full else _conditions(known)
    answer = line.ask("GET", known.url, {"Accept": "text/calendar", **conditions})
    # A full reading sends no conditions, so a 304 to it is an error of the server.
    if answer.status == _NOT_MODIFIED and not known.full:
        return Fetched({}, (), etag=known.etag, last_modified=known.last_modified)
    expect(answer, _OK)
    try:
        (expanded,) = read([answer.body], known.within, FEED, known.counted)
        if expanded is None:
            raise FetchError("not_a_calendar")
        # Each UID becomes an object of its own, so that a changed event rewrites its own time alone.
        found = found_by_uid(expanded)
    except UnusableError as error:
        raise FetchError(str(error)) from error
    if not expanded.is_whole:
        # Beside what is known, and not in its place: the rest of the text might say more of the same event.
        beside = {f"{INCOMPLETE}:{name}": one for name, one in found.items()}
        return Fetched(beside, (), error=INCOMPLETE)
    headers = answer.headers
    return Fetched(
        found, None, etag=mark(headers.get("ETag")), last_modified=mark(headers.get("Last-Modified"))
    )


def _conditions(known: Known) -> dict[str, str]:
    named = {"If-None-Match": known.etag, "If-Modified-Since": known.last_modified}
    return {name: value for name, value in named.items() if value is not None}


def expect(answer: Answer, status: int) -> None:
    """Raise FetchError unless the answer has the status."""
    if answer.status != status:
        code = _CODES.get(answer.status, "http_error")
        raise FetchError(code, answer.headers.get("Retry-After"))


def read_retry_after(value: str | None, now: datetime) -> timedelta:
    """Read a Retry-After (RFC 9110, 10.2.3): seconds, or a date; nothing when it makes no sense."""
    try:
        if value is None or value.strip().isdigit():
            return timedelta(seconds=int(value or 0))
        until = parsedate_to_datetime(value)
        return max(until.replace(tzinfo=until.tzinfo or UTC) - now, timedelta(0))
    except (ValueError, OverflowError):
        return timedelta(0)


def mark(value: str | None) -> str | None:
    """Give a server's mark (ETag, date or sync token) if it can be stored and sent back, else None."""
    usable = value is not None and value.isascii() and value.isprintable() and len(value) <= _LONGEST_MARK
    return value if usable else None
