"""Migrations and models make the same database; PostgreSQL itself is asked, since no tool compares it all."""

from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import Connection, text
from uuid_utils.compat import uuid7

import models  # noqa: F401 - importing the models is what fills the metadata
from booking.catalogue.defaults import default_hold_rules
from booking.catalogue.message_templates import default_message_templates
from migrations.runner import migrate, migrated
from models.base import Base
from models.database import Database
from tests.platform import catalogue


@pytest.fixture
def by_migrations(database: Database) -> Iterator[Connection]:
    """Give a connection to the database that the revisions made."""
    with database.engine.connect() as connection:
        yield connection


@pytest.fixture(scope="module")
def modelled(make_database: Callable[[str], Database]) -> Database:
    """Make a database from the models alone."""
    database = make_database("models")
    with database.engine.begin() as connection:
        connection.execute(text("CREATE EXTENSION IF NOT EXISTS btree_gist"))
        Base.metadata.create_all(connection)
    return database


@pytest.fixture
def by_models(modelled: Database) -> Iterator[Connection]:
    """Give a connection to the database that the models made."""
    with modelled.engine.connect() as connection:
        yield connection


def test_columns_have_the_same_types_and_defaults(by_migrations: Connection, by_models: Connection) -> None:
    assert catalogue.columns(by_migrations) == catalogue.columns(by_models)


def test_constraints_have_the_same_names_and_definitions(
    by_migrations: Connection, by_models: Connection
) -> None:
    assert catalogue.constraints(by_migrations) == catalogue.constraints(by_models)


def test_indexes_have_the_same_names_and_definitions(
    by_migrations: Connection, by_models: Connection
) -> None:
    assert catalogue.indexes(by_migrations) == catalogue.indexes(by_models)


def test_every_table_of_the_models_is_migrated(by_migrations: Connection) -> None:
    assert catalogue.tables(by_migrations) == {*Base.metadata.tables, "alembic_version"}


def test_every_constraint_is_named_for_its_table(by_migrations: Connection) -> None:
    named = catalogue.constraints(by_migrations)

    assert [key for key in named if not key[1].split("_", 1)[1].startswith(key[0])] == []


def test_an_empty_database_is_not_at_the_newest_revision(make_database: Callable[[str], Database]) -> None:
    assert not migrated(make_database("empty").engine)


def test_migrating_twice_changes_nothing(database: Database, by_migrations: Connection) -> None:
    before = catalogue.indexes(by_migrations)
    migrate(database.engine)

    assert migrated(database.engine)
    assert catalogue.indexes(by_migrations) == before


def test_clinics_from_before_holds_get_the_ten_rules(make_database: Callable[[str], Database]) -> None:
    database = make_database("before_holds")
    migrate(database.engine, "20261122_2210")
    clinics = [uuid7(), uuid7()]
    for clinic_id in clinics:
        with database.transaction(clinic_id) as session:
            session.execute(
                text("INSERT INTO clinics (id, name, timezone) VALUES (:id, 'Old', 'Europe/London')"),
                {"id": clinic_id},
            )
    migrate(database.engine)

    for clinic_id in clinics:
        with database.transaction(clinic_id) as session:
            rows = session.execute(text("SELECT * FROM hold_rules ORDER BY id")).mappings().all()
        assert [{name: row[name] for name in default_hold_rules()[0]} for row in rows] == default_hold_rules()
        assert {(row["clinic_id"], row["active"]) for row in rows} == {(clinic_id, True)}


def test_clinics_from_before_messages_get_the_default_templates(
    make_database: Callable[[str], Database],
) -> None:
    database, clinic_id = make_database("before_messages"), uuid7()
    migrate(database.engine, "20261124_2100")
    with database.transaction(clinic_id) as session:
        session.execute(
            text("INSERT INTO clinics (id, name, timezone) VALUES (:id, 'Old', 'Europe/London')"),
            {"id": clinic_id},
        )
    migrate(database.engine)

    with database.transaction(clinic_id) as session:
        rows = session.execute(text("SELECT * FROM message_templates ORDER BY id")).mappings().all()
    words = [{name: row[name] for name in ("kind", "subject", "body")} for row in rows]
    assert words == default_message_templates()
