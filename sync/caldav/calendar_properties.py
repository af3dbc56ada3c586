"""Keeps the properties that calendar programs set on a therapist's calendars."""

from collections.abc import Mapping
from uuid import UUID

from sqlalchemy import ColumnElement, delete, select
from sqlalchemy.dialects.postgresql import insert

from booking.core.caller import Caller
from models import CalendarProperty


def load_properties(caller: Caller, therapist_id: UUID, calendar: str) -> dict[str, str]:
    """Give the values of a calendar's properties by name."""
    columns = select(CalendarProperty.name, CalendarProperty.value)
    rows = caller.session.execute(columns.where(*_of(caller, therapist_id, calendar)))
    return {row.name: row.value for row in rows}


def store_properties(
    caller: Caller, therapist_id: UUID, calendar: str, changes: Mapping[str, str | None]
) -> None:
    """Set the named properties of a calendar; None removes one."""
    gone = [name for name, value in changes.items() if value is None]
    mine = _of(caller, therapist_id, calendar)
    caller.session.execute(delete(CalendarProperty).where(*mine, CalendarProperty.name.in_(gone)))
    own = {"clinic_id": caller.clinic_id, "therapist_id": therapist_id, "calendar": calendar}
    # In the order of their names, so that two programs that set the same properties wait in turn.
    rows = [
        own | {"name": name, "value": value} for name, value in sorted(changes.items()) if value is not None
    ]
    if rows:
        written = insert(CalendarProperty).values(rows)
        key = ["clinic_id", "therapist_id", "calendar", "name"]
        caller.session.execute(
            written.on_conflict_do_update(index_elements=key, set_={"value": written.excluded.value})
        )


def _of(caller: Caller, therapist_id: UUID, calendar: str) -> tuple[ColumnElement[bool], ...]:
    return (
        CalendarProperty.clinic_id == caller.clinic_id,
        CalendarProperty.therapist_id == therapist_id,
        CalendarProperty.calendar == calendar,
    )
