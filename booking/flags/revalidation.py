"""Judges booked visits again by the rules as they are now, and flags those that they would refuse."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from uuid import UUID

from booking.core.caller import Caller
from booking.flags.flags import OF_ANY_RULE, OF_PREREQUISITES, OF_SPACING, flag
from booking.flags.visits_to_recheck import visits_of_patients
from booking.questions.catalog import ClinicCatalog, read_catalog
from booking.questions.histories import History, load_histories
from booking.questions.overrides import waivers
from booking.questions.visit_requests import ask, of_appointment
from booking.questions.ways import claims_beside
from booking.questions.windows import day_of
from models import Appointment
from scheduling.bits import occupy
from scheduling.catalog import Procedure
from scheduling.engine import check
from scheduling.lateness import with_numbing
from scheduling.questions import Claim, Question
from scheduling.reasons import Refusal
from scheduling.ticks import to_tick
from scheduling.travel import ways_of


def affected_by(
    caller: Caller,
    appointments: Sequence[Appointment],
    codes: frozenset[str] = OF_ANY_RULE,
    catalog: ClinicCatalog | None = None,
) -> list[UUID]:
    """Flag each visit that the rules refuse now, clear the others; give those refused by one of the codes.

    The rows must be locked. A flag goes when its reason is gone, and what an override allows is not
    flagged. Without `catalog`, the catalogue is read past the cache: this transaction may have changed it,
    and may yet be rolled back, so the cache that others read must not have it.
    """
    if not appointments:
        return []
    # The rules are the clinic's: a key that sees only some locations still flags visits at the others.
    everywhere = replace(caller, location_ids=None, publishable=False)
    catalog = catalog or read_catalog(caller)
    judged = [
        (appointment, sorted({(one.code, one.rule_id) for one in found}, key=str))
        for appointment, found in refusals_of_booked(everywhere, catalog, appointments)
    ]
    flag(caller, judged)
    return [appointment.id for appointment, reasons in judged if any(code in codes for code, _ in reasons)]


def judge_others(caller: Caller, appointment: Appointment, catalog: ClinicCatalog) -> list[UUID]:
    """Judge the patient's visits to come again; give those that this visit leaves outside the rules.

    All of them are flagged or cleared, and this visit itself is not given. The patient must be locked.
    """
    if appointment.patient_id is None:
        return []
    visits = visits_of_patients(caller, [appointment.patient_id])
    found = affected_by(caller, visits, OF_SPACING | OF_PREREQUISITES, catalog)
    return [one for one in found if one != appointment.id]


def refusals_of_booked(
    caller: Caller, catalog: ClinicCatalog, appointments: Sequence[Appointment]
) -> Iterator[tuple[Appointment, list[Refusal]]]:
    """Yield each visit with the refusals at its own time and place, as if all resources were free.

    But its staff must manage the way from and to their visits at other locations.
    """
    people = {one.patient_id for one in appointments if one.patient_id is not None}
    histories = load_histories(caller, catalog, people, with_holds=False)
    near = claims_beside(caller, catalog, appointments)
    for appointment in appointments:
        beside = near.get(appointment.id, ())
        yield appointment, _refusals_of(caller, catalog, appointment, histories, beside)


def _refusals_of(
    caller: Caller,
    catalog: ClinicCatalog,
    appointment: Appointment,
    histories: Mapping[UUID, History],
    beside: Iterable[tuple[UUID, Claim]],
) -> list[Refusal]:
    history = histories[appointment.patient_id] if appointment.patient_id is not None else None
    question = _question(caller, catalog, appointment, history)
    start = to_tick(appointment.starts_at)
    window = day_of(question, start)
    ways: dict[tuple[UUID, int], int] = {}
    for location_id, claim in beside:
        occupy(ways, window, ways_of([claim], location_id, catalog.engine))
    refusals = check(question, catalog.engine, ways, start, window).refusals
    allowed = waivers(appointment, history.visits if history is not None else ())
    return [one for one in refusals if one.code in OF_ANY_RULE and not allowed.cover(one)]


def _question(
    caller: Caller, catalog: ClinicCatalog, appointment: Appointment, history: History | None
) -> Question:
    whom = {"therapist_id": appointment.therapist_id, "patient_id": None, "course_id": None}
    request = of_appointment(appointment, **whom)
    patient = history.patient(appointment.id) if history is not None else None
    question = ask(caller, catalog, request, patient, even=[request.procedure_id, request.location_id])
    course = history.course_of(appointment.id) if history is not None else None
    return replace(question, procedure=_numbed(question, appointment), course=course, is_booked=True)


def _numbed(question: Question, appointment: Appointment) -> Procedure:
    """Give the procedure with the numbing of this visit, which differs if the visit has given way."""
    ahead = to_tick(appointment.procedure_at) - to_tick(appointment.starts_at)
    return with_numbing(question.procedure, ahead - question.visit.procedure_at) or question.procedure
