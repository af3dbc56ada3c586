"""Takes an appointment from status to status: confirm, cancel, no-show, and what every action shares."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any
from uuid import UUID

from booking.appointments.noted_times import noted_at
from booking.appointments.online_limits import require_to_come
from booking.appointments.records import Visit, bump_version, lock_appointment, with_phases
from booking.appointments.steps import as_it_is, keep_step
from booking.claims.claims import delete_claims, load_claims
from booking.claims.expired_holds import end_hold, require_live
from booking.claims.freed_time import freed_claims
from booking.claims.wishes import follow_gone
from booking.core.caller import Caller
from booking.core.errors import TooEarly, WrongStatus
from booking.core.events import record
from booking.courses.courses import follow_visit
from booking.flags.flags import clear_flags_of_conflicts, flag_overrun
from booking.flags.revalidation import judge_others
from booking.questions.catalog import load_catalog
from models import Appointment, AppointmentPhase
from models.statuses import ALLOWED_FROM, OVER, TO_COME
from scheduling.catalog import Policy
from scheduling.questions import Claim


def require_status(action: str, appointment: Appointment) -> None:
    """Raise WrongStatus, with the allowed statuses, unless the action may follow the present status."""
    if appointment.status not in ALLOWED_FROM[action]:
        raise WrongStatus(ALLOWED_FROM[action], f"The appointment is {appointment.status}.")


def confirm(caller: Caller, appointment_id: UUID, expected: int | None, at: datetime | None = None) -> Visit:
    """Note that the patient has confirmed."""
    visit, at = begin(caller, "confirm", appointment_id, expected, at)
    return end(caller, visit, "confirmed", "confirmed", at)


@dataclass(frozen=True, slots=True)
class Cancellation:
    """Why a visit is cancelled; `at` is when, if that was before now.

    Without `notify` nobody is to tell the patient.
    """

    reason_code: str
    note: str | None = None
    at: datetime | None = None
    notify: bool = True


def cancel(caller: Caller, appointment_id: UUID, expected: int | None, wanted: Cancellation) -> Visit:
    """Cancel the visit, and delete its claims in the same transaction.

    A hold is released instead; raise HoldExpired when it has expired.
    """
    visit, at = begin(caller, "cancel", appointment_id, expected, wanted.at)
    notice = timedelta(hours=policy_of(caller, visit).cancel_free_hours)
    visit.appointment.cancellation = {
        "reason_code": wanted.reason_code,
        "note": wanted.note,
        "at": at,
        "late": at > visit.appointment.starts_at - notice,
        "notify": wanted.notify,
    }
    if visit.appointment.status == "held":
        require_live(caller, visit.appointment)
        end_hold(caller, visit.appointment, "released")
        return replace(visit, phases=(), affected=[])
    finish(visit, at)
    return _free(caller, visit, "cancelled", at, notify=wanted.notify)


def no_show(caller: Caller, appointment_id: UUID, expected: int | None, at: datetime | None = None) -> Visit:
    """Note that the patient did not come, and free the time; raise TooEarly before the grace is over."""
    visit, at = begin(caller, "no-show", appointment_id, expected, at)
    due = visit.appointment.starts_at + timedelta(minutes=policy_of(caller, visit).late_grace_minutes)
    if at <= due:
        raise TooEarly(f"A no-show can be noted after {due.astimezone(visit.zone).isoformat()}.")
    return _free(caller, visit, "no_show", at)


def _free(caller: Caller, visit: Visit, status: str, at: datetime, *, notify: bool = True) -> Visit:
    """Free the visit's time, and judge the patient's other visits without it."""
    gone = visit.appointment
    claims = load_claims(caller, [gone.id])[gone.id]
    delete_claims(caller.session, gone)
    freed_claims(caller, gone.location_id, claims)
    if gone.status == "numbing":
        flag_overrun(caller, gone, ())
    ended = end(caller, visit, status, status, at, claims=claims, notify=notify)
    catalog = load_catalog(caller)
    return replace(ended, affected=judge_others(caller, visit.appointment, catalog))


def begin(
    caller: Caller, action: str, appointment_id: UUID, expected: int | None, at: datetime | None
) -> tuple[Visit, datetime]:
    """Lock a visit for an action; give it, and when the action happened: `at`, or now.

    Raise StaleVersion or WrongStatus if the action is not allowed, and what `noted_at` raises.
    """
    appointment = lock_appointment(caller, appointment_id, expected)
    require_to_come(caller, appointment)
    require_status(action, appointment)
    visit = remembered(with_phases(caller, [appointment])[0])
    return visit, noted_at(caller, visit, action, at)


def remembered(visit: Visit) -> Visit:
    """Give the visit with what it is before an action changes it."""
    return replace(visit, before=as_it_is(visit.appointment, visit.phases))


def end(
    caller: Caller,
    visit: Visit,
    status: str,
    event: str,
    at: datetime,
    fields: Mapping[str, Any] = MappingProxyType({}),
    claims: Sequence[Claim] | None = None,
    *,
    notify: bool = True,
) -> Visit:
    """Write the new status since `at` and its event, keep the step for `undo`, and update the course.

    `fields` are added to the audit entry, as is an `at` in the past. `claims` are what the visit had before,
    if the action changes that. Without `notify` the patient gets no message about it.
    """
    before = visit.appointment.status
    keep_step(caller, visit.appointment.id, {**(visit.before or {}), "after": status}, claims)
    visit.appointment.status = status
    visit.appointment.status_since = at
    if status in OVER:
        clear_flags_of_conflicts(visit.appointment)
    bump_version(caller, visit.appointment)
    changes = {"status": [before, status], **fields, **in_the_past(caller, at)}
    record(caller, event, visit.appointment, changes, notify=notify)
    follow_visit(caller, visit.appointment)
    if before in TO_COME and status not in TO_COME:
        follow_gone(caller, visit.appointment)
    return visit


def policy_of(caller: Caller, visit: Visit) -> Policy:
    """Give the booking policy of the visit's location."""
    catalog = load_catalog(caller)
    return catalog.engine.locations[visit.appointment.location_id].policy


def phase_of(visit: Visit, kind: str) -> AppointmentPhase | None:
    """Give the visit's first phase of a kind, or None."""
    return next((phase for phase in visit.phases if phase.kind == kind), None)


def in_the_past(caller: Caller, at: datetime | None) -> dict[str, datetime]:
    """Give what the audit log keeps of an action that is noted later than it happened."""
    return {} if at in {None, caller.now} else {"at": at}


def note_arrival(visit: Visit, at: datetime) -> None:
    """Begin the first phase, unless it is the numbing or the treatment, which have actions of their own."""
    if visit.phases[0] is not visit.main_phase and visit.phases[0].kind != "numbing":
        visit.phases[0].actual_starts_at = at


def finish(visit: Visit, at: datetime, *, but: AppointmentPhase | None = None) -> None:
    """End the phases that have begun and not ended, except the phase `but`."""
    for phase in visit.phases:
        if phase is not but and phase.actual_starts_at is not None and phase.actual_ends_at is None:
            phase.actual_ends_at = at
