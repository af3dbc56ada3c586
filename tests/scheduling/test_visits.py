"""A visit's layout has offsets, the patient's presence, and paths through the rooms."""

from scheduling.catalog import Phase
from scheduling.visits import lay_out
from tests.scheduling.cast import create_phase, create_procedure, face_standard

BAY, SUITE = "numbing", "treatment"


def ways(*phases: Phase) -> list[list[tuple[str, int, int]]]:
    """Return each path's runs in minutes."""
    visit = lay_out(create_procedure(*phases))
    return [[(run.kind, run.start * 5, run.end * 5) for run in path] for path in visit.paths]


def room_phase(minutes: int, *kinds: str, at_minute: int | None = None) -> Phase:
    return create_phase(minutes=minutes, room_kinds=kinds, at_minute=at_minute)


def test_the_standard_visit_takes_a_bay_for_40_and_a_room_for_55_minutes() -> None:
    visit = lay_out(face_standard())
    (path,) = visit.paths

    assert [(run.kind, run.start * 5, run.end * 5) for run in path] == [(BAY, 0, 40), (SUITE, 40, 95)]
    assert (visit.procedure_at * 5, visit.leaves * 5, visit.length * 5) == (45, 85, 95)
    assert visit.therapist == ((8, 14),)


def test_alternatives_of_kind_are_different_ways() -> None:
    found = ways(room_phase(30, BAY, SUITE), room_phase(20, SUITE))

    assert found == [[(BAY, 0, 30), (SUITE, 30, 50)], [(SUITE, 0, 50)]]


def test_the_patient_stays_while_the_room_suits() -> None:
    found = ways(room_phase(10, BAY), room_phase(30, SUITE, BAY), room_phase(20, SUITE))

    assert found == [[(BAY, 0, 40), (SUITE, 40, 60)]]


def test_a_pause_without_a_room_ends_the_stay() -> None:
    walk = create_phase(minutes=10, room_kinds=())

    assert ways(room_phase(10, BAY), walk, room_phase(10, BAY)) == [[(BAY, 0, 10), (BAY, 20, 30)]]


def test_an_overlapping_phase_shares_the_room() -> None:
    assert ways(room_phase(30, BAY), room_phase(10, BAY, at_minute=10)) == [[(BAY, 0, 30)]]


def test_an_overlapping_phase_of_another_kind_takes_a_room_of_its_own() -> None:
    found = ways(room_phase(30, BAY), room_phase(10, SUITE, at_minute=10))

    assert found == [[(BAY, 0, 30), (SUITE, 10, 20)]]


def test_a_phase_follows_the_one_before_it_in_the_list() -> None:
    spans = lay_out(
        create_procedure(
            create_phase(minutes=30), create_phase(minutes=10, at_minute=5), create_phase(minutes=5)
        )
    ).spans

    assert spans == ((0, 6), (1, 3), (3, 4))


def test_a_consultation_begins_at_its_own_phase() -> None:
    intake = create_phase(kind="intake", minutes=10)

    assert lay_out(create_procedure(intake, create_phase(kind="consultation"))).procedure_at == 2


def test_phases_of_the_same_device_kinds_share_one_need() -> None:
    spin = create_phase(device_kinds=("rf", "laser"))
    needs = lay_out(
        create_procedure(spin, create_phase(), create_phase(device_kinds=("laser", "rf")))
    ).devices

    assert [(need.phases, need.spans) for need in needs] == [((0, 2), ((0, 4), (8, 12)))]
