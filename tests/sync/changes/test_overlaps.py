"""An older transaction's changes are told, even when a newer transaction was committed first."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from time import monotonic
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from models.database import Database
from tests.support.cast import Made
from tests.sync.cast import ELEVEN, TEN, Branches, Replica, told

TOUCH = text("UPDATE appointments SET version = version + 1, updated_at = now() WHERE id = :id")


def touch(session: Session, visit: dict[str, Any]) -> None:
    """Change a visit in an open transaction."""
    session.execute(TOUCH, {"id": visit["id"]})


@contextmanager
def overlapping(
    branches: Branches, database: Database
) -> Iterator[tuple[Replica, Session, tuple[Made, Made]]]:
    """Change a visit in an open transaction, then another visit in a transaction that is committed first.

    Give a client that has read both visits before, the open transaction, and the visits.
    """
    first, second = (branches.booked(at) for at in (TEN, ELEVEN))
    replica = Replica(branches.desk)
    replica.drain()
    with database.transaction(branches.desk.clinic_id) as older:
        touch(older, first)
        with database.transaction(branches.desk.clinic_id) as newer:
            touch(newer, second)
        yield replica, older, (first, second)


def test_an_older_transaction_that_is_committed_later_is_not_lost(
    branches: Branches, database: Database
) -> None:
    with overlapping(branches, database) as (replica, _, (first, second)):
        meanwhile = replica.drain(settled=False)

    assert meanwhile == []
    assert told(replica.drain()) == [(first["id"], False), (second["id"], False)]


def test_an_answer_is_kept_for_a_moment_while_something_is_held_back(
    branches: Branches, database: Database
) -> None:
    with overlapping(branches, database) as (replica, _, _):
        begun = monotonic()
        page = replica.page()
        lasted = monotonic() - begun

    assert page["items"] == []
    assert lasted >= 0.25


def test_what_is_undone_is_not_told_and_holds_nothing_back(branches: Branches, database: Database) -> None:
    with overlapping(branches, database) as (replica, older, (_, second)):
        older.rollback()

    assert told(replica.drain()) == [(second["id"], False)]


def test_a_page_that_is_read_while_older_ones_are_open_holds_what_came_before_them(
    branches: Branches, database: Database
) -> None:
    visits = [branches.booked(f"2027-03-01T{hour}:00:00Z") for hour in range(10, 14)]
    replica = Replica(branches.desk)
    replica.drain()
    with ExitStack() as stack:
        with database.transaction(branches.desk.clinic_id) as before:
            touch(before, visits[0])
        older = stack.enter_context(database.transaction(branches.desk.clinic_id))
        touch(older, visits[1])
        with database.transaction(branches.desk.clinic_id) as after:
            touch(after, visits[2])
        meanwhile = replica.drain(settled=False)

    assert told(meanwhile) == [(visits[0]["id"], False)]
    assert told(replica.drain()) == [(visits[1]["id"], False), (visits[2]["id"], False)]


def test_a_full_state_that_begins_while_a_visit_is_handed_over_ends_right(
    branches: Branches, database: Database
) -> None:
    first, second = (branches.booked(at) for at in (TEN, ELEVEN))
    ada, ben = (Replica(branches.desk, {"therapist_id": one["id"]}) for one in branches.therapists)
    with database.transaction(branches.desk.clinic_id) as older:
        for table, key in (("appointments", "id"), ("appointment_phases", "appointment_id")):
            older.execute(
                text(f"UPDATE {table} SET therapist_id = :ben WHERE {key} = :id"),  # noqa: S608 - our own names
                {"ben": branches.therapists[1]["id"], "id": first["id"]},
            )
        ada.drain(settled=False)
        ben.drain(settled=False)

    assert ada.copy.keys() == {first["id"], second["id"]}
    assert (told(ada.drain()), told(ben.drain())) == ([(first["id"], True)], [(first["id"], False)])
