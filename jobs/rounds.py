"""Goes from clinic to clinic: what is done in each every minute, and in each once a night."""

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

from booking.claims.expired_holds import sweep
from booking.claims.retention import forget_holds, forget_messages
from booking.core.caller import Caller
from booking.courses.recalls import maintenance_due
from booking.courses.states import lapse_due
from booking.messages.sending import announce_due
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
"""From this hour of the clinic's own clock on a night's work is due; a night missed is made up for."""
ACTOR: Final = "Worker"
_CLINICS: Final = text("SELECT clinic_ids()")

Act = Callable[[Caller], int]


def forget_answers(caller: Caller) -> int:
    """Drop what is kept for repeated requests beyond its time."""
    return purge(caller.session, caller.clinic_id, caller.real_now)


EACH_MINUTE: Final[Sequence[Act]] = (sweep, announce_due, wake_overdue, fetch_due)
"""Acts of one clinic that look for what has become due; each gives how much it found."""
EACH_NIGHT: Final[Sequence[Act]] = (
    lapse_due,
    maintenance_due,
    offers.expire,
    forget_answers,
    forget_holds,
    forget_messages,
    changes.purge,
    forget_deliveries,
    forget_deletions,
    expand_all,
)
"""The same, once a night, after the visits to come have been judged again."""
_IN_PORTIONS: Final = frozenset({forget_holds, forget_messages})
"""Those of which there may be very much: they do so much at a time, and are called until nothing is left."""


def clinics(database: Database) -> Sequence[UUID]:
    """Give every clinic."""
    with database.transaction() as session:
        return session.scalars(_CLINICS).all()


def do_minutes_work(database: Database, now: datetime, acts: Sequence[Act] = EACH_MINUTE) -> None:
    """Do what is due in every clinic; `now` is aware."""
    _go_round(database, lambda clinic_id: _do(database, clinic_id, now, acts))


def do_nights_work(database: Database, now: datetime, acts: Sequence[Act] = EACH_NIGHT) -> None:
    """Do the night's work of those clinics in which it has become night since the last time."""

    def work(clinic_id: UUID) -> None:
        if is_night(database, clinic_id, now):
            revalidate_clinic(database, clinic_id, now)
            _do(database, clinic_id, now, acts)
            _note_night(database, clinic_id, now)

    _go_round(database, work)


def _go_round(database: Database, work: Callable[[UUID], None]) -> None:
    """Work for each clinic; one whose database does not answer, or is locked too long, stops no other.

    Nor does an error that nobody has foreseen: it is raised, with all others, when the round is over.
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
    """Tell of a failure of the database, without anybody's data, and let the next round try again."""
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
    """Note the clinic's own date, so that the next night is known from this one."""
    with database.transaction(clinic_id) as session:
        zone = session.scalars(select(Clinic.timezone)).one()
        session.execute(update(Clinic).values(revalidated_on=now.astimezone(ZoneInfo(zone)).date()))
