"""Draws what happens to a booked visit of the demo clinic: the desk's acts, in order of time."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from random import Random
from typing import Final
from uuid import UUID

from booking.appointments import transitions
from booking.appointments.records import Visit
from booking.core.caller import Caller
from booking.day.arrival import arrive
from booking.day.completing import complete
from booking.day.numbing import start_numbing
from booking.day.starting import start
from jobs.demo_plan import PlannedVisit
from models import AppointmentPhase

_CONFIRMS, _IS_LATE = 0.6, 0.06
_GRACE: Final = timedelta(minutes=15)
# A visit is cancelled at the earliest when this share of the time between booking and visit is left.
_CALLED_OFF_WITHIN: Final = 0.9
_REASONS: Final = ("patient", "patient", "patient", "illness", "illness", "clinic", "other")

Act = Callable[[Caller, UUID], object]


@dataclass(frozen=True, slots=True)
class Step:
    """An act at its instant (aware), and the status that it leads to."""

    at: datetime
    leads_to: str
    act: Act


def steps(visit: Visit, planned: PlannedVisit, chance: Random) -> Iterator[Step]:
    """Give the acts that follow the booking, up to the end that the plan has for the visit."""
    starts_at = visit.appointment.starts_at
    if planned.fate == "cancelled":
        notice = min(planned.notice, (starts_at - planned.booked_at) * _CALLED_OFF_WITHIN)
        reason = chance.choice(_REASONS)
        yield Step(starts_at - notice, "cancelled", partial(_cancel, reason))
        return
    confirmed_at = starts_at - _minutes(chance, 120, 46 * 60)
    if chance.random() < _CONFIRMS and confirmed_at > planned.booked_at:
        yield Step(confirmed_at, "confirmed", _expecting_any(transitions.confirm))
    if planned.fate == "no_show":
        noted_at = starts_at + _GRACE + _minutes(chance, 5, 60)
        yield Step(noted_at, "no_show", _expecting_any(transitions.no_show))
        return
    yield from _treatment(visit, chance)


def _treatment(visit: Visit, chance: Random) -> Iterator[Step]:
    planned = visit.appointment
    late = chance.random() < _IS_LATE
    at = planned.starts_at + (_minutes(chance, 16, 25) if late else _minutes(chance, -12, 0))
    yield Step(at, "arrived", _expecting_any(arrive))
    numbing = next((phase for phase in visit.phases if phase.kind == "numbing"), None)
    at += _minutes(chance, 1, 4)
    if numbing is not None:
        at += _minutes(chance, 6, 12)
        yield Step(at, "numbing", _expecting_any(start_numbing))
        at += _worked(numbing, chance)
    yield Step(at, "in_progress", _expecting_any(start))
    at += (planned.ends_at - planned.procedure_at) + _minutes(chance, -3, 6)
    yield Step(at, "completed", _expecting_any(complete))


def _worked(numbing: AppointmentPhase, chance: Random) -> timedelta:
    """Draw how long the cream works: about as planned, within what the phase allows."""
    minutes = (numbing.ends_at - numbing.starts_at) / timedelta(minutes=1) + chance.uniform(-3, 9)
    least, most = numbing.min_minutes or 0, numbing.max_minutes or minutes
    return timedelta(seconds=round(60 * min(max(minutes, least), most)))


def _minutes(chance: Random, low: float, high: float) -> timedelta:
    return timedelta(seconds=round(chance.uniform(60 * low, 60 * high)))


def _cancel(reason: str, caller: Caller, appointment_id: UUID) -> None:
    transitions.cancel(caller, appointment_id, None, transitions.Cancellation(reason))


def _expecting_any(act: Callable[[Caller, UUID, int | None], Visit]) -> Act:
    """Make an act that accepts any version of the visit."""
    return partial(_act, act)


def _act(act: Callable[[Caller, UUID, int | None], Visit], caller: Caller, appointment_id: UUID) -> None:
    act(caller, appointment_id, None)
