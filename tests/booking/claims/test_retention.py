"""Ended holds and notes of old messages are deleted at night, once they are kept long enough."""

from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import text

from api import clock
from booking.claims.retention import AT_ONCE, KEPT, forget_holds, forget_messages
from booking.core.caller import Caller
from booking.messages.sending import announce_due, mark_sent
from jobs.rounds import do_minutes_work
from models import Appointment, AuditEntry, Event, MessageDispatch
from models.database import Database
from tests.support.cast import Clinic, Made, instant, rows, run_out
from tests.support.messages import BOOKED, VISIT
from tests.support.times import TEN
from tests.support.waitlist import answer, entry, freed, offer

SECOND = timedelta(seconds=1)
DUE = instant("2027-03-25T12:00:00+00:00")
ENDED = text("UPDATE appointments SET updated_at = :at")
MANY = text("""
    INSERT INTO message_dispatches
        (clinic_id, id, appointment_id, kind, anchor_at, due_at, status, attempts, next_at)
    SELECT clinic_id, gen_random_uuid(), appointment_id, kind, anchor_at + n * interval '1 second', due_at,
           'cancelled', 0, next_at
    FROM message_dispatches, generate_series(1, :number) AS n
""")


@pytest.fixture
def act(database: Database, clinic: Clinic) -> Callable[..., int]:
    """Let the worker act in a transaction."""

    def acting(act: Callable[[Caller], int], now: datetime | None = None) -> int:
        with database.transaction(clinic.desk.clinic_id) as session:
            return act(Caller(session, clinic.desk.clinic_id, now or clock.now()))

    return acting


def released(clinic: Clinic, at: str = TEN) -> Made:
    """Hold a slot and release it."""
    hold = clinic.held(at)
    assert clinic.desk.delete(f"/holds/{hold['id']}").status_code == 204
    return hold


def age(database: Database, clinic: Clinic) -> None:
    """Make each appointment's last change older than ended holds are kept."""
    with database.transaction(clinic.desk.clinic_id) as session:
        session.execute(ENDED, {"at": clock.now() - KEPT - SECOND})


@pytest.mark.parametrize(("seconds", "left"), [(-1, 1), (0, 1), (1, 0)])
def test_a_hold_that_ended_longer_ago_than_it_is_kept_is_deleted(
    clinic: Clinic, database: Database, act: Callable[..., int], seconds: int, left: int
) -> None:
    released(clinic)
    [ended] = rows(database, clinic.desk, Appointment)

    assert act(forget_holds, ended.updated_at + KEPT + seconds * SECOND) == 1 - left
    assert len(rows(database, clinic.desk, Appointment)) == left


def test_what_happened_to_a_forgotten_hold_is_kept(
    clinic: Clinic, database: Database, act: Callable[..., int]
) -> None:
    hold = released(clinic)
    kept = [rows(database, clinic.desk, table) for table in (Event, AuditEntry)]
    age(database, clinic)
    assert act(forget_holds) == 1

    for before, table in zip(kept, (Event, AuditEntry), strict=True):
        assert [one.id for one in rows(database, clinic.desk, table)] == [one.id for one in before]
    assert clinic.desk.get(f"/holds/{hold['id']}").status_code == 404


def test_only_holds_that_ended_without_a_booking_are_forgotten(
    clinic: Clinic, database: Database, act: Callable[..., int]
) -> None:
    live, expired = clinic.held("2027-03-02T10:00:00Z"), clinic.held("2027-03-03T10:00:00Z")
    booked = clinic.convert(clinic.held(TEN)).get_json()
    clinic.acted("cancel", booked, reason_code="patient")
    run_out(database, clinic.desk, expired)
    again = clinic.held("2027-03-03T10:00:00Z")
    age(database, clinic)

    assert act(forget_holds) == 1
    left = {str(one.id) for one in rows(database, clinic.desk, Appointment)}
    assert left == {live["id"], booked["id"], again["id"]}


def test_a_hold_that_an_entry_of_the_waitlist_was_offered_stays(
    clinic: Clinic, database: Database, act: Callable[..., int]
) -> None:
    waiting = entry(clinic)
    assert offer(clinic, database, freed(clinic)) == 1
    offered = clinic.desk.get(f"/waitlist/{waiting['id']}").get_json()["offer"]["hold_id"]
    run_out(database, clinic.desk, {"id": offered})
    assert answer(clinic, waiting, "accept").status_code == 410
    age(database, clinic)
    assert act(forget_holds) == 0

    assert answer(clinic, waiting, "accept").get_json()["code"] == "hold_expired"


def test_nobody_is_waited_for(clinic: Clinic, database: Database, act: Callable[..., int]) -> None:
    hold = released(clinic)
    released(clinic)
    age(database, clinic)
    with database.transaction(clinic.desk.clinic_id) as session:
        session.get(Appointment, (clinic.desk.clinic_id, UUID(hold["id"])), with_for_update=True)

        assert act(forget_holds) == 1
    assert act(forget_holds) == 1


@pytest.fixture
def told(clinic: Clinic, act: Callable[..., int]) -> Made:
    """Book a visit whose reminder has become due; give the visit."""
    visit = clinic.at(BOOKED).booked(VISIT)
    assert act(announce_due, DUE) == 1
    return visit


@pytest.mark.parametrize(("seconds", "left"), [(-1, 1), (0, 1), (1, 0)])
@pytest.mark.usefixtures("told")
def test_a_message_that_was_due_longer_ago_than_its_note_is_kept_is_forgotten(
    clinic: Clinic, database: Database, act: Callable[..., int], seconds: int, left: int
) -> None:
    assert act(forget_messages, DUE + KEPT + seconds * SECOND) == 1 - left
    assert len(rows(database, clinic.desk, MessageDispatch)) == left


@pytest.mark.parametrize("days", [0, 1, 2, 30, 31])
def test_no_forgotten_message_is_due_again(
    clinic: Clinic, database: Database, act: Callable[..., int], told: Made, days: int
) -> None:
    [note] = rows(database, clinic.desk, MessageDispatch)
    id_ = f"{told['id']}.{note.kind}.{round(note.anchor_at.timestamp()) * 1_000_000}"
    act(lambda caller: mark_sent(caller, id_).attempts, DUE)
    now = DUE + timedelta(days=days)
    act(forget_messages, now)

    listed = clinic.at(now.isoformat()).desk.get("/messages", due_by=now.isoformat()).get_json()["items"]
    assert id_ not in {one["id"] for one in listed}
    act(announce_due, now)
    events = [one for one in rows(database, clinic.desk, Event) if one.type == "message.due"]
    assert [one.data["id"] for one in events].count(id_) == 1


@pytest.mark.usefixtures("told")
def test_what_was_sent_in_a_window_that_may_move_is_never_forgotten(
    clinic: Clinic, database: Database, act: Callable[..., int]
) -> None:
    with database.transaction(clinic.desk.clinic_id) as session:
        session.execute(text("UPDATE message_dispatches SET kind = 'maintenance_opens'"))

    assert act(forget_messages, DUE + timedelta(days=3650)) == 0


@pytest.mark.usefixtures("told")
def test_so_many_are_forgotten_at_once_and_the_others_next(
    clinic: Clinic, database: Database, act: Callable[..., int]
) -> None:
    with database.transaction(clinic.desk.clinic_id) as session:
        session.execute(MANY, {"number": AT_ONCE})

    assert [act(forget_messages, DUE + 2 * KEPT) for _ in range(3)] == [AT_ONCE, 1, 0]


@pytest.mark.usefixtures("told")
def test_a_night_forgets_portion_by_portion_until_nothing_is_left(clinic: Clinic, database: Database) -> None:
    with database.transaction(clinic.desk.clinic_id) as session:
        session.execute(MANY, {"number": AT_ONCE})

    do_minutes_work(database, DUE + 2 * KEPT, [forget_messages])

    assert rows(database, clinic.desk, MessageDispatch) == []
