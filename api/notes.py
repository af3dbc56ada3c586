"""Notes what requests did in passing, in batches and transactions of their own, out of the requests' way."""

import atexit
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, ProgrammingError
from sqlalchemy.orm import Session

from api import clock
from api.logs import log_failure
from booking.core.notes import LISTED, USE_NOTED_EVERY, Read, Reader, write_reads, write_uses
from models.database import Database

EVERY_SECONDS: Final = 1.0
"""How long notes are gathered before they are written."""
_MOST_USES: Final = 10_000
_MOST_READS: Final = 50_000
# A board that is looked at again and again shows the same names again and again.
_LISTED_EVERY: Final = timedelta(minutes=10)
_MOST_LISTED: Final = 100_000
_IDLE_SECONDS: Final = 60.0
_AWAY_SECONDS: Final = 5.0


@dataclass(slots=True)
class Batch:
    """What is still to be written for one clinic."""

    uses: dict[tuple[str, UUID], datetime] = field(default_factory=dict)
    reads: list[Read] = field(default_factory=list)

    def write(self, session: Session, clinic_id: UUID) -> None:
        """Write all of it in the clinic's transaction."""
        write_uses(session, clinic_id, self.uses)
        write_reads(session, clinic_id, self.reads)

    def extend(self, later: "Batch") -> None:
        """Add what was noted later."""
        self.uses |= later.uses
        self.reads += later.reads


# A request that reads must not become a transaction that writes: the change feed waits for every writer that
# is still running. So requests leave a note here, and a thread writes the notes of about a second together,
# by a connection of its own that it keeps only that long. A process that is told to stop writes what is left.
class Notes:
    """The notes of a process that are still to be written."""

    def __init__(self, database: Database) -> None:
        self._url = database.url
        self._changed = threading.Condition()
        self._writing = threading.Lock()
        self._batches: dict[UUID, Batch] = {}
        self._noted: dict[tuple[str, UUID], datetime] = {}
        self._listed: dict[tuple[UUID, UUID | None, str | None], datetime] = {}
        self._thread: threading.Thread | None = None
        self._flushed_at_exit = False

    def use(self, table: str, clinic_id: UUID, id_: UUID) -> None:
        """Note that an access was used, unless this process has noted it within the hour."""
        now, used = clock.now(), (table, id_)
        noted = self._noted.get(used)
        if noted is not None and noted > now - USE_NOTED_EVERY:
            return
        if len(self._noted) >= _MOST_USES:
            self._noted.clear()
        self._noted[used] = now

        def add(batch: Batch) -> None:
            batch.uses[used] = now

        self._add(clinic_id, add)

    def read(
        self, clinic_id: UUID, action: str, patient_ids: Iterable[UUID], reader: Reader, at: datetime
    ) -> bool:
        """Note whose records were shown to a reader; False when there are too many notes to be written.

        Names beside a list are noted once in ten minutes for each reader and patient.
        """
        reads = [Read(action, one, reader, at) for one in patient_ids]
        with self._changed:
            if action == LISTED:
                reads = [one for one in reads if self._is_news(one)]
            if not reads:
                return True
            if sum(len(batch.reads) for batch in self._batches.values()) >= _MOST_READS:
                return False
        self._add(clinic_id, lambda batch: batch.reads.extend(reads))
        return True

    def _is_news(self, read: Read) -> bool:
        if len(self._listed) >= _MOST_LISTED:
            self._listed.clear()
        who = (read.patient_id, read.reader.key_id, read.reader.actor)
        noted = self._listed.get(who)
        if noted is not None and noted > read.at - _LISTED_EVERY:
            return False
        self._listed[who] = read.at
        return True

    def flush(self) -> None:
        """Write all notes, each clinic's in a transaction of its own; what cannot be written now is kept."""
        with self._writing:
            with self._changed:
                batches, self._batches = self._batches, {}
            if not batches:
                return
            database = Database(self._url, pool_size=1)
            try:
                for clinic_id in list(batches):
                    self._write(database, clinic_id, batches[clinic_id])
                    del batches[clinic_id]
            finally:
                database.close()
                self._keep(batches)

    def stop(self) -> bool:
        """Write what is left, when the process ends; False when the database is away."""
        try:
            self.flush()
        except DBAPIError as error:
            log_failure(error)
            return False
        return True

    def _write(self, database: Database, clinic_id: UUID, batch: Batch) -> None:
        try:
            with database.transaction(clinic_id) as session:
                batch.write(session, clinic_id)
        except (DataError, IntegrityError, ProgrammingError) as error:
            # These would fail again and again, and keep all later notes from being written.
            log_failure(error)

    def _add(self, clinic_id: UUID, add: Callable[[Batch], None]) -> None:
        with self._changed:
            add(self._batches.setdefault(clinic_id, Batch()))
            if self._thread is None:
                # Not before the first note: a thread does not live on in the workers that a server forks.
                self._thread = threading.Thread(target=self._run, name="notes", daemon=True)
                self._thread.start()
            if not self._flushed_at_exit:
                atexit.register(self.stop)
                self._flushed_at_exit = True
            self._changed.notify()

    def _keep(self, batches: dict[UUID, Batch]) -> None:
        """Put back what could not be written, before what has been noted since."""
        with self._changed:
            for clinic_id, batch in batches.items():
                batch.extend(self._batches.get(clinic_id, Batch()))
                self._batches[clinic_id] = batch

    def _run(self) -> None:
        while True:
            with self._changed:
                if not self._changed.wait_for(lambda: self._batches, _IDLE_SECONDS):
                    self._thread = None
                    return
            time.sleep(EVERY_SECONDS)
            if not self.stop():
                time.sleep(_AWAY_SECONDS)
