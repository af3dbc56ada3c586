"""Runs revisions on a given connection, in a single process at a time, and never waits long for a lock."""

from alembic import context
from sqlalchemy import Connection, text

ADVISORY_LOCK = 4_739_201_226_017


def run(connection: Connection) -> None:
    """Run what is missing in a transaction; a second process waits here and then finds nothing to do."""
    context.configure(connection=connection, target_metadata=None)
    with context.begin_transaction():
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": ADVISORY_LOCK})
        connection.execute(text("SET LOCAL lock_timeout = '5s'"))
        connection.execute(text("SET LOCAL statement_timeout = '60s'"))
        context.run_migrations()


run(context.config.attributes["connection"])
