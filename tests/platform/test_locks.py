"""Acts lock patients, then resources, each in the order of their ids, so that no two acts deadlock."""

import threading
from collections.abc import Callable, Iterable
from uuid import UUID

from psycopg.errors import DeadlockDetected
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from uuid_utils.compat import uuid7

from booking.core.locks import lock, lock_catalogue
from models.database import Database
from tests.support.callers import caller_in

TRY = text("SELECT pg_try_advisory_xact_lock(lock_key(:id))")
ROUNDS = 25


def is_free(database: Database, one: UUID) -> bool:
    """Whether the lock of this id is free."""
    with database.transaction() as session:
        return bool(session.scalar(TRY, {"id": one}))


def while_waiting(
    database: Database, first: UUID, act: Callable[[], None], look: Iterable[UUID]
) -> list[bool]:
    """Hold one lock that the act needs, and tell of each other lock whether it is free meanwhile."""
    with database.transaction() as session:
        lock(session, resources=[first])
        waiting = threading.Thread(target=act)
        waiting.start()
        waiting.join(0.3)
        assert waiting.is_alive()
        free = [is_free(database, one) for one in look]
    waiting.join()
    return free


def test_the_least_id_is_locked_first_however_they_are_named(database: Database) -> None:
    least, middle, greatest = sorted(uuid7() for _ in range(3))

    def act() -> None:
        with database.transaction() as session:
            lock(session, resources=[greatest, least, middle])

    assert while_waiting(database, least, act, [middle, greatest]) == [True, True]


def test_what_comes_before_a_lock_that_is_taken_is_held_meanwhile(database: Database) -> None:
    least, middle, greatest = sorted(uuid7() for _ in range(3))

    def act() -> None:
        with database.transaction() as session:
            lock(session, resources=[greatest, middle, least])

    assert while_waiting(database, greatest, act, [least, middle]) == [False, False]


def test_patients_are_locked_before_resources_whatever_their_ids(database: Database) -> None:
    resource, patient = sorted(uuid7() for _ in range(2))

    def act() -> None:
        with database.transaction() as session:
            lock(session, patients=[patient], resources=[resource])

    assert while_waiting(database, patient, act, [resource]) == [True]


def test_locks_end_with_their_transaction(database: Database) -> None:
    one = uuid7()
    with database.transaction() as session:
        lock(session, resources=[one])
        held = not is_free(database, one)

    assert held
    assert is_free(database, one)


def test_locks_of_a_savepoint_that_fails_are_given_back_at_once(database: Database) -> None:
    one = uuid7()
    with database.transaction() as session:
        savepoint = session.begin_nested()
        lock(session, resources=[one])
        savepoint.rollback()

        assert is_free(database, one)


def test_the_catalogues_lock_is_the_clinics(database: Database) -> None:
    clinic_id = uuid7()
    with database.transaction() as session:
        lock_catalogue(caller_in(session, clinic_id))

        assert not is_free(database, clinic_id)


def test_acts_on_the_same_resources_in_any_order_never_deadlock(database: Database) -> None:
    ids = [uuid7() for _ in range(4)]
    deadlocks: list[DBAPIError] = []

    def act(named: list[UUID]) -> None:
        for _ in range(ROUNDS):
            try:
                with database.transaction() as session:
                    lock(session, patients=named[:1], resources=named[1:])
            except DBAPIError as error:
                deadlocks.append(error)

    threads = [
        threading.Thread(target=act, args=([ids[0], *order],))
        for order in ([ids[1], ids[2], ids[3]], [ids[3], ids[2], ids[1]], [ids[2], ids[1], ids[3]])
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert [error.orig for error in deadlocks if isinstance(error.orig, DeadlockDetected)] == []
    assert deadlocks == []
