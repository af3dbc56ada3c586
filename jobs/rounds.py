"""Does the recurring work of every clinic: what is due each minute, and the work of each night."""

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select, text, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from booking.catalogue.patient_retention import forget_patients
from booking.claims.expired_holds import sweep
from booking.claims.retention import forget_holds, forget_messages, forget_reads
from booking.core.caller import Caller
from booking.courses.recalls import maintenance_due
from booking.courses.states import lapse_due
from booking.messages.sending import announce_due
from booking.online.codes import end_codes, forget_codes
from booking.online.tokens import forget_tokens
from booking.waitlist import offers
from jobs.nightly import revalidate_clinic
from models import Clinic
from models.database import Database
from models.idempotency_keys import purge
from sync.busy.external_calendars import fetch_due
from sync.caldav.busy_calendar import forget_deletions
from sync.caldav.own_busy import expand_all
from sync.changes import changes
from sync.webhooks.deliveries import forget_deliveries, wake_overdue

NIGHT_HOUR: Final = 3
"""The hour of the clinic's own clock from which a night's work is due; a missed night is made up for."""
ACTOR: Final = "Worker"
_CLINICS: Final = text("SELECT clinic_ids()")

Act = Callable[[Caller], int]


def forget_answers(caller: Caller) -> int:
    """Delete the kept answers of requests with an Idempotency-Key whose time is over."""
    return purge(caller.session, caller.clinic_id, caller.real_now)


EACH_MINUTE: Final[Sequence[Act]] = (sweep, announce_due, wake_overdue, fetch_due, end_codes)
"""Acts for a clinic that look for what has become due; each gives the number that it found."""
EACH_NIGHT: Final[Sequence[Act]] = (
    lapse_due,
    maintenance_due,
    offers.expire,
    forget_answers,
    forget_holds,
    forget_messages,
    forget_codes,
    forget_tokens,
    forget_reads,
    forget_patients,
    changes.purge,
    forget_deliveries,
    forget_deletions,
    expand_all,
)
"""Acts for a clinic that run once a night, after the visits to come have been judged again."""
_IN_PORTIONS: Final = frozenset({forget_holds, forget_messages, forget_reads, forget_patients})
"""Acts that may have very much to do: they do a portion at a time, and are called until nothing is left."""


def clinics(database: Database) -> Sequence[UUID]:
    """Give the id of every clinic."""
    with database.transaction() as session:
        return session.scalars(_CLINICS).all()


def do_minutes_work(database: Database, now: datetime, acts: Sequence[Act] = EACH_MINUTE) -> None:
    """Do what is due in every clinic; `now` is aware."""
    _go_round(database, lambda clinic_id: _do(database, clinic_id, now, acts))


def do_nights_work(database: Database, now: datetime, acts: Sequence[Act] = EACH_NIGHT) -> None:
    """Do the night's work of the clinics in which a night has begun since the last time."""

    def work(clinic_id: UUID) -> None:
        if is_night(database, clinic_id, now):
            revalidate_clinic(database, clinic_id, now)
            _do(database, clinic_id, now, acts)
            # Noted last, so that a night's work that fails is tried again in the next round.
            _note_night(database, clinic_id, now)

    _go_round(database, work)


def _go_round(database: Database, work: Callable[[UUID], None]) -> None:
    """Work for each clinic; a failure of the database at a clinic, or a lock timeout, stops no other clinic.

    An unforeseen error stops no other clinic either: all such errors are raised when the round is over.
    """
    unforeseen: list[Exception] = []
    with going_on("the clinics"):
        for clinic_id in clinics(database):
            try:
                with going_on(f"clinic {clinic_id}"):
                    work(clinic_id)
            except Exception as error:  # noqa: BLE001 - see above
                unforeseen.append(error)
    if unforeseen:
        raise ExceptionGroup("Not every clinic was worked for.", unforeseen)


def _do(database: Database, clinic_id: UUID, now: datetime, acts: Sequence[Act]) -> None:
    for act in acts:
        while _done(database, clinic_id, now, act) and act in _IN_PORTIONS:
            pass


def _done(database: Database, clinic_id: UUID, now: datetime, act: Act) -> int:
    with database.transaction(clinic_id) as session:
        return act(Caller(session, clinic_id, now, actor=ACTOR))


@contextmanager
def going_on(what: str) -> Iterator[None]:
    """Report a failure of the database, without any patient's data, and let the next round try again."""
    try:
        yield
    except (DBAPIError, PoolTimeoutError) as error:
        state = getattr(getattr(error, "orig", None), "sqlstate", None)
        sys.stderr.write(
            f"Background work: {what} not done ({type(error).__name__}, {state}), tried again later.\n"
        )


def is_night(database: Database, clinic_id: UUID, now: datetime) -> bool:
    """Whether it has become night in the clinic since its last night's work."""
    with database.transaction(clinic_id) as session:
        zone, last = session.execute(select(Clinic.timezone, Clinic.revalidated_on)).one()
    local = now.astimezone(ZoneInfo(zone))
    return local.hour >= NIGHT_HOUR and (last is None or last < local.date())


def _note_night(database: Database, clinic_id: UUID, now: datetime) -> None:
    """Note the clinic's own date, so that this night's work is done only once."""
    with database.transaction(clinic_id) as session:
        zone = session.scalars(select(Clinic.timezone)).one()
        session.execute(update(Clinic).values(revalidated_on=now.astimezone(ZoneInfo(zone)).date()))
