"""Selects the messages about the maintenance of completed courses: it opens, is midway or closes (b7, b8)."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, Integer, Select, Text, column, exists, null, or_, true, values
from sqlalchemy.dialects.postgresql import TIMESTAMP
from sqlalchemy.orm import aliased

from booking.messages.columns import OFF_PLAN, columns, is_later_of_patient, same, with_words
from models import Appointment, Course, CourseTemplate, Location, Procedure
from scheduling import rulebook
from scheduling.messages import MOMENTS, in_window
from scheduling.months import add_months

_MOMENTS: Final = tuple(moment for moment in MOMENTS if moment.anchor == "window")
# Going months back may miss the right date by up to three days, and the dates here are those of UTC.
_SLACK: Final = timedelta(days=4) + OFF_PLAN


def by_course(
    since: datetime, until: datetime, templates: Iterable[rulebook.CourseTemplate]
) -> Select[Any] | None:
    """Select the sessions by the index on location and start; None if no template has maintenance.

    A patient who has since had or booked another session of the family or the course gets no message.
    """
    rows = _rows(since, until, templates)
    if not rows:
        return None
    windows = _windows(rows)
    window = windows.c
    sessions = (
        columns(window.kind, Appointment.starts_at, null(), window.opens, window.closes)
        .select_from(Location)
        .join(windows, true())
        .join(Appointment, same(Appointment.location_id, Location))
        .join(Course, same(Appointment.course_id, Course))
        .join(CourseTemplate, same(Course.template_id, CourseTemplate))
        .join(Procedure, same(Appointment.procedure_id, Procedure))
        .where(
            Appointment.starts_at > window.earliest,
            Appointment.starts_at < window.latest,
            Appointment.status == "completed",
            Course.status == "completed",
            CourseTemplate.maintenance_opens_months == window.opens,
            CourseTemplate.maintenance_closes_months == window.closes,
            ~_is_gone_on_with(),
        )
    )
    return with_words(sessions, window.kind, Appointment.starts_at)


def _rows(
    since: datetime, until: datetime, templates: Iterable[rulebook.CourseTemplate]
) -> Sequence[tuple[Any, ...]]:
    """Give each kind of message with the months of its window and the bounds of its sessions' starts.

    Templates with the same months share a row, so that a location's visits are read once for all of them.
    """
    months = {(one.maintenance_opens_months, one.maintenance_closes_months) for one in templates}
    return [
        (
            moment.kind,
            opens,
            closes,
            _before(since, moment.months, moment.days) - _SLACK,
            _before(until, moment.months, moment.days) + _SLACK,
        )
        for opens, closes in months
        if opens is not None and closes is not None
        for moment in (in_window(one, opens, closes) for one in _MOMENTS)
    ]


def _before(instant: datetime, months: int, days: int) -> datetime:
    moved = instant.astimezone(UTC) - timedelta(days=days)
    return datetime.combine(add_months(moved.date(), -months), moved.timetz())


def _windows(rows: Sequence[tuple[Any, ...]]) -> Any:  # noqa: ANN401 - a table of values
    names = values(
        column("kind", Text),
        column("opens", Integer),
        column("closes", Integer),
        column("earliest", TIMESTAMP(timezone=True)),
        column("latest", TIMESTAMP(timezone=True)),
        name="windows",
    )
    return names.data(rows)


def _is_gone_on_with() -> ColumnElement[bool]:
    """Whether a later session of the course or of the family has been performed or booked."""
    later, procedure = aliased(Appointment), aliased(Procedure)
    return (
        exists()
        .where(
            is_later_of_patient(later),
            procedure.clinic_id == later.clinic_id,
            procedure.id == later.procedure_id,
            or_(procedure.family == Procedure.family, later.course_id == Appointment.course_id),
        )
        .correlate(Appointment, Procedure)
    )
