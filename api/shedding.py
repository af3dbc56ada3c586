"""Sheds searches before queues grow, so that one clinic's storm does not take another's threads."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Condition
from typing import Final
from uuid import UUID

from api.problems import RETRY_AFTER_SECONDS, Problem

# A search that costs as much as this is dear: two weeks or more by `rank=compact`.
DEAR: Final = 64
PATIENCE_SECONDS: Final = 1.0


class Seats:
    """The threads of a process that searches may take, running or waiting.

    Of a clinic's searches a quarter of the threads may run, and one dear search; together with those that
    wait they take half of the threads at most. A widget's searches leave one of these places to the clinic's
    desk, and run after the desk's that wait. All clinics together leave a quarter of the threads to what is
    no search. Nobody waits longer than a second, and nobody holds a connection to the database meanwhile.
    """

    def __init__(self, threads: int, patience: float = PATIENCE_SECONDS) -> None:
        self._patience = patience
        self._running_of_all = max(1, threads // 2)
        self._running_of_each = max(1, threads // 4)
        self._places_of_all = max(1, threads * 3 // 4)
        self._places_of_each = max(1, threads // 2)
        self._changed = Condition()
        self._places: Counter[UUID] = Counter()
        self._running: Counter[UUID] = Counter()
        self._dear: Counter[UUID] = Counter()
        self._desks_waiting: Counter[UUID] = Counter()

    @contextmanager
    def taken(self, clinic_id: UUID, *, cost: int, widget: bool) -> Iterator[None]:
        """Keep a seat while the block runs; 503 when too many searches run or wait."""
        dear = int(cost >= DEAR)
        with self._changed:
            self._enter(clinic_id, widget)
            try:
                self._wait(clinic_id, dear, widget)
            except Problem:
                self._places -= Counter((clinic_id,))
                raise
            self._running[clinic_id] += 1
            self._dear[clinic_id] += dear
        try:
            yield
        finally:
            with self._changed:
                # This subtraction leaves out what comes to zero, so that the counters stay small.
                self._places -= Counter((clinic_id,))
                self._running -= Counter((clinic_id,))
                self._dear -= Counter({clinic_id: dear})
                self._changed.notify_all()

    def _enter(self, clinic_id: UUID, widget: bool) -> None:
        most = max(1, self._places_of_each - widget)
        if self._places[clinic_id] >= most or self._places.total() >= self._places_of_all:
            raise overloaded()
        self._places[clinic_id] += 1

    def _wait(self, clinic_id: UUID, dear: int, widget: bool) -> None:
        def free() -> bool:
            return (
                self._running.total() < self._running_of_all
                and self._running[clinic_id] < self._running_of_each
                and not (dear and self._dear[clinic_id])
                and not (widget and self._desks_waiting[clinic_id])
            )

        if free():
            return
        waiting = Counter({clinic_id: int(not widget)})
        self._desks_waiting += waiting
        try:
            if not self._changed.wait_for(free, self._patience):
                raise overloaded()
        finally:
            self._desks_waiting -= waiting
            self._changed.notify_all()


def overloaded() -> Problem:
    """Make the 503 of a search that would have to queue."""
    return Problem("overloaded", headers={"Retry-After": str(RETRY_AFTER_SECONDS)})
