"""Turns a client's visit request into the engine's question, and refuses requests that make no sense."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol
from uuid import UUID

from sqlalchemy import select

from booking.core.caller import Caller
from booking.core.errors import Invalid, MissingScope, NotFound, Retired
from booking.questions.catalog import ClinicCatalog
from models import Course
from scheduling.catalog import Device, Location, Procedure, Room
from scheduling.clinical import AREAS
from scheduling.lengths import keeping, with_minutes
from scheduling.questions import CourseOf, Patient, Question
from scheduling.visits import LONGEST_VISIT, lay_out


@dataclass(frozen=True, slots=True)
class VisitRequest:
    """A visit as a client asks for it: ids, and the areas if the procedure leaves a choice.

    `phase_minutes` are lengths by the phase's name. `kept_minutes` are those that were chosen for a visit
    that is booked already; it keeps them unless the client chooses others.
    """

    procedure_id: UUID
    location_id: UUID
    areas: tuple[str, ...] = ()
    therapist_id: UUID | None = None
    room_id: UUID | None = None
    patient_id: UUID | None = None
    course_id: UUID | None = None
    phase_minutes: Mapping[str, int] = field(default_factory=dict)
    kept_minutes: Mapping[str, int] | None = None


class Stored(Protocol):
    """A stored visit, as a row of its table or of a patient's history."""

    procedure_id: UUID
    location_id: UUID
    areas: list[str]
    patient_id: UUID | None
    course_id: UUID | None
    phase_minutes: dict[str, int]


def of_appointment(visit: Stored, **changed: Any) -> VisitRequest:  # noqa: ANN401 - the fields of a request
    """Give the request of a stored visit, without a therapist or room, and with some fields `changed`."""
    stored: dict[str, Any] = {
        "procedure_id": visit.procedure_id,
        "location_id": visit.location_id,
        "areas": tuple(visit.areas),
        "patient_id": visit.patient_id,
        "course_id": visit.course_id,
        "kept_minutes": visit.phase_minutes,
    }
    return VisitRequest(**stored | changed)


def question_of(
    caller: Caller,
    catalog: ClinicCatalog,
    visit: Stored,
    patient: Patient | None = None,
    course: CourseOf | None = None,
) -> Question:
    """Give the question of a stored visit at its location, even if a client could not request it any more."""
    return Question(
        procedure=keeping(catalog.engine.procedures[visit.procedure_id], visit.phase_minutes),
        location=catalog.engine.locations[visit.location_id],
        areas=tuple(visit.areas),
        now=caller.now,
        patient=patient,
        course=course,
    )


def ask(
    caller: Caller,
    catalog: ClinicCatalog,
    request: VisitRequest,
    patient: Patient | None = None,
    *,
    even: Collection[UUID] = (),
    moves: bool = False,
) -> Question:
    """Give the question of a request; raise NotFound for unknown ids.

    Raise Invalid for areas, a room or lengths that the procedure does not have, and Retired for a procedure
    or a location that takes no new visits, unless `even` contains its id. `moves` says that the visit is
    booked already. A widget sees the procedures that are offered online. Raise MissingScope when it names a
    patient without a booking token: the slots would reveal the patient's dates to every holder of its key.
    """
    require_own_patient(caller, request.patient_id)
    procedure = _procedure(catalog, request.procedure_id)
    if caller.publishable and procedure.id not in catalog.online.union(even):
        raise NotFound("procedure", "/procedure_id")
    location = find_location(caller, catalog, request.location_id)
    if (catalog.retired & {procedure.id, location.id}).difference(even):
        raise Retired
    if request.therapist_id is not None and request.therapist_id not in catalog.engine.therapists:
        raise NotFound("therapist", "/therapist_id")
    _check_room(catalog, request, procedure)
    return Question(
        procedure=_with_lengths(procedure, request),
        location=location,
        areas=_areas(procedure, request.areas),
        now=caller.now,
        patient=patient,
        therapist_id=request.therapist_id,
        room_id=request.room_id,
        course=find_course(caller, catalog, request.course_id, request.patient_id),
        moves=moves,
    )


def require_own_patient(caller: Caller, patient_id: UUID | None) -> None:
    """Raise MissingScope when a widget names a patient without a token, NotFound for a token of others."""
    if patient_id is None or caller.acts_for(patient_id):
        return
    if caller.token is None:
        raise MissingScope("A publishable key asks about a patient with a booking token.")
    raise NotFound("patient", "/patient_id")


def find_course(
    caller: Caller, catalog: ClinicCatalog, course_id: UUID | None, patient_id: UUID | None
) -> CourseOf | None:
    """Give the course that a visit would belong to; raise NotFound for another patient's course."""
    if course_id is None:
        return None
    statement = select(Course).where(Course.clinic_id == caller.clinic_id, Course.id == course_id)
    course = caller.session.scalar(statement)
    if course is None or course.patient_id != patient_id:
        raise NotFound("course", "/course_id")
    template = catalog.engine.course_templates.get(course.template_id) if course.template_id else None
    return CourseOf(course.id, template, course.status == "completed")


def find_location(caller: Caller, catalog: ClinicCatalog, location_id: UUID) -> Location:
    """Give a location that the caller's key may see, or raise NotFound."""
    location = catalog.engine.locations.get(location_id)
    hidden = caller.location_ids is not None and location_id not in caller.location_ids
    if location is None or hidden:
        raise NotFound("location", "/location_id")
    return location


def candidates(catalog: ClinicCatalog, question: Question) -> frozenset[UUID]:
    """Give every resource that such a visit could take at its location: a booking locks and loads them."""
    return frozenset((*_staff(catalog, question), *_rooms_and_devices(catalog, question)))


def _staff(catalog: ClinicCatalog, question: Question) -> Iterable[UUID]:
    here = question.location.id
    if any(phase.therapist or phase.assistant for phase in question.procedure.phases):
        yield from (one.id for one in catalog.engine.therapists.values() if one.works_at(here))
    if question.therapist_id is not None:
        yield question.therapist_id


def _rooms_and_devices(catalog: ClinicCatalog, question: Question) -> Iterable[UUID]:
    rooms, devices = catalog.engine.rooms.values(), catalog.engine.devices.values()
    room_kinds = {kind for phase in question.procedure.phases for kind in phase.room_kinds}
    device_kinds = {kind for phase in question.procedure.phases for kind in phase.device_kinds}
    fitting: list[Room | Device] = [room for room in rooms if room.kind in room_kinds]
    fitting += [device for device in devices if device.kind in device_kinds]
    return (one.id for one in fitting if one.location_id == question.location.id)


def _procedure(catalog: ClinicCatalog, procedure_id: UUID) -> Procedure:
    procedure = catalog.engine.procedures.get(procedure_id)
    if procedure is None:
        raise NotFound("procedure", "/procedure_id")
    return procedure


def _with_lengths(procedure: Procedure, request: VisitRequest) -> Procedure:
    """Give the procedure with the lengths that the client chooses, else with those of the booked visit."""
    if not request.phase_minutes:
        return keeping(procedure, request.kept_minutes or {})
    for name, minutes in request.phase_minutes.items():
        _check_length(procedure, name, minutes)
    chosen = with_minutes(procedure, request.phase_minutes)
    if lay_out(chosen).length > LONGEST_VISIT:
        raise Invalid("/phase_minutes", "a visit takes at most 12 hours")
    return chosen


def _check_length(procedure: Procedure, name: str, minutes: int) -> None:
    pointer = f"/phase_minutes/{name.replace('~', '~0').replace('/', '~1')}"
    named = [phase for phase in procedure.phases if phase.name == name]
    if not named:
        raise Invalid(pointer, "the procedure has no phase of this name")
    for phase in named:
        if not phase.allows(minutes):
            least, most = phase.limits
            raise Invalid(pointer, f"must be from {least} to {most} minutes")


def _areas(procedure: Procedure, wanted: tuple[str, ...]) -> tuple[str, ...]:
    for index, area in enumerate(wanted):
        if area not in AREAS:
            raise Invalid(f"/areas/{index}", "unknown area code")
    if not procedure.choose_areas:
        if wanted and set(wanted) != set(procedure.areas):
            raise Invalid("/areas", "this procedure always treats its own areas: leave the field out")
        return procedure.areas
    if not wanted:
        raise Invalid("/areas", "this procedure needs the areas to treat")
    if procedure.areas and not set(wanted) <= set(procedure.areas):
        raise Invalid("/areas", "this procedure does not treat one of these areas")
    return tuple(dict.fromkeys(wanted))


def _check_room(catalog: ClinicCatalog, request: VisitRequest, procedure: Procedure) -> None:
    if request.room_id is None:
        return
    room = catalog.engine.rooms.get(request.room_id)
    if room is None or room.location_id != request.location_id:
        raise NotFound("room", "/room_id")
    if not any(room.kind in phase.room_kinds for phase in procedure.phases):
        raise Invalid("/room_id", "no phase of this procedure takes place in a room of this kind")
