"""Migrations and models make the same database, by PostgreSQL's own catalogue."""

import importlib.util
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from types import ModuleType
from uuid import UUID

import pytest
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.exc import IntegrityError
from uuid_utils.compat import uuid7

import models  # noqa: F401 - importing the models is what fills the metadata
from booking.catalogue.defaults import default_hold_rules
from booking.catalogue.message_templates import default_message_templates
from migrations import runner
from migrations.runner import migrate, migrated
from models.base import Base
from models.database import Database
from tests.platform import catalogue
from tests.support.cast import NOW, Clinic, create_clinic, create_rule, performed_at
from tests.support.desk import Desk


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
        for extension in ("btree_gist", "pg_trgm"):
            connection.execute(text(f"CREATE EXTENSION IF NOT EXISTS {extension}"))
        Base.metadata.create_all(connection)
    return database


@pytest.fixture
def by_models(modelled: Database) -> Iterator[Connection]:
    """Give a connection to the database that the models made."""
    with modelled.engine.connect() as connection:
        yield connection


def test_columns_have_the_same_types_and_defaults(by_migrations: Connection, by_models: Connection) -> None:
    modelled = catalogue.columns(by_models)

    assert {table for table, _ in modelled} == Base.metadata.tables.keys()
    assert catalogue.columns(by_migrations) == modelled


def test_constraints_have_the_same_names_and_definitions(
    by_migrations: Connection, by_models: Connection
) -> None:
    modelled = catalogue.constraints(by_models)

    assert {table for table, _ in modelled} == Base.metadata.tables.keys()
    assert catalogue.constraints(by_migrations) == modelled


def test_indexes_have_the_same_names_and_definitions(
    by_migrations: Connection, by_models: Connection
) -> None:
    modelled = catalogue.indexes(by_models)

    assert len(modelled) >= len(Base.metadata.tables)
    assert catalogue.indexes(by_migrations) == modelled


def test_every_table_of_the_models_is_migrated(by_migrations: Connection) -> None:
    assert catalogue.tables(by_migrations) == {*Base.metadata.tables, "alembic_version"}


def test_every_constraint_is_named_for_its_table(by_migrations: Connection) -> None:
    named = catalogue.constraints(by_migrations)

    assert {table for table, _ in named} == Base.metadata.tables.keys()
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
        _insert_clinic(database, clinic_id)
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
    _insert_clinic(database, clinic_id)
    migrate(database.engine)

    with database.transaction(clinic_id) as session:
        rows = session.execute(text("SELECT * FROM message_templates ORDER BY id")).mappings().all()
    words = [{name: row[name] for name in ("kind", "subject", "body")} for row in rows]
    assert words == default_message_templates()


def test_patients_from_before_the_search_are_folded_and_get_normal_numbers(
    make_database: Callable[[str], Database],
) -> None:
    database, clinics = make_database("before_search"), [uuid7(), uuid7()]
    migrate(database.engine, "20261126_0070")
    insert = text("INSERT INTO patients (clinic_id, id, name, email, phone) VALUES (:c, :id, :n, :e, :p)")
    people = [
        ("José O\u2019Brien", None, "+4407911123456"),
        ("Zoë", "zoe@x.org", "+442079460000"),
        ("X", None, None),
    ]
    for clinic_id in clinics:
        _insert_clinic(database, clinic_id)
        with database.transaction(clinic_id) as session:
            for name, email, phone in people:
                session.execute(insert, {"c": clinic_id, "id": uuid7(), "n": name, "e": email, "p": phone})
    migrate(database.engine)

    for clinic_id in clinics:
        with database.transaction(clinic_id) as session:
            rows = session.execute(text("SELECT search_text, phone, version FROM patients ORDER BY id")).all()
        assert rows == [
            (" jose obrien 447911123456 ", "+447911123456", 2),
            (" zoe zoe@x.org 442079460000 ", "+442079460000", 1),
            (" x ", None, 1),
        ]


def _insert_clinic(database: Database, clinic_id: UUID) -> None:
    with database.transaction(clinic_id) as session:
        session.execute(
            text("INSERT INTO clinics (id, name, timezone) VALUES (:id, 'Old', 'Europe/London')"),
            {"id": clinic_id},
        )


def test_visits_from_before_are_filled_in_and_their_claims_moved(
    spaced_clinic: Clinic, database: Database
) -> None:
    """A visit of 1 March that really began on 2 February is counted from there, another from its plan."""
    odd, plain = ("2027-03-01T10:00:00Z", "2027-05-03T10:00:00Z")
    odd_id, plain_id = (UUID(performed_at(spaced_clinic, at)["id"]) for at in (odd, plain))
    with database.transaction(spaced_clinic.desk.clinic_id) as session:
        session.execute(text("UPDATE appointments SET performed_on = NULL, status_since = NULL"))
        session.execute(
            text("UPDATE appointment_phases SET actual_starts_at = :at, actual_ends_at = :at"
                 " WHERE appointment_id = :id"),
            {"id": odd_id, "at": "2027-02-02T23:59:59Z"},
        )  # fmt: skip
        _performed_visits()._fill(session.connection())  # noqa: SLF001 - the revision's own work
        found = session.execute(text("SELECT id, performed_on FROM appointments")).all()
        claims = session.execute(text("SELECT appointment_id, lower(span) FROM spacing_claims")).all()

    dates = {odd_id: date(2027, 2, 2), plain_id: date(2027, 5, 3)}
    assert {tuple(row) for row in found} == set(dates.items())
    assert {tuple(row) for row in claims} == set(dates.items())


def test_sessions_from_before_that_were_performed_too_close_stop_no_migration(
    spaced_clinic: Clinic, database: Database
) -> None:
    first, second = (
        UUID(performed_at(spaced_clinic, at)["id"]) for at in ("2027-03-01T10:00:00Z", "2027-05-03T10:00:00Z")
    )
    with database.transaction(spaced_clinic.desk.clinic_id) as session:
        session.execute(text("UPDATE appointments SET performed_on = NULL"))
        session.execute(
            text("UPDATE appointment_phases SET actual_starts_at = '2027-03-03T10:00:00Z'"
                 " WHERE appointment_id = :id"),
            {"id": second},
        )  # fmt: skip
        for _ in range(2):
            _performed_visits()._fill(session.connection())  # noqa: SLF001 - the revision's own work
        kept = session.scalars(text("SELECT DISTINCT appointment_id FROM spacing_claims")).all()

    assert kept == [first]


def _performed_visits() -> ModuleType:
    """Load the revision, whose name is no identifier."""
    path = Path(runner.__file__).parent / "versions" / "20261201_0120_performed_visits.py"
    spec = importlib.util.spec_from_file_location("performed_visits", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def spaced_clinic(make_clinic: Callable[..., Desk]) -> Clinic:
    """Give a clinic of one therapist with rule S02."""
    clinic = create_clinic(make_clinic().at(NOW))
    create_rule(clinic.desk)
    return clinic


@pytest.fixture
def tomorrow(tmp_path: Path) -> ModuleType:
    """Give the runner of a copy of all migrations, to which a test adds a revision."""
    shutil.copytree(Path(runner.__file__).parent, tmp_path / "migrations")
    spec = importlib.util.spec_from_file_location("tomorrow", tmp_path / "migrations" / "runner.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _add_revision(tomorrow: ModuleType, *lines: str) -> None:
    folder = Path(str(tomorrow.__file__)).parent / "versions"
    newest = ScriptDirectory(str(folder.parent)).get_current_head()
    head = ["from alembic import op", "from migrations.indexes import build_index"]
    revision = ['revision = "29990101_0000"', f'down_revision = "{newest}"', "def upgrade():"]
    body = "\n".join([*head, *revision, *(f"    {line}" for line in lines)])
    (folder / "29990101_0000_tomorrow.py").write_text(body + "\n")


def _index(database: Database) -> bool | None:
    """Whether the index of the tests is valid; None when there is none."""
    asked = text("SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass('ix_clinics_tomorrow')")
    with database.engine.connect() as connection:
        valid: bool | None = connection.scalar(asked)
    return valid


def _start_migrating(database: Database, tomorrow: ModuleType) -> subprocess.Popen[str]:
    """Start a process that migrates by the copy's revisions."""
    program = (
        "import sys; from models.database import Database; from migrations.runner import migrate;"
        " migrate(Database(sys.argv[1]).engine)"
    )
    return subprocess.Popen(  # noqa: S603 - our own code
        [sys.executable, "-c", program, database.url],
        # Where a process starts it finds modules first.
        cwd=Path(str(tomorrow.__file__)).parents[1],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


BUILD = 'build_index("ix_clinics_tomorrow", "clinics (name)", unique=True)'


def test_a_revision_builds_an_index_outside_of_a_transaction(
    make_database: Callable[[str], Database], tomorrow: ModuleType
) -> None:
    database = make_database("concurrently")
    _add_revision(tomorrow, BUILD)

    tomorrow.migrate(database.engine)

    assert _index(database) is True
    assert tomorrow.migrated(database.engine)


def test_outside_of_a_transaction_the_timeouts_and_the_lock_hold(
    make_database: Callable[[str], Database], tomorrow: ModuleType
) -> None:
    database = make_database("timeouts")
    _add_revision(
        tomorrow,
        BUILD,
        "with op.get_context().autocommit_block():",
        "    op.execute('''CREATE TABLE seen AS SELECT current_setting('lock_timeout') AS lock,",
        "        current_setting('statement_timeout') AS statement, (SELECT count(*) FROM pg_locks",
        "        WHERE locktype = 'advisory' AND pid = pg_backend_pid()) AS alone''')",
    )

    tomorrow.migrate(database.engine)

    with database.engine.connect() as connection:
        assert connection.execute(text("SELECT * FROM seen")).one() == ("5s", "1min", 1)
        assert connection.scalar(text("SHOW statement_timeout")) == "30s"


def test_a_second_process_waits_for_the_first_and_finds_nothing_to_do(
    make_database: Callable[[str], Database], tomorrow: ModuleType
) -> None:
    database = make_database("both")
    migrate(database.engine)
    # Long enough for the other to ask for the lock before the index is built.
    _add_revision(tomorrow, 'op.execute("SELECT pg_sleep(2)")', BUILD)

    both = [_start_migrating(database, tomorrow) for _ in range(2)]
    outputs = [process.communicate(timeout=60)[0] for process in both]

    assert [process.returncode for process in both] == [0, 0], outputs
    assert _index(database) is True


def test_an_index_that_could_not_be_built_is_built_when_the_revision_runs_again(
    make_database: Callable[[str], Database], tomorrow: ModuleType
) -> None:
    database = make_database("again")
    migrate(database.engine)
    twins = [uuid7(), uuid7()]
    for clinic_id in twins:
        _insert_clinic(database, clinic_id)
    _add_revision(tomorrow, BUILD)

    with pytest.raises(IntegrityError):
        tomorrow.migrate(database.engine)
    left = _index(database)
    with database.transaction(twins[0]) as session:
        session.execute(text("UPDATE clinics SET name = 'Other'"))
    tomorrow.migrate(database.engine)

    assert (left, _index(database)) == (False, True)


def test_the_template_is_a_revision_that_runs_and_says_how_to_build_an_index(tomorrow: ModuleType) -> None:
    tomorrow.new_revision("add something", datetime(2999, 1, 1, tzinfo=UTC))
    (written,) = (Path(str(tomorrow.__file__)).parent / "versions").glob("*add_something.py")

    compile(written.read_text(), written.name, "exec")
    assert "build_index" in written.read_text()
