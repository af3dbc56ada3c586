"""Reschedules a visit: moves it to another time or place in one transaction, under the same id."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from booking.appointments.moving import Placing, move_all
from booking.appointments.noted_times import noted_at
from booking.appointments.online_limits import require_in_time
from booking.appointments.records import Visit, get_appointment, lock_appointment, with_phases
from booking.appointments.transitions import require_status
from booking.claims.expired_holds import lock_and_sweep
from booking.core.caller import Caller
from booking.core.errors import Refused
from booking.flags.revalidation import judge_others
from booking.questions.availability import alternatives, offering_near_slots
from booking.questions.catalog import ClinicCatalog, locked_catalogue
from booking.questions.histories import ask_with_history
from booking.questions.judging import Override, judge
from booking.questions.visit_requests import VisitRequest, ask, candidates, of_appointment
from models import Appointment
from scheduling.questions import Question, Verdict
from scheduling.reasons import Refusal
from scheduling.ticks import to_tick


@dataclass(frozen=True, slots=True)
class Move:
    """The new time and place of a visit; fields that are None stay, the therapist only if possible.

    `at` is when the move was agreed, if that was before now. Without `notify` the patient gets no message
    about the move.
    """

    starts_at: datetime
    location_id: UUID | None = None
    therapist_id: UUID | None = None
    room_id: UUID | None = None
    at: datetime | None = None
    notify: bool = True


def reschedule(
    caller: Caller, appointment_id: UUID, move: Move, expected: int | None, override: Override | None = None
) -> Visit:
    """Move a booked or confirmed visit, or raise Refused with every reason and near slots.

    Write nothing when the visit has that time, that place and these people already.
    """

    def near(refusals: Sequence[Refusal]) -> list[dict[str, Any]]:
        request = _request(get_appointment(caller, appointment_id), move)
        return alternatives(caller, request, to_tick(move.starts_at), refusals, appointment_id)

    with offering_near_slots(caller, near):
        return _move(caller, appointment_id, move, expected, override)


def _request(appointment: Appointment, move: Move) -> VisitRequest:
    location_id = move.location_id or appointment.location_id
    return of_appointment(
        appointment, location_id=location_id, therapist_id=move.therapist_id, room_id=move.room_id
    )


def _move(
    caller: Caller, appointment_id: UUID, move: Move, expected: int | None, override: Override | None
) -> Visit:
    catalog = locked_catalogue(caller)
    appointment = get_appointment(caller, appointment_id)
    request = _request(appointment, move)
    resources = candidates(catalog, ask(caller, catalog, request, even=[request.procedure_id]))
    # The present therapist is tried first, even if they do not work at that location any more.
    present_therapist = {appointment.therapist_id} if appointment.therapist_id else set()
    lock_and_sweep(caller, patients=[request.patient_id], resources=resources | present_therapist)
    appointment = lock_appointment(caller, appointment_id, expected)
    require_status("reschedule", appointment)
    require_in_time(caller, catalog, appointment)
    visit = with_phases(caller, [appointment], catalog)[0]
    noted_at(caller, visit, "reschedule", move.at)
    if _is_there(visit, move):
        return replace(visit, affected=[])
    start = to_tick(move.starts_at)
    question = ask_with_history(caller, catalog, request, appointment.id)
    chosen, verdict = _judge(caller, catalog, question, start, override, appointment)
    if verdict.assignment is None:
        raise Refused(verdict.refusals)
    placing = Placing(appointment, chosen, verdict, start, override, at=move.at, notify=move.notify)
    move_all(caller, catalog, [placing])
    affected = judge_others(caller, appointment, catalog)
    return replace(with_phases(caller, [appointment], catalog)[0], affected=affected)


def _is_there(visit: Visit, move: Move) -> bool:
    appointment = visit.appointment
    return (
        appointment.starts_at == move.starts_at
        and move.location_id in {None, appointment.location_id}
        and visit.has(move.therapist_id, move.room_id)
    )


def _judge(
    caller: Caller,
    catalog: ClinicCatalog,
    question: Question,
    start: int,
    override: Override | None,
    appointment: Appointment,
) -> tuple[Question, Verdict]:
    """Judge with the present therapist first if no therapist is named: a move keeps them when it can."""
    if question.therapist_id is None and appointment.therapist_id is not None:
        same = replace(question, therapist_id=appointment.therapist_id)
        verdict = judge(caller, catalog, same, start, override, appointment.id)
        if verdict.assignment is not None:
            return same, verdict
    return question, judge(caller, catalog, question, start, override, appointment.id)
