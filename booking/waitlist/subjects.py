"""Checks the course and the visit that a waitlist entry names."""

from uuid import UUID

from booking.appointments.records import get_appointment
from booking.core.caller import Caller
from booking.core.crud import Values
from booking.core.errors import Invalid, WrongStatus
from booking.courses.courses import require_course
from booking.questions.catalog import load_catalog
from models import Appointment
from models.statuses import TO_COME


def complete_areas(caller: Caller, entry: Values) -> None:
    """Let a new entry wish for the areas of its visit, where the procedure leaves a choice of areas."""
    procedure = load_catalog(caller).engine.procedures.get(entry["procedure_id"])
    if entry["appointment_id"] is not None and procedure is not None and procedure.choose_areas:
        entry["areas"] = entry["areas"] or list(_visit(caller, entry["appointment_id"]).areas)


def check_subject(caller: Caller, entry: Values, *, begins: bool) -> None:
    """Refuse a visit that such an entry cannot bring forward, and a course that takes no such session.

    A course is asked when the entry `begins` to wait; later it may be full or paused for a while. A session
    that is brought forward stays a session of its course: it needs no other place there.
    """
    if entry["appointment_id"] is not None:
        _check_visit(caller, entry, _visit(caller, entry["appointment_id"]))
    elif begins and entry["course_id"] is not None:
        require_course(caller, entry["course_id"], entry["patient_id"], entry["procedure_id"])


def _visit(caller: Caller, appointment_id: UUID) -> Appointment:
    return get_appointment(caller, appointment_id, pointer="/appointment_id")


def _check_visit(caller: Caller, entry: Values, visit: Appointment) -> None:
    for name in ("patient_id", "procedure_id", "location_id"):
        if getattr(visit, name) != entry[name]:
            raise Invalid("/appointment_id", f"This appointment has another {name}.")
    if entry["areas"] and set(entry["areas"]) != set(visit.areas):
        raise Invalid("/areas", "The appointment treats other areas.")
    if entry["course_id"] not in {None, visit.course_id}:
        raise Invalid("/course_id", "The appointment is no session of this course.")
    if visit.status not in TO_COME:
        raise WrongStatus(TO_COME, f"The appointment is {visit.status}.")
    if visit.starts_at <= caller.now:
        raise WrongStatus(TO_COME, "The appointment has begun by its plan.")
