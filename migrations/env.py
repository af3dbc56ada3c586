"""Runs revisions on a given connection, in a single process at a time, and never waits long for a lock."""

import time

import click
from alembic import context
from sqlalchemy import Connection, text

ADVISORY_LOCK = 4_739_201_226_017
_PAUSE_SECONDS = 0.2
_TOLD_AFTER_SECONDS = 5
_LONGEST_WAIT_SECONDS = 600
_TRY = text("SELECT pg_try_advisory_lock(:key)")


def run(connection: Connection) -> None:
    """Run what is missing, all or nothing but for what a revision commits with an `autocommit_block`.

    The lock and the timeouts are the session's, so that they hold outside of transactions too.
    """
    _wait_alone(connection)
    connection.execute(text("SET lock_timeout = '5s'"))
    connection.execute(text("SET statement_timeout = '60s'"))
    # A session whose process has vanished ends by itself, and its lock with it.
    connection.execute(text("SET idle_session_timeout = '60s'"))
    connection.commit()
    context.configure(connection=connection, target_metadata=None)
    with context.begin_transaction():
        context.run_migrations()


def _wait_alone(connection: Connection) -> None:
    """Wait until no other process migrates, TimeoutError after ten minutes; then nothing is left to do.

    It asks again and again instead of waiting inside a statement: that would hold a snapshot, for whose
    end CREATE INDEX CONCURRENTLY in the other process waits in turn, and so both would be deadlocked.
    """
    begun, told = time.monotonic(), False
    while not connection.scalar(_TRY, {"key": ADVISORY_LOCK}):
        connection.commit()
        waited = time.monotonic() - begun
        if waited > _LONGEST_WAIT_SECONDS:
            raise TimeoutError("another process has been migrating it for ten minutes")
        if waited > _TOLD_AFTER_SECONDS and not told:
            click.echo("Another process migrates this database: waiting for it.", err=True)
            told = True
        time.sleep(_PAUSE_SECONDS)
    connection.commit()


run(context.config.attributes["connection"])
