"""Reads appointments with their phases, locks them at a version, and writes their time and place."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select
from uuid_utils.compat import uuid7

from booking.core.caller import Caller
from booking.core.errors import NotFound, StaleVersion
from booking.core.events import audit
from booking.core.locks import lock, lock_catalogue
from booking.questions.catalog import ClinicCatalog, load_catalog
from booking.questions.visit_requests import VisitRequest
from models import Appointment, AppointmentPhase
from models.statuses import UNDER_WAY
from scheduling.questions import Question, Verdict
from scheduling.reasons import Notice
from scheduling.ticks import from_tick, local_date


@dataclass(frozen=True, slots=True)
class Visit:
    """An appointment with its phases and the zone of its location, as clients see it.

    `affected` are other visits that this change moves, or leaves outside the rules; None after a change
    that cannot do so. `alternatives` are other times that are offered for a late visit, or for visits that
    it runs into. `included` are the objects beside it that the client has asked for, by name. `before` is
    what it was before the action that changes it. A visit is `unclosed` when its location has closed.
    """

    appointment: Appointment
    phases: Sequence[AppointmentPhase]
    zone: ZoneInfo
    affected: Sequence[UUID] | None = None
    alternatives: Sequence[Mapping[str, Any]] | None = None
    included: Mapping[str, Any] | None = None
    before: Mapping[str, Any] | None = None
    unclosed: bool = False

    @property
    def main_place(self) -> int:
        """The index of the treatment among the phases, else of the consultation, else of the first phase."""
        kinds = [phase.kind for phase in self.phases]
        return next((kinds.index(kind) for kind in ("procedure", "consultation") if kind in kinds), 0)

    @property
    def main_phase(self) -> AppointmentPhase:
        """The phase that begins when the treatment or consultation is started."""
        return self.phases[self.main_place]

    @property
    def flags(self) -> Sequence[Mapping[str, Any]]:
        """The flags of the appointment, and `not_closed` when it should be over by now."""
        appointment = self.appointment
        if not self.unclosed or appointment.status not in UNDER_WAY:
            return appointment.flags
        return [*appointment.flags, {"code": "not_closed", "since": appointment.closes_at}]

    def has(self, therapist_id: UUID | None, room_id: UUID | None) -> bool:
        """Whether the visit has this therapist and this room already; None stands for any."""
        rooms = {phase.room_id for phase in self.phases}
        return therapist_id in {None, self.appointment.therapist_id} and room_id in {None, *rooms}

    @property
    def version(self) -> int:
        """The appointment's version: its ETag."""
        return self.appointment.version


def get_appointment(
    caller: Caller, appointment_id: UUID, *, for_change: bool = False, pointer: str | None = None
) -> Appointment:
    """Give an appointment that the caller may see, or NotFound; `for_change` locks its row."""
    statement = select(Appointment).where(
        Appointment.clinic_id == caller.clinic_id, Appointment.id == appointment_id
    )
    if for_change:
        statement = statement.with_for_update(key_share=True).execution_options(populate_existing=True)
    appointment = caller.session.scalar(statement)
    if appointment is None or not caller.sees_visit(
        appointment.id, appointment.patient_id, appointment.location_id
    ):
        raise NotFound("appointment", pointer)
    return appointment


def lock_appointment(caller: Caller, appointment_id: UUID, expected: int | None) -> Appointment:
    """Give an appointment with its row locked; raise StaleVersion unless it is at the expected version.

    The catalogue is locked first, because an act that changes it locks the rows of visits to flag them. The
    patient is locked next, because an act on another visit of the patient may flag this visit.
    """
    lock_catalogue(caller)
    patient_id = get_appointment(caller, appointment_id).patient_id
    if patient_id is not None:
        lock(caller.session, patients=[patient_id])
    appointment = get_appointment(caller, appointment_id, for_change=True)
    if expected is not None and appointment.version != expected:
        raise StaleVersion
    return appointment


def with_phases(
    caller: Caller, appointments: Sequence[Appointment], catalog: ClinicCatalog | None = None
) -> list[Visit]:
    """Give appointments with their phases, by one query for all of them."""
    catalog = catalog or load_catalog(caller)
    phases: dict[UUID, list[AppointmentPhase]] = {appointment.id: [] for appointment in appointments}
    rows = caller.session.scalars(
        select(AppointmentPhase)
        .where(AppointmentPhase.clinic_id == caller.clinic_id, AppointmentPhase.appointment_id.in_(phases))
        .order_by(AppointmentPhase.appointment_id, AppointmentPhase.position)
    )
    for row in rows:
        phases[row.appointment_id].append(row)
    zones = catalog.engine.locations
    return [
        Visit(one, phases[one.id], zones[one.location_id].zone, unclosed=_is_unclosed(one, caller.now))
        for one in appointments
    ]


def _is_unclosed(appointment: Appointment, now: datetime) -> bool:
    return appointment.closes_at is not None and appointment.closes_at < now


def edit_notes(caller: Caller, appointment_id: UUID, notes: str | None, expected: int | None) -> Visit:
    """Change the desk's notes."""
    appointment = lock_appointment(caller, appointment_id, expected)
    appointment.notes = notes
    bump_version(caller, appointment)
    audit(caller, "appointment.edited", "appointment", appointment.id, {"fields": ["notes"]})
    return with_phases(caller, [appointment])[0]


def bump_version(caller: Caller, appointment: Appointment) -> None:
    """Add one to the appointment's version, and write its changes to the database."""
    appointment.version += 1
    caller.session.flush()


def add_appointment(
    caller: Caller,
    request: VisitRequest,
    question: Question,
    verdict: Verdict,
    start: int,
    **fields: Any,  # noqa: ANN401 - further columns by name
) -> Appointment:
    """Add the requested visit, or a hold of it, in the place that its verdict allows."""
    ids = {"clinic_id": caller.clinic_id, "id": uuid7()}
    whose = {"patient_id": request.patient_id, "course_id": request.course_id}
    usual = {"flags": [], "overrides": [], "status_since": caller.now}
    usual |= {"phase_minutes": dict(request.phase_minutes)}
    appointment = Appointment(**ids, **whose, **usual | fields)
    set_placement(appointment, question, verdict, start)
    caller.session.add(appointment)
    caller.session.flush()
    return appointment


def set_placement(appointment: Appointment, question: Question, verdict: Verdict, start: int) -> None:
    """Set every field of the appointment that follows from its time and place."""
    visit = question.visit
    zone = question.location.zone
    appointment.location_id = question.location.id
    appointment.procedure_id = question.procedure.id
    appointment.areas = list(question.treated)
    appointment.therapist_id = verdict.assignment.therapist_id if verdict.assignment else None
    appointment.starts_at = from_tick(start)
    appointment.procedure_at = from_tick(start + visit.procedure_at)
    appointment.ends_at = from_tick(start + visit.leaves)
    appointment.local_date = local_date(start, zone)
    appointment.warnings = [stored_notice(notice) for notice in verdict.warnings]


def stored_notice(notice: Notice) -> dict[str, Any]:
    """Give a notice as it is stored and shown: without the fields that are None."""
    return {name: value for name, value in asdict(notice).items() if value is not None}


def when_and_where(appointment: Appointment) -> dict[str, Any]:
    """Give the part of an appointment that the audit log keeps of every move."""
    return {
        "location_id": appointment.location_id,
        "therapist_id": appointment.therapist_id,
        "starts_at": appointment.starts_at,
        "ends_at": appointment.ends_at,
    }
