"""Finds the database: the server that the settings name, or an embedded PostgreSQL of our own."""

import atexit
import fcntl
import importlib
import json
import logging
import shutil
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
from sqlalchemy import URL, Connection, NullPool, create_engine, make_url, text
from sqlalchemy.exc import ArgumentError, DBAPIError

from config import ConfigError, Settings

PLAIN_ROLE = "clinic_app"
EMBEDDED_DATABASE = "clinic"


def database_url(settings: Settings) -> str:
    """Give the URL of a reachable database as a plain role; raise ConfigError when there is none."""
    if settings.database_url is None:
        return _embedded_url(settings.data_dir)
    return _as_plain_role(settings.database_url)


def _embedded_url(data_dir: Path) -> str:
    """Start the embedded server of this directory, or share it if it runs, and give the URL of our role."""
    server = start_embedded(data_dir / "postgres")
    superuser = make_url(server.get_uri())
    with _autocommit(superuser) as connection:
        ensure(connection, "pg_roles WHERE rolname", PLAIN_ROLE, f"CREATE ROLE {PLAIN_ROLE} LOGIN")
        ensure(
            connection,
            "pg_database WHERE datname",
            EMBEDDED_DATABASE,
            f"CREATE DATABASE {EMBEDDED_DATABASE} OWNER {PLAIN_ROLE}",
        )
    return _render(superuser.set(username=PLAIN_ROLE, database=EMBEDDED_DATABASE))


def start_embedded(directory: Path) -> Any:  # noqa: ANN401 - the library is untyped
    """Start PostgreSQL on the directory; it stops with the last process that uses it."""
    try:
        directory.mkdir(parents=True, exist_ok=True)
        with _start_lock(directory):
            server = _start(directory)
    except Exception as error:
        reason = str(error).partition("\n")[0].rstrip(".")
        raise ConfigError(
            f"The embedded PostgreSQL does not start in {directory} ({reason}): "
            "set CLINIC_DATA_DIR to a writable folder of your own, or DATABASE_URL."
        ) from error
    # Handlers run in reverse order, so this runs before the library stops the server that it remembers.
    atexit.register(_refresh_server_process, server)
    return server


@contextmanager
def _start_lock(directory: Path) -> Iterator[None]:
    """Let a single process start a server on the directory; the lock of a killed process is free at once."""
    with directory.with_suffix(".lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _start(directory: Path) -> Any:  # noqa: ANN401 - the library is untyped
    making = directory.with_suffix(".making")
    if making.exists():
        _remove_half_made(directory)
    if not (directory / "PG_VERSION").exists():
        making.touch()
    pgserver = _import_pgserver()
    with pgserver.PostgresServer._lock:  # noqa: SLF001 - other processes write these files under it
        _remove_stale_pid(directory)
        _remove_dead_users(directory)
    server = pgserver.get_server(directory, cleanup_mode="stop")
    making.unlink(missing_ok=True)
    return server


def _remove_half_made(directory: Path) -> None:
    """Empty the directory when the very first start was killed: it holds half a cluster and no data."""
    for process in psutil.process_iter(["name", "cmdline"]):
        if process.info["name"] == "initdb" and str(directory) in (process.info["cmdline"] or ()):
            process.kill()
            process.wait()
    shutil.rmtree(directory)
    directory.mkdir()


def stop_embedded(directory: Path) -> None:
    """Give up this process's share of the embedded server; the last share stops it."""
    server = _import_pgserver().PostgresServer._instances.get(directory.resolve())  # noqa: SLF001 - it has no public way
    if server is not None:
        _refresh_server_process(server)
        server.cleanup()


def _refresh_server_process(server: Any) -> None:  # noqa: ANN401 - the library is untyped
    """Look up the server's process: after a crash another user of the directory has started a new server."""
    with server._lock:  # noqa: SLF001 - no process starts a server while we hold it
        present = _import_pgserver().PostmasterInfo.read_from_pgdata(server.pgdata)
    server._postmaster_info = present if present and present.is_running() else None  # noqa: SLF001 - no public way


def _import_pgserver() -> Any:  # noqa: ANN401 - the library is untyped
    """Import the embedded server only where it is used: the import looks for a runtime folder and warns."""
    # Its errors end in a single line of ours; without a handler they would be printed before that.
    logging.getLogger("pgserver").addHandler(logging.NullHandler())
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="XDG_RUNTIME_DIR is not set")
        return importlib.import_module("pgserver.postgres_server")


def _remove_stale_pid(directory: Path) -> None:
    """Remove a pid file whose process is no PostgreSQL: after a crash the number may be another program's."""
    pid_file = directory / "postmaster.pid"
    if not pid_file.exists():
        return
    first = pid_file.read_text().splitlines()[:1]
    if not first or not first[0].isdigit() or not _is_postgres(int(first[0])):
        pid_file.unlink()


def _remove_dead_users(directory: Path) -> None:
    """Remove killed processes from the server's list of users, or it would never stop again."""
    users_file = directory / ".handle_pids.json"
    if not users_file.exists():
        return
    try:
        users = json.loads(users_file.read_text())
    except ValueError:
        users = []
    users_file.write_text(json.dumps([pid for pid in users if psutil.pid_exists(pid)]))


def _is_postgres(pid: int) -> bool:
    try:
        return psutil.Process(pid).name().startswith("postgres")
    except psutil.Error:
        return False


def _as_plain_role(url: str) -> str:
    """Give the URL; when its role would bypass row-level security, a URL that acts as our plain role."""
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError) as error:
        raise ConfigError("DATABASE_URL must look like postgresql://user:password@host:5432/name.") from error
    try:
        with _autocommit(parsed) as connection:
            privileged = connection.scalar(
                text("SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user")
            )
            if not privileged:
                return url
            ensure(connection, "pg_roles WHERE rolname", PLAIN_ROLE, f"CREATE ROLE {PLAIN_ROLE} NOLOGIN")
            for extension in ("btree_gist", "pg_trgm"):
                connection.execute(text(f"CREATE EXTENSION IF NOT EXISTS {extension}"))
            connection.execute(text(f"GRANT ALL ON SCHEMA public TO {PLAIN_ROLE}"))
            quoted = connection.scalar(text("SELECT quote_ident(current_database())"))
            connection.execute(text(f"GRANT ALL ON DATABASE {quoted} TO {PLAIN_ROLE}"))
    except DBAPIError as error:
        reason = str(error.orig).partition("\n")[0].rstrip(".")
        raise ConfigError(f"DATABASE_URL names a database that cannot be used: {reason}.") from error
    return _render(parsed.update_query_dict({"options": f"-c role={PLAIN_ROLE}"}, append=True))


def _autocommit(url: URL) -> Connection:
    engine = create_engine(
        url.set(drivername="postgresql+psycopg"),
        isolation_level="AUTOCOMMIT",
        poolclass=NullPool,  # Closing the connection must leave nothing open behind it.
        connect_args={"connect_timeout": 5},
    )
    return engine.connect()


def ensure(connection: Connection, where: str, name: str, create: str) -> None:
    """Create an object when it is missing; two processes that start at once both succeed."""
    found = text(f"SELECT true FROM {where} = :name")  # noqa: S608 - ours
    if connection.scalar(found, {"name": name}) is not None:
        return
    try:
        connection.execute(text(create))
    except DBAPIError:
        # Another process was quicker, perhaps in another database of the server, beyond the reach of a lock.
        if connection.scalar(found, {"name": name}) is None:
            raise


def _render(url: URL) -> str:
    return url.set(drivername="postgresql").render_as_string(hide_password=False)
