"""Phases that run at once need different people, places and devices."""

from scheduling.catalog import Catalog, Phase, Qualification
from scheduling.questions import Verdict
from tests.scheduling.cast import (
    ALICE,
    BAY_1,
    BOB,
    CAROL,
    LASER_1,
    LASER_2,
    ROOM_1,
    ROOM_2,
    codes,
    create_catalog,
    create_device,
    create_phase,
    create_procedure,
    create_room,
    create_therapist,
    judge,
    tick_at,
)

START = tick_at("2027-06-01T10:00")
HELD = (Qualification("PHLEB"),)
HELPERS = [create_therapist(id=key, treats=False, qualifications=HELD) for key in (BOB, CAROL)]


def visit(catalog: Catalog, *phases: Phase) -> Verdict:
    return judge(START, catalog, procedure=create_procedure(*phases))


def helped(at_minute: int) -> Phase:
    """Return a phase of 20 minutes with an assistant, without a room."""
    return create_phase(therapist=False, assistant="PHLEB", room_kinds=(), at_minute=at_minute)


def test_two_assistants_at_once_are_two_people() -> None:
    phases = (create_phase(), helped(0), helped(15))
    one, two = create_catalog(create_therapist(), HELPERS[0]), create_catalog(create_therapist(), *HELPERS)

    assert codes(visit(one, *phases)) == ["no_therapist_available"]
    assert codes(visit(two, *phases)) == []


def test_one_assistant_can_help_twice_in_a_row() -> None:
    catalog = create_catalog(create_therapist(), HELPERS[0])

    assert codes(visit(catalog, create_phase(), helped(0), helped(20))) == []


def test_a_therapist_is_no_assistant_even_at_another_time() -> None:
    catalog = create_catalog(create_therapist(qualifications=HELD))

    assert codes(visit(catalog, create_phase(), helped(40))) == ["no_therapist_available"]


def stays() -> tuple[Phase, ...]:
    """Return a stay in a treatment room, a stay in a bay meanwhile, and another stay in a treatment room."""
    kinds = (("treatment", 30, 0), ("numbing", 10, 10), ("treatment", 20, 15))
    return tuple(create_phase(room_kinds=(kind,), minutes=m, at_minute=offset) for kind, m, offset in kinds)


def test_two_stays_at_once_need_two_rooms_of_the_kind() -> None:
    bay = create_room(id=BAY_1, kind="numbing")
    one, two = create_catalog(create_room(), bay), create_catalog(create_room(), create_room(id=ROOM_2), bay)

    (refusal,) = visit(one, *stays()).refusals
    assignment = visit(two, *stays()).assignment

    assert refusal.code == "no_room_available"
    assert [reason.resource_id for reason in refusal.because] == [ROOM_1, BAY_1]
    assert assignment is not None
    assert [phase.room_id for phase in assignment.phases] == [ROOM_1, BAY_1, ROOM_2]


def test_two_lanes_of_one_room_hold_two_stays_at_once() -> None:
    catalog = create_catalog(create_room(capacity=2), create_room(id=BAY_1, kind="numbing"))
    assignment = visit(catalog, *stays()).assignment

    assert assignment is not None
    assert [phase.lane for phase in assignment.phases] == [0, 0, 1]


def with_device(*kinds: str, at_minute: int) -> Phase:
    return create_phase(device_kinds=kinds, at_minute=at_minute)


def test_two_needs_at_once_take_two_devices() -> None:
    phases = (with_device("laser", at_minute=0), with_device("laser", "spin", at_minute=10))
    one, two = create_catalog(create_device()), create_catalog(create_device(), create_device(id=LASER_2))

    assert codes(visit(one, *phases)) == ["no_device_available"]
    assert codes(visit(two, *phases)) == []


def test_one_device_serves_two_needs_in_a_row() -> None:
    phases = (with_device("laser", at_minute=0), with_device("laser", "spin", at_minute=20))

    assert codes(visit(create_catalog(create_device()), *phases)) == []


def test_devices_fixed_to_two_rooms_do_not_serve_one_stay() -> None:
    phases = (with_device("laser", at_minute=0), with_device("spin", at_minute=20))
    laser = create_device(room_id=ROOM_1)
    rooms = (create_room(), create_room(id=ROOM_2))
    apart = create_catalog(*rooms, laser, create_device(id=LASER_2, kind="spin", room_id=ROOM_2))
    together = create_catalog(*rooms, laser, create_device(id=LASER_2, kind="spin", room_id=ROOM_1))

    (refusal,) = visit(apart, *phases).refusals

    assert (refusal.code, [reason.resource_id for reason in refusal.because]) == (
        "no_device_available", [ROOM_1, ROOM_2],
    )  # fmt: skip
    assert codes(visit(together, *phases)) == []


def test_one_device_in_the_right_room_does_not_serve_two_needs_at_once() -> None:
    phases = (with_device("laser", at_minute=0), with_device("laser", "spin", at_minute=10))
    apart = [create_device(room_id=ROOM_1), create_device(id=LASER_2, room_id=ROOM_2)]
    catalog = create_catalog(create_room(), create_room(id=ROOM_2), *apart)

    assert codes(visit(catalog, *phases)) == ["no_device_available"]


def test_a_device_fixed_to_a_room_serves_a_phase_without_a_room() -> None:
    catalog = create_catalog(create_device(id=LASER_1, kind="spin", room_id=ROOM_2))
    spin = create_phase(device_kinds=("spin",), room_kinds=(), therapist=False, at_minute=0)

    assert codes(visit(catalog, create_phase(), spin)) == []


def test_between_ways_of_equal_waste_the_kind_listed_first_is_taken() -> None:
    cream = create_phase(kind="numbing", minutes=30, therapist=False, room_kinds=("numbing", "treatment"))
    catalog = create_catalog(create_therapist(), create_room(), create_room(id=BAY_1, kind="numbing"))
    assignment = visit(catalog, cream, create_phase()).assignment

    assert assignment is not None
    assert [phase.room_id for phase in assignment.phases] == [BAY_1, ROOM_1]
    assert assignment.therapist_id == ALICE


def test_the_other_kind_is_taken_when_the_first_is_busy() -> None:
    cream = create_phase(kind="numbing", minutes=30, therapist=False, room_kinds=("numbing", "treatment"))
    assignment = visit(create_catalog(create_room()), cream, create_phase()).assignment

    assert assignment is not None
    assert [phase.room_id for phase in assignment.phases] == [ROOM_1, ROOM_1]
