"""Judges a visit anew when its treatment begins: the patient and the staff, by the rules as they are now."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from booking.appointments.records import Visit
from booking.core.caller import Caller
from booking.core.errors import Refused
from booking.flags.flags import OF_FLOORS, OF_MEDICAL_HOLDS, OF_PREREQUISITES, OF_SPACING
from booking.questions.catalog import ClinicCatalog
from booking.questions.histories import History
from booking.questions.judging import Override, permitted
from booking.questions.overrides import overridden, waivers
from booking.questions.visit_requests import find_course, question_of
from booking.questions.windows import day_of
from models import Appointment
from scheduling import qualifications
from scheduling.engine import check
from scheduling.qualifications import Need
from scheduling.questions import Question, Verdict
from scheduling.reasons import Refusal, refuse
from scheduling.ticks import floor_tick, local_date, to_tick

_OF_STAFF: Final = frozenset(qualifications.CODES)
_JUDGED: Final = OF_SPACING | OF_PREREQUISITES | OF_MEDICAL_HOLDS | _OF_STAFF
_DONE_UNDER_THE_FLOOR: Final = (
    "A rule or the present state refuses the visit. A session that was really done nevertheless is recorded "
    "as a treatment micro_needling of the patient."
)


# A visit was judged when it was booked, and flagged when the rules turned against it later: a medical hold
# was opened, an earlier session was performed late, a qualification was taken back. The desk may have
# overlooked the flag. The start is the last moment at which the treatment can be stopped, so here the same
# reasons refuse. What an override of the visit allows, it still allows.
#
# Of two visits that are too near to each other, the later one gives way: while the earlier one keeps its
# date, the later one is flagged, and refused at its own start. An earlier visit that begins on another date
# than planned must keep the floor from later visits and slot holds, because the database proves the floor
# for them.
def refusals_at_start(
    caller: Caller, catalog: ClinicCatalog, visit: Visit, history: History, at: datetime
) -> list[Refusal]:
    """Give what stands against beginning a visit's treatment at an instant, except what overrides allow."""
    question = _question(caller, catalog, visit, history, at)
    # The hours of cooling off were judged for the planned arrival, so an earlier start that day is no matter.
    start = max(floor_tick(at), to_tick(visit.appointment.starts_at))
    found = check(question, catalog.engine, {}, start, day_of(question, start)).refusals
    allowed = waivers(visit.appointment, history.visits)
    judged = [one for one in found if one.code in _JUDGED and not allowed.cover(one)]
    return [*judged, *_against_assistants(catalog, visit, question, start)]


def under_a_floor(
    caller: Caller, catalog: ClinicCatalog, appointment: Appointment, history: History
) -> list[Refusal]:
    """Give the floors that a visit would break on its planned date, beside the patient's other visits."""
    course = find_course(caller, catalog, appointment.course_id, appointment.patient_id)
    question = question_of(caller, catalog, appointment, history.patient(appointment.id), course)
    start = to_tick(appointment.starts_at)
    asked = replace(question, therapist_id=appointment.therapist_id, moves=True)
    found = check(asked, catalog.engine, {}, start, day_of(asked, start)).refusals
    return [one for one in found if one.code in OF_FLOORS]


def _question(
    caller: Caller, catalog: ClinicCatalog, visit: Visit, history: History, at: datetime
) -> Question:
    appointment = visit.appointment
    patient, course = history.patient(appointment.id), history.course_of(appointment.id)
    question = question_of(caller, catalog, appointment, patient, course)
    moves = at.astimezone(visit.zone).date() != appointment.local_date
    return replace(question, therapist_id=appointment.therapist_id, moves=moves, is_booked=not moves)


def _against_assistants(
    catalog: ClinicCatalog, visit: Visit, question: Question, start: int
) -> Iterator[Refusal]:
    """Yield what the assistants of the visit lack on the date of the start."""
    needed = {phase.name: phase.assistant for phase in question.procedure.phases}
    zone = question.location.zone
    on, today = local_date(start, zone), question.now.astimezone(zone).date()
    pairs = {(phase.assistant_id, needed.get(phase.name)) for phase in visit.phases}
    for assistant_id, code in sorted(pairs, key=str):
        if assistant_id is None or code is None:
            continue
        person, need = catalog.engine.therapists[assistant_id], Need(((code,),), question.location.id)
        for fault in sorted(qualifications.faults(person, need, on, today)):
            yield refuse(fault, resource_id=assistant_id)


def override_at_start(
    caller: Caller,
    catalog: ClinicCatalog,
    visit: Visit,
    refusals: Sequence[Refusal],
    override: Override | None,
) -> list[dict[str, Any]]:
    """Give the override as it is stored, or nothing if nothing refuses; raise Refused if it does not suffice.

    Raise MissingScope when the override names a code that needs a higher level than the key has.
    """
    waived = permitted(caller, refusals, override.codes if override is not None else frozenset())
    if any(one.code not in waived for one in refusals):
        under_floor = any(one.code in OF_FLOORS for one in refusals)
        raise Refused(refusals, detail=_DONE_UNDER_THE_FLOOR if under_floor else None)
    grounds = frozenset(ground for one in refusals for ground in one.grounds)
    question = question_of(caller, catalog, visit.appointment)
    verdict = Verdict((), (), None, waived, grounds)
    return overridden(caller, question, to_tick(visit.appointment.starts_at), verdict, override)
