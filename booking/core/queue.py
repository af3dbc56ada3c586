"""Defers background work in the act's own transaction: it runs if, and only if, the act is committed."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from procrastinate import App, SyncPsycopgConnector
from procrastinate.exceptions import AlreadyEnqueued
from procrastinate.types import JSONValue
from sqlalchemy.orm import Session

# It knows no task and opens no connection of its own: a task is named, and the caller's connection used.
_QUEUE: Final = App(connector=SyncPsycopgConnector())


def defer(session: Session, task: str, **arguments: str | int) -> None:
    """Queue a task by its name, with ids and codes as its arguments.

    A worker may run it more than once, and two of them side by side: tasks look at what is so by then.
    """
    connection = session.connection().connection.driver_connection
    _QUEUE.configure_task(task, connection=connection).defer(**arguments)


def defer_each(session: Session, task: str, each: Sequence[dict[str, JSONValue]], *, queue: str) -> None:
    """Queue a task once for each of these arguments, by one statement."""
    connection = session.connection().connection.driver_connection
    _QUEUE.configure_task(task, connection=connection, queue=queue).batch_defer(*each)


def defer_once(
    session: Session, task: str, at: datetime | None = None, *, queue: str, lock: str, **arguments: str
) -> None:
    """Queue a task for an instant (aware; None: for now) unless one with this lock waits already.

    Acts that people wait for keep away from it: two that queue the same wait for each other's commit.
    """
    try:
        with session.begin_nested():
            # Asked for within the block: it is this that sets the savepoint.
            connection = session.connection().connection.driver_connection
            _QUEUE.configure_task(
                task, connection=connection, queue=queue, schedule_at=at, queueing_lock=lock
            ).defer(**arguments)
    except AlreadyEnqueued:
        pass
