"""Notes that a treatment begins: it counts from the date on which it really does."""

from dataclasses import replace
from datetime import datetime, timedelta
from math import ceil
from typing import Final
from uuid import UUID

from booking.appointments.records import Visit
from booking.appointments.transitions import begin, end, finish, phase_of, policy_of
from booking.claims.claims import claim_spacing
from booking.core.caller import Caller
from booking.core.errors import Invalid, Refused, WrongStatus
from booking.flags.revalidation import judge_others
from booking.questions.catalog import ClinicCatalog, load_catalog
from booking.questions.histories import load_history
from booking.questions.visit_requests import question_of
from models import AppointmentPhase
from scheduling.rules.numbing import Numbing, numbing_refusals

_MINUTE: Final = timedelta(minutes=1)


def start(
    caller: Caller,
    appointment_id: UUID,
    expected: int | None,
    at: datetime | None = None,
    *,
    numbed_elsewhere: bool = False,
    cream_off_at: datetime | None = None,
) -> Visit:
    """Note that the procedure begins; raise Refused if the cream has worked too briefly or too long.

    `cream_off_at` is when the cream came off, by default at the start; raise Invalid unless it lies between
    the start of the numbing and that of the treatment.
    """
    visit, at = begin(caller, "start", appointment_id, expected, at)
    numbing = phase_of(visit, "numbing")
    if numbing is not None and visit.appointment.status == "arrived" and not numbed_elsewhere:
        raise WrongStatus(("numbing",), "Start the numbing first, or say numbed_elsewhere.")
    main = visit.main_phase
    if numbing is not None and (numbing.actual_starts_at is not None or cream_off_at is not None):
        _end_numbing(caller, visit, numbing, cream_off_at or at, at)
    finish(visit, at, but=main)
    main.actual_starts_at = at
    return _performed(caller, visit, at)


def _performed(caller: Caller, visit: Visit, at: datetime) -> Visit:
    """Count the visit from its real date on; flag the patient's visits that are now too near to it."""
    appointment, planned_on = visit.appointment, visit.appointment.counts_from
    appointment.performed_on = at.astimezone(visit.zone).date()
    moved = appointment.performed_on != planned_on
    if moved:
        catalog = load_catalog(caller)
        _claim_spacing(caller, catalog, visit)
    started = end(caller, visit, "in_progress", "started", at)
    return replace(started, affected=judge_others(caller, appointment, catalog)) if moved else started


def _claim_spacing(caller: Caller, catalog: ClinicCatalog, visit: Visit) -> None:
    """Claim the floors from the real date on; the patient is locked."""
    appointment = visit.appointment
    if appointment.patient_id is None:
        return
    history = load_history(caller, catalog, appointment.patient_id, with_holds=False)
    course = history.course_of(appointment.id)
    claim_spacing(
        caller.session, catalog, question_of(caller, catalog, appointment, None, course), appointment
    )


def _end_numbing(
    caller: Caller, visit: Visit, numbing: AppointmentPhase, off_at: datetime, at: datetime
) -> None:
    """Note when the cream came off; raise Refused if it worked too briefly or too long, or is off too long.

    For cream that was put on elsewhere, only the time since it came off can be judged.
    """
    main, elsewhere = visit.main_phase, numbing.actual_starts_at is None
    on_at = numbing.actual_starts_at or off_at
    if not on_at <= off_at <= at:
        raise Invalid("/cream_off_at", "Must lie between the start of the numbing and that of the treatment.")
    # A visit that runs exactly as planned never numbs too long, even with other phases before the needling.
    planned = (main.starts_at - numbing.starts_at) / _MINUTE
    found = Numbing(
        minutes=(off_at - on_at) / _MINUTE,
        gap=(at - off_at) / _MINUTE,
        min_minutes=None if elsewhere else numbing.min_minutes,
        max_minutes=None if numbing.max_minutes is None else max(numbing.max_minutes, ceil(planned)),
    )
    refusals = list(numbing_refusals(found, policy_of(caller, visit).numbing_gap_minutes))
    if refusals:
        raise Refused(refusals)
    prep = phase_of(visit, "prep")
    if not elsewhere:
        numbing.actual_ends_at = off_at
    if prep is not None and off_at < at and numbing.position < prep.position < main.position:
        prep.actual_starts_at = off_at
