"""Gives visits another time or place: all of their claims go before the first new one is made."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from booking.appointments.records import bump_version, set_placement, when_and_where
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
    """Where one visit goes: the question whose verdict has an assignment, and its arrival's tick.

    One that `gives_way` only gives way on its day: what was judged and allowed of it stays as it was.
    `event` says what that is, where it is not the same for all that move together.
    """

    appointment: Appointment
    question: Question
    verdict: Verdict
    start: int
    override: Override | None = None
    gives_way: bool = False
    event: str | None = None


def move_all(
    caller: Caller, catalog: ClinicCatalog, placings: Sequence[Placing], event: str = "rescheduled"
) -> None:
    """Move the visits at once, each to where its verdict allows it; the caller holds every lock.

    Even one statement that moves two of them would meet the first one's old claim on its way to the
    second's new one. What has happened already stays noted on the phases.
    """
    actual = _actual_times(caller, placings)
    before = [when_and_where(one.appointment) for one in placings]
    for one in placings:
        delete_claims(caller.session, one.appointment, phases=True)
    for one, left in zip(placings, before, strict=True):
        _settle(caller, catalog, one, left, actual.get(one.appointment.id, {}), one.event or event)
        freed_visit(caller, left["location_id"], left["starts_at"], left["ends_at"])
    follow_moved(caller, [one.appointment for one in placings])


def _settle(
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
    # Only the first phase of a kind is ever noted, and the plan may have lost or gained others before it.
    noted = [{**phase, **actual.pop(phase["kind"], {})} for phase in phases]
    places = {"before": before, "after": when_and_where(appointment)}
    insert_rows(caller.session, (model, noted), *claims, *facts(caller, event, appointment, places))
    if kept:
        record(caller, "overridden", appointment, {"overrides": kept[-1]})


def _keep(appointment: Appointment, question: Question, verdict: Verdict, start: int) -> None:
    """Place a visit that is not judged anew: its overrides come along, its warnings and flags stay."""
    warnings, claims = appointment.warnings, verdict.assignment.claims if verdict.assignment else ()
    clear_flags_of_given_up(appointment, [resource_id for resource_id, *_ in claims])
    appointment.overrides = brought_along(appointment, from_tick(start))
    set_placement(appointment, question, verdict, start)
    appointment.warnings = warnings


def _actual_times(caller: Caller, placings: Sequence[Placing]) -> dict[Any, dict[str, dict[str, Any]]]:
    """Give, by visit and kind of phase, what the phases note of the day itself."""
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
