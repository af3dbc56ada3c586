"""Sessions of the database have a plain role and time limits, and their errors repeat no data."""

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from sqlalchemy import NullPool, create_engine, make_url, text
from sqlalchemy.exc import DBAPIError

from config import ConfigError, Settings
from models.database import Database
from models.postgres import database_url, ensure

BOUNDS = {
    "idle_in_transaction_session_timeout": "30s",
    "lock_timeout": "5s",
    "statement_timeout": "30s",
    "jit": "off",
}


def superuser_url(database: Database) -> str:
    """Give the URL of this run's database for a superuser."""
    given = os.environ.get("DATABASE_URL")
    url = make_url(given) if given else make_url(database.url).set(username="postgres").set(query={})
    host = make_url(database.url).query["host"]
    whole = url.set(database=make_url(database.url).database).update_query_dict({"host": host})
    return whole.render_as_string(hide_password=False)


@pytest.fixture
def privileged(database: Database) -> Iterator[Database]:
    """Open the database by a superuser's URL that has options."""
    url = superuser_url(database) + "&options=-c%20work_mem%3D7MB"
    opened = Database(database_url(Settings(database_url=url)), pool_size=1)
    yield opened
    opened.close()


def test_a_superusers_url_is_used_through_the_plain_role(privileged: Database) -> None:
    with privileged.transaction() as session:
        role = session.scalar(text("SELECT current_user"))

    assert role == "clinic_app"


def test_processes_that_start_at_once_on_one_server_both_find_the_role(database: Database) -> None:
    own = make_url(superuser_url(database)).set(drivername="postgresql+psycopg")
    role = f"clinic_race_{os.getpid()}"
    # Two databases of a server share their roles, but not their locks.
    engines = [
        create_engine(own.set(database=name), isolation_level="AUTOCOMMIT", poolclass=NullPool)
        for name in (own.database, "postgres")
    ]
    together = Barrier(8)

    def start(number: int) -> None:
        with engines[number % 2].connect() as connection:
            together.wait()
            ensure(connection, "pg_roles WHERE rolname", role, f"CREATE ROLE {role} NOLOGIN")

    with engines[0].connect() as connection, ThreadPoolExecutor(8) as threads:
        for _ in range(5):
            list(threads.map(start, range(8)))
            found = connection.scalar(
                text("SELECT count(*) FROM pg_roles WHERE rolname = :name"), {"name": role}
            )
            connection.execute(text(f"DROP ROLE {role}"))
            assert found == 1


def test_the_options_of_a_url_are_kept(privileged: Database) -> None:
    with privileged.transaction() as session:
        kept = session.scalar(text("SELECT current_setting('work_mem')"))

    assert kept == "7MB"


@pytest.mark.parametrize("name", BOUNDS)
def test_every_session_is_bounded(database: Database, name: str) -> None:
    with database.transaction() as session:
        bound = session.scalar(text("SELECT current_setting(:name)"), {"name": name})

    assert bound == BOUNDS[name]


def test_a_failing_statement_does_not_print_its_parameters(database: Database) -> None:
    with pytest.raises(DBAPIError) as caught, database.transaction() as session:
        session.execute(text("SELECT CAST(:name AS text), 1 / 0"), {"name": "Alice Example"})

    assert "Alice" not in str(caught.value)


def create_table_and_fail(database: Database) -> None:
    """Create a table, then raise an error in the same transaction."""
    with database.transaction() as session:
        session.execute(text("CREATE TABLE half_done (number int)"))
        raise ZeroDivisionError


def test_a_transaction_that_fails_leaves_nothing(database: Database) -> None:
    with pytest.raises(ZeroDivisionError):
        create_table_and_fail(database)
    with database.transaction() as session:
        made = session.scalar(text("SELECT to_regclass('half_done')"))

    assert made is None


def test_a_database_that_is_away_does_not_answer() -> None:
    away = Database("postgresql://nobody@127.0.0.1:1/nowhere")

    assert not away.ping()


def test_a_database_that_is_away_is_refused_at_the_start() -> None:
    with pytest.raises(ConfigError, match="cannot be used: connection failed"):
        database_url(Settings(database_url="postgresql://nobody@127.0.0.1:1/nowhere"))
