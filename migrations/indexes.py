"""Builds indexes of tables that others write at the same time."""

from alembic import op
from sqlalchemy import text

_TIMEOUTS = ("lock_timeout", "statement_timeout")


def build_index(name: str, on: str, *, unique: bool = False) -> None:
    """Build an index CONCURRENTLY, so that no write waits for it; `on` is what follows ON in SQL.

    Everything that has run before is committed first. A build that fails leaves an invalid index behind,
    which slows writes and serves no query: run the revision again, which begins by dropping it. The build
    has no time limit: it waits for every older transaction, and no other transaction waits for it.
    """
    with op.get_context().autocommit_block():
        bounds = {timeout: op.get_bind().scalar(text(f"SHOW {timeout}")) for timeout in _TIMEOUTS}
        for timeout in bounds:
            op.execute(f"SET {timeout} = 0")
        op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")
        op.execute(f"CREATE {'UNIQUE ' if unique else ''}INDEX CONCURRENTLY {name} ON {on}")
        for timeout, bound in bounds.items():
            op.execute(f"SET {timeout} = '{bound}'")
