"""Writes what fetches of external calendars find, or why they fail, and tells of it when it changes."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import func, select, text
from uuid_utils.compat import uuid7

from booking.core.caller import Caller
from booking.core.events import tell
from booking.core.locks import lock_resources
from booking.core.nested_rows import columns_of
from models import BusyObject, ExternalCalendar
from sync.busy.busy_time import Found, Source, forget_source, store, window_of
from sync.busy.events import Counted
from sync.busy.fetching import Failed, Fetched, Known, read_retry_after

EVENT: Final = "external_calendar.changed"
EVERY: Final = timedelta(minutes=15)
FULL_EVERY: Final = timedelta(hours=24)
"""After this time a calendar is read whole again, because the window in which busy time is kept moves."""
LONGEST_PAUSE: Final = timedelta(hours=24)
"""The longest that a calendar that fails is left alone; each failure in a row doubles the time before."""
READER: Final = 1
"""The version of the reading: a calendar that another version has read is read whole again."""
MOST_UNREAD: Final = 100
"""How many of the events that could not be read are named; all of them are counted."""
OWN_FEED: Final = "own_feed"
_SPREAD_SECONDS: Final = 120
_OF_CALENDAR: Final = "o.clinic_id = :clinic_id AND o.external_calendar_id = :id"
_UNREAD: Final = text(f"""
    SELECT u.told FROM busy_objects o CROSS JOIN LATERAL jsonb_array_elements(o.unread) AS u(told)
    WHERE {_OF_CALENDAR} AND o.unread <> '[]'
    ORDER BY CAST(u.told ->> 'line' AS integer), u.told ->> 'uid'
""")  # noqa: S608 - our own text
_VISITS: Final = text("""
    SELECT a.id, a.patient_id, a.therapist_id = :therapist_id OR EXISTS (
        SELECT FROM appointment_phases p WHERE p.clinic_id = a.clinic_id AND p.appointment_id = a.id
          AND :therapist_id IN (p.therapist_id, p.assistant_id)
    ) AS is_own
    FROM appointments a WHERE a.clinic_id = :clinic_id AND a.id = ANY(:ids)
""")
_IS_BUSY: Final = text(f"""
    SELECT EXISTS (
        SELECT FROM busy_objects o
        JOIN external_busy b ON b.clinic_id = o.clinic_id AND b.busy_object_id = o.id
        WHERE {_OF_CALENDAR}
    )
""")  # noqa: S608 - our own text


def status_of(calendar: Mapping[str, Any]) -> str:
    """Give the state of a calendar.

    `pending` before the first fetch; `failed` while no fetch has succeeded, `stale` while fetches fail and
    what was known before counts; `warning` when something could not be read, or when the calendar brings no
    busy time though it did before; else `ok`.
    """
    if calendar["last_error"] is not None:
        return "stale" if calendar["last_success_at"] is not None else "failed"
    if calendar["last_success_at"] is None:
        return "pending"
    return "warning" if calendar["unread_events"] or calendar["emptied_since"] is not None else "ok"


def pause_before_next(id: UUID, failures: int) -> timedelta:
    """Give the time until a calendar's next fetch, when so many in a row have failed.

    Each calendar has a delay of its own, so that no server is asked for all of them in the same minute.
    """
    doublings = min(max(failures - 1, 0), 10)
    return min(EVERY * (1 << doublings), LONGEST_PAUSE) + timedelta(
        seconds=int.from_bytes(id.bytes[-2:]) % _SPREAD_SECONDS
    )


def claim(caller: Caller, id: UUID) -> Known | None:
    """Note that the calendar is being fetched and give what is known of it; None when it is gone.

    A later fetch overrides an earlier fetch, whose result is then not written.
    """
    row = _locked(caller, id)
    if row is None:
        return None
    row.claim = uuid7()
    full_at = row.full_at
    objects = select(BusyObject.href, BusyObject.etag).where(
        BusyObject.clinic_id == caller.clinic_id, BusyObject.external_calendar_id == id
    )
    caller.session.flush()
    return Known(
        id=id,
        source=Source(row.therapist_id, row.id),
        kind=row.kind,
        url=row.url,
        auth=(row.username, row.password) if row.username and row.password else None,
        within=window_of(caller, row.therapist_id),
        claim=row.claim,
        counted=Counted(frozenset(row.ignore), row.attendee),
        etag=row.etag,
        last_modified=row.last_modified,
        sync_token=row.sync_token,
        stored={row.href: row.etag for row in caller.session.execute(objects)},
        full=full_at is None or full_at <= caller.real_now - FULL_EVERY or row.reader != READER,
        is_new=row.last_success_at is None,
    )


def settle(caller: Caller, known: Known, fetched: Fetched | Failed) -> bool:
    """Write the result of a fetch: what was found, or why it failed, which leaves the busy time as it is.

    False, with nothing written, when the calendar was fetched again, changed or deleted meanwhile.
    """
    lock_resources(caller.session, [known.source.therapist_id])
    row = _locked(caller, known.id)
    if row is None or row.claim != known.claim:
        return False
    before, is_first = told_of(columns_of(row)), row.version == 1
    if isinstance(fetched, Failed):
        _fail(caller, row, fetched)
    else:
        _succeed(caller, row, known, fetched)
    row.version += 1
    row.updated_at = func.now()
    caller.session.flush()
    after = told_of(columns_of(row))
    # That a new calendar is well is no news.
    if after != before and not (is_first and after["status"] == "ok"):
        tell_changed(caller, columns_of(row))
    return True


def told_of(calendar: Mapping[str, Any]) -> dict[str, Any]:
    """Give what is told of a calendar when it changes."""
    names = ("last_error", "unread_events", "emptied_since")
    return {"status": status_of(calendar), **{name: calendar[name] for name in names}}


def tell_changed(caller: Caller, calendar: Mapping[str, Any]) -> None:
    """Append the event that a calendar's state has changed."""
    ids = {name: calendar[name] for name in ("id", "version", "therapist_id")}
    tell(caller, EVENT, calendar["id"], ids | told_of(calendar))


def _fail(caller: Caller, row: ExternalCalendar, failed: Failed) -> None:
    now = caller.real_now
    row.stale_since, row.last_error = row.stale_since or now, failed.code
    row.failures += 1
    asked = min(read_retry_after(failed.retry_after, now), LONGEST_PAUSE)
    row.next_at = now + max(asked, pause_before_next(row.id, row.failures))


def _succeed(caller: Caller, row: ExternalCalendar, known: Known, fetched: Fetched) -> None:
    """Store what was found, but for the clinic's own visits: a feed of theirs is no busy time of its own."""
    now, values = caller.real_now, {"clinic_id": caller.clinic_id, "id": row.id}
    was_busy = bool(caller.session.scalar(_IS_BUSY, values))
    found, own = _without_own(caller, row.therapist_id, fetched.found)
    if own and not found and (known.full or fetched.gone is None):
        forget_source(caller, known.source)
        row.unread_events, row.unread, row.full_at = 0, [], None
        _fail(caller, row, Failed(OWN_FEED))
        return
    store(caller, known.source, found, fetched.gone)
    unread = list(caller.session.scalars(_UNREAD, values))
    row.unread_events, row.unread = len(unread), unread[:MOST_UNREAD]
    row.url = fetched.url or row.url
    if fetched.error is not None:
        row.etag, row.last_modified = None, None
        _fail(caller, row, Failed(fetched.error))
        # The server has answered: what it can tell must not wait for what it cannot.
        row.failures, row.next_at = 0, now + pause_before_next(row.id, 0)
        return
    is_busy = bool(caller.session.scalar(_IS_BUSY, values))
    emptied_since = row.emptied_since or (now if was_busy else None)
    # After a change of what counts, no busy time is no surprise.
    row.emptied_since = None if is_busy or row.counts_anew else emptied_since
    row.stale_since, row.last_error, row.last_success_at = None, None, now
    row.failures, row.next_at = 0, now + pause_before_next(row.id, 0)
    row.etag, row.last_modified = fetched.etag, fetched.last_modified
    row.sync_token = fetched.sync_token
    row.counts_anew = False
    if known.full:
        row.full_at, row.reader = now, READER


def _without_own(
    caller: Caller, therapist_id: UUID, found: Mapping[str, Found]
) -> tuple[dict[str, Found], bool]:
    """Leave out what has the UID of a visit of this clinic; say whether anything had.

    Visits of a single patient, none of them with this therapist, stay: the therapist is that patient.
    """
    ids = {href: uid for href, one in found.items() if (uid := _uuid(one.uid)) is not None}
    values = {"clinic_id": caller.clinic_id, "therapist_id": therapist_id, "ids": list(ids.values())}
    visits = caller.session.execute(_VISITS, values).all() if ids else []
    if len({one.patient_id for one in visits}) < 2 and not any(one.is_own for one in visits):  # noqa: PLR2004
        return dict(found), False
    own = {one.id for one in visits}
    return {href: one for href, one in found.items() if ids.get(href) not in own}, True


def _uuid(uid: str) -> UUID | None:
    try:
        return UUID(uid)
    except ValueError:
        return None


def _locked(caller: Caller, id: UUID) -> ExternalCalendar | None:
    statement = select(ExternalCalendar).where(
        ExternalCalendar.clinic_id == caller.clinic_id, ExternalCalendar.id == id
    )
    locked = statement.with_for_update(key_share=True).execution_options(populate_existing=True)
    return caller.session.scalar(locked)
