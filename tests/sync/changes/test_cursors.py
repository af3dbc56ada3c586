"""A cursor is signed for its clinic, its scope and the database's history, and lasts ninety days."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from itsdangerous import URLSafeSerializer
from sqlalchemy import text

from booking.core.caller import Caller
from booking.core.errors import CursorExpired
from jobs.rounds import EACH_NIGHT
from models.database import Database
from sync.changes.changes import read, scope_of
from sync.changes.cursors import Cursors, Position, cursors_of, renew_epoch
from tests.support.cast import create_key, pointers
from tests.support.copying import MakeClinic
from tests.sync.cast import ELEVEN, NOON, TEN, Branches, Replica, create_branches

DAY = timedelta(days=1)
SECOND = timedelta(seconds=1)


def now() -> datetime:
    """Give the present second: cursors know no finer time."""
    return datetime.now(UTC).replace(microsecond=0)


def cursors(database: Database, branches: Branches) -> Cursors:
    """Give the writer of the cursors of the whole clinic."""
    with database.transaction(branches.desk.clinic_id) as session:
        caller = Caller(session, branches.desk.clinic_id, now())
        return cursors_of(session, caller.clinic_id, scope_of(caller, {}).name, now())


@pytest.mark.parametrize(
    ("age", "outcome"),
    [
        (89 * DAY, nullcontext()),
        (90 * DAY - SECOND, nullcontext()),
        (90 * DAY, nullcontext()),
        (90 * DAY + SECOND, pytest.raises(CursorExpired)),
        (91 * DAY, pytest.raises(CursorExpired)),
    ],
)
def test_a_cursor_is_good_for_ninety_days(
    branches: Branches, database: Database, age: timedelta, outcome: AbstractContextManager[object]
) -> None:
    at = now()
    with database.transaction(branches.desk.clinic_id, one_snapshot=True) as session:
        caller = Caller(session, branches.desk.clinic_id, at)
        cursor = read(caller, {}, None, 50).next_cursor
        later = replace(caller, real_now=at + age)
        with outcome:
            assert read(later, {}, cursor, 50).items == []


@pytest.mark.parametrize(("ahead", "status"), [(-1, 200), (0, 410), (1, 410)])
def test_a_cursor_ahead_of_the_server_has_expired(
    branches: Branches, database: Database, ahead: int, status: int
) -> None:
    own = cursors(database, branches)
    # Other tests count transactions up meanwhile, so this number is far ahead of them.
    newest = own.newest if ahead < 0 else own.newest + 1_000_000
    cursor = own.write(Position(newest + ahead, UUID(int=0), 0))

    assert branches.desk.get("/changes", cursor=cursor).status_code == status


def test_a_number_is_ahead_from_the_next_transaction_on(branches: Branches, database: Database) -> None:
    own = cursors(database, branches)
    last, next_ = (own.write(Position(own.newest + more, UUID(int=0), 0)) for more in (-1, 0))

    assert own.read(last).xid == own.newest - 1
    with pytest.raises(CursorExpired):
        own.read(next_)


def test_after_a_restore_every_cursor_has_expired(branches: Branches, database: Database) -> None:
    cursor = branches.desk.get("/changes").get_json()["next_cursor"]
    assert branches.desk.get("/changes", cursor=cursor).status_code == 200
    with database.transaction(branches.desk.clinic_id) as session:
        renew_epoch(session)

    answer = branches.desk.get("/changes", cursor=cursor)

    assert (answer.status_code, answer.get_json()["code"]) == (410, "cursor_expired")
    assert branches.desk.get("/changes").status_code == 200


def test_another_server_or_timeline_is_another_history(branches: Branches, database: Database) -> None:
    own = cursors(database, branches)
    with database.transaction() as session:
        server = session.scalar(text("SELECT (pg_control_system()).system_identifier"))
        timeline = session.scalar(text("SELECT (pg_control_checkpoint()).timeline_id"))
    cursor = own.write(Position(0, UUID(int=0), 0))
    stored, number, line = own.epoch.split("/")

    assert (number, int(line, 16)) == (str(server), timeline)
    assert own.read(cursor)
    for elsewhere in (f"{uuid4()}/{number}/{line}", f"{stored}/1/{line}", f"{stored}/{number}/00000002"):
        with pytest.raises(CursorExpired):
            replace(own, epoch=elsewhere).read(cursor)


def signed_by_another(_: str) -> str:
    """Sign a cursor with another secret."""
    return str(URLSafeSerializer("secret").dumps(["epoch", 0, 0, uuid4().hex, 0]))


@pytest.mark.parametrize(
    "forge",
    [
        pytest.param(lambda cursor: cursor[:-1], id="truncated"),
        pytest.param(lambda cursor: cursor + "A", id="longer"),
        pytest.param(lambda cursor: ("A" if cursor[0] != "A" else "B") + cursor[1:], id="changed"),
        pytest.param(lambda cursor: cursor.partition(".")[0], id="unsigned"),
        pytest.param(lambda _: "0", id="nothing like it"),
        pytest.param(lambda _: "é.ü", id="not ASCII"),
        pytest.param(lambda _: "..", id="dots"),
        pytest.param(lambda cursor: cursor * 20, id="long"),
        pytest.param(signed_by_another, id="signed by another"),
    ],
)
def test_a_forged_cursor_is_refused(branches: Branches, forge: Callable[[str], str]) -> None:
    cursor = branches.desk.get("/changes").get_json()["next_cursor"]

    assert pointers(branches.desk.get("/changes", cursor=forge(cursor))) == ["?cursor"]


def test_a_cursor_leads_through_its_own_scope_alone(branches: Branches) -> None:
    ada, ben = branches.therapists
    room, place = branches.rooms[0], branches.locations[0]["id"]
    scopes: list[dict[str, Any]] = [
        {}, {"therapist_id": ada["id"]}, {"therapist_id": ben["id"]}, {"room_id": room["id"]},
        {"location_id": place},
    ]  # fmt: skip
    limited = create_key(branches.desk, "changes:read", location_ids=[place])
    readers = [(branches.desk, scope) for scope in scopes] + [(limited, scope) for scope in scopes]
    given = [desk.get("/changes", **scope).get_json()["next_cursor"] for desk, scope in readers]

    accepted = [
        (reader, number)
        for reader, (desk, scope) in enumerate(readers)
        for number, cursor in enumerate(given)
        if desk.get("/changes", **scope, cursor=cursor).status_code == 200
    ]

    assert accepted == [(number, number) for number in range(len(readers))]


def test_a_cursor_of_another_clinic_is_refused(branches: Branches, make_clinic: MakeClinic) -> None:
    others = create_branches(make_clinic).desk.get("/changes").get_json()["next_cursor"]

    assert pointers(branches.desk.get("/changes", cursor=others)) == ["?cursor"]


def test_a_cursor_outlives_the_key_that_it_was_given_to(branches: Branches) -> None:
    branches.booked(TEN)
    first = Replica(create_key(branches.desk, "changes:read"))
    first.drain()
    branches.booked(NOON)

    second = Replica(create_key(branches.desk, "changes:read"), cursor=first.cursor)

    assert len(second.drain()) == 1


@pytest.mark.parametrize(("days", "kept"), [(90, True), (91, True), (92, False)])
def test_at_night_what_no_cursor_can_still_ask_for_is_forgotten(
    branches: Branches, database: Database, days: int, kept: bool
) -> None:
    ada = {"therapist_id": branches.therapists[0]["id"]}
    visit = branches.booked(TEN)
    branches.booked(ELEVEN)
    branches.here.acted("reassign", visit, therapist_id=branches.therapists[1]["id"])
    gone = text("SELECT count(*) FROM changes WHERE NOT present")
    present = text("SELECT count(*) FROM changes WHERE present")
    with database.transaction(branches.desk.clinic_id) as session:
        before = session.scalar(present)
        changed_at = session.scalar(text("SELECT max(changed_at) FROM changes"))
    assert changed_at is not None
    night = changed_at + days * DAY
    with database.transaction(branches.desk.clinic_id) as session:
        [purge] = [act for act in EACH_NIGHT if act.__module__ == "sync.changes.changes"]
        purge(Caller(session, branches.desk.clinic_id, night))

    with database.transaction(branches.desk.clinic_id) as session:
        assert (session.scalar(gone) or 0) == (1 if kept else 0)
        assert session.scalar(present) == before
    assert len(Replica(branches.desk, ada).drain()) == 1
