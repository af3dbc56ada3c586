"""Slow calendars keep no other calendar waiting, and no other work of the background worker."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from sqlalchemy import text

from api.app import create_app
from api.state import state_of
from config import Settings
from migrations.runner import migrate
from models.database import Database
from tests.support.cast import create_clinic
from tests.support.new_clinics import open_clinic
from tests.support.processes import wait_until, worker
from tests.sync.calendars import Text, calendar, event
from tests.sync.elsewhere import Elsewhere
from tests.sync.servers import Server, Talk, hangs

Site = Callable[[Talk], Server]
HANGING = 12
OTHERS = text(
    "SELECT count(*) FROM queue.procrastinate_jobs WHERE task_name = 'minute' AND status = 'succeeded'"
)


@pytest.fixture(scope="module")
def own_database(make_database: Callable[[str], Database]) -> Database:
    """Migrate a database whose queue no other module uses."""
    database = make_database("calendars")
    migrate(database.engine)
    return database


@pytest.fixture
def elsewhere(own_database: Database, settings: Settings) -> Iterator[Elsewhere]:
    """Create a clinic in that database, which may subscribe to calendars on this machine."""
    app = create_app(replace(settings, allow_loopback_urls=True), own_database)
    yield Elsewhere(create_clinic(open_clinic(app, own_database)), own_database)
    state_of(app).waiting.close()


def test_slow_calendars_keep_nobody_else_waiting(elsewhere: Elsewhere, site: Site) -> None:
    desk, slow = elsewhere.clinic.desk, site(hangs)
    page = Text(calendar(event(start="2027-03-01T10:00Z", end="2027-03-01T11:00Z")))
    hanging = [desk.made(elsewhere.calendars, url=slow.url(f"/{one}.ics")) for one in range(HANGING)]
    good = desk.made(elsewhere.calendars, url=site(page.talk).url("/good.ics"))

    def status(id_: str) -> str:
        return str(desk.get(f"{elsewhere.calendars}/{id_}").get_json()["status"])

    def worked() -> bool:
        with elsewhere.database.transaction() as session:
            return session.scalars(OTHERS).one() > 0

    with worker(elsewhere.database.url):
        wait_until(lambda: status(good["id"]) == "ok")
        # The slow server still holds every one of its calendars.
        assert {status(one["id"]) for one in hanging} == {"pending"}
        assert len(slow.requests) == HANGING
        wait_until(worked)
