"""A long poll ends with the first change of its scope, and holds no connection while it waits."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from time import monotonic, sleep
from typing import Any

import pytest
from sqlalchemy import text

from api.app import create_app
from api.state import state_of
from config import Settings
from models.database import Database
from sync.changes.long_poll import Waiting
from tests.support.desk import Desk
from tests.support.processes import wait_until
from tests.sync.cast import ELEVEN, PATIENCE_SECONDS, TEN, Branches, Replica, told
from tests.sync.changes.test_overlaps import touch

PROMPT_SECONDS = 8.0  # A notification comes at once, a look without one after 10 s; the machine may be busy.

_LISTENERS = """
    SELECT {what} FROM pg_stat_activity
    WHERE datname = current_database() AND state = 'idle' AND query = 'LISTEN changes'
"""

MakeServer = Callable[..., Desk]


@pytest.fixture
def serve(branches: Branches, database: Database) -> Iterator[MakeServer]:
    """Make servers for the clinic, each with its own pool and threads, and give the desk at each."""
    with ExitStack() as stack:

        def make(threads: int = 8, pool_size: int = 10) -> Desk:
            own = Database(database.url, pool_size=pool_size)
            stack.callback(own.close)
            app = create_app(Settings(sandbox=True, threads=threads), own)
            stack.callback(waiting_of(replace(branches.desk, app=app)).close)
            return replace(branches.desk, app=app)

        yield make


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    """Give threads in which clients wait."""
    with ThreadPoolExecutor(12) as threads:
        yield threads


def listeners(database: Database, act: str = "pid") -> list[Any]:
    """Find the listening connections, or act on each of them, as a superuser."""
    with database.transaction() as session:
        session.execute(text("SET LOCAL ROLE NONE"))
        return list(session.scalars(text(_LISTENERS.format(what=act))))


def waiting_of(desk: Desk) -> Waiting:
    """Give the server's seats."""
    return state_of(desk.app).waiting


def seated(desk: Desk, number: int) -> bool:
    """Whether this number of polls waits at the server, and its listener is connected."""
    waiting = waiting_of(desk)
    free = waiting._seats._value  # noqa: SLF001 - what tells who sits has no other name
    return bool(waiting._listening) and free == desk_threads(desk) // 2 - number  # noqa: SLF001 - see above


def desk_threads(desk: Desk) -> int:
    """Give how many threads the server has."""
    return state_of(desk.app).settings.threads


def wait_for_news(
    pool: ThreadPoolExecutor, replica: Replica, seconds: int = 30
) -> "Future[tuple[list[Any], float]]":
    """Let a client that has read everything wait in a thread; give its items and how long it took."""

    def act() -> tuple[list[Any], float]:
        begun = monotonic()
        items = replica.page(wait=seconds)["items"]
        return items, monotonic() - begun

    return pool.submit(act)


def drained(desk: Desk, **query: Any) -> Replica:
    """Give a client that has read everything."""
    replica = Replica(desk, query)
    replica.drain()
    return replica


def test_a_wait_ends_with_the_first_change(
    branches: Branches, serve: MakeServer, pool: ThreadPoolExecutor
) -> None:
    desk = serve()
    waiter = wait_for_news(pool, drained(desk))
    wait_until(lambda: seated(desk, 1))

    visit, begun = branches.booked(TEN), monotonic()
    items, _ = waiter.result(PATIENCE_SECONDS)

    assert told(items) == [(visit["id"], False)]
    assert monotonic() - begun < PROMPT_SECONDS


def test_a_change_of_another_scope_does_not_end_a_wait(
    branches: Branches, serve: MakeServer, pool: ThreadPoolExecutor
) -> None:
    desk = serve()
    waiter = wait_for_news(pool, drained(desk, room_id=branches.rooms[1]["id"]))
    wait_until(lambda: seated(desk, 1))
    visit = branches.booked(TEN)
    sleep(0.2)
    assert not waiter.done()

    branches.here.acted("reassign", visit, room_id=branches.rooms[1]["id"])

    assert told(waiter.result(PATIENCE_SECONDS)[0]) == [(visit["id"], False)]


def test_a_wait_without_news_ends_empty_after_its_time(serve: MakeServer) -> None:
    replica, begun = drained(serve()), monotonic()

    page = replica.page(wait=1)

    assert (page["items"], page["has_more"]) == ([], False)
    assert 1.0 <= monotonic() - begun < PATIENCE_SECONDS


def test_what_is_new_already_is_not_waited_for(branches: Branches, serve: MakeServer) -> None:
    replica = drained(serve())
    branches.booked(TEN)
    begun = monotonic()

    assert len(replica.page(wait=30)["items"]) == 1
    assert monotonic() - begun < PROMPT_SECONDS


def test_who_waits_holds_no_connection(
    branches: Branches, serve: MakeServer, pool: ThreadPoolExecutor
) -> None:
    desk = serve(threads=16, pool_size=2)
    waiters = [wait_for_news(pool, drained(desk)) for _ in range(5)]
    wait_until(lambda: seated(desk, 5))

    assert state_of(desk.app).database.engine.pool.checkedout() == 0  # type: ignore[attr-defined]
    assert desk.get("/locations").status_code == 200
    visit = branches.booked(TEN)
    assert [told(one.result(PATIENCE_SECONDS)[0]) for one in waiters] == [[(visit["id"], False)]] * 5


def test_at_most_half_of_the_threads_wait(
    branches: Branches, serve: MakeServer, pool: ThreadPoolExecutor
) -> None:
    desk = serve(threads=3)
    waiter, other = wait_for_news(pool, drained(desk)), drained(desk)
    wait_until(lambda: seated(desk, 1))
    begun = monotonic()

    assert other.page(wait=30)["items"] == []
    assert monotonic() - begun < PROMPT_SECONDS
    branches.booked(TEN)
    waiter.result(PATIENCE_SECONDS)
    wait_until(lambda: seated(desk, 0))


def test_a_server_of_one_thread_lets_nobody_wait(serve: MakeServer) -> None:
    replica, begun = drained(serve(threads=1)), monotonic()

    assert replica.page(wait=30)["items"] == []
    assert monotonic() - begun < PROMPT_SECONDS


def test_a_wait_lasts_until_older_transactions_are_over(
    branches: Branches, database: Database, serve: MakeServer, pool: ThreadPoolExecutor
) -> None:
    first, second = (branches.booked(at) for at in (TEN, ELEVEN))
    desk = serve()
    # The client reads everything before `older` begins: while it is open, nothing newer ever settles.
    replica = drained(desk)
    with database.transaction(branches.desk.clinic_id) as older:
        touch(older, first)
        waiter = wait_for_news(pool, replica)
        wait_until(lambda: seated(desk, 1))
        with database.transaction(branches.desk.clinic_id) as newer:
            touch(newer, second)
        sleep(0.2)
        assert not waiter.done()
    begun = monotonic()

    items, _ = waiter.result(PATIENCE_SECONDS)

    assert told(items) == [(first["id"], False), (second["id"], False)]
    assert monotonic() - begun < PROMPT_SECONDS


def test_a_listener_that_is_cut_off_comes_back_and_nothing_is_lost(
    branches: Branches, database: Database, serve: MakeServer, pool: ThreadPoolExecutor
) -> None:
    desk = serve()
    waiter = wait_for_news(pool, drained(desk))
    wait_until(lambda: seated(desk, 1))
    assert listeners(database, "pg_terminate_backend(pid)") == [True]
    visit = branches.booked(TEN)

    assert told(waiter.result(PATIENCE_SECONDS)[0]) == [(visit["id"], False)]
    again = wait_for_news(pool, drained(desk))
    wait_until(lambda: seated(desk, 1))
    branches.booked(ELEVEN)
    assert len(again.result(PATIENCE_SECONDS)[0]) == 1


def test_one_thread_listens_for_all_and_goes_when_it_is_told(
    branches: Branches, database: Database, serve: MakeServer, pool: ThreadPoolExecutor
) -> None:
    desk = serve(threads=16)
    waiters = [wait_for_news(pool, drained(desk)) for _ in range(3)]
    wait_until(lambda: seated(desk, 3))
    found = listeners(database)
    branches.booked(TEN)
    for one in waiters:
        one.result(PATIENCE_SECONDS)
    waiting_of(desk).close()

    assert len(found) == 1
    wait_until(lambda: not listeners(database))


def test_a_process_that_is_told_to_end_lets_nobody_wait_on(
    serve: MakeServer, pool: ThreadPoolExecutor
) -> None:
    desk = serve()
    waiter = wait_for_news(pool, drained(desk))
    wait_until(lambda: seated(desk, 1))
    begun = monotonic()
    waiting_of(desk).stopping = lambda: True

    assert waiter.result(PATIENCE_SECONDS)[0] == []
    assert monotonic() - begun < PROMPT_SECONDS
