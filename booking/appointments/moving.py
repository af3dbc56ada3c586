"""Moves visits to other times or places: deletes all their claims before it inserts the first new claim."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from booking.appointments.records import bump_version, set_placement, when_and_where
from booking.appointments.transitions import in_the_past
from booking.claims.claims import claims_of, delete_claims
from booking.claims.freed_time import freed_visit
from booking.core.bulk_insert import insert_rows
from booking.core.caller import Caller
from booking.core.events import facts, record
from booking.flags.external_busy import follow_moved
from booking.flags.flags import clear_flags_of_given_up, clear_flags_of_old_place
from booking.questions.catalog import ClinicCatalog
from booking.questions.judging import Override
from booking.questions.overrides import brought_along, overridden
from models import Appointment, AppointmentPhase
from scheduling.questions import Question, Verdict
from scheduling.ticks import from_tick

_ACTUAL = ("actual_starts_at", "actual_ends_at")


@dataclass(frozen=True, slots=True)
class Placing:
    """Where a visit goes: its question, a verdict with an assignment, and the tick of its arrival.

    A visit that `gives_way` stays on its day: its warnings, flags and overrides stay too. `event` names
    what happens to this visit when it is not the same for all visits that move together, `at` is when the
    move was agreed, if that was before now.
    """

    appointment: Appointment
    question: Question
    verdict: Verdict
    start: int
    override: Override | None = None
    gives_way: bool = False
    event: str | None = None
    at: datetime | None = None


# Visits that move together often move into each other's time. When two visits in a row both move half an hour
# later, the new time of the first overlaps the old time of the second; and when two visits change places, no
# order of moves avoids this. A single UPDATE of all claims would not help: the exclusion constraints are
# not deferrable, so PostgreSQL checks each row as it is written, and the first new claim would collide with
# an old claim that the same statement has yet to change. Therefore the claims of all visits are deleted
# first, both occupancies and spacing claims, and only then are the new claims inserted, visit by visit.
#
# In between, the visits claim nothing, and no other act may take the time that they are to get. So the caller
# must hold the locks of an act on visits (see `lock_and_sweep`): the catalogue, the patients, every resource
# that a visit may get, and the row of each visit. It must have found the verdicts under these locks, each of
# them beside the new places of the other visits. A resource that a visit only leaves needs no lock, because a
# claim that is deleted cannot collide with another.
#
# The time of the patient is no claim but a column of the appointment, and these rows change one by one. So a
# caller that may move visits of the same patient into each other's old time must give them in an order in
# which they never meet, as `course_moving_on` does.
def move_all(
    caller: Caller, catalog: ClinicCatalog, placings: Sequence[Placing], event: str = "rescheduled"
) -> None:
    """Move all visits, each to the place that its verdict allows; the caller holds every lock.

    Actual times that are noted on the old phases are copied to the new phases.
    """
    actual = _actual_times(caller, placings)
    before = [when_and_where(one.appointment) for one in placings]
    for one in placings:
        delete_claims(caller.session, one.appointment, phases=True)
    for one, left in zip(placings, before, strict=True):
        _write_move(caller, catalog, one, left, actual.get(one.appointment.id, {}), one.event or event)
        freed_visit(caller, left["location_id"], left["starts_at"], left["ends_at"])
    follow_moved(caller, [one.appointment for one in placings])


def _write_move(
    caller: Caller,
    catalog: ClinicCatalog,
    placing: Placing,
    before: dict[str, Any],
    actual: dict[str, dict[str, Any]],
    event: str,
) -> None:
    appointment, question, verdict = placing.appointment, placing.question, placing.verdict
    if verdict.assignment is None:
        raise ValueError("A visit moves to where it may take place.")
    if placing.gives_way:
        _keep(appointment, question, verdict, placing.start)
    else:
        set_placement(appointment, question, verdict, placing.start)
        clear_flags_of_old_place(appointment)
    kept = overridden(caller, question, placing.start, verdict, placing.override)
    appointment.overrides = [*appointment.overrides, *kept]
    bump_version(caller, appointment)
    _, ((model, phases), *claims) = claims_of(catalog, question, appointment, verdict.assignment)
    # Actual times are noted only on the first phase of a kind; its position may be another in the new plan.
    noted = [{**phase, **actual.pop(phase["kind"], {})} for phase in phases]
    places = {"before": before, "after": when_and_where(appointment), **in_the_past(caller, placing.at)}
    insert_rows(caller.session, (model, noted), *claims, *facts(caller, event, appointment, places))
    if kept:
        record(caller, "overridden", appointment, {"overrides": kept[-1]})


def _keep(appointment: Appointment, question: Question, verdict: Verdict, start: int) -> None:
    """Place a visit that gives way, and so is not judged again: its warnings, flags and overrides stay."""
    warnings, claims = appointment.warnings, verdict.assignment.claims if verdict.assignment else ()
    clear_flags_of_given_up(appointment, [resource_id for resource_id, *_ in claims])
    appointment.overrides = brought_along(appointment, from_tick(start))
    set_placement(appointment, question, verdict, start)
    appointment.warnings = warnings


def _actual_times(caller: Caller, placings: Sequence[Placing]) -> dict[Any, dict[str, dict[str, Any]]]:
    """Give the actual times that are noted, by visit and kind of phase."""
    found: dict[Any, dict[str, dict[str, Any]]] = {}
    phases = caller.session.scalars(
        select(AppointmentPhase).where(
            AppointmentPhase.clinic_id == caller.clinic_id,
            AppointmentPhase.appointment_id.in_([one.appointment.id for one in placings]),
            AppointmentPhase.actual_starts_at.is_not(None),
        )
    )
    for phase in phases:
        times = {name: getattr(phase, name) for name in _ACTUAL}
        found.setdefault(phase.appointment_id, {})[phase.kind] = times
        caller.session.expunge(phase)
    return found
