"""Checks when a patient arrived, and finds other times for a patient who is too late or on the wrong day."""

from datetime import datetime
from typing import Any

from booking.appointments.noted_times import noted_at
from booking.appointments.records import Visit
from booking.core.caller import Caller
from booking.core.errors import Invalid, Retired, WrongDay
from booking.questions.availability import alternatives, slots_of_today
from booking.questions.visit_requests import of_appointment
from models import Appointment
from scheduling.ticks import floor_tick


def arrived_at(caller: Caller, visit: Visit, at: datetime | None) -> datetime:
    """Check the instant of an arrival; a WrongDay names other times of today."""
    try:
        return noted_at(caller, visit, "arrive", at)
    except WrongDay as wrong:
        raise WrongDay(str(wrong), times_of_today(caller, visit.appointment)) from wrong


def times_of_today(caller: Caller, appointment: Appointment) -> list[dict[str, Any]]:
    """Give other times of today for a visit of another day."""
    try:
        return slots_of_today(caller, of_appointment(appointment), appointment.id)
    except (Retired, Invalid):
        return []


def times_near_now(caller: Caller, appointment: Appointment) -> list[dict[str, Any]]:
    """Give other times for a late visit, as near to now as possible."""
    try:
        return alternatives(caller, of_appointment(appointment), floor_tick(caller.now), (), appointment.id)
    except (Retired, Invalid):
        # The visit cannot be asked for any more: its procedure or location has retired or changed.
        return []
