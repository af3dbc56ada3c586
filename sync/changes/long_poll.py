"""Long polling: requests wait for changes, while a single thread of the process listens to PostgreSQL."""

import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import BoundedSemaphore, Condition, Thread
from time import monotonic
from time import sleep as rest
from typing import Final
from uuid import UUID

import psycopg

from models.database import Database

CHANNEL: Final = "changes"
# How long a request waits before it looks by itself: while no thread listens, and while the thread does.
_UNHEARD_SECONDS: Final = 1.0
_HEARD_SECONDS: Final = 10.0
# How often a request notices that the process is to stop, and the listener that no request waits.
_SLICE_SECONDS: Final = 0.5
_IDLE_SECONDS: Final = 60.0


class Waiting:
    """The seats of a process for waiting requests, and the thread that hears PostgreSQL's notifications.

    The thread starts with the first waiting request, because it would not survive a fork, and ends after
    a minute without any. `stopping` tells whether the process is about to end: then every wait ends.
    """

    def __init__(self, database: Database, seats: int) -> None:
        self._database = database
        self._seats = BoundedSemaphore(seats) if seats else None
        self._condition = Condition()
        self._rings: Counter[str] = Counter()
        self._thread: Thread | None = None
        self._listening = False
        self._closed = False
        self._wanted_at = 0.0
        self.stopping: Callable[[], bool] = lambda: False

    @contextmanager
    def seat(self) -> Iterator[bool]:
        """Take a seat while the block runs; give False when all seats are taken."""
        taken = self._seats is not None and self._seats.acquire(blocking=False)
        try:
            yield taken
        finally:
            if taken and self._seats is not None:
                self._seats.release()

    def heard(self, clinic_id: UUID) -> int:
        """Count the notifications about a clinic; take the count before a look, and pass it to `wait`."""
        with self._condition:
            return self._rings[str(clinic_id)] + self._rings[""]

    def wait(self, clinic_id: UUID, heard: int, until: float) -> None:
        """Wait until the count has changed, a look is due, or the monotonic time `until` has come."""
        due = min(until, monotonic() + (_HEARD_SECONDS if self._listen() else _UNHEARD_SECONDS))
        with self._condition:
            while self.heard(clinic_id) == heard and not self.stopping():
                left = due - monotonic()
                if left <= 0:
                    return
                self._condition.wait(min(left, _SLICE_SECONDS))

    def close(self) -> None:
        """Stop the listener, if it runs; the next waiting request starts another."""
        with self._condition:
            self._closed, thread = True, self._thread
        if thread is not None:
            thread.join()

    def _listen(self) -> bool:
        """Start the listener unless it runs; give whether it hears notifications by now."""
        with self._condition:
            self._wanted_at = monotonic()
            if self._thread is None:
                self._closed = False
                self._thread = Thread(target=self._run, name="changes-listener", daemon=True)
                self._thread.start()
            return self._listening

    def _run(self) -> None:
        while self._wanted():
            try:
                with self._database.connect_alone() as connection:
                    self._hear(connection)
            except psycopg.Error as error:
                self._listening = False
                kind = type(error).__name__
                sys.stderr.write(f"Listening for changes: interrupted ({kind}), tried again.\n")
                rest(_UNHEARD_SECONDS)
            else:
                return

    def _hear(self, connection: psycopg.Connection) -> None:
        """Listen until no request waits any more."""
        connection.execute(f"LISTEN {CHANNEL}")
        # What was notified before was not heard, so every waiting request is woken to look by itself.
        self._ring("")
        while self._wanted():
            for notification in connection.notifies(timeout=_SLICE_SECONDS):
                self._ring(notification.payload)

    def _ring(self, clinic_id: str) -> None:
        with self._condition:
            self._listening = True
            self._rings[clinic_id] += 1
            self._condition.notify_all()

    def _wanted(self) -> bool:
        """Whether to go on; if not, the next waiting request starts another thread, from this instant on."""
        with self._condition:
            idle = monotonic() - self._wanted_at > _IDLE_SECONDS
            if idle or self._closed or self.stopping():
                self._thread, self._listening = None, False
                return False
            return True
