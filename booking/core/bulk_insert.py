"""Inserts the rows of several tables by a single statement, from a JSON value for each table."""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, Final

from sqlalchemy import TextClause, inspect, text
from sqlalchemy.orm import Session
from uuid_utils.compat import uuid7

from booking.core.webhook_queue import wake
from models import Base, Event, WebhookDelivery
from models.serialization import dumps

# A table and its rows, which all have the same columns; values must fit into JSON, ranges are text.
Batch = tuple[type[Base], Sequence[Mapping[str, Any]]]

_EVENTS: Final = Event.__tablename__
# The webhook endpoints that asked for the events that were just inserted. The lock keeps an endpoint from
# being deleted meanwhile, and leaves out an endpoint that has just been deleted.
_WANTED: Final = """
    SELECT endpoint.clinic_id, endpoint.id AS endpoint_id, told.id AS event_id, told.type
    FROM told JOIN webhook_endpoints AS endpoint
        ON endpoint.clinic_id = told.clinic_id AND told.type = ANY (endpoint.events)
    WHERE endpoint.active ORDER BY told.id FOR KEY SHARE OF endpoint
"""


def insert_rows(session: Session, *batches: Batch) -> None:
    """Insert every batch by a single statement, so that a booking asks the database only once.

    All events are inserted here, so that every event has its deliveries to webhooks.
    """
    filled = [(model.__tablename__, rows) for model, rows in batches if rows]
    if filled:
        statement = _statement(tuple((table, tuple(rows[0])) for table, rows in filled))
        values = {f"rows{place}": dumps(rows) for place, (_, rows) in enumerate(filled)}
        found = session.connection().execute(statement, values)
        if any(table == _EVENTS for table, _ in filled):
            _put_in_line(session, [row._asdict() for row in found])


def _put_in_line(session: Session, wanted: Sequence[dict[str, Any]]) -> None:
    """Write a delivery for each event that an endpoint asked for, and queue the work of sending it."""
    if wanted:
        insert_rows(session, (WebhookDelivery, [{**one, "id": uuid7()} for one in wanted]))
        wake(session, {(one["clinic_id"], one["endpoint_id"]) for one in wanted})


@cache
def _statement(tables: tuple[tuple[str, tuple[str, ...]], ...]) -> TextClause:
    """Make the statement; its names come from the models, never from a request."""
    parts, last = [], "SELECT"
    for place, (table, columns) in enumerate(tables):
        names = ", ".join(columns)
        insertion = (
            f"INSERT INTO {table} ({names}) SELECT {names} "  # noqa: S608 - see above
            f"FROM jsonb_populate_recordset(NULL::{table}, CAST(:rows{place} AS jsonb))"
        )
        if table == _EVENTS:
            parts.append(f"told AS ({insertion} RETURNING clinic_id, id, type)")
            last = _WANTED
        else:
            parts.append(f"inserted{place} AS ({insertion})")
    return text(f"WITH {', '.join(parts)} {last}")


def columns_of(row: Base) -> dict[str, Any]:
    """Give the values of a new row by the names of its columns."""
    return {column.key: getattr(row, column.key) for column in inspect(type(row)).column_attrs}
