"""Keeps the external calendars of staff: their settings, when they are fetched, and what a fetch found."""

from datetime import timedelta
from typing import Any, Final
from urllib.parse import urlsplit, urlunsplit
from uuid import UUID

from sqlalchemy import Select, false, func, select
from uuid_utils.compat import uuid7

from booking.core.caller import Caller
from booking.core.crud import ALL, Collection, Values, Where
from booking.core.errors import Invalid
from booking.core.locks import lock_resources
from booking.core.queue import defer
from models import BusyObject, ExternalCalendar
from sync.busy.busy_time import Source, forget_source, store, window_of
from sync.busy.fetching import Fetched, Known
from sync.outbound.outbound import ForbiddenAddressError, check_url

EVERY: Final = timedelta(minutes=15)
FULL_EVERY: Final = timedelta(hours=24)
"""After this time a calendar is read whole again, because the window in which busy time is kept moves."""
_AT_ONCE: Final = 500
_SPREAD_SECONDS: Final = 120
_HIDDEN_PATH: Final = "/***"
_REACH: Final = ("url", "username", "password")
_UNREAD: Final[Values] = {
    "etag": None,
    "last_modified": None,
    "sync_token": None,
    "full_at": None,
    "claim": None,
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
        """Forget the other server's marks when a calendar's URL or login changes."""
        if before is None:
            values |= {"last_success_at": None, "stale_since": None, "last_error": None, "unread_events": 0}
            values |= {"next_at": self.caller.real_now}
        elif before["password"] is not None and "password" not in values:
            _refuse_to_send_elsewhere(before, values)
        if before is None or any(values.get(name, before[name]) != before[name] for name in _REACH):
            values |= _UNREAD

    def check_values(self, after: Values) -> None:
        """Refuse half of a login."""
        if (after["username"] is None) != (after["password"] is None):
            raise Invalid("/password", "A user name and a password are given together, or neither.")

    def check_removal(self, before: Values) -> None:
        """Forget the busy time that the calendar has brought."""
        forget_source(self.caller, Source(before["therapist_id"], before["id"]))

    def show(self, found: list[Values]) -> None:
        """Hide the path of the URL, which is often the only secret; the schema never writes the password."""
        for values in found:
            values["url"] = redacted(values["url"])


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


def create(caller: Caller, values: Values, *, allow_loopback: bool) -> Values:
    """Create an external calendar of a therapist and queue its fetch; Invalid for a forbidden URL.

    OtherLocations for a key of some locations: a therapist's calendar takes their time at all locations.
    """
    caller.require_every_location("A key of some locations cannot take a therapist's time at others.")
    made = ExternalCalendars(caller).create(values | {"url": _callable(values["url"], allow_loopback)})
    fetch_soon(caller, made["id"])
    return made


def change(
    caller: Caller, id: UUID, values: Values, expected: int | None, where: Values, *, allow_loopback: bool
) -> Values:
    """Change how a calendar is fetched and queue its fetch; until then its busy time stays as it is."""
    shown = ExternalCalendars(caller).get(id, where)
    given = dict(values)
    if "url" in given and given["url"] == shown["url"]:
        # A client that sends back the redacted URL it has read leaves the URL unchanged.
        del given["url"]
    if "url" in given:
        given["url"] = _callable(given["url"], allow_loopback)
    changed = ExternalCalendars(caller).change(id, given, expected, where)
    if given:
        fetch_soon(caller, id)
    return changed


def refresh(caller: Caller, id: UUID, where: Values) -> Values:
    """Queue a fetch of the calendar now, before it is due."""
    found = ExternalCalendars(caller).get(id, where)
    fetch_soon(caller, id)
    return found


def fetch_soon(caller: Caller, id: UUID) -> None:
    """Queue a fetch of the calendar in the caller's transaction."""
    defer(caller.session, "calendar", clinic_id=str(caller.clinic_id), calendar_id=str(id))


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
        one.next_at = caller.real_now + EVERY + _own_share(one.id)
        fetch_soon(caller, one.id)
    caller.session.flush()
    return len(found)


def _own_share(id: UUID) -> timedelta:
    """Give a calendar's own delay, so that no server is asked for all its calendars in the same minute."""
    return timedelta(seconds=int.from_bytes(id.bytes[-2:]) % _SPREAD_SECONDS)


def claim(caller: Caller, id: UUID) -> Known | None:
    """Note that the calendar is being fetched and give what is known of it; None when it is gone.

    A later fetch overrides an earlier fetch, whose result is then not written.
    """
    row = _locked(caller, id)
    if row is None:
        return None
    row.claim = uuid7()
    source = Source(row.therapist_id, row.id)
    full_at = row.full_at
    objects = select(BusyObject.href, BusyObject.etag).where(
        BusyObject.clinic_id == caller.clinic_id, BusyObject.external_calendar_id == id
    )
    caller.session.flush()
    return Known(
        id=id,
        source=source,
        kind=row.kind,
        url=row.url,
        auth=(row.username, row.password) if row.username and row.password else None,
        within=window_of(caller, row.therapist_id),
        claim=row.claim,
        etag=row.etag,
        last_modified=row.last_modified,
        sync_token=row.sync_token,
        stored={row.href: row.etag for row in caller.session.execute(objects)},
        full=full_at is None or full_at <= caller.real_now - FULL_EVERY,
    )


def settle(caller: Caller, known: Known, fetched: Fetched | str) -> bool:
    """Write the result of a fetch: what was found, or an error code, which leaves the busy time as it is.

    False, with nothing written, when the calendar was fetched again, changed or deleted meanwhile.
    """
    lock_resources(caller.session, [known.source.therapist_id])
    row = _locked(caller, known.id)
    if row is None or row.claim != known.claim:
        return False
    now = caller.real_now
    if isinstance(fetched, str):
        row.stale_since, row.last_error = row.stale_since or now, fetched
    else:
        store(caller, known.source, fetched.found, fetched.gone)
        row.stale_since, row.last_error, row.last_success_at = None, None, now
        row.etag, row.last_modified = fetched.etag, fetched.last_modified
        row.sync_token = fetched.sync_token
        if known.full:
            row.full_at = now
        # Only a whole reading counts every event that cannot be read.
        if fetched.gone is None:
            row.unread_events = fetched.unread
    row.version += 1
    row.updated_at = func.now()
    caller.session.flush()
    return True


def _locked(caller: Caller, id: UUID) -> ExternalCalendar | None:
    statement = select(ExternalCalendar).where(
        ExternalCalendar.clinic_id == caller.clinic_id, ExternalCalendar.id == id
    )
    locked = statement.with_for_update(key_share=True).execution_options(populate_existing=True)
    return caller.session.scalar(locked)


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
