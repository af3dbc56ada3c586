"""When a worker is killed in the middle of a job, another worker does the job once."""

import signal
from uuid import UUID

import pytest
from sqlalchemy import text

from booking.core.locks import lock
from booking.core.queue import defer
from models.database import Database
from tests.support.cast import Clinic, another_patient, create_clinic
from tests.support.copying import MakeClinic
from tests.support.new_clinics import own_database
from tests.support.processes import wait_until, worker
from tests.support.waitlist import TEN, entry, shown_entry

OFFERS = text("SELECT status::text FROM queue.procrastinate_jobs WHERE task_name = 'offer'")
TOLD = text("SELECT count(*) FROM events WHERE type = 'waitlist.offered'")
SILENT = text("""
    UPDATE queue.procrastinate_workers SET last_heartbeat = now() - interval '31 seconds'
    WHERE id IN (SELECT worker_id FROM queue.procrastinate_jobs WHERE task_name = 'offer')
""")


database, app = own_database("killed")


@pytest.fixture
def clinic(make_clinic: MakeClinic) -> Clinic:
    """Create a clinic on the real clock, since a worker has no sandbox clock."""
    return create_clinic(make_clinic())


def offers(database: Database) -> list[str]:
    """Give the statuses of the jobs that offer freed time."""
    with database.transaction() as session:
        return list(session.scalars(OFFERS))


def test_another_worker_does_once_what_a_killed_one_was_doing(clinic: Clinic, database: Database) -> None:
    visit = clinic.booked(TEN)
    waiting = entry(another_patient(clinic))
    clinic.acted("cancel", visit, reason_code="patient")
    # No worker runs yet, so the job waits.
    assert offers(database) == ["todo"]

    with database.transaction(clinic.desk.clinic_id) as session:
        # The job stands still at the lock that every booking for the patient takes.
        lock(session, patients=[UUID(waiting["patient_id"])])
        with worker(database.url) as killed:
            wait_until(lambda: offers(database) == ["doing"])
            # At once: a job waits for a lock for five seconds only.
            killed.send_signal(signal.SIGKILL)
            killed.wait(30)
        assert offers(database) == ["doing"]
    _take_heartbeat_away(database)
    with worker(database.url):
        wait_until(lambda: offers(database) == ["succeeded"])
    assert shown_entry(clinic, waiting)["status"] == "offered"
    with database.transaction(clinic.desk.clinic_id) as session:
        assert session.scalar(TOLD) == 1


def _take_heartbeat_away(database: Database) -> None:
    """Date the dead worker's last heartbeat back, and queue the job that looks for stalled jobs."""
    with database.transaction() as session:
        session.execute(SILENT)
        defer(session, "stalled", timestamp=0)
