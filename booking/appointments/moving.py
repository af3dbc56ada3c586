"""Moves visits to other times or places: deletes all their claims before it inserts the first new claim."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, select

from booking.appointments.records import bump_version, set_placement, when_and_where
from booking.appointments.transitions import in_the_past
from booking.claims.claims import claims_of, delete_claims, planned_phases
from booking.claims.freed_time import freed_visit
from booking.core.bulk_insert import Batch, insert_rows
from booking.core.caller import Caller
from booking.core.events import facts, record
from booking.flags.external_busy import follow_moved
from booking.flags.flags import clear_flags_of_given_up, clear_flags_of_old_place
from booking.questions.catalog import ClinicCatalog
from booking.questions.judging import Override
from booking.questions.overrides import brought_along, overridden
from models import Appointment, AppointmentPhase
from scheduling.questions import Assignment, Question, Verdict
from scheduling.ticks import from_tick

_ACTUAL: Final = ("actual_starts_at", "actual_ends_at")
_PLACE: Final = ("starts_at", "ends_at", "room_id", "therapist_id", "assistant_id", "device_id")
_OF_TIME: Final = ("location_id", "starts_at", "ends_at")


@dataclass(frozen=True, slots=True)
class Placing:
    """Where a visit goes: its question, a verdict with an assignment, and the tick of its arrival.

    A visit that `gives_way` stays on its day: its warnings, flags and overrides stay too. `at` is when the
    move was agreed, if that was before now.
    """

    appointment: Appointment
    question: Question
    verdict: Verdict
    start: int
    override: Override | None = None
    gives_way: bool = False
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
#
# A visit whose times, people, rooms and devices all stay is not moved: it gets no version and no event. If
# its lane in a room for several patients changes, which no client sees, only its claims are written.
def move_all(caller: Caller, catalog: ClinicCatalog, placings: Sequence[Placing]) -> list[Appointment]:
    """Move all visits, each to the place that its verdict allows, and give those that this changes.

    The caller holds every lock. Actual times that are noted on the old phases are copied to the new phases.
    """
    phases = _phases(caller, placings)
    moving = [one for one in placings if not _keeps(one, phases[one.appointment.id], "lane")]
    changed = [one for one in moving if not _keeps(one, phases[one.appointment.id])]
    for one in moving:
        delete_claims(caller.session, one.appointment, phases=True)
    moved = [one.appointment for one in changed]
    for one in moving:
        actual = _actual_times(phases[one.appointment.id])
        if one.appointment in moved:
            _write_move(caller, catalog, one, actual)
        else:
            insert_rows(caller.session, *_claims(catalog, one, actual))
    follow_moved(caller, moved)
    return moved


def _keeps(placing: Placing, present: Sequence[Row[Any]], *also: str) -> bool:
    """Whether the visit's arrival, location and phases are already as the verdict says."""
    appointment, assignment = placing.appointment, _assignment(placing)
    planned = planned_phases(placing.question, appointment, assignment)
    names = (*_PLACE, *also)
    return (
        appointment.starts_at == from_tick(placing.start)
        and appointment.location_id == placing.question.location.id
        and [[getattr(one, name) for name in names] for one in planned]
        == [[getattr(one, name) for name in names] for one in present]
    )


def _write_move(
    caller: Caller, catalog: ClinicCatalog, placing: Placing, actual: dict[str, dict[str, Any]]
) -> None:
    """Write a visit's new place; the event is `rescheduled`, or `reassigned` when all its times stay."""
    appointment, question, verdict = placing.appointment, placing.question, placing.verdict
    before, procedure_at = when_and_where(appointment), appointment.procedure_at
    if placing.gives_way:
        _keep(appointment, question, verdict, placing.start)
    else:
        set_placement(appointment, question, verdict, placing.start)
        clear_flags_of_old_place(appointment)
    kept = overridden(caller, question, placing.start, verdict, placing.override)
    appointment.overrides = [*appointment.overrides, *kept]
    bump_version(caller, appointment)
    after = when_and_where(appointment)
    of_time = appointment.procedure_at != procedure_at or any(before[one] != after[one] for one in _OF_TIME)
    event = "rescheduled" if of_time else "reassigned"
    places = {"before": before, "after": after, **in_the_past(caller, placing.at)}
    told = facts(caller, event, appointment, places)
    insert_rows(caller.session, *_claims(catalog, placing, actual), *told)
    if kept:
        record(caller, "overridden", appointment, {"overrides": kept[-1]})
    freed_visit(caller, before["location_id"], before["starts_at"], before["ends_at"])


def _claims(catalog: ClinicCatalog, placing: Placing, actual: dict[str, dict[str, Any]]) -> list[Batch]:
    """Give the visit's new phases, with the actual times of the old phases, and its claims as rows."""
    _, ((model, phases), *claims) = claims_of(
        catalog, placing.question, placing.appointment, _assignment(placing)
    )
    # Actual times are noted only on the first phase of a kind; its position may be another in the new plan.
    return [(model, [{**phase, **actual.pop(phase["kind"], {})} for phase in phases]), *claims]


def _assignment(placing: Placing) -> Assignment:
    if placing.verdict.assignment is None:
        raise ValueError("A visit moves to where it may take place.")
    return placing.verdict.assignment


def _keep(appointment: Appointment, question: Question, verdict: Verdict, start: int) -> None:
    """Place a visit that gives way, and so is not judged again: its warnings, flags and overrides stay."""
    warnings, claims = appointment.warnings, verdict.assignment.claims if verdict.assignment else ()
    clear_flags_of_given_up(appointment, [resource_id for resource_id, *_ in claims])
    appointment.overrides = brought_along(appointment, from_tick(start))
    set_placement(appointment, question, verdict, start)
    appointment.warnings = warnings


def _phases(caller: Caller, placings: Sequence[Placing]) -> dict[UUID, list[Row[Any]]]:
    """Give the present phases of each visit in their order."""
    found: dict[UUID, list[Row[Any]]] = {one.appointment.id: [] for one in placings}
    names = ("appointment_id", "kind", *_PLACE, "lane", *_ACTUAL)
    # Rows and no objects: the session must not keep phases that are about to be replaced.
    phases = select(*(getattr(AppointmentPhase, name) for name in names)).where(
        AppointmentPhase.clinic_id == caller.clinic_id, AppointmentPhase.appointment_id.in_(found)
    )
    for phase in caller.session.execute(phases.order_by(AppointmentPhase.position)):
        found[phase.appointment_id].append(phase)
    return found


def _actual_times(phases: Sequence[Row[Any]]) -> dict[str, dict[str, Any]]:
    """Give the actual times that are noted, by kind of phase."""
    return {
        phase.kind: {name: getattr(phase, name) for name in _ACTUAL}
        for phase in phases
        if phase.actual_starts_at is not None
    }
