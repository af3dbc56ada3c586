"""Keeps the external calendars of staff: their settings, and when they are fetched."""

from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Any, Final
from urllib.parse import urlsplit, urlunsplit
from uuid import UUID

from sqlalchemy import Select, false, select

from booking.core.calendar_queue import fetch_soon
from booking.core.caller import Caller
from booking.core.crud import ALL, Collection, Values, Where
from booking.core.errors import Invalid, SeveralCalendars
from models import ExternalCalendar
from sync.busy.busy_time import Source, forget_source
from sync.busy.discovery import Choice, discover
from sync.busy.fetching import FetchError, Line
from sync.busy.outcomes import EVERY, pause_before_next, status_of, tell_changed, told_of
from sync.outbound.outbound import ForbiddenAddressError, check_url

_AT_ONCE: Final = 500
_LOOKING_SECONDS: Final = 20.0
_HIDDEN_PATH: Final = "/***"
_REACH: Final = ("url", "username", "password", "ignore", "attendee")
_COUNTING: Final = frozenset({"url", "ignore", "attendee"})
# What a calendar's state begins with, also at another address; and what the next fetch must not go by when it
# is fetched in another way, or when something else of it counts.
_NEW: Final[Values] = {
    "last_success_at": None,
    "stale_since": None,
    "last_error": None,
    "unread_events": 0,
    "unread": [],
    "emptied_since": None,
}
_AGAIN: Final[Values] = {
    "etag": None,
    "last_modified": None,
    "sync_token": None,
    "full_at": None,
    "claim": None,
    "failures": 0,
}


class ExternalCalendars(Collection):
    """Calendars of therapists on other servers."""

    name = "external_calendar"
    model = ExternalCalendar
    locks = "therapist_id"
    private = True
    fixed = ("kind",)

    def select(self, where: Where = ALL) -> Select[Any]:
        """Hide every calendar from a key of some locations: it takes a therapist's time at all others too."""
        selected = super().select(where)
        return selected if self.caller.location_ids is None else selected.where(false())

    def complete(self, before: Values | None, values: Values) -> None:
        """Forget the other server's marks when a calendar is fetched in another way, or counts anew."""
        if before is None:
            # Its first fetch is queued with it.
            values |= _NEW | _AGAIN | {"next_at": self.caller.real_now + EVERY}
            return
        if before["password"] is not None and "password" not in values:
            _refuse_to_send_elsewhere(before, values)
        changed = {name for name in _REACH if values.get(name, before[name]) != before[name]}
        if changed:
            values |= _AGAIN
        if "url" in changed:
            values |= _NEW
        if changed & _COUNTING:
            values["counts_anew"] = True

    def check_values(self, after: Values) -> None:
        """Refuse half of a login."""
        if (after["username"] is None) != (after["password"] is None):
            raise Invalid("/password", "A user name and a password are given together, or neither.")

    def check_removal(self, before: Values) -> None:
        """Forget the busy time that the calendar has brought."""
        forget_source(self.caller, Source(before["therapist_id"], before["id"]))

    def show(self, found: list[Values]) -> None:
        """Say its state, and hide the path of the URL, which is often the only secret.

        The schema never writes the password.
        """
        for values in found:
            values["url"] = redacted(values["url"])
            values["status"] = status_of(values)


def _refuse_to_send_elsewhere(before: Values, values: Values) -> None:
    """Refuse another URL or user name for the stored password: it is sent only where it was given for."""
    username = values.get("username", before["username"])
    if "url" in values or username not in {None, before["username"]}:
        raise Invalid("/password", "Give the password again with another URL or user name.")


def redacted(url: str) -> str:
    """Give a URL with its path and query hidden, if it has any."""
    parts = urlsplit(url)
    is_bare = parts.path in {"", "/"} and not parts.query
    return url if is_bare else urlunsplit((parts.scheme, parts.netloc, _HIDDEN_PATH, "", ""))


Outside = Callable[[Callable[[], Sequence[Choice] | None]], Sequence[Choice] | None]
"""Gives what a call to another server gives, which is made with no transaction open."""


def create(caller: Caller, values: Values, outside: Outside, *, allow_loopback: bool) -> Values:
    """Create an external calendar of a therapist and queue its fetch; Invalid for a forbidden URL.

    A CalDAV address is looked up first: SeveralCalendars, or Invalid when it leads to none. OtherLocations
    for a key of some locations: a therapist's calendar takes their time at all locations.
    """
    caller.require_every_location("A key of some locations cannot take a therapist's time at others.")
    given = values | {"url": _callable(values["url"], allow_loopback)}
    ExternalCalendars(caller).check_values(given)
    if given["kind"] == "caldav":
        given["url"] = _found(given, outside, allow_loopback)
    made = ExternalCalendars(caller).create(given)
    fetch_soon(caller, [made["id"]])
    return made


def _found(given: Values, outside: Outside, allow_loopback: bool) -> str:
    """Give the address of the only calendar that a CalDAV address leads to.

    The address itself, to be tried again later, while its server cannot be asked.
    """
    login = (given["username"], given["password"]) if given["username"] else None

    def look() -> Sequence[Choice] | None:
        line = Line(login, allow_loopback=allow_loopback, seconds=_LOOKING_SECONDS)
        try:
            return discover(line, given["url"])
        except FetchError:
            return None

    choices = outside(look)
    if choices is None:
        return str(given["url"])
    if len(choices) > 1:
        raise SeveralCalendars([asdict(one) for one in choices])
    if not choices:
        raise Invalid("/url", "Leads to no CalDAV calendar that holds events.")
    return _callable(choices[0].url, allow_loopback)


def change(
    caller: Caller,
    id: UUID,
    values: Values,
    expected: int | None,
    where: Values,
    outside: Outside,
    *,
    allow_loopback: bool,
) -> Values:
    """Change how a calendar is fetched and queue its fetch; until then its busy time stays as it is.

    Another CalDAV address is looked up as that of a new calendar.
    """
    calendars = ExternalCalendars(caller)
    shown = calendars.get(id, where)
    given = dict(values)
    if "url" in given and given["url"] == shown["url"]:
        # A client that sends back the redacted URL it has read leaves the URL unchanged.
        del given["url"]
    if "url" in given:
        given["url"] = _callable(given["url"], allow_loopback)
        if shown["kind"] == "caldav":
            after = shown | given
            calendars.complete(shown, dict(given))
            calendars.check_values(after)
            given["url"] = _found(after, outside, allow_loopback)
    changed = calendars.change(id, given, expected, where)
    if told_of(changed) != told_of(shown):
        tell_changed(caller, changed)
    if given:
        fetch_soon(caller, [id])
    return changed


def refresh(caller: Caller, id: UUID, where: Values) -> Values:
    """Queue a fetch of the calendar now, before it is due."""
    found = ExternalCalendars(caller).get(id, where)
    fetch_soon(caller, [id])
    return found


def fetch_due(caller: Caller) -> int:
    """Queue a fetch of each calendar that is due, set when it is due next, and give their number."""
    due = (
        select(ExternalCalendar)
        .where(ExternalCalendar.clinic_id == caller.clinic_id, ExternalCalendar.next_at <= caller.real_now)
        .order_by(ExternalCalendar.next_at)
        .limit(_AT_ONCE)
        # A locked calendar is being changed or fetched just now: the next round comes back to it.
        .with_for_update(skip_locked=True, key_share=True)
    )
    found = caller.session.scalars(due).all()
    for one in found:
        one.next_at = caller.real_now + pause_before_next(one.id, one.failures)
    fetch_soon(caller, [one.id for one in found])
    caller.session.flush()
    return len(found)


def _callable(url: str, allow_loopback: bool) -> str:
    """Give the URL to call, with https for `webcal`; Invalid when it may not be called."""
    scheme, found, rest = url.partition("://")
    if found and scheme.lower() in {"webcal", "webcals"}:
        url = f"https://{rest}"
    if url.endswith(_HIDDEN_PATH):
        raise Invalid("/url", "Its path is hidden: give the whole URL.")
    try:
        check_url(url, allow_loopback=allow_loopback)
    except ForbiddenAddressError:
        raise Invalid("/url", "Must be the http, https or webcal URL of a public server.") from None
    return url
