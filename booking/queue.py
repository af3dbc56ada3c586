"""Defers background work in the act's own transaction: it runs if, and only if, the act is committed."""

from typing import Final

from procrastinate import App, SyncPsycopgConnector
from sqlalchemy.orm import Session

# It knows no task and opens no connection of its own: a task is named, and the caller's connection used.
_QUEUE: Final = App(connector=SyncPsycopgConnector())


def defer(session: Session, task: str, **arguments: str | int) -> None:
    """Queue a task by its name, with ids and codes as its arguments.

    A worker may run it more than once, and two of them side by side: tasks look at what is so by then.
    """
    connection = session.connection().connection.driver_connection
    _QUEUE.configure_task(task, connection=connection).defer(**arguments)
