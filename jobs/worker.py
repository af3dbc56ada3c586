"""Runs the background worker until it is told to stop, and starts again after the database was away."""

import asyncio
import logging
import signal
import sys
from concurrent.futures import ThreadPoolExecutor
from time import sleep as rest
from typing import Final, TextIO

import psycopg
from procrastinate import App
from procrastinate.exceptions import ConnectorException
from procrastinate.jobs import DEFAULT_QUEUE
from psycopg_pool import PoolTimeout

from booking.core.calendar_queue import QUEUE as CALENDARS
from booking.core.webhook_queue import QUEUE as WEBHOOKS
from jobs.queue import CALENDARS_AT_ONCE, CONCURRENCY, DELIVERIES_AT_ONCE

_AT_ONCE: Final = {DEFAULT_QUEUE: CONCURRENCY, WEBHOOKS: DELIVERIES_AT_ONCE, CALENDARS: CALENDARS_AT_ONCE}
"""How many jobs of each queue run at a time."""
_AGAIN_SECONDS: Final = 5
_STOPPING_SECONDS: Final = 8
_POLL_SECONDS: Final = 5.0
# Jobs for later are found by polling, and the first retry of a webhook is due after only 5 seconds.
_DELIVERY_POLL_SECONDS: Final = 1.0


class Line(logging.Formatter):
    """Writes a record as a line, and of an error the class alone: its text may repeat a patient's data."""

    def format(self, record: logging.LogRecord) -> str:
        """Write the record as a line."""
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
        return asyncio.run(_work(queue, beside))
    except (ConnectorException, PoolTimeout, psycopg.Error) as error:
        sys.stderr.write(f"Background work: the database is away ({type(error).__name__}), tried again.\n")
        return False


async def _work(queue: App, beside: TextIO | None) -> bool:
    """Work until told to stop; False when the library stopped of its own accord."""
    async with queue.open_async():
        loop, told = asyncio.get_running_loop(), asyncio.Event()
        # By default there are a few more threads than processors, and hanging receivers would take them all.
        loop.set_default_executor(ThreadPoolExecutor(sum(_AT_ONCE.values())))
        for one in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(one, told.set)
        if beside is not None:
            loop.add_reader(beside, _stop, loop, beside)
        workers = [asyncio.create_task(_run(queue, name)) for name in _AT_ONCE]
        stopped = asyncio.create_task(told.wait())
        await asyncio.wait([*workers, stopped], return_when=asyncio.FIRST_COMPLETED)
        # A worker that is cancelled fetches nothing more and ends what it has begun.
        for task in (*workers, stopped):
            task.cancel()
        for end in await asyncio.gather(*workers, return_exceptions=True):
            if isinstance(end, Exception):
                raise end
        return told.is_set()


async def _run(queue: App, name: str) -> None:
    """Run the jobs of a queue; calls to others' servers have their own, so that they delay no other work."""
    webhooks = name == WEBHOOKS
    await queue.run_worker_async(
        queues=[name],
        name=name,
        concurrency=_AT_ONCE[name],
        fetch_job_polling_interval=_DELIVERY_POLL_SECONDS if webhooks else _POLL_SECONDS,
        # Webhooks have very many jobs, and each outcome is kept with its delivery.
        delete_jobs="successful" if webhooks else "never",
        shutdown_graceful_timeout=_STOPPING_SECONDS,
        install_signal_handlers=False,
    )


def _stop(loop: asyncio.AbstractEventLoop, beside: TextIO) -> None:
    loop.remove_reader(beside)
    signal.raise_signal(signal.SIGTERM)
