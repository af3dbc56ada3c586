"""Limits what patients do by a widget: their holds, their visits to come, and how late they move one."""

from collections.abc import Mapping
from datetime import timedelta
from math import ceil
from uuid import UUID

from sqlalchemy import func, select

from booking.core.caller import Caller
from booking.core.errors import TooLateOnline, TooManyHolds, TooManyOnline, WrongStatus
from booking.core.locks import lock_holds
from booking.questions.catalog import ClinicCatalog
from models import Appointment, Clinic
from models.clinics import ONLINE_LIMITS
from models.statuses import TO_COME


def require_fewer_holds(caller: Caller, location_id: UUID) -> None:
    """Raise TooManyHolds when a publishable key, or its visitor, has as many live holds here as it may.

    The count stays true, because no other transaction makes a hold with this key here until this one ends.
    """
    if not caller.publishable or caller.key_id is None:
        return
    lock_holds(caller.session, caller.key_id, location_id)
    theirs = Appointment.hold["visitor"].astext == caller.visitor
    live = select(
        func.count(),
        func.min(Appointment.expires_at),
        func.count().filter(theirs),
        func.min(Appointment.expires_at).filter(theirs),
    ).where(
        Appointment.clinic_id == caller.clinic_id,
        Appointment.location_id == location_id,
        Appointment.status == "held",
        Appointment.expires_at > caller.real_now,
        Appointment.hold["key_id"].astext == str(caller.key_id),
    )
    of_key, first, of_visitor, first_of_visitor = caller.session.execute(live).one()
    limits = _limits(caller)
    for number, ends, most in (
        (of_visitor, first_of_visitor, limits["holds_per_visitor"]),
        (of_key, first, limits["holds_per_key"]),
    ):
        if number >= most:
            raise TooManyHolds(1 if ends is None else ceil((ends - caller.real_now).total_seconds()))


def require_fewer_visits(caller: Caller, patient_id: UUID) -> None:
    """Raise TooManyOnline when the patient has booked as many visits to come by a widget as they may.

    The patient is locked.
    """
    if not caller.publishable:
        return
    ahead = select(func.count()).where(
        Appointment.clinic_id == caller.clinic_id,
        Appointment.patient_id == patient_id,
        Appointment.online,
        Appointment.status.in_(TO_COME),
        Appointment.starts_at > caller.now,
    )
    if caller.session.scalars(ahead).one() >= _limits(caller)["online_visits"]:
        raise TooManyOnline


def require_to_come(caller: Caller, appointment: Appointment) -> None:
    """Raise WrongStatus when a widget's visitor would change a visit that is not to come any more."""
    if caller.publishable and appointment.status not in TO_COME:
        raise WrongStatus(TO_COME, f"The appointment is {appointment.status}.")


def require_in_time(caller: Caller, catalog: ClinicCatalog, appointment: Appointment) -> None:
    """Raise TooLateOnline when a widget's visitor moves a visit later than it can be cancelled for free."""
    notice = timedelta(hours=catalog.engine.locations[appointment.location_id].policy.cancel_free_hours)
    if caller.publishable and caller.now > appointment.starts_at - notice:
        raise TooLateOnline


def _limits(caller: Caller) -> Mapping[str, int]:
    own = caller.session.scalars(select(Clinic.limits).where(Clinic.id == caller.clinic_id)).one()
    return {**ONLINE_LIMITS, **own}
