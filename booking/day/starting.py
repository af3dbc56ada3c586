"""Notes that a treatment begins: it counts from the date on which it really does."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from math import ceil
from typing import Final
from uuid import UUID

from booking.appointments.noted_times import noted_at
from booking.appointments.records import Visit
from booking.appointments.transitions import end, finish, phase_of, policy_of
from booking.claims.claims import claim_spacing
from booking.core.caller import Caller
from booking.core.errors import Invalid, WrongStatus
from booking.core.events import record
from booking.day.occupying import lock_used, look_at_use, occupy, with_overruns
from booking.day.start_judgement import override_at_start, refusals_at_start
from booking.flags.revalidation import judge_others
from booking.questions.catalog import ClinicCatalog
from booking.questions.histories import load_history
from booking.questions.judging import Override
from booking.questions.visit_requests import question_of
from models import AppointmentPhase
from scheduling.reasons import Refusal
from scheduling.rules.numbing import Numbing, numbing_refusals

_MINUTE: Final = timedelta(minutes=1)


def start(
    caller: Caller,
    appointment_id: UUID,
    expected: int | None,
    at: datetime | None = None,
    override: Override | None = None,
    *,
    numbed_elsewhere: bool = False,
    cream_off_at: datetime | None = None,
) -> Visit:
    """Note that the procedure begins; raise Refused with every reason if it must not.

    The cream may have worked too briefly or too long, the patient's rules and the qualifications are judged
    anew, and what the treatment needs must not be in use. `affected` are the planned visits whose time the
    visit is going to need, which are flagged `overrun`, and visits that are too near to it now.

    `cream_off_at` is when the cream came off, by default at the start; raise Invalid unless it lies between
    the start of the numbing and that of the treatment.
    """
    catalog, visit = lock_used(caller, "start", appointment_id, expected)
    at = noted_at(caller, visit, "start", at)
    numbing = phase_of(visit, "numbing")
    if numbing is not None and visit.appointment.status == "arrived" and not numbed_elsewhere:
        raise WrongStatus(("numbing",), "Start the numbing first, or say numbed_elsewhere.")
    refusals: list[Refusal] = []
    if numbing is not None and (numbing.actual_starts_at is not None or cream_off_at is not None):
        refusals = _end_numbing(caller, visit, numbing, cream_off_at or at, at)
    finish(visit, at, but=visit.main_phase)
    visit.main_phase.actual_starts_at = at
    return _begin_treatment(caller, catalog, visit, refusals, override, at)


def _begin_treatment(
    caller: Caller,
    catalog: ClinicCatalog,
    visit: Visit,
    refusals: Sequence[Refusal],
    override: Override | None,
    at: datetime,
) -> Visit:
    """Judge the visit, then count it from its real date on; flag visits that are now too near to it."""
    appointment = visit.appointment
    if appointment.patient_id is None:
        raise ValueError("Only a slot hold has no patient.")
    on = at.astimezone(visit.zone).date()
    moved = on != appointment.local_date
    occupied = look_at_use(caller, catalog, visit, "in_progress", at)
    history = load_history(caller, catalog, appointment.patient_id, with_holds=moved)
    judged = refusals_at_start(caller, catalog, visit, history, at)
    refusals = [*refusals, *occupied.refusals, *judged]
    kept = override_at_start(caller, catalog, visit, refusals, override)
    appointment.overrides = [*appointment.overrides, *kept]
    appointment.performed_on = on
    if moved:
        course = history.course_of(appointment.id)
        question = question_of(caller, catalog, appointment, None, course)
        claim_spacing(caller.session, catalog, question, appointment)
    run_into, offers = occupy(caller, catalog, visit, occupied)
    started = end(caller, visit, "in_progress", "started", at, claims=occupied.before)
    if kept:
        record(caller, "overridden", appointment, {"overrides": kept[-1]})
    if moved:
        started = replace(started, affected=judge_others(caller, appointment, catalog))
    return with_overruns(started, run_into, offers)


def _end_numbing(
    caller: Caller, visit: Visit, numbing: AppointmentPhase, off_at: datetime, at: datetime
) -> list[Refusal]:
    """Note when the cream came off; refuse if it worked too briefly or too long, or is off too long.

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
    prep = phase_of(visit, "prep")
    if not elsewhere:
        numbing.actual_ends_at = off_at
    if prep is not None and off_at < at and numbing.position < prep.position < main.position:
        prep.actual_starts_at = off_at
    return list(numbing_refusals(found, policy_of(caller, visit).numbing_gap_minutes))
