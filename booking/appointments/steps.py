"""Keeps what a visit was before each change of its status, so that the change can be taken back."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import delete, func, select

from booking.core.caller import Caller
from models import Appointment, AppointmentPhase, AppointmentStep
from scheduling.questions import Claim

_INSTANTS: Final = ("status_since", "present_from", "present_until", "closes_at")
_FIELDS: Final = ("status", "performed_on", "cancellation", "overrides", "flags", *_INSTANTS)
_OF_PHASE: Final = ("actual_starts_at", "actual_ends_at", "occupied_from", "occupied_until")


def as_it_is(appointment: Appointment, phases: Iterable[AppointmentPhase]) -> dict[str, Any]:
    """Give what an action may change of a visit and of its phases with real times, as it is now."""
    fields = {name: getattr(appointment, name) for name in _FIELDS}
    by_place = {
        str(phase.position): {name: getattr(phase, name) for name in _OF_PHASE}
        | {"runs_on": phase.runs_on, "lane": phase.lane}
        for phase in phases
        if any(getattr(phase, name) for name in _OF_PHASE)
    }
    return {**fields, "phases": by_place}


def keep_step(
    caller: Caller, appointment_id: UUID, before: Mapping[str, Any], claims: Sequence[Claim] | None
) -> None:
    """Keep what a visit was before a change of its status, and what it claimed if that changes."""
    last = select(func.max(AppointmentStep.position)).where(*_of(caller, appointment_id))
    position = (caller.session.scalar(last) or 0) + 1
    ids = {"clinic_id": caller.clinic_id, "appointment_id": appointment_id, "position": position}
    kept = None if claims is None else [list(one) for one in claims]
    caller.session.add(AppointmentStep(**ids, before=dict(before), claims=kept))


def note_opened(caller: Caller, appointment_id: UUID, hold_ids: Iterable[UUID]) -> None:
    """Keep with the last step which medical holds it has opened."""
    caller.session.flush()
    step = last_step(caller, appointment_id)
    if step is not None:
        step.before = {**step.before, "medical_holds": [str(one) for one in hold_ids]}


def last_step(caller: Caller, appointment_id: UUID) -> AppointmentStep | None:
    """Give the last change of a visit's status that has not been taken back, or None."""
    latest = select(AppointmentStep).where(*_of(caller, appointment_id))
    return caller.session.scalars(
        latest.order_by(AppointmentStep.position.desc()).limit(1).execution_options(populate_existing=True)
    ).first()


def claims_before(step: AppointmentStep) -> tuple[Claim, ...] | None:
    """Give what the visit claimed before a step; None when the step left its claims alone."""
    if step.claims is None:
        return None
    return tuple((UUID(one), lane, start, end) for one, lane, start, end in step.claims)


def take_back(appointment: Appointment, phases: Iterable[AppointmentPhase], step: AppointmentStep) -> None:
    """Set the visit's fields, and the real times of its phases, to what they were before a step.

    Flags that the rules have set or cleared since stay as they are.
    """
    before = step.before
    appointment.status = before["status"]
    appointment.cancellation = before["cancellation"]
    appointment.overrides = before["overrides"]
    performed_on = before["performed_on"]
    appointment.performed_on = None if performed_on is None else date.fromisoformat(performed_on)
    for name in _INSTANTS:
        setattr(appointment, name, _instant(before[name]))
    for phase in phases:
        values = before["phases"].get(str(phase.position), {})
        phase.runs_on = values.get("runs_on", False)
        phase.lane = values.get("lane", phase.lane)
        for name in _OF_PHASE:
            setattr(phase, name, _instant(values.get(name)))


def forget_step(caller: Caller, step: AppointmentStep) -> None:
    """Forget a step that has been taken back."""
    caller.session.execute(
        delete(AppointmentStep).where(
            *_of(caller, step.appointment_id), AppointmentStep.position == step.position
        )
    )


def _of(caller: Caller, appointment_id: UUID) -> tuple[Any, ...]:
    return (
        AppointmentStep.clinic_id == caller.clinic_id,
        AppointmentStep.appointment_id == appointment_id,
    )


def _instant(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
