"""No receiver waits for another receiver, and a killed worker loses no delivery."""

import signal
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import text

from api.app import create_app
from booking.core.webhook_queue import QUEUE
from config import Settings
from jobs.queue import make_queue
from jobs.rounds import do_minutes_work
from migrations.runner import migrate
from models.database import Database
from sync.webhooks.deliveries import wake_overdue
from sync.webhooks.leases import AT_ONCE, CALL_SECONDS, LEASE
from tests.support.cast import Clinic, Made, create_clinic
from tests.support.new_clinics import open_clinic
from tests.support.processes import wait_until, worker
from tests.sync.hooks import Office
from tests.sync.receivers import Receiver, answering

NUMBER = 8
HANGERS = 8
EVENT = ["hold.created"]


@pytest.fixture(scope="module")
def own_database(make_database: Callable[[str], Database]) -> Database:
    """Migrate a database whose queue no other module uses."""
    database = make_database("webhooks")
    migrate(database.engine)
    return database


@pytest.fixture
def office(own_database: Database, settings: Settings) -> Office:
    """Create a clinic in that database and give its office."""
    desk = open_clinic(create_app(settings, own_database), own_database)
    return Office(own_database, create_clinic(desk))


def work_on(office: Office) -> None:
    """Lose all jobs, then do another worker's work in this process at the office's instant."""
    with office.database.transaction() as session:
        session.execute(text("TRUNCATE queue.procrastinate_jobs CASCADE"))
    queue = make_queue(office.database, office.now, allow_loopback=True)
    queue.periodic_registry.periodic_tasks.clear()
    do_minutes_work(office.database, office.now(), [wake_overdue])
    queue.run_worker(wait=False, install_signal_handlers=False, listen_notify=False, queues=[QUEUE])


def statuses(office: Office, hook: Made) -> list[str]:
    """Give the statuses of a webhook's deliveries."""
    return [one["status"] for one in office.deliveries(hook)]


def failing_half_the_time(receiver: Receiver) -> Callable[[int], tuple[int, dict[str, str]]]:
    """Refuse every second message at its first attempt."""

    def answer(number: int) -> tuple[int, dict[str, str]]:
        ids = [call.id for call in receiver.calls[: number + 1]]
        known = list(dict.fromkeys(ids))
        refuses = ids.count(ids[-1]) == 1 and known.index(ids[-1]) % 2 == 0
        return (500 if refuses else 204), {}

    return answer


def test_all_events_arrive_at_every_living_receiver_and_no_receiver_waits_for_another(
    office: Office, receiver: Callable[..., Receiver]
) -> None:
    good, flaky, hanging, gone = receiver(), receiver(), receiver(), receiver(answering(410))
    flaky.manners, hanging.manners = failing_half_the_time(flaky), hanging.hang
    # The hanging receiver alone would take every thread of a pool of the usual size.
    hangers = [office.hook(hanging.url, EVENT) for _ in range(HANGERS)]
    hooks = {one: office.hook(one.url, EVENT) for one in (gone, flaky, good)}
    held = [_hold(office.clinic, number) for number in range(NUMBER)]
    with worker(office.database.url) as process:
        wait_until(lambda: statuses(office, hooks[good]) == ["delivered"] * NUMBER)
        wait_until(lambda: len(hanging.calls) == HANGERS * AT_ONCE)
        # The worker is in the middle of deliveries now.
        process.send_signal(signal.SIGKILL)
        process.wait(30)
    before = {one: len(one.calls) for one in (*hooks, hanging)}

    assert before[good] == NUMBER
    # The good receiver had every message before the hanging receiver's time first ran out.
    assert good.calls[-1].at < hanging.calls[0].at + CALL_SECONDS
    assert before[hanging] == HANGERS * AT_ONCE
    assert 1 <= before[gone] <= AT_ONCE
    assert office.shown(hooks[gone])["disabled"]["reason"] == "gone"

    # Another worker takes over when the dead worker's leases are over, and loses nothing.
    hanging.manners = answering(204)
    for _ in range(2):
        office.ahead += LEASE + timedelta(seconds=1)
        work_on(office)

    for hook in hangers:
        assert statuses(office, hook) == ["delivered"] * NUMBER
    assert len(hanging.calls) == before[hanging] + HANGERS * NUMBER
    for one in (good, flaky):
        assert statuses(office, hooks[one]) == ["delivered"] * NUMBER
        assert {call.message["data"]["id"] for call in one.calls} == set(held)
        assert all(call.verify(hooks[one]["secret"])["type"] == "hold.created" for call in one.calls)
    assert len(good.calls) == NUMBER
    assert len(flaky.calls) >= NUMBER + NUMBER // 2
    assert len(gone.calls) == before[gone]


def _hold(clinic: Clinic, number: int) -> str:
    day, hour = divmod(number, 8)
    held: str = clinic.held(f"2027-03-{day + 1:02}T{hour + 10}:00:00Z")["id"]
    return held
