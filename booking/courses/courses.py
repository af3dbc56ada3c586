"""Courses: a number of sessions for a patient, whose status follows from the visits."""

from collections.abc import Iterable
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Result, Select, and_, func, or_, select

from booking.catalogue.course_templates import CourseTemplates
from booking.catalogue.patients import Patients
from booking.catalogue.procedures import Procedures
from booking.core.caller import Caller
from booking.core.crud import Collection, Values, Where
from booking.core.errors import CourseFull, InUse, Invalid, NotFound, Retired, WrongStatus
from booking.core.events import audit
from booking.core.locks import lock_catalogue
from booking.courses.held_courses import held_courses
from models import Appointment, Course
from models.statuses import COURSES_OPEN, COURSES_TAKING, GONE, NOT_BOOKED, OVER

_WAKING: Final = ("planned", "lapsed")
# The statuses of a visit with which the progress of its course changes.
_COUNTING: Final = frozenset({"booked", "completed", *GONE})


class Courses(Collection):
    """Courses of patients."""

    name = "course"
    model = Course
    locks = "id"
    fixed = ("patient_id", "template_id", "procedure_id")

    def complete(self, before: Values | None, values: Values) -> None:
        """Start a new course, and end a course of which no session is left."""
        if before is not None:
            values |= _ended(before, values)
            return
        # A template's code is fixed once it has courses: a change of it waits until this course is there.
        lock_catalogue(self.caller)
        if values["template_id"] is not None:
            values.setdefault("sessions", _template(self.caller, values["template_id"]).sessions)
        values["status"] = "planned"

    def check(self, before: Values | None, after: Values) -> None:
        """Refuse an unknown subject, a change of an ended course, and an impossible number of sessions."""
        if before is None:
            _check_subject(self.caller, after)
        elif before["status"] not in COURSES_OPEN and before != after:
            raise WrongStatus(COURSES_OPEN, f"The course is {before['status']}.")
        elif after["sessions"] < sum(before["progress"].values()):
            raise InUse("More sessions than that are performed or booked.", before["appointment_ids"])
        if before is None or before["sessions"] != after["sessions"]:
            _check_sessions(self.caller, after)

    def show(self, found: list[Values]) -> None:
        """Add to each course its medical holds, its progress, and the visits that the key sees, by time."""
        by_id = {values["id"]: values for values in found}
        held = held_courses(
            self.caller, [id_ for id_, values in by_id.items() if values["status"] in COURSES_OPEN]
        )
        for id_, values in by_id.items():
            values["progress"], values["appointment_ids"] = {"performed": 0, "booked": 0}, []
            values["medical_hold_ids"] = held.get(id_, [])
        for visit in _visits_of(self.caller, by_id):
            values = by_id[visit.course_id]
            values["progress"]["performed" if visit.status == "completed" else "booked"] += 1
            if self.caller.location_ids is None or visit.location_id in self.caller.location_ids:
                values["appointment_ids"].append(visit.id)

    def search(self, query: Where) -> Select[Any]:
        """Select by the given fields; a course that a medical hold stands against counts as paused."""
        chosen = self.select({name: query[name] for name in ("patient_id", "template_id") if name in query})
        if "status" not in query:
            return chosen
        held, of_status = Course.id.in_(held_courses(self.caller)), Course.status.in_(query["status"])
        return chosen.where(or_(held, of_status) if "paused" in query["status"] else and_(~held, of_status))


def _visits_of(caller: Caller, course_ids: Iterable[UUID]) -> Result[Any]:
    """Find the visits that count in these courses, in order of time."""
    statement = (
        select(Appointment.course_id, Appointment.id, Appointment.location_id, Appointment.status)
        .where(
            Appointment.clinic_id == caller.clinic_id,
            Appointment.course_id.in_(course_ids),
            Appointment.status.not_in(NOT_BOOKED),
        )
        .order_by(Appointment.starts_at, Appointment.id)
    )
    return caller.session.execute(statement)


def _ended(before: Values, values: Values) -> Values:
    """Work out the status of a changed course; a client may only set it to cancelled."""
    status = values.get("status", before["status"])
    if status not in {before["status"], "cancelled"}:
        raise Invalid("/status", "Can only become cancelled.")
    if values.get("sessions") == before["progress"]["performed"] and status in COURSES_OPEN:
        status = "completed"
    lapsed_on = before["lapsed_on"] if status == "lapsed" else None
    return {"status": status, "lapsed_on": lapsed_on}


def _check_subject(caller: Caller, course: Values) -> None:
    """Refuse a patient, template or procedure that the clinic does not have or does not offer any more."""
    Patients(caller).require(course["patient_id"], "/patient_id")
    if course["template_id"] is not None:
        offered = _template(caller, course["template_id"])
    else:
        offered = Procedures(caller).require(course["procedure_id"], "/procedure_id")
    if not offered.active:
        raise Retired("This course template or procedure is retired and takes no new courses.")


def _check_sessions(caller: Caller, course: Values) -> None:
    if course["template_id"] is None:
        return
    template = _template(caller, course["template_id"])
    if not template.min_sessions <= course["sessions"] <= template.max_sessions:
        least, most = template.min_sessions, template.max_sessions
        raise Invalid("/sessions", f"A course of this template has {least} to {most} sessions.")


def _template(caller: Caller, template_id: UUID) -> Any:  # noqa: ANN401 - a row
    return CourseTemplates(caller).require(template_id, "/template_id")


def require_course(
    caller: Caller,
    course_id: UUID,
    patient_id: UUID | None,
    procedure_id: UUID,
    *,
    for_change: bool = False,
) -> None:
    """Refuse a visit that cannot be a session of the course; `for_change` locks the course's row.

    Raise NotFound for another patient's course, Invalid for a procedure that the course does not have,
    WrongStatus for a course that is over or paused, and CourseFull when no session is left.
    """
    course = caller.session.scalar(select_course(caller, course_id, for_change=for_change))
    if course is None or course.patient_id != patient_id:
        raise NotFound("course", "/course_id")
    if procedure_id not in procedures_of(caller, course):
        raise Invalid("/procedure_id", "This procedure is not one of the course's.")
    require_sessions(caller, course, 1)


def require_sessions(caller: Caller, course: Course, number: int) -> None:
    """Raise WrongStatus or CourseFull unless the course can take `number` more sessions.

    The answer is exact when the course's row is locked.
    """
    if course.status not in COURSES_TAKING:
        raise WrongStatus(COURSES_TAKING, f"The course is {course.status}.")
    left = sessions_left(caller, course)
    if number > left:
        raise CourseFull(f"Sessions left in this course: {left}.")


def sessions_left(caller: Caller, course: Course) -> int:
    """Count the sessions of the course that are neither performed nor booked."""
    return max(course.sessions - _count(caller, course, Appointment.status.not_in(NOT_BOOKED)), 0)


def procedures_of(caller: Caller, course: Course) -> list[UUID]:
    """Give the procedures that the course's sessions may be, the default first."""
    if course.template_id is None:
        return [one for one in (course.procedure_id,) if one is not None]
    procedure_ids: list[UUID] = _template(caller, course.template_id).procedure_ids
    return procedure_ids


def select_course(caller: Caller, course_id: UUID, *, for_change: bool = False) -> Select[Course]:
    """Select a course of the clinic; `for_change` locks its row."""
    statement = select(Course).where(Course.clinic_id == caller.clinic_id, Course.id == course_id)
    if for_change:
        statement = statement.with_for_update(key_share=True).execution_options(populate_existing=True)
    return statement


def follow_visit(caller: Caller, appointment: Appointment) -> None:
    """Update the course of a visit that was just written: a booking activates it, its last session ends it.

    The course's version also goes up when only its progress changes, because clients read both together.
    """
    if appointment.status in _COUNTING:
        follow_any_status(caller, appointment)


def follow_any_status(caller: Caller, appointment: Appointment) -> None:
    """Update the course of a visit whose status may be one that a step was taken back to.

    A course that the visit had ended goes on.
    """
    if appointment.course_id is None:
        return
    course = caller.session.scalars(select_course(caller, appointment.course_id, for_change=True)).one()
    before, course.status = course.status, _status_after(caller, course, appointment)
    if course.status != "lapsed":
        course.lapsed_on = None
    course.version += 1
    caller.session.flush()
    if course.status != before:
        changes = {"status": {"before": before, "after": course.status}}
        audit(caller, "course.changed", "course", course.id, changes)


def _status_after(caller: Caller, course: Course, visit: Appointment) -> str:
    if (
        visit.status == "completed"
        and course.status in COURSES_OPEN
        and _count(caller, course, Appointment.status == "completed") >= course.sessions
    ):
        return "completed"
    if course.status == "completed" and visit.status not in _COUNTING:
        done = _count(caller, course, Appointment.status == "completed")
        return "active" if done < course.sessions else "completed"
    return "active" if visit.status not in OVER and course.status in _WAKING else course.status


def _count(caller: Caller, course: Course, *where: ColumnElement[bool]) -> int:
    """Count visits of the course; under its lock, this sees visits that were committed while we waited."""
    statement = select(func.count()).where(
        Appointment.clinic_id == caller.clinic_id, Appointment.course_id == course.id, *where
    )
    return caller.session.scalar(statement) or 0
