"""Works off the queue until it is told to stop, and begins again when the database has been away."""

import asyncio
import logging
import signal
import sys
from time import sleep as rest
from typing import Final, TextIO

import psycopg
from procrastinate import App
from procrastinate.exceptions import ConnectorException
from psycopg_pool import PoolTimeout

from jobs.queue import CONCURRENCY

_AGAIN_SECONDS: Final = 5
_STOPPING_SECONDS: Final = 8


class Line(logging.Formatter):
    """One line a record: of an error its kind alone, for its text may repeat a patient's data."""

    def format(self, record: logging.LogRecord) -> str:
        """Give the line."""
        kind = record.exc_info[0].__name__ if record.exc_info and record.exc_info[0] else ""
        return f"Background work: {record.getMessage()}{f' ({kind})' if kind else ''}"


def work(queue: App, beside: TextIO | None = None) -> None:
    """Work until a signal says to stop, or until `beside`, whose other end the parent holds, is closed."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(Line())
    logging.basicConfig(handlers=[handler])
    while not _worked(queue, beside):
        rest(_AGAIN_SECONDS)


def _worked(queue: App, beside: TextIO | None) -> bool:
    """Work until told to stop; False when the database went away instead."""
    try:
        asyncio.run(_work(queue, beside))
    except (ConnectorException, PoolTimeout, psycopg.Error) as error:
        sys.stderr.write(f"Background work: the database is away ({type(error).__name__}), tried again.\n")
        return False
    return True


async def _work(queue: App, beside: TextIO | None) -> None:
    async with queue.open_async():
        loop = asyncio.get_running_loop()
        if beside is not None:
            loop.add_reader(beside, _stop, loop, beside)
        # The library stops at a signal: it fetches nothing more and ends what it has begun.
        await queue.run_worker_async(concurrency=CONCURRENCY, shutdown_graceful_timeout=_STOPPING_SECONDS)


def _stop(loop: asyncio.AbstractEventLoop, beside: TextIO) -> None:
    loop.remove_reader(beside)
    signal.raise_signal(signal.SIGTERM)
