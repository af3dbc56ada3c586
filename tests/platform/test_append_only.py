"""Events and audit entries can be neither changed nor deleted."""

import pytest
from psycopg.errors import RaiseException
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from models.database import Database
from tests.support.desk import Desk


@pytest.mark.parametrize("table", ["events", "audit_log"])
@pytest.mark.parametrize(
    "change", ["UPDATE {table} SET subject_id = id", "DELETE FROM {table}", "TRUNCATE {table} CASCADE"]
)
def test_a_log_refuses_every_change(database: Database, alice: Desk, table: str, change: str) -> None:
    with pytest.raises(DBAPIError) as caught, database.transaction(alice.clinic_id) as session:
        session.execute(text(change.format(table=table)))

    assert isinstance(caught.value.orig, RaiseException)
    assert f"{table} is append-only" in str(caught.value.orig)


def test_an_event_carries_the_transaction_that_wrote_it(database: Database, alice: Desk) -> None:
    with database.transaction(alice.clinic_id) as session:
        session.execute(
            text(
                "INSERT INTO events (clinic_id, id, type, subject_id, data, occurred_at) "
                "VALUES (current_clinic(), gen_random_uuid(), 'mine', gen_random_uuid(), '{}', now())"
            )
        )
        own = session.scalars(text("SELECT xid = pg_current_xact_id() FROM events WHERE type = 'mine'"))

        assert own.all() == [True]


def test_forgetting_empties_what_an_entry_says_and_changes_nothing_else(
    database: Database, alice: Desk, bob: Desk
) -> None:
    read = text("SELECT to_jsonb(a) FROM audit_log a ORDER BY id")
    with database.transaction(bob.clinic_id) as session:
        theirs = session.scalars(read).all()
    with database.transaction(alice.clinic_id) as session:
        before = session.scalars(read).all()
        subjects = [one["subject_id"] for one in (*before, *theirs)]
        session.execute(text("SELECT forget_in_audit_log(CAST(:ids AS uuid[]))"), {"ids": subjects})
        after = session.scalars(read).all()
    with database.transaction(bob.clinic_id) as session:
        theirs_after = session.scalars(read).all()

    assert any(one["changes"] for one in before)
    assert after == [one | {"changes": {}} for one in before]
    assert theirs_after == theirs


@pytest.mark.parametrize("change", ["actor = 'Me'", "changes = '{\"a\": 1}'", "changes = '{}', at = now()"])
def test_what_lets_entries_be_forgotten_lets_nothing_else_be_changed(
    database: Database, alice: Desk, change: str
) -> None:
    with database.transaction(alice.clinic_id) as session:
        session.execute(text("SELECT set_config('clinic.forgetting', 'on', true)"))
        with pytest.raises(DBAPIError) as caught, session.begin_nested():
            session.execute(text(f"UPDATE audit_log SET {change}"))  # noqa: S608 - ours

    assert "audit_log is append-only" in str(caught.value.orig)
