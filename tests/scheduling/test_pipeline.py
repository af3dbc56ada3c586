"""A therapist is free while the cream works: one therapist, two rooms and two bays take 17 visits a day."""

from uuid import UUID

from scheduling.bits import Window
from scheduling.catalog import Catalog, Procedure
from scheduling.engine import check
from scheduling.ticks import LocalClock
from tests.scheduling.cast import (
    BAY_1,
    BAY_2,
    LONDON,
    ROOM_1,
    ROOM_2,
    ask,
    create_catalog,
    create_room,
    face_standard,
    starts,
    tick_at,
)

WINDOW = Window(tick_at("2027-09-14T00:00"), tick_at("2027-09-15T00:00"))


def two_rooms_and_two_bays() -> Catalog:
    bays = [create_room(id=key, kind="numbing") for key in (BAY_1, BAY_2)]
    return create_catalog(create_room(id=ROOM_1), create_room(id=ROOM_2), *bays)


def book_the_day(catalog: Catalog, procedure: Procedure) -> list[str]:
    """Book the first arrival until none is found, and return the arrivals as local times."""
    busy: dict[tuple[UUID, int], int] = {}
    booked = []
    while free := starts(WINDOW, catalog, busy, procedure=procedure):
        verdict = check(ask(procedure=procedure), catalog, busy, free[0], WINDOW)
        assert verdict.assignment is not None
        for key, lane, start, end in verdict.assignment.claims:
            busy[key, lane] = busy.get((key, lane), 0) | WINDOW.span(start, end)
        booked.append(LocalClock(LONDON).format(free[0])[11:16])
    return booked


def test_a_day_takes_17_visits_one_every_30_minutes() -> None:
    booked = book_the_day(two_rooms_and_two_bays(), face_standard())

    assert booked == [f"{9 + n // 2:02}:{30 * (n % 2):02}" for n in range(17)]


def test_holding_the_therapist_for_the_whole_visit_takes_6() -> None:
    assert len(book_the_day(two_rooms_and_two_bays(), face_standard(hold_therapist=True))) == 6


def test_one_treatment_room_takes_a_visit_every_55_minutes() -> None:
    bays = [create_room(id=key, kind="numbing") for key in (BAY_1, BAY_2)]
    booked = book_the_day(create_catalog(create_room(), *bays), face_standard())

    assert booked[:3] == ["09:00", "09:55", "10:50"]


def test_two_lanes_of_one_room_do_as_well_as_two_rooms() -> None:
    catalog = create_catalog(create_room(capacity=2), create_room(id=BAY_1, kind="numbing", capacity=2))

    assert len(book_the_day(catalog, face_standard())) == 17


def test_a_visit_claims_each_resource_once_and_only_as_long_as_it_needs_it() -> None:
    start = tick_at("2027-09-14T09:00")
    verdict = check(ask(procedure=face_standard()), two_rooms_and_two_bays(), {}, start, WINDOW)

    assert verdict.assignment is not None
    assert sorted((end - begin) * 5 for _, _, begin, end in verdict.assignment.claims) == [30, 40, 55]
