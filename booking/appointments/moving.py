"""Moves visits to other times or places: deletes all their claims before it inserts the first new claim."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, select

from booking.appointments.records import bump_version, set_placement, when_and_where
from booking.appointments.transitions import in_the_past
from booking.claims.claims import claims_of, delete_claims, planned_phases
from booking.claims.freed_time import freed_visit
from booking.claims.real_use import beside_others, claims_of_phases, presence_of
from booking.claims.wishes import Moved, follow_moves, place_of, present_place
from booking.core.bulk_insert import Batch, columns_of, insert_rows
from booking.core.caller import Caller
from booking.core.events import facts, record
from booking.flags.external_busy import follow_moved
from booking.flags.flags import OVERLAP, add_flag, clear_flags_of_given_up, clear_flags_of_old_place
from booking.questions.catalog import ClinicCatalog
from booking.questions.judging import Override
from booking.questions.overrides import brought_along, overridden
from models import Appointment, AppointmentPhase
from scheduling.questions import Assignment, Question, Verdict
from scheduling.ticks import from_tick

_ACTUAL: Final = ("actual_starts_at", "actual_ends_at")
_HELD: Final = ("room_id", "lane", "therapist_id", "assistant_id", "device_id")
_TIMES: Final = ("starts_at", "ends_at", "occupied_from", "occupied_until")
_OF_TIME: Final = ("location_id", "starts_at", "ends_at")


@dataclass(frozen=True, slots=True)
class Placing:
    """Where a visit goes: its question, a verdict with an assignment, and the tick of its arrival.

    A visit that `gives_way` stays on its day: its warnings, flags and overrides stay too. `at` is when the
    move was agreed, if that was before now. Without `notify` the patient gets no message about the move.
    """

    appointment: Appointment
    question: Question
    verdict: Verdict
    start: int
    override: Override | None = None
    gives_way: bool = False
    at: datetime | None = None
    notify: bool = True


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
    present = _phases(caller, placings)
    moves = [_move(one, present[one.appointment.id]) for one in placings]
    moving = [one for one in moves if not _keeps(one, ())]
    changed = [one for one in moving if not _keeps(one, ("lane",))]
    for one in moving:
        delete_claims(caller.session, one.appointment, phases=True)
    follow_moves(caller, [_moved(catalog, one.placing) for one in changed if not one.goes_on])
    for one in moving:
        if one in changed:
            _write_move(caller, catalog, one)
        else:
            insert_rows(caller.session, *_claims(caller, catalog, one))
    moved = [one.appointment for one in changed]
    follow_moved(caller, moved)
    return moved


@dataclass(frozen=True, slots=True, eq=False)
class _Move:
    """A placing with the visit's present phases, and the `rows` of its phases in the new place.

    A visit whose cream is on keeps its plan (`goes_on`): what moves is what it really occupies.
    """

    placing: Placing
    present: Sequence[Row[Any]]
    rows: Sequence[Mapping[str, Any]]
    goes_on: bool

    @property
    def appointment(self) -> Appointment:
        """The visit that moves."""
        return self.placing.appointment


def _move(placing: Placing, present: Sequence[Row[Any]]) -> _Move:
    planned = [
        columns_of(one) for one in planned_phases(placing.question, placing.appointment, _assignment(placing))
    ]
    same = [one["name"] for one in planned] == [one.name for one in present]
    if same and placing.appointment.status == "numbing":
        pairs = zip(present, planned, strict=True)
        cream_on = next(one.actual_starts_at for one in present if one.kind == "numbing")
        rows = [_occupied(cream_on, before._asdict(), phase) for before, phase in pairs]
        return _Move(placing, present, rows, goes_on=True)
    actual = _actual_times(present)
    # Actual times are noted only on the first phase of a kind; its position may be another in the new plan.
    rows = [{**phase, **actual.pop(phase["kind"], {})} for phase in planned]
    return _Move(placing, present, rows, goes_on=False)


def _occupied(cream_on: datetime, before: dict[str, Any], phase: dict[str, Any]) -> dict[str, Any]:
    """Give a phase with what it occupies in its new place, unless it was over when the cream came on."""
    if before["occupied_until"] is not None and before["occupied_until"] <= cream_on:
        return before
    occupied = {"occupied_from": phase["starts_at"], "occupied_until": phase["ends_at"]}
    return {**before, **{name: phase[name] for name in _HELD}, **occupied}


def _moved(catalog: ClinicCatalog, placing: Placing) -> Moved:
    """Give a visit that is about to move as the waitlist sees it."""
    therapist_id = _assignment(placing).therapist_id
    after = place_of(placing.question, placing.start, therapist_id)
    return Moved(placing.appointment, present_place(catalog, placing.appointment), after)


def _keeps(move: _Move, ignored: Sequence[str]) -> bool:
    """Whether the visit's arrival, location and phases are already as the verdict says."""
    placing, names = move.placing, [name for name in (*_TIMES, *_HELD) if name not in ignored]
    return (
        move.appointment.location_id == placing.question.location.id
        and (move.goes_on or move.appointment.starts_at == from_tick(placing.start))
        and [[row[name] for name in names] for row in move.rows]
        == [[getattr(row, name) for name in names] for row in move.present]
    )


def _write_move(caller: Caller, catalog: ClinicCatalog, move: _Move) -> None:
    """Write a visit's new place; the event is `rescheduled`, or `reassigned` when all its times stay."""
    placing, appointment = move.placing, move.appointment
    question, verdict = placing.question, placing.verdict
    before, procedure_at = when_and_where(appointment), appointment.procedure_at
    if move.goes_on:
        appointment.therapist_id = _assignment(placing).therapist_id
        _stay_until(appointment, presence_of(AppointmentPhase(**row) for row in move.rows)[1])
    elif placing.gives_way:
        _keep(appointment, question, verdict, placing.start)
    else:
        set_placement(appointment, question, verdict, placing.start)
        clear_flags_of_old_place(appointment)
    if verdict.overlaps:
        add_flag(caller, appointment, OVERLAP)
    kept = overridden(caller, question, placing.start, verdict, placing.override)
    appointment.overrides = [*appointment.overrides, *kept]
    bump_version(caller, appointment)
    after = when_and_where(appointment)
    of_time = appointment.procedure_at != procedure_at or any(before[one] != after[one] for one in _OF_TIME)
    event = "rescheduled" if of_time else "reassigned"
    places = {"before": before, "after": after, **in_the_past(caller, placing.at)}
    told = facts(caller, event, appointment, places, notify=placing.notify)
    insert_rows(caller.session, *_claims(caller, catalog, move), *told)
    if kept:
        record(caller, "overridden", appointment, {"overrides": kept[-1]})
    freed_visit(caller, before["location_id"], before["starts_at"], before["ends_at"])


def _stay_until(appointment: Appointment, tick: int) -> None:
    """Let the patient stay longer, and the visit be over later, because its treatment waits."""
    ends = from_tick(tick)
    if appointment.present_until is not None and appointment.closes_at is not None:
        appointment.present_until = max(appointment.present_until, ends)
        appointment.closes_at = max(appointment.closes_at, ends)


def _claims(caller: Caller, catalog: ClinicCatalog, move: _Move) -> list[Batch]:
    """Give the visit's new phases and its claims as rows."""
    placing, assignment = move.placing, _assignment(move.placing)
    if move.goes_on:
        assignment = replace(
            assignment, claims=claims_of_phases(AppointmentPhase(**row) for row in move.rows)
        )
    if move.goes_on or placing.verdict.overlaps:
        assignment = beside_others(caller, move.appointment.id, assignment)
    _, ((model, _), *claims) = claims_of(catalog, placing.question, move.appointment, assignment)
    return [(model, move.rows), *claims]


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
    columns = list(AppointmentPhase.__table__.columns)
    # Rows and no objects: the session must not keep phases that are about to be replaced.
    phases = select(*columns).where(
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
