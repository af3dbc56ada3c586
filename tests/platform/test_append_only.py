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
