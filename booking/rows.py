"""Inserts many rows of one table by one statement of fixed text, from one JSON value."""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from sqlalchemy import TextClause, inspect, text
from sqlalchemy.orm import Session

from models import Base
from models.serialization import dumps


def insert_rows(session: Session, model: type[Base], rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows that all name the same columns; values as JSON gives them, ranges as text."""
    if rows:
        statement = _statement(model.__tablename__, tuple(rows[0]))
        session.connection().execute(statement, {"rows": dumps(rows)})


@cache
def _statement(table: str, columns: tuple[str, ...]) -> TextClause:
    """Make the insertion; both names come from the models, never from a request."""
    names = ", ".join(columns)
    source = f"jsonb_populate_recordset(NULL::{table}, CAST(:rows AS jsonb))"
    return text(f"INSERT INTO {table} ({names}) SELECT {names} FROM {source}")  # noqa: S608 - see above


def columns_of(row: Base) -> dict[str, Any]:
    """Give a new row's columns by name."""
    return {column.key: getattr(row, column.key) for column in inspect(type(row)).column_attrs}
