"""Courses: a number of sessions for a patient, whose status follows from the visits."""

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, func, or_, select

from booking.catalogue.course_templates import COURSE_TEMPLATE
from booking.catalogue.patients import PATIENT
from booking.catalogue.procedures import PROCEDURE
from booking.core.caller import Caller
from booking.core.crud import Kind, Values, require, select_all
from booking.core.errors import CourseFull, InUse, Invalid, NotFound, Retired, WrongStatus
from booking.core.events import audit
from booking.core.locks import lock_catalogue
from booking.courses.held_courses import held_courses
from models import Appointment, Course
from models.statuses import COURSES_OPEN, COURSES_TAKING, GONE, NOT_BOOKED

_WAKING: Final = ("planned", "lapsed")
# The statuses of a visit with which the progress of its course changes.
_COUNTING: Final = frozenset({"booked", "completed", *GONE})


def _complete(caller: Caller, before: Values | None, values: Values) -> Values:
    """Start a new course as planned, and complete a changed course that has no session left."""
    if before is not None:
        return _ended(before, values)
    # A template's code may not change once it has a course: an act that changes it waits for this lock.
    lock_catalogue(caller)
    template_id = values["template_id"]
    given = {"sessions": _template(caller, template_id).sessions} if template_id is not None else {}
    return given | values | {"status": "planned"}


def _ended(before: Values, values: Values) -> Values:
    """Work out the status of a changed course; a client may only set it to cancelled."""
    status = values.get("status", before["status"])
    if status not in {before["status"], "cancelled"}:
        raise Invalid("/status", "Can only become cancelled.")
    if values.get("sessions") == before["progress"]["performed"] and status in COURSES_OPEN:
        status = "completed"
    lapsed_on = before["lapsed_on"] if status == "lapsed" else None
    return values | {"status": status, "lapsed_on": lapsed_on}


def _check(caller: Caller, before: Values | None, after: Values) -> None:
    if before is None:
        _check_subject(caller, after)
    elif before["status"] not in COURSES_OPEN and before != after:
        raise WrongStatus(COURSES_OPEN, f"The course is {before['status']}.")
    elif after["sessions"] < sum(before["progress"].values()):
        raise InUse("More sessions than that are performed or booked.", before["appointment_ids"])
    if before is None or before["sessions"] != after["sessions"]:
        _check_sessions(caller, after)


def _check_subject(caller: Caller, course: Values) -> None:
    """Refuse a patient, template or procedure that the clinic does not have or does not offer any more."""
    require(caller, PATIENT, course["patient_id"], "/patient_id")
    if course["template_id"] is not None:
        offered = _template(caller, course["template_id"])
    else:
        offered = require(caller, PROCEDURE, course["procedure_id"], "/procedure_id")
    if not offered.active:
        raise Retired("This course template or procedure is retired and takes no new courses.")


def _check_sessions(caller: Caller, course: Values) -> None:
    if course["template_id"] is None:
        return
    template = _template(caller, course["template_id"])
    if not template.min_sessions <= course["sessions"] <= template.max_sessions:
        least, most = template.min_sessions, template.max_sessions
        raise Invalid("/sessions", f"A course of this template has {least} to {most} sessions.")


def _template(caller: Caller, template_id: UUID) -> Any:  # noqa: ANN401 - the kind's own row
    return require(caller, COURSE_TEMPLATE, template_id, "/template_id")


def _show(caller: Caller, found: list[Values]) -> None:
    """Add to each course its medical holds, its progress, and in order of time the visits the key may see."""
    by_id = {one["id"]: one for one in found}
    held = held_courses(caller, [one["id"] for one in found if one["status"] in COURSES_OPEN])
    for one in found:
        one["progress"], one["appointment_ids"] = {"performed": 0, "booked": 0}, []
        one["medical_hold_ids"] = held.get(one["id"], [])
    visits = (
        select(Appointment.course_id, Appointment.id, Appointment.location_id, Appointment.status)
        .where(
            Appointment.clinic_id == caller.clinic_id,
            Appointment.course_id.in_(by_id),
            Appointment.status.not_in(NOT_BOOKED),
        )
        .order_by(Appointment.starts_at, Appointment.id)
    )
    for course_id, appointment_id, location_id, status in caller.session.execute(visits):
        one = by_id[course_id]
        one["progress"]["performed" if status == "completed" else "booked"] += 1
        if caller.location_ids is None or location_id in caller.location_ids:
            one["appointment_ids"].append(appointment_id)


def select_courses(caller: Caller, kind: Kind, query: Mapping[str, Any]) -> Select[Any]:
    """Select courses by the given fields; a course that a medical hold stops counts as paused."""
    where = {name: query[name] for name in ("patient_id", "template_id") if name in query}
    chosen = select_all(caller, kind, where)
    if "status" not in query:
        return chosen
    held, of_status = Course.id.in_(held_courses(caller)), Course.status == query["status"]
    return chosen.where(or_(held, of_status) if query["status"] == "paused" else and_(~held, of_status))


COURSE = Kind(name="course", model=Course, locks="id", complete=_complete, check=_check, show=_show)


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
    if appointment.course_id is None or appointment.status not in _COUNTING:
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
    return "active" if visit.status == "booked" and course.status in _WAKING else course.status


def _count(caller: Caller, course: Course, *where: ColumnElement[bool]) -> int:
    """Count visits of the course; under its lock, this sees visits that were committed while we waited."""
    statement = select(func.count()).where(
        Appointment.clinic_id == caller.clinic_id, Appointment.course_id == course.id, *where
    )
    return caller.session.scalar(statement) or 0
