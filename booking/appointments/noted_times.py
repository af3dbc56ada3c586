"""Checks when a step of a visit happened, and that the steps of the day happen on the visit's own day."""

from datetime import date, datetime, time, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import func, select

from booking.appointments.records import Visit
from booking.core.caller import Caller
from booking.core.errors import Invalid, WrongDay
from models import Event
from models.statuses import TO_COME, UNDER_WAY

_ON_ITS_DAY: Final = frozenset({"arrive", "start-numbing", "start", "complete"})
# A visit that is under way may run past midnight: so much longer than planned is still the same visit.
_RUNS_ON: Final = timedelta(hours=4)
_LEAST: Final = timedelta(microseconds=1)


def noted_at(caller: Caller, visit: Visit, action: str, at: datetime | None) -> datetime:
    """Give the instant of a step of a visit: `at`, or now.

    Raise Invalid for an instant in the future or before the step that came before it, the booking included;
    a confirmation is such a step only for what needs the patient here. Raise WrongDay for an arrival, a
    start of the numbing or the treatment, or an end on another day.
    """
    happened = caller.now if at is None else _since_last_step(caller, visit, action, at)
    if action in _ON_ITS_DAY and not _is_its_day(visit, happened):
        raise WrongDay(f"The visit is on {_date(visit, visit.appointment.starts_at)}; move it first.")
    return happened


def _since_last_step(caller: Caller, visit: Visit, action: str, at: datetime) -> datetime:
    if at > caller.now:
        raise Invalid("/at", "Must not lie in the future.")
    appointment = visit.appointment
    since = appointment.status_since or appointment.created_at
    if action not in _ON_ITS_DAY and appointment.status == "confirmed":
        since = _booked_at(caller, appointment.id) or since
    if appointment.status in TO_COME and appointment.starts_at < since:
        # It was booked, or moved, into the past: its patient had come before that was noted.
        since = datetime.combine(_date(visit, appointment.starts_at), time(), visit.zone)
    # The desk reads clocks without fractions of a second.
    if at < since.replace(microsecond=0):
        raise Invalid("/at", f"The step before it was at {since.astimezone(visit.zone).isoformat()}.")
    return max(at, since)


def _booked_at(caller: Caller, appointment_id: UUID) -> datetime | None:
    booked = select(func.min(Event.occurred_at)).where(
        Event.clinic_id == caller.clinic_id,
        Event.subject_id == appointment_id,
        Event.type == "appointment.booked",
    )
    return caller.session.scalar(booked)


def _is_its_day(visit: Visit, at: datetime) -> bool:
    """Whether an instant lies on a local date that the visit touches, as planned or as it really is."""
    appointment, on = visit.appointment, _date(visit, at)
    if _date(visit, appointment.starts_at) <= on <= _date(visit, appointment.ends_at - _LEAST):
        return True
    since = appointment.status_since
    if appointment.status not in UNDER_WAY or since is None:
        return False
    until = since + (appointment.ends_at - appointment.starts_at) + _RUNS_ON
    return on == _date(visit, since) or since <= at <= until


def _date(visit: Visit, at: datetime) -> date:
    return at.astimezone(visit.zone).date()
