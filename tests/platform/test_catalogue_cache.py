"""The cached catalogue is never older than the database and never mixes two states of it."""

import threading
from collections.abc import Iterator

import pytest
from sqlalchemy import text

from booking.core.locks import lock_catalogue
from booking.questions.catalog import ClinicCatalog, load_catalog
from models.database import Database
from tests.support.callers import caller_in
from tests.support.desk import Desk
from tests.support.full_clinic import create_visit_question

RENAME = text("UPDATE resources SET name = name || '!' WHERE type = 'room'")
RESIZE = text("UPDATE rooms SET capacity = :capacity")
REGRID = text(
    "UPDATE locations SET policy = jsonb_set(policy, '{grid_minutes}', to_jsonb(CAST(:grid_minutes AS int)))"
)
VERSION = text("SELECT version FROM catalog_versions")
CHANGES = 30


@pytest.fixture
def elsewhere(database: Database) -> Iterator[Database]:
    """Give the same database through a second pool, as another process would have it."""
    other = Database(database.url, pool_size=2)
    yield other
    other.close()


def load(database: Database, desk: Desk) -> ClinicCatalog:
    """Lock the catalogue and load it, as a booking does."""
    with database.transaction(desk.clinic_id) as session:
        lock_catalogue(caller_in(session, desk.clinic_id))
        return load_catalog(caller_in(session, desk.clinic_id))


def resize(database: Database, desk: Desk, capacity: int) -> None:
    """Change the capacity of every room by SQL, past the cache."""
    with database.transaction(desk.clinic_id) as session:
        session.execute(RESIZE, {"capacity": capacity})


def capacities(catalog: ClinicCatalog) -> set[int]:
    """Give the set of the rooms' capacities."""
    return {room.capacity for room in catalog.engine.rooms.values()}


def test_a_catalogue_that_has_not_changed_is_loaded_once(database: Database, desk: Desk) -> None:
    create_visit_question(desk)

    assert load(database, desk) is load(database, desk)


def test_a_change_by_another_process_is_seen_at_once(
    database: Database, elsewhere: Database, desk: Desk
) -> None:
    create_visit_question(desk)
    before = capacities(load(database, desk))
    resize(elsewhere, desk, 7)

    assert before == {1}
    assert capacities(load(database, desk)) == {7}


def test_a_change_that_is_rolled_back_is_never_seen(
    database: Database, elsewhere: Database, desk: Desk
) -> None:
    create_visit_question(desk)
    before = load(database, desk)
    with elsewhere.transaction(desk.clinic_id) as session:
        session.execute(RESIZE, {"capacity": 9})
        session.rollback()

    assert load(database, desk) is before


def test_one_clinics_change_leaves_the_others_catalogue_cached(
    database: Database, alice: Desk, desk: Desk
) -> None:
    create_visit_question(desk)
    before = load(database, desk)
    resize(database, alice, 3)

    assert load(database, desk) is before


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE locations SET active = active",
        "UPDATE opening_hours SET ends = ends",
        "DELETE FROM closures",
        "DELETE FROM travel_times",
        "DELETE FROM special_opening_days",
        "UPDATE special_opening_periods SET ends = ends",
        "UPDATE special_working_days SET version = version",
        "DELETE FROM special_working_periods",
        "UPDATE resources SET name = name",
        "UPDATE therapists SET treats = treats",
        "UPDATE rooms SET kind = kind",
        "DELETE FROM devices",
        "DELETE FROM qualifications",
        "UPDATE working_hours SET ends = ends",
        "UPDATE procedures SET name = name",
        "UPDATE phases SET minutes = minutes",
        "DELETE FROM spacing_rules",
        "UPDATE hold_rules SET active = active",
        "UPDATE course_templates SET name = name",
    ],
)
def test_every_change_of_the_catalogue_counts_whoever_makes_it(
    database: Database, desk: Desk, change: str
) -> None:
    with database.transaction(desk.clinic_id) as session:
        before = session.scalars(VERSION).one()
        session.execute(text(change))
        after = session.scalars(VERSION).one()

    assert after == before + 1


def test_a_change_waits_until_the_bookings_that_hold_the_catalogue_are_done(
    database: Database, elsewhere: Database, desk: Desk
) -> None:
    create_visit_question(desk)
    with database.transaction(desk.clinic_id) as session:
        lock_catalogue(caller_in(session, desk.clinic_id))
        held = load_catalog(caller_in(session, desk.clinic_id))
        writer = threading.Thread(target=resize, args=(elsewhere, desk, 5))
        writer.start()
        writer.join(0.3)
        waiting = writer.is_alive()
        still = load_catalog(caller_in(session, desk.clinic_id))
    writer.join()

    assert waiting
    assert still is held
    assert capacities(load(database, desk)) == {5}


def test_bookings_hold_the_catalogue_together(database: Database, elsewhere: Database, desk: Desk) -> None:
    with database.transaction(desk.clinic_id) as first, elsewhere.transaction(desk.clinic_id) as second:
        lock_catalogue(caller_in(first, desk.clinic_id))
        lock_catalogue(caller_in(second, desk.clinic_id))

        assert second.scalar(text("SELECT true")) is True


def test_readers_among_writers_never_see_half_a_change(
    database: Database, elsewhere: Database, desk: Desk
) -> None:
    question = create_visit_question(desk)
    for number in range(2, 6):
        desk.made("/rooms", location_id=question["location_id"], name=f"Room {number}", kind="treatment")
    seen: list[ClinicCatalog] = []
    done = threading.Event()

    def read() -> None:
        while not done.is_set():
            seen.append(load(database, desk))

    readers = [threading.Thread(target=read) for _ in range(3)]
    for reader in readers:
        reader.start()
    try:
        # Each change takes two statements, and no reader may read between them.
        for capacity in range(2, CHANGES):
            with elsewhere.transaction(desk.clinic_id) as session:
                session.execute(RENAME)
                session.execute(RESIZE, {"capacity": capacity})
    finally:
        done.set()
        for reader in readers:
            reader.join()

    assert {len(capacities(catalog)) for catalog in seen} == {1}
    assert len({catalog.version: capacities(catalog) for catalog in seen}) > 1
    assert capacities(load(database, desk)) == {CHANGES - 1}


def test_one_version_is_always_the_same_catalogue(
    database: Database, elsewhere: Database, desk: Desk
) -> None:
    create_visit_question(desk)
    by_version: dict[int, set[int]] = {}
    for capacity in range(2, 12):
        resize(elsewhere, desk, capacity)
        catalog = load(database, desk)
        by_version[catalog.version] = capacities(catalog)

    assert sorted(by_version.values(), key=min) == [{capacity} for capacity in range(2, 12)]
    assert list(by_version) == sorted(by_version)


def test_a_search_never_answers_from_half_of_a_change(
    database: Database, elsewhere: Database, desk: Desk
) -> None:
    create_visit_question(desk)
    seen: list[ClinicCatalog] = []
    done = threading.Event()

    def read() -> None:
        while not done.is_set():
            with database.transaction(desk.clinic_id) as session:
                seen.append(load_catalog(caller_in(session, desk.clinic_id)))

    readers = [threading.Thread(target=read) for _ in range(3)]
    for reader in readers:
        reader.start()
    for number in range(2, CHANGES):
        with elsewhere.transaction(desk.clinic_id) as session:
            session.execute(REGRID, {"grid_minutes": number * 5})
            session.execute(RESIZE, {"capacity": number})
    done.set()
    for reader in readers:
        reader.join()

    grids = [{place.policy.grid_minutes for place in one.engine.locations.values()} for one in seen]
    changed = [(grid, capacities(one)) for grid, one in zip(grids, seen, strict=True) if grid != {5}]
    assert changed
    assert all(grid == {capacity * 5 for capacity in places} for grid, places in changed)
