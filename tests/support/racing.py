"""Race acts that start at the same instant in threads, and check what must hold afterwards."""

from collections import Counter
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from time import monotonic, sleep

from sqlalchemy import text
from werkzeug.test import TestResponse

from booking.claims.reconciling import differences_of
from models.database import Database
from tests.support.desk import Desk

Act = Callable[[], TestResponse]

# This measures no speed: it ends a race that hangs as a failed test.
LONGEST_RACE_SECONDS = 60.0
_PATIENCE_SECONDS = LONGEST_RACE_SECONDS / 2
_OVERLOADED = 503

_OVERLAPS = text("""
    SELECT count(*) FROM occupancies a JOIN occupancies b
        ON (a.clinic_id, a.resource_id, a.lane) = (b.clinic_id, b.resource_id, b.lane)
        AND a.id < b.id AND a.start_tick < b.end_tick AND b.start_tick < a.end_tick
""")
_OTHERS = text("""
    SELECT count(*) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'
""")
_DEADLOCKS = text("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")


def race(acts: Iterable[Act]) -> list[TestResponse]:
    """Start every act at the same instant and give their answers in order.

    Who waited too long for a lock on a slow machine is told to ask again, and does, as a client would.
    """
    started = list(acts)
    barrier = Barrier(len(started))
    before = monotonic()

    def run(act: Act) -> TestResponse:
        barrier.wait()
        answer = act()
        while answer.status_code == _OVERLOADED and monotonic() - before < _PATIENCE_SECONDS:
            sleep(float(answer.headers["Retry-After"]))
            answer = act()
        return answer

    with ThreadPoolExecutor(len(started)) as pool:
        answers = list(pool.map(run, started))
    assert monotonic() - before < LONGEST_RACE_SECONDS
    return answers


def wait_until(is_so: Callable[[], bool]) -> None:
    """Wait until a condition holds, and fail when it does not hold in time."""
    give_up = monotonic() + _PATIENCE_SECONDS
    while not is_so():
        assert monotonic() < give_up
        sleep(0.001)


def statuses(answers: Iterable[TestResponse]) -> list[int]:
    """Give the statuses of answers, sorted."""
    return sorted(answer.status_code for answer in answers)


def outcomes(answers: Iterable[TestResponse]) -> Counter[tuple[int, str | None]]:
    """Count answers by their status and their problem's code, which is None where there is no problem."""
    return Counter(
        (one.status_code, one.get_json()["code"] if one.status_code >= 400 else None) for one in answers
    )


def assert_refused(answers: Iterable[TestResponse]) -> None:
    """Insist that each answer of 409 is a refusal with its reasons."""
    for answer in answers:
        if answer.status_code == 409:
            problem = answer.get_json()
            assert problem["code"] == "refused"
            assert problem["refusals"]


def assert_sound(database: Database, desk: Desk) -> None:
    """Insist that no claims overlap, and that the claims are those of the phases."""
    with database.transaction(desk.clinic_id) as session:
        assert session.scalar(_OVERLAPS) == 0
    assert list(differences_of(database, desk.clinic_id)) == []


def deadlocks(database: Database) -> int:
    """Count the deadlocks of this database, which other connections report when they are closed."""
    database.engine.dispose()
    give_up = monotonic() + 5
    while monotonic() < give_up:
        with database.transaction() as session:
            if session.scalar(_OTHERS) == 0:
                break
    with database.transaction() as session:
        return int(session.scalars(_DEADLOCKS).one())
