"""Pages of appointments are read by an index in each order, however many appointments there are."""

import re
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.dialects import postgresql

from api.paging import page
from booking.appointments.listing import select_appointments
from models import Appointment
from models.database import Database
from tests.support.callers import caller_in
from tests.support.desk import Desk
from tests.support.full_clinic import book_visit

# Years of visits like the first, none of which overlap.
COPIES = text("""
    INSERT INTO appointments (clinic_id, id, status, location_id, procedure_id, patient_id, therapist_id,
        areas, starts_at, procedure_at, ends_at, local_date, warnings, flags, overrides)
    SELECT clinic_id, gen_random_uuid(), 'completed', location_id, procedure_id, patient_id, therapist_id,
        areas,
        starts_at - day * interval '1 hour' - interval '1 day',
        starts_at - day * interval '1 hour' - interval '1 day',
        starts_at - day * interval '1 hour' - interval '1 day' + interval '20 minutes',
        local_date - day / 24 - 1, warnings, flags, overrides
    FROM appointments CROSS JOIN generate_series(1, 1000) AS day
    WHERE hold IS NULL
""")


@pytest.fixture
def crowded(database: Database, desk: Desk) -> Desk:
    """Give a clinic with thousands of visits behind it."""
    book_visit(desk)
    with database.transaction(desk.clinic_id) as session:
        session.execute(COPIES)
    with database.transaction() as session:
        session.execute(text("ANALYZE appointments"))
    return desk


def _plan(database: Database, clinic_id: UUID, query: dict[str, Any]) -> str:
    """Explain the second page of a list, as PostgreSQL planned it."""
    plans: list[str] = []
    with database.transaction(clinic_id) as session:
        caller = caller_in(session, clinic_id)
        asked = {"limit": 50} | query
        first = page(session, select_appointments(caller, asked), Appointment, asked)
        scalars = session.scalars

        def explain(statement: Any) -> Any:
            compiled = statement.compile(dialect=postgresql.dialect(), compile_kwargs={"literal_binds": True})
            plans.extend(session.execute(text(f"EXPLAIN {compiled}".replace(":", "\\:"))).scalars())
            return scalars(statement)

        session.scalars = explain  # type: ignore[assignment]
        again = asked | {"cursor": first["next_cursor"]}
        page(session, select_appointments(caller, again), Appointment, again)
    return "\n".join(plans)


@pytest.mark.parametrize(
    ("sort", "index", "condition"),
    [
        ("created_at", "pk_appointments", r"\(id > '"),
        ("-created_at", "pk_appointments", r"\(id < '"),
        ("starts_at", "ix_appointments_starts_at", r"ROW\(starts_at, id\) > ROW\("),
        ("-starts_at", "ix_appointments_starts_at", r"ROW\(starts_at, id\) < ROW\("),
    ],
)
def test_a_page_begins_in_an_index_where_the_last_one_ended(
    database: Database, crowded: Desk, sort: str, index: str, condition: str
) -> None:
    plan = _plan(database, crowded.clinic_id, {"sort": sort})

    assert index in plan
    assert re.search(rf"Index Cond: .*{condition}", plan), plan
    assert "Sort" not in plan
