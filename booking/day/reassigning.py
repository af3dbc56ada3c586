"""Gives a visit another therapist or room at the same times, even after the patient has arrived."""

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from booking.appointments.moving import Placing, move_all
from booking.appointments.noted_times import noted_at
from booking.appointments.records import Visit, get_appointment, lock_appointment, with_phases
from booking.appointments.transitions import require_status
from booking.claims.expired_holds import lock_and_sweep
from booking.core.caller import Caller
from booking.core.errors import Invalid, Refused
from booking.day.late_arrival import resources_of
from booking.day.planned_visits import PlannedVisit, check_place, planned_visit
from booking.flags.revalidation import affected_by
from booking.questions.availability import show_slots
from booking.questions.busy import busy_for
from booking.questions.catalog import ClinicCatalog, locked_catalogue
from booking.questions.histories import load_histories
from booking.questions.judging import Override, permitted
from booking.questions.visit_requests import ask, candidates, of_appointment
from booking.questions.windows import day_of
from models import Appointment
from scheduling.bits import Busy, Window
from scheduling.engine import search
from scheduling.openings import slots
from scheduling.questions import Question, Verdict


@dataclass(frozen=True, slots=True)
class Place:
    """The therapist and the room that a visit gets; None keeps the present therapist or room.

    `at` is when this was agreed, if that was before now.
    """

    therapist_id: UUID | None = None
    room_id: UUID | None = None
    at: datetime | None = None


def reassign(
    caller: Caller, appointment_id: UUID, to: Place, expected: int | None, override: Override | None = None
) -> Visit:
    """Give a visit another therapist or room; write nothing when it has them already.

    Its times stay, planned and actual. Raise Refused with every reason, and with the therapists and the
    rooms that the visit could have at its time.
    """
    catalog = _lock(caller, appointment_id, to)
    appointment = lock_appointment(caller, appointment_id, expected)
    require_status("reassign", appointment)
    planned = planned_now(caller, catalog, appointment)
    noted_at(caller, planned.visit, "reassign", to.at)
    if planned.visit.has(to.therapist_id, to.room_id):
        return planned.visit
    asked = replace(
        planned.question, therapist_id=to.therapist_id or appointment.therapist_id, room_id=to.room_id
    )
    placing = replace(_judged(caller, catalog, planned, asked, override), at=to.at)
    move_all(caller, catalog, [placing])
    # A flag goes when its reason was the therapist who has been replaced.
    affected_by(caller, [appointment], catalog=catalog)
    return with_phases(caller, [appointment], catalog)[0]


def _lock(caller: Caller, appointment_id: UUID, to: Place) -> ClinicCatalog:
    """Lock the patient and all that the visit has or could get; raise NotFound or Invalid for wrong ids."""
    catalog = locked_catalogue(caller)
    appointment = get_appointment(caller, appointment_id)
    staff_and_room = {"therapist_id": to.therapist_id, "room_id": to.room_id}
    request = of_appointment(appointment, patient_id=None, course_id=None, **staff_and_room)
    question = ask(caller, catalog, request, even=[request.procedure_id, request.location_id])
    if to.therapist_id is not None and not any(phase.therapist for phase in question.procedure.phases):
        raise Invalid("/therapist_id", "no phase of this procedure is led by a therapist")
    here = resources_of(catalog, [planned_now(caller, catalog, appointment)])
    resources = candidates(catalog, question) | here
    lock_and_sweep(caller, patients=[appointment.patient_id], resources=resources)
    return catalog


def planned_now(caller: Caller, catalog: ClinicCatalog, appointment: Appointment) -> PlannedVisit:
    """Give a visit that is not over as it is planned, with its patient's other visits."""
    people = [appointment.patient_id] if appointment.patient_id is not None else []
    histories = load_histories(caller, catalog, people, with_holds=False)
    history = histories[people[0]] if people else None
    return planned_visit(caller, catalog, with_phases(caller, [appointment], catalog)[0], history)


def _judged(
    caller: Caller, catalog: ClinicCatalog, planned: PlannedVisit, asked: Question, override: Override | None
) -> Placing:
    """Judge the visit with its new therapist or room, and beside them its present resources if possible."""
    appointment, start = planned.visit.appointment, planned.start
    window = day_of(asked, start)
    beside = busy_for(caller, catalog, asked, window, without=appointment.id, stays=True)
    busy = planned.in_its_way(beside, window)
    named = (one for one in (asked.therapist_id, asked.room_id) if one is not None)
    only = planned.resources.union(named)

    def judge(question: Question) -> Verdict:
        kept = check_place(catalog, question, busy, start, window, only)
        return kept if kept.assignment else check_place(catalog, question, busy, start, window)

    verdict = judge(asked)
    if verdict.refusals and override is not None:
        waived = permitted(caller, verdict.refusals, override.codes)
        second = judge(replace(asked, waived=asked.waived | waived))
        verdict = verdict if second.refusals else second
    if verdict.assignment is None:
        raise Refused(verdict.refusals, _others(catalog, asked, busy, start, window))
    used = replace(verdict, waived_codes=verdict.waived_codes - asked.waived)
    return Placing(appointment, asked, used, start, override, gives_way=True)


def _others(
    catalog: ClinicCatalog, asked: Question, busy: Busy, start: int, window: Window
) -> list[dict[str, object]]:
    """Give the same times with the therapists and the rooms that the visit could have, or nothing.

    Each of these therapists can be had with each of these rooms: neither depends on the other.
    """
    free = replace(asked, therapist_id=None, room_id=None)
    found = [
        slot for slot in slots(search(free, catalog.engine, busy, window), window) if slot.start == start
    ]
    rooms = sorted(catalog.engine.rooms.keys() & candidates(catalog, free)) if found else []
    fitting = [
        one
        for one in rooms
        if check_place(catalog, replace(free, room_id=one), busy, start, window).assignment is not None
    ]
    return [slot | {"room_ids": fitting} for slot in show_slots(asked, found)]
