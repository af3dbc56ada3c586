"""Limits the live holds of a publishable key at a location, so that a widget cannot empty the calendar."""

from math import ceil
from typing import Final
from uuid import UUID

from sqlalchemy import func, select

from booking.core.caller import Caller
from booking.core.errors import TooManyHolds
from booking.core.locks import lock_holds
from models import Appointment

MOST_HOLDS: Final = 20


def require_fewer_holds(caller: Caller, location_id: UUID) -> None:
    """Raise TooManyHolds when a publishable key has as many live holds as it may; secret keys have no limit.

    The count stays true, because no other transaction makes a hold with this key here until this one ends.
    """
    if not caller.publishable or caller.key_id is None:
        return
    lock_holds(caller.session, caller.key_id, location_id)
    live = select(func.count(), func.min(Appointment.expires_at)).where(
        Appointment.clinic_id == caller.clinic_id,
        Appointment.location_id == location_id,
        Appointment.status == "held",
        Appointment.expires_at > caller.real_now,
        Appointment.hold["key_id"].astext == str(caller.key_id),
    )
    number, first = caller.session.execute(live).one()
    if number >= MOST_HOLDS and first is not None:
        raise TooManyHolds(ceil((first - caller.real_now).total_seconds()))
