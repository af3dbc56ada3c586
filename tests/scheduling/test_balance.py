"""Of staff and rooms who can take a visit equally well, those take it who have least to do."""

from dataclasses import replace
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from scheduling.engine import check, search
from scheduling.questions import Assignment, Loads
from tests.scheduling.cast import (
    ALICE,
    BAY_1,
    BOB,
    CAROL,
    LASER_1,
    LASER_2,
    LOCATION,
    ROOM_1,
    ROOM_2,
    around,
    ask,
    create_catalog,
    create_device,
    create_phase,
    create_procedure,
    create_room,
    create_therapist,
    tick_at,
    week,
)
from tests.scheduling.clinics import Example
from tests.scheduling.test_oracle import EXAMPLES

START = tick_at("2027-06-01T10:00")
DAY = around(START)
TRIO = tuple(create_therapist(id=one) for one in (ALICE, BOB, CAROL))
TWO_ROOMS = (create_room(), create_room(id=ROOM_2))


def assigned(
    loads: Loads, *things: object, busy: dict[UUID, tuple[str, str]] | None = None, **asked: object
) -> Assignment:
    """Return the assignment of a 20-minute visit at 10:00, with busy times of the day."""
    taken = {
        (key, 0): DAY.span(*(tick_at(f"2027-06-01T{clock}") for clock in clocks))
        for key, clocks in (busy or {}).items()
    }
    catalog = create_catalog(*things)  # type: ignore[arg-type]
    assignment = check(ask(**asked), catalog, taken, START, DAY, loads).assignment
    assert assignment is not None
    return assignment


def lead(loads: Loads, **given: object) -> UUID | None:
    return assigned(loads, *TRIO, **given).therapist_id  # type: ignore[arg-type]


def test_who_has_least_that_day_goes_first() -> None:
    assert lead({ALICE: (6, 6), BOB: (4, 60), CAROL: (5, 5)}) == BOB


def test_on_equal_days_who_has_least_that_week_goes_first() -> None:
    assert lead({ALICE: (4, 20), BOB: (4, 12), CAROL: (4, 13)}) == BOB


def test_who_has_nothing_at_all_goes_before_everybody() -> None:
    assert lead({ALICE: (4, 4), BOB: (1, 1)}) == CAROL


def test_on_equal_loads_the_tightest_fit_decides() -> None:
    busy = {BOB: ("09:30", "10:00")}

    assert lead({ALICE: (4, 4), BOB: (4, 4), CAROL: (4, 4)}, busy=busy) == BOB
    assert lead({ALICE: (4, 4), BOB: (5, 5), CAROL: (4, 4)}, busy=busy) == ALICE


def test_without_loads_the_tightest_fit_decides_alone() -> None:
    assert lead({}, busy={CAROL: ("09:30", "10:00")}) == CAROL


def test_a_named_therapist_and_room_are_taken_whatever_they_have_to_do() -> None:
    loads = {ALICE: (99, 99), ROOM_2: (99, 99)}

    found = assigned(loads, *TRIO, *TWO_ROOMS, therapist_id=ALICE, room_id=ROOM_2)

    assert (found.therapist_id, found.phases[0].room_id) == (ALICE, ROOM_2)


def test_no_code_is_waived_for_the_sake_of_balance() -> None:
    off = create_therapist(id=BOB, working_hours={LOCATION: week("12:00", "19:00")})
    waived = frozenset({"therapist_not_working"})

    assert assigned({ALICE: (50, 50)}, create_therapist(), off, waived=waived).therapist_id == ALICE


def test_assistants_share_the_work_but_are_not_more_for_it() -> None:
    phases = (create_phase(assistant="BBP"), create_phase(name="mask", kind="aftercare", assistant="BBP"))
    procedure, dave = create_procedure(*phases), create_therapist(id=UUID(int=14))
    loads = {BOB: (3, 3), CAROL: (2, 2), dave.id: (9, 9)}

    found = assigned(loads, *TRIO, dave, procedure=procedure, therapist_id=ALICE)

    assert [phase.assistant_id for phase in found.phases] == [CAROL, CAROL]


def room(loads: Loads, *rooms: object, **given: object) -> UUID | None:
    return assigned(loads, *rooms, **given).phases[0].room_id  # type: ignore[arg-type]


def test_rooms_share_the_work_like_staff() -> None:
    assert room({ROOM_1: (4, 4), ROOM_2: (3, 30)}, *TWO_ROOMS) == ROOM_2
    assert room({ROOM_1: (4, 30), ROOM_2: (4, 29)}, *TWO_ROOMS) == ROOM_2
    assert room({ROOM_1: (4, 4), ROOM_2: (4, 4)}, *TWO_ROOMS) == ROOM_1


def test_a_room_of_several_places_counts_its_work_by_place() -> None:
    double = create_room(id=ROOM_2, capacity=2)

    found = [room({ROOM_1: (4, 4), ROOM_2: (load, load)}, create_room(), double) for load in (7, 8, 9)]

    assert found == [ROOM_2, ROOM_1, ROOM_1]


def test_no_other_kind_of_room_is_used_for_the_sake_of_balance() -> None:
    kinds = ("numbing", "treatment")
    numbing = create_phase(name="numbing", kind="numbing", therapist=False, room_kinds=kinds)
    procedure = create_procedure(numbing, create_phase())
    rooms = (*TWO_ROOMS, create_room(id=BAY_1, kind="numbing"))

    found = assigned({BAY_1: (99, 99), ROOM_1: (1, 1)}, *rooms, procedure=procedure)

    assert [phase.room_id for phase in found.phases] == [BAY_1, ROOM_2]


def test_devices_that_are_fixed_to_rooms_leave_the_choice_of_the_room() -> None:
    procedure = create_procedure(create_phase(device_kinds=("laser",)))
    lasers = (create_device(room_id=ROOM_1), create_device(id=LASER_2, room_id=ROOM_2))

    found = assigned({ROOM_1: (1, 1)}, *TWO_ROOMS, *lasers, procedure=procedure)

    assert (found.phases[0].room_id, found.phases[0].device_id) == (ROOM_2, LASER_2)
    assert assigned({}, *TWO_ROOMS, *lasers, procedure=procedure).phases[0].device_id == LASER_1


@settings(max_examples=60, deadline=None)
@given(EXAMPLES, st.lists(st.tuples(st.integers(0, 2), st.integers(0, 3)), min_size=12, max_size=12))
def test_whoever_the_loads_favour_is_one_of_those_who_were_offered(
    example: Example, drawn: list[tuple[int, int]]
) -> None:
    people = [*example.catalog.therapists, *example.catalog.rooms]
    loads = {key: (day, day + more) for key, (day, more) in zip(people, drawn, strict=False)}
    question = replace(example.question, waived=frozenset())
    openings = search(question, example.catalog, example.bits, example.window)
    helped = any(phase.assistant for phase in question.procedure.phases)
    for at in [one for one in range(example.window.length) if openings.starts >> one & 1][::5]:
        start = example.window.start + at
        given = check(question, example.catalog, example.bits, start, example.window, loads).assignment
        offered = [one for one, bits in openings.by_therapist.items() if bits >> at & 1]

        assert given is not None
        assert not offered or given.therapist_id in offered
        if offered and not helped:
            least = min(loads.get(one, (0, 0)) for one in offered)
            assert loads.get(given.therapist_id, (0, 0)) == least
        _assert_as_in_pack(example, question, start, given)


def _assert_as_in_pack(example: Example, question: object, start: int, given: Assignment) -> None:
    """Insist that the visit goes through rooms of the same kinds as without loads, and at the same times."""
    packed = check(question, example.catalog, example.bits, start, example.window).assignment  # type: ignore[arg-type]
    assert packed is not None
    rooms = example.catalog.rooms
    for one, other in zip(given.phases, packed.phases, strict=True):
        assert (one.start, one.end) == (other.start, other.end)
        kinds = [rooms[phase.room_id].kind if phase.room_id else None for phase in (one, other)]
        assert kinds[0] == kinds[1]
