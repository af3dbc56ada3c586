"""Builds indexes of tables that others write at the same time."""

from alembic import op
from sqlalchemy import text


def build_index(name: str, on: str, *, unique: bool = False) -> None:
    """Build an index CONCURRENTLY, so that no write waits for it; `on` is what follows ON in SQL.

    Everything that has run before is committed first. A build that fails leaves an invalid index behind,
    which slows writes and serves no query: run the revision again, which begins by dropping it. The build
    may take its time, but ends when it has waited five seconds for a lock or an older transaction.
    """
    with op.get_context().autocommit_block():
        bound = op.get_bind().scalar(text("SHOW statement_timeout"))
        op.execute("SET statement_timeout = 0")
        op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")
        op.execute(f"CREATE {'UNIQUE ' if unique else ''}INDEX CONCURRENTLY {name} ON {on}")
        op.execute(f"SET statement_timeout = '{bound}'")
