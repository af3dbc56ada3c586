"""Occupancies are bounded, and a search reads them by an index below row-level security."""

import re
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from psycopg.errors import CheckViolation
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from booking.questions.busy import load_busy
from models.database import Database
from scheduling.bits import Window
from tests.support.callers import caller_in
from tests.support.desk import Desk
from tests.support.full_clinic import book_visit

DAY = 288
HISTORY = text("""
    INSERT INTO occupancies (clinic_id, id, resource_id, lane, start_tick, end_tick)
    SELECT :clinic, gen_random_uuid(), r.id, 0, t, t + 6
    FROM resources r CROSS JOIN generate_series(1000000, 1030000, 8) AS t
""")
TAKE = text("""
    INSERT INTO occupancies (clinic_id, id, resource_id, lane, start_tick, end_tick)
    SELECT :clinic, gen_random_uuid(), id, 0, :start, :end FROM resources LIMIT 1
    RETURNING lower(during), upper(during)
""")


def take(database: Database, desk: Desk, start: int, end: int) -> tuple[datetime, datetime]:
    """Occupy a resource from one tick to another and give the stored range."""
    with database.transaction(desk.clinic_id) as session:
        row = session.execute(TAKE, {"clinic": desk.clinic_id, "start": start, "end": end}).one()
        return row[0], row[1]


def test_the_range_says_what_the_ticks_say(database: Database, desk: Desk) -> None:
    desk.made("/therapists", name="Ada")
    # 946 684 800 seconds after 1970 the year 2000 began.
    start = 946_684_800 // 300

    assert take(database, desk, start, start + 1) == (
        datetime(2000, 1, 1, tzinfo=UTC),
        datetime(2000, 1, 1, 0, 5, tzinfo=UTC),
    )


@pytest.mark.parametrize("ticks", [1, DAY])
def test_an_occupancy_is_at_least_a_tick_and_up_to_a_day_long(
    database: Database, desk: Desk, ticks: int
) -> None:
    desk.made("/therapists", name="Ada")

    assert take(database, desk, 0, ticks)


@pytest.mark.parametrize(("ticks", "name"), [(DAY + 1, "longest"), (0, "order")])
def test_an_occupancy_is_at_most_a_day_long(database: Database, desk: Desk, ticks: int, name: str) -> None:
    desk.made("/therapists", name="Ada")
    with pytest.raises(DBAPIError) as caught:
        take(database, desk, 500, 500 + ticks)

    assert isinstance(caught.value.orig, CheckViolation)
    assert caught.value.orig.diag.constraint_name == f"ck_occupancies_{name}"


def plan_of_a_search(database: Database, clinic_id: UUID) -> str:
    """Give PostgreSQL's plan of a search of one day in a long history."""
    plans: list[str] = []
    window = Window(1_029_000, 1_029_000 + DAY)
    with database.transaction(clinic_id) as session:
        ids = list(session.scalars(text("SELECT id FROM resources")))
        execute = session.execute

        def explain(statement: Any, values: Any) -> Any:
            plans.extend(execute(text(f"EXPLAIN {statement}"), values).scalars())
            return execute(statement, values)

        session.execute = explain  # type: ignore[method-assign]
        load_busy(caller_in(session, clinic_id), ids, window)
    return "\n".join(plans)


def test_a_search_reads_its_window_by_the_index_below_row_level_security(
    database: Database, desk: Desk
) -> None:
    book_visit(desk)
    with database.transaction(desk.clinic_id) as session:
        session.execute(HISTORY, {"clinic": desk.clinic_id})
    with database.transaction() as session:
        session.execute(text("ANALYZE occupancies"))
    plan = plan_of_a_search(database, desk.clinic_id)

    assert "ix_occupancies_end" in plan
    assert re.search(r"Index Cond: .*end_tick > 1029000.*end_tick < ", plan)
