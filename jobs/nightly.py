"""Judges every booked visit again each night, to flag what the rules would refuse by now."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Final, NamedTuple
from uuid import UUID

from sqlalchemy import select

from booking.core.caller import Caller
from booking.core.locks import lock
from booking.flags.revalidation import affected_by
from booking.flags.visits_to_recheck import visits_of_patients
from booking.questions.catalog import locked_catalogue
from models import Appointment
from models.database import Database
from models.statuses import TO_COME

ACTOR: Final = "Nightly"
_PATIENTS_AT_ONCE: Final = 50


class Tally(NamedTuple):
    """How many visits were judged, and how many of them the rules would refuse now."""

    judged: int
    flagged: int


def revalidate(database: Database, clinics: Iterable[UUID], now: datetime) -> Tally:
    """Judge the visits to come of these clinics; `now` is aware. Bookings go on meanwhile."""
    return _sum(revalidate_clinic(database, clinic_id, now) for clinic_id in clinics)


def _sum(tallies: Iterator[Tally]) -> Tally:
    found = list(tallies)
    return Tally(sum(one.judged for one in found), sum(one.flagged for one in found))


def revalidate_clinic(database: Database, clinic_id: UUID, now: datetime) -> Tally:
    """Judge the visits to come of a clinic: its patients in order of id, fifty to a transaction."""
    tally, last = Tally(0, 0), UUID(int=0)
    while True:
        with database.transaction(clinic_id) as session:
            caller = Caller(session, clinic_id, now, actor=ACTOR)
            patients = _next_patients(caller, last)
            if not patients:
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
            Appointment.status.in_(TO_COME),
        )
    )
    found = caller.session.scalars(to_come.order_by(Appointment.patient_id).limit(_PATIENTS_AT_ONCE))
    return [one for one in found if one is not None]


def _judge(caller: Caller, patients: Sequence[UUID]) -> Tally:
    catalog = locked_catalogue(caller)
    lock(caller.session, patients=patients)
    visits = visits_of_patients(caller, patients)
    return Tally(len(visits), len(affected_by(caller, visits, catalog=catalog)))
