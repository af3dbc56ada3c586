"""A real database for the run, and a fresh clinic for every test: row-level security isolates the tests."""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import URL, Engine, QueuePool, create_engine, make_url, text

from api.app import create_app
from api.state import state_of
from config import Settings
from migrations.runner import migrate
from models.database import Database
from models.postgres import database_url, stop_embedded
from tests.support.copying import Cast, Copied, MakeClinic, Original, copy, keep
from tests.support.desk import Desk
from tests.support.new_clinics import open_clinic

IDLE_CONNECTIONS = 4


def pytest_configure(config: pytest.Config) -> None:
    """Choose the folder of the run before the workers start."""
    if not hasattr(config, "workerinput"):
        os.environ["CLINIC_TEST_DIR"] = tempfile.mkdtemp(prefix="clinic-tests-")


def pytest_unconfigure(config: pytest.Config) -> None:
    """Leave the server, which stops with its last user; the main process removes the folder."""
    folder = Path(os.environ["CLINIC_TEST_DIR"])
    stop_embedded(folder / "postgres")
    if not hasattr(config, "workerinput"):
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def settings() -> Settings:
    """Give the settings of the run: the embedded server, or the one that DATABASE_URL names."""
    return Settings(
        database_url=os.environ.get("DATABASE_URL"),
        data_dir=Path(os.environ["CLINIC_TEST_DIR"]),
        sandbox=True,
        allow_loopback_urls=True,
    )


@pytest.fixture(scope="session")
def databases() -> dict[str, Database]:
    """Keep this worker's databases by name."""
    return {}


@pytest.fixture(autouse=True)
def _few_idle_connections(databases: dict[str, Database]) -> Iterator[None]:
    """Close the connections of a race, since the server has enough for one race at a time in each worker."""
    yield
    for database in databases.values():
        pool = database.engine.pool
        if isinstance(pool, QueuePool) and pool.checkedin() > IDLE_CONNECTIONS:
            database.engine.dispose()


@pytest.fixture(scope="session")
def make_database(
    settings: Settings, worker_id: str, databases: dict[str, Database]
) -> Iterator[Callable[[str], Database]]:
    """Make empty databases for this worker and the plain role; drop them when the run ends."""
    url = make_url(settings.database_url) if settings.database_url else _superuser(settings)
    admin = create_engine(url.set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT")
    if not settings.database_url:
        _let_it_forget(admin)

    def make(purpose: str) -> Database:
        name = f"clinic_test_{os.getpid()}_{worker_id}_{purpose}"
        with admin.connect() as connection:
            connection.execute(text(f"CREATE DATABASE {name}"))
        own = url.set(database=name, drivername="postgresql").render_as_string(hide_password=False)
        databases[name] = Database(database_url(Settings(database_url=own)), pool_size=60)
        return databases[name]

    yield make
    with admin.connect() as connection:
        for name, database in databases.items():
            database.close()
            connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    admin.dispose()


def _let_it_forget(admin: Engine) -> None:
    """Turn off the durability of the run's own server, whose data need not survive a crash."""
    with admin.connect() as connection:
        for name in ("fsync", "full_page_writes", "synchronous_commit"):
            connection.execute(text(f"ALTER SYSTEM SET {name} = off"))
        connection.execute(text("SELECT pg_reload_conf()"))


def _superuser(settings: Settings) -> URL:
    return make_url(database_url(settings)).set(username="postgres", database="postgres")


@pytest.fixture(scope="session")
def database(make_database: Callable[[str], Database]) -> Database:
    """Migrate a database of this worker's own."""
    database = make_database("main")
    migrate(database.engine)
    return database


@pytest.fixture(scope="session")
def app(database: Database, settings: Settings) -> Flask:
    """Make the product's WSGI application with the sandbox clock on."""
    return create_app(settings, database)


@pytest.fixture(autouse=True)
def _fresh_limits(request: pytest.FixtureRequest) -> None:
    """Let each test begin with nothing counted, since all of them come from one address."""
    for name in {"app", "toys"}.intersection(request.fixturenames):
        state_of(request.getfixturevalue(name)).limits.reset()


@pytest.fixture
def make_clinic(app: Flask, database: Database) -> Callable[..., Desk]:
    """Create clinics and give their desks: see `open_clinic`."""
    return partial(open_clinic, app, database)


@pytest.fixture
def desk(make_clinic: Callable[..., Desk]) -> Desk:
    """Give a fresh clinic's desk, with no catalogue."""
    return make_clinic()


@pytest.fixture(scope="session")
def originals() -> dict[tuple[str, object], Original]:
    """Keep the clinics that this worker's tests copy."""
    return {}


@pytest.fixture
def copied(
    make_clinic: MakeClinic, database: Database, originals: dict[tuple[str, object], Original]
) -> Copied[Cast]:
    """Give the test a clinic as the function makes it: the first time it is made, later it is copied."""

    def give(create: Callable[[MakeClinic], Cast]) -> Cast:
        key = (database.url, create)
        if key not in originals:
            originals[key] = keep(database, create(make_clinic))
        made: Cast = copy(database, originals[key])
        return made

    return give
