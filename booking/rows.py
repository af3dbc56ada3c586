"""Inserts the rows of several tables by one statement of fixed text, from one JSON value a table."""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from sqlalchemy import TextClause, inspect, text
from sqlalchemy.orm import Session

from models import Base
from models.serialization import dumps

# The rows of one table: all name the same columns; values as JSON gives them, ranges as text.
Batch = tuple[type[Base], Sequence[Mapping[str, Any]]]


def insert_rows(session: Session, *batches: Batch) -> None:
    """Insert every batch at once: the database is asked one time, whatever a booking writes."""
    filled = [(model.__tablename__, rows) for model, rows in batches if rows]
    if filled:
        statement = _statement(tuple((table, tuple(rows[0])) for table, rows in filled))
        values = {f"rows{place}": dumps(rows) for place, (_, rows) in enumerate(filled)}
        session.connection().execute(statement, values)


@cache
def _statement(tables: tuple[tuple[str, tuple[str, ...]], ...]) -> TextClause:
    """Make the insertion; its names come from the models, never from a request."""
    parts = [
        f"inserted{place} AS (INSERT INTO {table} ({', '.join(columns)}) SELECT {', '.join(columns)} "  # noqa: S608 - see above
        f"FROM jsonb_populate_recordset(NULL::{table}, CAST(:rows{place} AS jsonb)))"
        for place, (table, columns) in enumerate(tables)
    ]
    return text(f"WITH {', '.join(parts)} SELECT")


def columns_of(row: Base) -> dict[str, Any]:
    """Give a new row's columns by name."""
    return {column.key: getattr(row, column.key) for column in inspect(type(row)).column_attrs}
