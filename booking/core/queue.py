"""Queues background work in the act's own transaction: the work runs if, and only if, the act commits."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from procrastinate import App, SyncPsycopgConnector
from procrastinate.exceptions import AlreadyEnqueued
from procrastinate.types import JSONValue
from sqlalchemy.orm import Session

# It knows no tasks and opens no connection: a task is given by its name, on the connection of the act.
_QUEUE: Final = App(connector=SyncPsycopgConnector())


def defer(session: Session, task: str, **arguments: str | int) -> None:
    """Queue a task by its name, with ids and codes as its arguments.

    Workers may run a task more than once, even at the same time, so a task looks at the data as it is then.
    """
    connection = session.connection().connection.driver_connection
    _QUEUE.configure_task(task, connection=connection).defer(**arguments)


def defer_each(session: Session, task: str, each: Sequence[dict[str, JSONValue]], *, queue: str) -> None:
    """Queue a task once for each set of arguments in `each`, by a single statement."""
    connection = session.connection().connection.driver_connection
    _QUEUE.configure_task(task, connection=connection, queue=queue).batch_defer(*each)


def defer_once(
    session: Session, task: str, at: datetime | None = None, *, queue: str, lock: str, **arguments: str
) -> None:
    """Queue a task for an instant (aware; None for now), unless a task with this lock is queued already.

    Acts that people wait for must not use this: of two acts with the same lock, one waits for the other.
    """
    try:
        with session.begin_nested():
            # The connection is asked for within the block, because this sets the savepoint.
            connection = session.connection().connection.driver_connection
            _QUEUE.configure_task(
                task, connection=connection, queue=queue, schedule_at=at, queueing_lock=lock
            ).defer(**arguments)
    except AlreadyEnqueued:
        pass
