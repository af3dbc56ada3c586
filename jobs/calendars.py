"""Fetches external calendars and expands own busy time again, with no transaction open meanwhile."""

import logging
from collections.abc import Callable
from datetime import datetime
from typing import Final
from uuid import UUID

from booking.core.caller import Caller
from jobs.rounds import ACTOR
from models.database import Database
from sync.busy.caldav_client import fetch_caldav
from sync.busy.fetching import Failed, Fetched, FetchError, Known, Line, fetch_ics
from sync.busy.outcomes import claim, settle
from sync.caldav.own_busy import load_kept, read_again, renew

_LOG: Final = logging.getLogger(__name__)

Clock = Callable[[], datetime]


def fetch_calendar(
    database: Database, clinic_id: UUID, calendar_id: UUID, clock: Clock, *, allow_loopback: bool
) -> None:
    """Fetch an external calendar and write its busy time, or the reason why it could not be fetched."""
    with database.transaction(clinic_id) as session:
        known = claim(Caller(session, clinic_id, clock(), actor=ACTOR), calendar_id)
    if known is None:
        return
    fetched = _fetch(known, allow_loopback=allow_loopback)
    with database.transaction(clinic_id) as session:
        settle(Caller(session, clinic_id, clock(), actor=ACTOR), known, fetched)


def _fetch(known: Known, *, allow_loopback: bool) -> Fetched | Failed:
    line = Line(known.auth, allow_loopback=allow_loopback)
    try:
        return fetch_ics(line, known) if known.kind == "ics" else fetch_caldav(line, known)
    except FetchError as error:
        return Failed(str(error), error.retry_after)
    except Exception as error:  # noqa: BLE001 - whatever a server sends, its calendar must not go stale unseen
        _LOG.error("A calendar could not be read (%s).", type(error).__name__)
        return Failed("bad_answer")


def expand_busy(database: Database, clinic_id: UUID, therapist_id: UUID, clock: Clock) -> None:
    """Expand a therapist's own collection again, for today's window."""
    with database.transaction(clinic_id) as session:
        kept = load_kept(Caller(session, clinic_id, clock(), actor=ACTOR), therapist_id)
    if kept is None:
        return
    found = read_again(kept)
    with database.transaction(clinic_id) as session:
        renew(Caller(session, clinic_id, clock(), actor=ACTOR), therapist_id, kept, found)
