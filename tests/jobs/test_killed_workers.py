"""A worker that is killed in the middle of a job leaves it to another one, which does it once."""

import signal
from collections.abc import Callable
from datetime import datetime
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import text

from api.app import create_app
from booking.catalogue.clinics import create_clinic as found_clinic
from booking.core.locks import lock
from booking.core.queue import defer
from config import Settings
from migrations.runner import migrate
from models.database import Database
from tests.support.cast import NOW, Clinic, another_patient, create_clinic
from tests.support.desk import Desk
from tests.support.processes import wait_until, worker
from tests.support.waitlist import TEN, entry, shown_entry

OFFERS = text("SELECT status::text FROM queue.procrastinate_jobs WHERE task_name = 'offer'")
TOLD = text("SELECT count(*) FROM events WHERE type = 'waitlist.offered'")
WORKERS = text("SELECT id FROM queue.procrastinate_workers")
SILENT = text("""
    UPDATE queue.procrastinate_workers SET last_heartbeat = now() - interval '31 seconds'
    WHERE id IN (SELECT worker_id FROM queue.procrastinate_jobs WHERE task_name = 'offer')
""")


@pytest.fixture(scope="module")
def database(make_database: Callable[[str], Database]) -> Database:
    """Migrate a database whose queue nobody else works off."""
    database = make_database("killed")
    migrate(database.engine)
    return database


@pytest.fixture
def app(database: Database, settings: Settings) -> Flask:
    """Serve it."""
    return create_app(settings, database)


@pytest.fixture
def clinic(database: Database, app: Flask) -> Clinic:
    """Found a clinic in it."""
    made = found_clinic(
        database, name="Busy", timezone="Europe/London", catalogue="none", now=datetime.fromisoformat(NOW)
    )
    return create_clinic(Desk(app, made.clinic_id, made.admin_key))


def offers(database: Database) -> list[str]:
    """Give the statuses of the jobs that offer freed time."""
    with database.transaction() as session:
        return list(session.scalars(OFFERS))


def workers(database: Database) -> set[int]:
    """Give what works on the queue."""
    with database.transaction() as session:
        return set(session.scalars(WORKERS))


def test_another_worker_does_once_what_a_killed_one_was_doing(clinic: Clinic, database: Database) -> None:
    visit = clinic.booked(TEN)
    waiting = entry(another_patient(clinic))
    clinic.acted("cancel", visit, reason_code="patient")
    # Nobody works yet: what was queued waits.
    assert offers(database) == ["todo"]

    with database.transaction(clinic.desk.clinic_id) as session:
        # The job stands still at the lock that every booking for the patient takes.
        lock(session, patients=[UUID(waiting["patient_id"])])
        with worker(database.url) as killed:
            wait_until(lambda: offers(database) == ["doing"])
            first = workers(database)
            with worker(database.url):
                wait_until(lambda: workers(database) > first)
                killed.send_signal(signal.SIGKILL)
                killed.wait(30)
                assert offers(database) == ["doing"]
                session.rollback()
                _take_heartbeat_away(database)
                wait_until(lambda: offers(database) == ["succeeded"])
    assert shown_entry(clinic, waiting)["status"] == "offered"
    with database.transaction(clinic.desk.clinic_id) as session:
        assert session.scalar(TOLD) == 1


def _take_heartbeat_away(database: Database) -> None:
    """Let the dead worker have been silent for as long as it takes, and look for such now."""
    with database.transaction() as session:
        session.execute(SILENT)
        defer(session, "stalled", timestamp=0)
