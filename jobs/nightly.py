"""Judges every booked visit again each night, to flag what the rules would refuse by now."""

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from typing import Final, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select, text, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.orm import Session

from booking.affected import visits_of_patients
from booking.callers import Caller
from booking.catalog import load_catalog
from booking.course_states import lapse_due
from booking.locks import hold_catalog, lock
from booking.recalls import maintenance_due
from booking.revalidation import affected_by
from models import Appointment, Clinic
from models.database import Database

ACTOR: Final = "Nightly"
NIGHT_HOUR: Final = 3
"""From this hour of the clinic's own clock on a night's work is due; a night missed is made up for."""
_PATIENTS_AT_ONCE: Final = 50
_LOOK_AGAIN_SECONDS: Final = 300
_CLINICS: Final = text("SELECT clinic_ids()")


class Tally(NamedTuple):
    """How many visits were judged, and how many of them the rules would refuse now."""

    judged: int
    flagged: int


def revalidate(database: Database, now: datetime) -> Tally:
    """Judge the visits to come of every clinic; `now` is aware. Bookings go on meanwhile."""
    return _sum(revalidate_clinic(database, clinic_id, now) for clinic_id in _clinics(database))


def revalidate_due(database: Database, now: datetime) -> None:
    """Judge those of the clinics in which it has become night since the last time.

    A clinic whose database does not answer, or is locked too long, keeps no other waiting: it stays due.
    """
    with _going_on("the clinics"):
        for clinic_id in _clinics(database):
            with _going_on(f"clinic {clinic_id}"):
                if _is_due(database, clinic_id, now):
                    revalidate_clinic(database, clinic_id, now)


@contextmanager
def _going_on(what: str) -> Iterator[None]:
    """Tell of a failure of the database, without anybody's data, and let the next look try again."""
    try:
        yield
    except (DBAPIError, PoolTimeoutError) as error:
        state = getattr(getattr(error, "orig", None), "sqlstate", None)
        sys.stderr.write(
            f"Nightly work: {what} not judged ({type(error).__name__}, {state}), tried again later.\n"
        )


def watch(database: Database, clock: Callable[[], datetime], rest: Callable[[float], bool]) -> None:
    """Do each night's work when it is due, as long as `rest`, given the seconds to wait, says to go on."""
    going_on = True
    while going_on:
        revalidate_due(database, clock())
        going_on = rest(_LOOK_AGAIN_SECONDS)


def rest_alone(seconds: float) -> bool:
    """Wait so long and go on: whoever runs the worker by itself ends it by a signal."""
    time.sleep(seconds)
    return True


def _sum(tallies: Iterator[Tally]) -> Tally:
    found = list(tallies)
    return Tally(sum(one.judged for one in found), sum(one.flagged for one in found))


def _clinics(database: Database) -> Sequence[UUID]:
    with database.transaction() as session:
        return session.scalars(_CLINICS).all()


def _is_due(database: Database, clinic_id: UUID, now: datetime) -> bool:
    with database.transaction(clinic_id) as session:
        zone, last = session.execute(select(Clinic.timezone, Clinic.revalidated_on)).one()
    local = now.astimezone(ZoneInfo(zone))
    return local.hour >= NIGHT_HOUR and (last is None or last < local.date())


def tend_courses(database: Database, clinic_id: UUID, now: datetime) -> None:
    """Let courses of one clinic lapse, and tell of maintenance that has become due."""
    with database.transaction(clinic_id) as session:
        caller = Caller(session, clinic_id, now, actor=ACTOR)
        lapse_due(caller)
        maintenance_due(caller)


def revalidate_clinic(database: Database, clinic_id: UUID, now: datetime) -> Tally:
    """Judge the visits to come of one clinic: its patients in order of id, some to a transaction."""
    tend_courses(database, clinic_id, now)
    tally, last = Tally(0, 0), UUID(int=0)
    while True:
        with database.transaction(clinic_id) as session:
            caller = Caller(session, clinic_id, now, actor=ACTOR)
            patients = _next_patients(caller, last)
            if not patients:
                _finish(session, now)
                return tally
            tally = Tally(*map(sum, zip(tally, _judge(caller, patients), strict=True)))
            last = patients[-1]


def _next_patients(caller: Caller, last: UUID) -> Sequence[UUID]:
    to_come = (
        select(Appointment.patient_id)
        .distinct()
        .where(
            Appointment.clinic_id == caller.clinic_id,
            Appointment.patient_id > last,
            Appointment.starts_at >= caller.now,
            Appointment.status.in_(("booked", "confirmed")),
        )
    )
    found = caller.session.scalars(to_come.order_by(Appointment.patient_id).limit(_PATIENTS_AT_ONCE))
    return [one for one in found if one is not None]


def _judge(caller: Caller, patients: Sequence[UUID]) -> Tally:
    hold_catalog(caller.session, caller.clinic_id)
    catalog = load_catalog(caller.session, caller.clinic_id)
    lock(caller.session, patients=patients)
    visits = visits_of_patients(caller, patients)
    return Tally(len(visits), len(affected_by(caller, visits, catalog=catalog)))


def _finish(session: Session, now: datetime) -> None:
    """Note the clinic's own date, so that the next night is known from this one."""
    zone = session.scalars(select(Clinic.timezone)).one()
    on: date = now.astimezone(ZoneInfo(zone)).date()
    session.execute(update(Clinic).values(revalidated_on=on))
