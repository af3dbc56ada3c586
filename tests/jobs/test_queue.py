"""A job is queued in its act's transaction, done by any worker, and begun again when a worker dies."""

import logging
from collections.abc import Callable

import pytest
from procrastinate import App
from sqlalchemy import text

from booking.core.queue import defer, defer_once
from jobs import worker
from jobs.queue import make_queue
from models.database import Database
from tests.support.cast import instant
from tests.support.new_clinics import own_database

NIGHT = instant("2027-02-01T03:00:00Z")
STALLED = text("""
    WITH worker AS (
        INSERT INTO queue.procrastinate_workers (last_heartbeat)
        VALUES (now() - make_interval(secs => :silent)) RETURNING id
    )
    UPDATE queue.procrastinate_jobs SET status = 'doing', worker_id = worker.id FROM worker
""")
NOBODY = "018f3f3e-0000-7000-8000-0000000000ff"
ARGUMENTS: dict[str, dict[str, str | int]] = {
    "offer": {"clinic_id": NOBODY, "location_id": NOBODY, "first": 0, "until": 1, "ahead_seconds": 0},
    "deliver": {"clinic_id": NOBODY, "endpoint_id": NOBODY},
    "calendar": {"clinic_id": NOBODY, "calendar_id": NOBODY},
    "busy": {"clinic_id": NOBODY, "therapist_id": NOBODY},
}
JOBS = text("SELECT task_name, status::text, args FROM queue.procrastinate_jobs ORDER BY id")


database, app = own_database("queue")


@pytest.fixture
def queue(database: Database) -> App:
    """Give the product's own queue, empty, at an instant of the night."""
    with database.transaction() as session:
        session.execute(text("TRUNCATE queue.procrastinate_jobs, queue.procrastinate_workers CASCADE"))
    return make_queue(database, lambda: NIGHT)


def jobs(database: Database) -> list[tuple[str, str]]:
    """Give the queue's jobs by task and status."""
    with database.transaction() as session:
        return [(task, status) for task, status, _ in session.execute(JOBS)]


def work(queue: App) -> None:
    """Do every waiting job, but no periodic task."""
    queue.periodic_registry.periodic_tasks.clear()
    queue.run_worker(wait=False, install_signal_handlers=False, listen_notify=False)


@pytest.mark.usefixtures("queue")
def test_what_is_queued_comes_with_the_act_and_goes_with_it(database: Database) -> None:
    with database.transaction() as session:
        defer(session, "kept", clinic_id="a")
    with database.transaction() as session:
        defer(session, "lost", clinic_id="a")
        session.rollback()

    assert jobs(database) == [("kept", "todo")]


@pytest.mark.usefixtures("queue")
def test_what_waits_already_is_queued_once_and_the_act_goes_on(database: Database) -> None:
    with database.transaction() as session:
        defer(session, "before")
        for _ in range(2):
            defer_once(session, "once", queue="q", lock="a lock")
        defer(session, "after")

    assert [task for task, _ in jobs(database)] == ["before", "once", "after"]


def test_every_task_of_the_product_can_be_done(database: Database, queue: App) -> None:
    own = [name for name in queue.tasks if "." not in name and not name.startswith("builtin")]
    with database.transaction() as session:
        for name in own:
            defer(session, name, **ARGUMENTS.get(name, {"timestamp": 0}))
    work(queue)

    assert {"minute", "night", "offer", "stalled", "finished", "deliver"} <= set(own)
    assert {status for _, status in jobs(database)} == {"succeeded"}


@pytest.mark.parametrize(("silent", "status"), [(9, "doing"), (29, "doing"), (31, "succeeded")])
def test_what_a_killed_worker_was_doing_is_begun_again_once_it_has_been_silent(
    database: Database, queue: App, silent: int, status: str
) -> None:
    with database.transaction() as session:
        defer(session, "minute", timestamp=0)
        session.execute(STALLED, {"silent": silent})
        defer(session, "stalled", timestamp=0)
    work(queue)

    assert jobs(database) == [("minute", status), ("stalled", "succeeded")]


def test_an_error_is_logged_in_one_line_without_its_text(caplog: pytest.LogCaptureFixture) -> None:
    error = ValueError("Alice's data")
    logging.getLogger("procrastinate.worker").error("Job minute[1] ended", exc_info=error)
    (record,) = caplog.records

    assert worker.Line().format(record) == "Background work: Job minute[1] ended (ValueError)"


def test_a_worker_tries_again_when_the_database_is_away(
    make_database: Callable[[str], Database],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    bare = make_queue(make_database("bare"), lambda: NIGHT)
    rests: list[float] = []

    def rest(seconds: float) -> None:
        rests.append(seconds)
        raise KeyboardInterrupt

    monkeypatch.setattr(worker, "rest", rest)
    with pytest.raises(KeyboardInterrupt):
        worker.work(bare)

    assert rests == [5]
    assert "the database is away" in capsys.readouterr().err
