"""Pauses and resumes courses, and lets overdue courses lapse."""

from collections.abc import Sequence
from datetime import date
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text

from booking.core.caller import Caller
from booking.core.crud import Values
from booking.core.errors import WrongStatus
from booking.core.events import audit, tell
from booking.courses.courses import Courses
from booking.questions.catalog import ClinicCatalog, load_catalog
from booking.questions.histories import History, load_histories
from models.statuses import OVER
from scheduling.lapses import overdue_days
from scheduling.questions import CourseOf, Patient, Question
from scheduling.rules.medical_holds import medical_holds_against

PAUSING: Final = ("planned", "active")
RESUMING: Final = ("paused",)

_NOTHING_BOOKED = f"""NOT EXISTS (
        SELECT FROM appointments b
        WHERE b.clinic_id = c.clinic_id AND b.course_id = c.id
          AND b.status NOT IN {OVER})"""
_CANDIDATES = text(f"""
    SELECT DISTINCT ON (c.id) c.id, c.template_id, c.patient_id, p.skin_type,
           a.location_id, a.procedure_id, a.areas,
           COALESCE(a.performed_on, a.local_date) AS last_on
    FROM courses c
    JOIN patients p ON p.clinic_id = c.clinic_id AND p.id = c.patient_id
    JOIN appointments a ON a.clinic_id = c.clinic_id AND a.course_id = c.id AND a.status = 'completed'
    WHERE c.clinic_id = :clinic_id AND c.status = 'active' AND {_NOTHING_BOOKED}
    ORDER BY c.id, last_on DESC, a.id
""")  # noqa: S608 - no part comes from a request
# An act that books a session has locked its course: such a course does not lapse, and is not waited for.
_LOCK = text("""
    SELECT id FROM courses
    WHERE clinic_id = :clinic_id AND id = ANY(:ids) AND status = 'active'
    ORDER BY id FOR NO KEY UPDATE SKIP LOCKED
""")
_LAPSE = text(f"""
    UPDATE courses c SET status = 'lapsed', lapsed_on = :today, version = version + 1, updated_at = now()
    WHERE c.clinic_id = :clinic_id AND c.id = :id AND {_NOTHING_BOOKED}
    RETURNING c.version
""")  # noqa: S608 - no part comes from a request


def pause(caller: Caller, course_id: UUID, expected: int | None, reason: str | None) -> Values:
    """Let a course take no more visits; booked visits stay. Raise WrongStatus or StaleVersion."""
    return _set_status(caller, course_id, expected, reason, "paused", PAUSING)


def resume(caller: Caller, course_id: UUID, expected: int | None, reason: str | None) -> Values:
    """Let a paused course take visits again: it becomes active if it has visits, else planned."""
    return _set_status(caller, course_id, expected, reason, None, RESUMING)


def _set_status(
    caller: Caller,
    course_id: UUID,
    expected: int | None,
    reason: str | None,
    status: str | None,
    allowed: Sequence[str],
) -> Values:
    courses = Courses(caller)
    row, before = courses.lock_for_change(course_id, expected)
    if before["status"] not in allowed:
        raise WrongStatus(allowed, f"The course is {before['status']}.")
    after = status or ("active" if any(before["progress"].values()) else "planned")
    courses.write_changes(row, {"status": after})
    changes: dict[str, Any] = {"status": {"before": before["status"], "after": after}}
    act = "paused" if status else "resumed"
    audit(caller, f"course.{act}", "course", course_id, changes | ({"reason": reason} if reason else {}))
    return courses.get(course_id)


def lapse_due(caller: Caller) -> int:
    """Let courses lapse that have no session booked and are overdue; give their number.

    The spacing rule between two such sessions says after how many days a course is overdue, counted to
    today's date at the location of the last session. A course does not lapse while a medical hold refuses
    the next session; after that, its days count from the end of the hold.
    """
    catalog = load_catalog(caller)
    rows = caller.session.execute(_CANDIDATES, {"clinic_id": caller.clinic_id})
    late = [row for row in rows if _is_overdue(caller, catalog, row, row.last_on)]
    histories = load_histories(caller, catalog, {row.patient_id for row in late}, with_holds=False)
    due = {row.id: row for row in late if _is_free(caller, catalog, row, histories[row.patient_id])}
    if not due:
        return 0
    locked = caller.session.scalars(_LOCK, {"clinic_id": caller.clinic_id, "ids": list(due)}).all()
    return sum(_lapse(caller, due[one], _today(caller, catalog, due[one])) for one in locked)


def _is_overdue(caller: Caller, catalog: ClinicCatalog, row: Any, since: date) -> bool:  # noqa: ANN401 - a row
    engine = catalog.engine
    question = Question(
        procedure=engine.procedures[row.procedure_id],
        location=engine.locations[row.location_id],
        areas=tuple(row.areas),
        now=caller.now,
        patient=Patient(row.patient_id, skin_type=row.skin_type),
        course=CourseOf(row.id, engine.course_templates.get(row.template_id)),
    )
    passed: int = (_today(caller, catalog, row) - since).days
    return passed > overdue_days(question, engine.spacing_rules)


def _is_free(caller: Caller, catalog: ClinicCatalog, row: Any, history: History) -> bool:  # noqa: ANN401 - a row
    """Whether no medical hold refuses the next session, and the course is overdue since the last hold."""
    procedure, rules = catalog.engine.procedures[row.procedure_id], catalog.engine.hold_rules
    today, since = _today(caller, catalog, row), row.last_on
    for _, ban in medical_holds_against(procedure, row.areas, history.person.medical_holds, rules):
        if ban.until is None or ban.covers(today):
            return False
        since = max(since, ban.until)
    return _is_overdue(caller, catalog, row, since)


def _today(caller: Caller, catalog: ClinicCatalog, row: Any) -> date:  # noqa: ANN401 - a row of the query
    return caller.now.astimezone(catalog.engine.locations[row.location_id].zone).date()


def _lapse(caller: Caller, row: Any, today: date) -> bool:  # noqa: ANN401 - a row of the query
    """Let a locked course lapse, unless a session was booked between the search and the lock."""
    values = {"clinic_id": caller.clinic_id, "id": row.id, "today": today}
    version = caller.session.scalar(_LAPSE, values)
    if version is None:
        return False
    told = {
        "id": row.id,
        "version": version,
        "status": "lapsed",
        "template_id": row.template_id,
        "location_id": row.location_id,
        "last_session_on": row.last_on,
    }
    tell(caller, "course.lapsed", row.id, told)
    changes = {"status": {"before": "active", "after": "lapsed"}}
    audit(caller, "course.changed", "course", row.id, changes)
    return True
