"""Row-level security holds for queries that do not filter by clinic, like the queries of these tests."""

from typing import Any
from uuid import UUID

import pytest
from psycopg.errors import ForeignKeyViolation, InsufficientPrivilege
from sqlalchemy import Column, Table, func, insert, select, text, update
from sqlalchemy.exc import DBAPIError
from uuid_utils.compat import uuid7

from models import OpeningHours
from models.base import Base
from models.database import Database
from tests.support.desk import Desk

TABLES = [pytest.param(table, id=table.name) for table in Base.metadata.sorted_tables]
CHANGEABLE = [
    pytest.param(table, id=table.name)
    for table in Base.metadata.sorted_tables
    if table.name not in {"events", "audit_log"}
]


def count(database: Database, table: Table, clinic_id: UUID | None) -> int:
    """Count the rows of a table that are visible with this clinic bound, or with none."""
    with database.transaction(clinic_id) as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def owner_of(table: Table) -> Column[Any]:
    """Give the column with the id of the clinic that owns a row."""
    return table.columns["id" if table.name == "clinics" else "clinic_id"]


def copy_of_a_row(database: Database, table: Table, clinic_id: UUID) -> dict[str, Any]:
    """Give the values of one of a clinic's rows, to insert them again."""
    with database.transaction(clinic_id) as session:
        row = session.execute(select(table)).mappings().first()
    assert row is not None
    return {column.name: row[column.name] for column in table.columns if column.name not in {"during", "xid"}}


@pytest.mark.parametrize("table", TABLES)
def test_a_clinic_sees_its_own_rows(database: Database, alice: Desk, table: Table) -> None:
    assert count(database, table, alice.clinic_id) > 0


@pytest.mark.parametrize("table", TABLES)
def test_nothing_is_seen_while_no_clinic_is_bound(database: Database, alice: Desk, table: Table) -> None:
    assert count(database, table, alice.clinic_id) > 0
    assert count(database, table, None) == 0


@pytest.mark.parametrize("table", TABLES)
def test_nothing_of_another_clinic_is_seen(database: Database, alice: Desk, bob: Desk, table: Table) -> None:
    with database.transaction(bob.clinic_id) as session:
        seen = set(session.scalars(select(owner_of(table))))

    assert count(database, table, alice.clinic_id) > 0
    assert seen <= {bob.clinic_id}


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("bound", [False, True], ids=["no clinic bound", "another clinic bound"])
def test_no_row_can_be_written_for_another_clinic(
    database: Database, alice: Desk, bob: Desk, table: Table, bound: bool
) -> None:
    row = copy_of_a_row(database, table, alice.clinic_id)
    with (
        pytest.raises(DBAPIError) as caught,
        database.transaction(bob.clinic_id if bound else None) as session,
    ):
        session.execute(insert(table).values(row))

    assert isinstance(caught.value.orig, InsufficientPrivilege)


@pytest.mark.parametrize("table", CHANGEABLE)
@pytest.mark.parametrize("bound", [False, True], ids=["no clinic bound", "another clinic bound"])
def test_no_row_of_another_clinic_can_be_changed(
    database: Database, alice: Desk, bob: Desk, table: Table, bound: bool
) -> None:
    own = {bob.clinic_id} if bound else set()
    owner = owner_of(table)
    with database.transaction(bob.clinic_id if bound else None) as session:
        changed = set(session.scalars(update(table).values({owner: owner}).returning(owner)))

    assert count(database, table, alice.clinic_id) > 0
    assert changed <= own


@pytest.mark.parametrize("table", CHANGEABLE)
def test_no_row_of_another_clinic_can_be_deleted(
    database: Database, alice: Desk, bob: Desk, table: Table
) -> None:
    before = count(database, table, alice.clinic_id)
    with database.transaction(bob.clinic_id) as session:
        session.execute(table.delete().where(owner_of(table) == alice.clinic_id))

    assert count(database, table, alice.clinic_id) == before > 0


def test_a_row_cannot_be_handed_to_another_clinic(database: Database, alice: Desk, bob: Desk) -> None:
    with pytest.raises(DBAPIError) as caught, database.transaction(alice.clinic_id) as session:
        session.execute(text("UPDATE patients SET clinic_id = :bob"), {"bob": bob.clinic_id})

    assert isinstance(caught.value.orig, InsufficientPrivilege)


def test_a_row_cannot_refer_to_another_clinics_row(database: Database, alice: Desk, bob: Desk) -> None:
    with database.transaction(alice.clinic_id) as session:
        location_id = session.scalar(text("SELECT id FROM locations"))
    hours = {"id": uuid7(), "location_id": location_id, "weekday": 0, "starts": 540, "ends": 1020}
    with pytest.raises(DBAPIError) as caught, database.transaction(bob.clinic_id) as session:
        session.execute(insert(OpeningHours).values(hours | {"clinic_id": bob.clinic_id}))

    assert isinstance(caught.value.orig, ForeignKeyViolation)
    assert caught.value.orig.diag.constraint_name == "fk_opening_hours_location"


def test_a_clinic_stays_bound_for_its_transaction_only(database: Database, alice: Desk) -> None:
    one_connection = Database(database.url, pool_size=1)
    with one_connection.transaction(alice.clinic_id) as session:
        session.execute(text("SELECT 1"))
    with one_connection.transaction() as session:
        bound = session.scalar(text("SELECT current_clinic()"))
    one_connection.close()

    assert bound is None
