"""Books a visit: locks, loads, asks the engine, writes; and gives back what was booked."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select
from uuid_utils.compat import uuid7

from booking.claims.claims import claims_of
from booking.claims.expired_holds import drop_expired
from booking.core.bulk_insert import insert_rows
from booking.core.caller import Caller
from booking.core.errors import NotFound, Refused, StaleVersion
from booking.core.events import audit, facts, record
from booking.core.locks import hold_catalog, lock
from booking.courses.courses import follow_visit, require_course
from booking.flags.flags import OF_PREREQUISITES, OF_SPACING
from booking.flags.revalidation import affected_by
from booking.flags.visits_to_recheck import visits_of_patients
from booking.questions.availability import alternatives
from booking.questions.catalog import ClinicCatalog, load_catalog
from booking.questions.histories import load_history, load_patient
from booking.questions.judging import Override, judge
from booking.questions.overrides import overridden
from booking.questions.visit_requests import Wish, ask, candidates, layout
from models import Appointment, AppointmentPhase
from scheduling.questions import Question, Verdict
from scheduling.reasons import Notice
from scheduling.ticks import from_tick, local_date, to_tick


@dataclass(frozen=True, slots=True)
class Visit:
    """An appointment with its phases and the zone of its location, as clients see it.

    `affected` are the patient's other visits that a change of this one leaves outside the rules; None
    where nothing was changed that could. `alternatives` are other times offered for a visit that is late.
    """

    appointment: Appointment
    phases: Sequence[AppointmentPhase]
    zone: ZoneInfo
    affected: Sequence[UUID] | None = None
    alternatives: Sequence[Mapping[str, Any]] | None = None

    @property
    def version(self) -> int:
        """The appointment's version: its ETag."""
        return self.appointment.version


def book(
    caller: Caller,
    wish: Wish,
    starts_at: datetime,
    override: Override | None = None,
    notes: str | None = None,
) -> Visit:
    """Book one visit; Refused with every reason and near slots when it cannot take place."""
    try:
        with caller.session.begin_nested():
            return _book(caller, wish, to_tick(starts_at), override, notes)
    except Refused as refused:
        # The savepoint's end has released the locks: nobody waits while we look for other slots.
        near = alternatives(caller, wish, to_tick(starts_at), refused.refusals)
        raise Refused(refused.refusals, near) from refused


def _book(caller: Caller, wish: Wish, start: int, override: Override | None, notes: str | None) -> Visit:
    catalog = lock_for(caller, [wish])
    return write(caller, catalog, wish, start, override, notes)


def lock_for(caller: Caller, wishes: Sequence[Wish]) -> ClinicCatalog:
    """Lock everything that these visits could take, in one fixed order; give the catalogue, held still.

    Holds that have expired among all that give their time back.
    """
    session = caller.session
    hold_catalog(session, caller.clinic_id)
    catalog = load_catalog(session, caller.clinic_id)
    resources = {one for wish in wishes for one in candidates(catalog, ask(caller, catalog, wish))}
    patients = [wish.patient_id for wish in wishes if wish.patient_id]
    lock(session, patients=patients, resources=resources)
    drop_expired(caller, patients, resources)
    return catalog


def write(
    caller: Caller,
    catalog: ClinicCatalog,
    wish: Wish,
    start: int,
    override: Override | None,
    notes: str | None,
) -> Visit:
    """Judge a visit under its locks and write all that it claims and tells; Refused when it cannot be."""
    session = caller.session
    if wish.patient_id is None:
        raise NotFound("patient", "/patient_id")
    history = load_history(session, catalog, caller.clinic_id, wish.patient_id, held_at=caller.real_now)
    if wish.course_id is not None:
        require_course(caller, wish.course_id, wish.patient_id, wish.procedure_id, for_change=True)
    question = ask(caller, catalog, wish, history.patient())
    verdict = judge(caller, catalog, question, start, override)
    if verdict.assignment is None:
        raise Refused(verdict.refusals)
    appointment = Appointment(
        clinic_id=caller.clinic_id,
        id=uuid7(),
        status="booked",
        patient_id=wish.patient_id,
        course_id=wish.course_id,
        notes=notes,
        flags=[],
        overrides=overridden(caller, question, start, verdict, override),
    )
    place(appointment, question, verdict, start)
    session.add(appointment)
    session.flush()
    phases, claims = claims_of(catalog, question, appointment, verdict.assignment)
    booked = facts(caller, "booked", appointment, {"after": when_and_where(appointment)})
    insert_rows(session, *claims, *booked)
    if appointment.overrides:
        record(caller, "overridden", appointment, {"overrides": appointment.overrides[-1]})
    follow_visit(caller, appointment)
    if any(visit.flagged for visit in history.visits):
        # What was missing before another visit may have come with this one.
        judge_others(caller, appointment, catalog)
    return Visit(appointment, phases, question.location.zone)


def judge_others(caller: Caller, appointment: Appointment, catalog: ClinicCatalog) -> list[UUID]:
    """Flag or clear the patient's visits to come, and give the others that this one leaves outside the rules.

    The patient must be locked.
    """
    if appointment.patient_id is None:
        return []
    visits = visits_of_patients(caller, [appointment.patient_id])
    found = affected_by(caller, visits, OF_SPACING | OF_PREREQUISITES, catalog)
    return [one for one in found if one != appointment.id]


def place(appointment: Appointment, question: Question, verdict: Verdict, start: int) -> None:
    """Set everything on the appointment that follows from where and when it takes place."""
    visit = layout(question)
    zone = question.location.zone
    appointment.location_id = question.location.id
    appointment.procedure_id = question.procedure.id
    appointment.areas = list(question.treated)
    appointment.therapist_id = verdict.assignment.therapist_id if verdict.assignment else None
    appointment.starts_at = from_tick(start)
    appointment.procedure_at = from_tick(start + visit.procedure_at)
    appointment.ends_at = from_tick(start + visit.leaves)
    appointment.local_date = local_date(start, zone)
    appointment.warnings = [noticed(notice) for notice in verdict.warnings]


def noticed(notice: Notice) -> dict[str, Any]:
    """Give a notice as it is stored and shown: without the members that say nothing."""
    return {name: value for name, value in asdict(notice).items() if value is not None}


def when_and_where(appointment: Appointment) -> dict[str, Any]:
    """Give the part of an appointment that the audit log keeps of every move."""
    return {
        "location_id": appointment.location_id,
        "therapist_id": appointment.therapist_id,
        "starts_at": appointment.starts_at,
        "ends_at": appointment.ends_at,
    }


def validate(
    caller: Caller,
    wish: Wish,
    starts_at: datetime,
    override: Override | None = None,
    ignore: UUID | None = None,
) -> Verdict:
    """Judge a booking as `book` would, and write nothing; `ignore` leaves one appointment out."""
    catalog = load_catalog(caller.session, caller.clinic_id)
    patient = None
    if wish.patient_id is not None:
        patient = load_patient(
            caller.session, catalog, caller.clinic_id, wish.patient_id, ignore, held_at=caller.real_now
        )
    if wish.course_id is not None:
        require_course(caller, wish.course_id, wish.patient_id, wish.procedure_id)
    even = [wish.procedure_id] if ignore else ()
    question = ask(caller, catalog, wish, patient, even=even, moves=ignore is not None)
    return judge(caller, catalog, question, to_tick(starts_at), override, ignore)


def get(
    caller: Caller, appointment_id: UUID, *, for_change: bool = False, pointer: str | None = None
) -> Appointment:
    """Give one appointment of the caller's clinic and locations; `for_change` locks its row."""
    statement = select(Appointment).where(
        Appointment.clinic_id == caller.clinic_id, Appointment.id == appointment_id
    )
    if for_change:
        statement = statement.with_for_update(key_share=True).execution_options(populate_existing=True)
    appointment = caller.session.scalar(statement)
    hidden = (
        appointment and caller.location_ids is not None and appointment.location_id not in caller.location_ids
    )
    if appointment is None or hidden:
        raise NotFound("appointment", pointer)
    return appointment


def get_for_change(caller: Caller, appointment_id: UUID, expected: int | None) -> Appointment:
    """Give one appointment with its row locked; StaleVersion unless it is at the expected version.

    The catalogue is held first: whoever changes it locks the rows of the visits that it flags. Then the
    patient: whoever changes one of their visits may flag the others.
    """
    hold_catalog(caller.session, caller.clinic_id)
    patient_id = get(caller, appointment_id).patient_id
    if patient_id is not None:
        lock(caller.session, patients=[patient_id])
    appointment = get(caller, appointment_id, for_change=True)
    if expected is not None and appointment.version != expected:
        raise StaleVersion
    return appointment


def present(
    caller: Caller, appointments: Sequence[Appointment], catalog: ClinicCatalog | None = None
) -> list[Visit]:
    """Give appointments with their phases, in one query for all of them."""
    catalog = catalog or load_catalog(caller.session, caller.clinic_id)
    phases: dict[UUID, list[AppointmentPhase]] = {appointment.id: [] for appointment in appointments}
    rows = caller.session.scalars(
        select(AppointmentPhase)
        .where(AppointmentPhase.clinic_id == caller.clinic_id, AppointmentPhase.appointment_id.in_(phases))
        .order_by(AppointmentPhase.appointment_id, AppointmentPhase.position)
    )
    for row in rows:
        phases[row.appointment_id].append(row)
    zones = catalog.engine.locations
    return [Visit(one, phases[one.id], zones[one.location_id].zone) for one in appointments]


def edit_notes(caller: Caller, appointment_id: UUID, notes: str | None, expected: int | None) -> Visit:
    """Change the desk's notes."""
    appointment = get_for_change(caller, appointment_id, expected)
    appointment.notes = notes
    touch(caller, appointment)
    audit(caller, "appointment.edited", "appointment", appointment.id, {"fields": ["notes"]})
    return present(caller, [appointment])[0]


def touch(caller: Caller, appointment: Appointment) -> None:
    """Count one change of the appointment and write it."""
    appointment.version += 1
    caller.session.flush()
