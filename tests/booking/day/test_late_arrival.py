"""A late patient gets a shorter numbing phase, later visits give way, and a begun treatment stays."""

from datetime import timedelta
from random import Random
from typing import Any

import pytest

from models import Occupancy
from models.database import Database
from tests.support.cast import (
    NOW,
    Clinic,
    Made,
    create_clinic,
    create_patient,
    create_pipeline,
    create_room,
    create_therapist,
    event_types,
    every_day,
    instant,
    rows,
    short_phases,
    standard_phases,
    working,
)
from tests.support.copying import Copied, MakeClinic
from tests.support.desk import Desk
from tests.support.racing import assert_sound
from tests.support.times import at
from tests.support.visits import shown_visit


def on(clinic: Clinic, clock: str) -> Clinic:
    """Give the clinic at a clock time of the day."""
    return clinic.at(at(clock))


def visit(clinic: Clinic, clock: str, **fields: Any) -> Made:
    """Book a visit for a new patient."""
    return clinic.booked(at(clock), patient_id=create_patient(clinic.desk)["id"], **fields)


def clocks(appointment: Made) -> tuple[str, str]:
    """Give the clock times of arrival and treatment."""
    return appointment["starts_at"][11:16], appointment["procedure_at"][11:16]


@pytest.fixture
def pipeline(copied: Copied[Clinic]) -> Clinic:
    """Give a clinic with one treatment room, whose procedure begins with numbing."""
    return copied(_one_room)


def _one_room(make_clinic: MakeClinic) -> Clinic:
    return create_pipeline(make_clinic().at(NOW), treatment=1)


@pytest.mark.parametrize("clock", ["09:45", "10:00", "10:01", "10:04"])
def test_an_early_or_punctual_arrival_changes_nothing(pipeline: Clinic, clock: str) -> None:
    booked = visit(pipeline, "10:00")

    arrived = on(pipeline, clock).acted("arrive", booked)

    assert clocks(arrived) == ("10:00", "10:45")
    assert arrived["version"] == booked["version"] + 1
    assert "affected" not in arrived


@pytest.mark.parametrize(
    ("clock", "expected"),
    [
        ("10:05", ("10:05", "10:45")),
        ("10:10", ("10:10", "10:45")),
        ("10:14", ("10:10", "10:45")),
        ("10:15", ("10:15", "10:50")),
    ],
)
def test_the_cream_makes_up_for_ten_minutes_of_being_late(
    pipeline: Clinic, database: Database, clock: str, expected: tuple[str, str]
) -> None:
    booked = visit(pipeline, "10:00")

    arrived = on(pipeline, clock).acted("arrive", booked)

    assert (clocks(arrived), arrived["affected"], arrived["flags"]) == (expected, [], [])
    assert arrived["phases"][0]["actual_starts_at"] == at(clock)
    kinds = event_types(database, pipeline.desk, booked)
    assert kinds == ["appointment.booked", "appointment.rescheduled", "appointment.arrived"]
    assert_sound(database, pipeline.desk)


def test_visits_without_numbing_slide_one_after_another_as_far_as_they_must(
    clinic: Clinic, database: Database
) -> None:
    late, *others = [visit(clinic, clock) for clock in ("10:00", "10:20", "10:40", "11:10")]

    arrived = on(clinic, "10:10").acted("arrive", late)

    assert arrived["affected"] == [one["id"] for one in others[:2]]
    starts = [clocks(shown_visit(clinic, one))[0] for one in others]
    assert starts == ["10:30", "10:50", "11:10"]
    assert_sound(database, clinic.desk)


def test_another_room_that_is_free_saves_the_next_patient_the_wait(desk: Desk) -> None:
    long = [short_phases()[0] | {"minutes": 30, "therapist": False}]
    clinic = create_clinic(desk, procedure={"phases": long})
    late, next_one = visit(clinic, "10:00"), visit(clinic, "10:30")
    spare = create_room(clinic.desk, clinic.location, name="Spare room")

    on(clinic, "10:10").acted("arrive", late)

    given = shown_visit(clinic, next_one)
    assert clocks(given)[0] == "10:30"
    rooms = {shown_visit(clinic, one)["phases"][0]["room_id"] for one in (late, next_one)}
    assert rooms == {late["phases"][0]["room_id"], spare["id"]}


def test_the_therapist_stays_though_another_is_free(clinic: Clinic) -> None:
    create_room(clinic.desk, clinic.location, name="Room 2")
    late, next_one = visit(clinic, "10:00"), visit(clinic, "10:20")
    clinic.desk.made("/therapists", name="Free", working_hours=clinic.therapist["working_hours"])

    on(clinic, "10:05").acted("arrive", late)

    given = shown_visit(clinic, next_one)
    assert (clocks(given)[0], given["therapist_id"]) == ("10:25", next_one["therapist_id"])


def test_who_is_here_waits_with_more_cream_but_never_comes_later(pipeline: Clinic) -> None:
    late, waiting = visit(pipeline, "10:00"), visit(pipeline, "10:55")
    on(pipeline, "09:59").acted("arrive", waiting)

    arrived = on(pipeline, "10:15").acted("arrive", late)

    assert arrived["affected"] == [waiting["id"]]
    assert clocks(shown_visit(pipeline, waiting)) == ("10:55", "11:45")


def test_a_treatment_that_has_begun_stands_and_other_times_are_offered(clinic: Clinic) -> None:
    late, begun = visit(clinic, "10:00"), visit(clinic, "10:20")
    for action in ("arrive", "start"):
        begun = on(clinic, "10:07").acted(action, begun)

    arrived = on(clinic, "10:10").acted("arrive", shown_visit(clinic, late))

    assert [flag["code"] for flag in arrived["flags"]] == ["overrun", "late"]
    assert arrived["alternatives"][0]["starts_at"] == at("10:25")
    assert (clocks(arrived)[0], shown_visit(clinic, begun)["version"]) == ("10:00", begun["version"])


@pytest.mark.parametrize(("closes", "slides"), [("10:25", False), ("10:30", True), ("10:35", True)])
def test_nobody_slides_beyond_the_closing_time(desk: Desk, closes: str, slides: bool) -> None:
    clinic = create_clinic(desk, opening_hours=every_day(closes=closes))
    late = visit(clinic, "10:00")

    arrived = on(clinic, "10:10").acted("arrive", late)

    assert ("alternatives" not in arrived) == slides
    assert clocks(arrived)[0] == ("10:10" if slides else "10:00")


@pytest.mark.parametrize(("minutes", "slides"), [(25, False), (30, True), (35, True)])
def test_a_block_behind_the_visit_stands(clinic: Clinic, minutes: int, slides: bool) -> None:
    late = visit(clinic, "10:00")
    block = {"starts_at": at(f"10:{minutes}"), "ends_at": at("12:00"), "reason": "Meeting"}
    clinic.desk.made("/blocks", resource_id=clinic.therapist["id"], **block)

    arrived = on(clinic, "10:10").acted("arrive", late)

    assert ("alternatives" not in arrived) == slides


def test_what_gave_way_keeps_its_warnings_flags_and_overrides(clinic: Clinic) -> None:
    late, next_one = visit(clinic, "10:00"), visit(clinic, "10:20")
    for one in (late, next_one):
        path = f"/patients/{one['patient_id']}/medical-holds"
        clinic.desk.made(path, code="pregnancy", opened_on="2027-01-04")
    before = [shown_visit(clinic, one)["flags"] for one in (late, next_one)]

    on(clinic, "10:05").acted("arrive", shown_visit(clinic, late))

    assert clocks(shown_visit(clinic, next_one))[0] == "10:25"
    assert [shown_visit(clinic, one)["flags"] for one in (late, next_one)] == before
    assert [flag["code"] for flag in before[0]] == ["medical_hold"]


def test_what_was_allowed_at_the_old_time_is_allowed_at_the_new_one(clinic: Clinic) -> None:
    override = {"codes": ["outside_opening_hours", "therapist_not_working"], "reason": "As agreed."}
    evening = visit(clinic, "18:50", override=override)

    moved = on(clinic, "19:00").acted("arrive", evening)

    assert clocks(moved)[0] == "19:00"
    assert instant(moved["overrides"][0]["starts_at"]) == instant(moved["starts_at"])


def test_a_visit_that_gave_way_is_not_flagged_when_it_is_judged_again(pipeline: Clinic) -> None:
    late, next_one = visit(pipeline, "10:00"), visit(pipeline, "10:55")
    arrived = on(pipeline, "10:15").acted("arrive", late)

    # The therapist would begin at 11:35 with the procedure's own minutes of numbing, but begins at 11:40.
    hours = [*working(pipeline.location, "09:00", "11:20"), *working(pipeline.location, "11:40", "19:00")]
    changed = pipeline.desk.patch(f"/therapists/{pipeline.therapist['id']}", {"working_hours": hours})

    assert (arrived["affected"], changed.get_json()["affected"]) == ([next_one["id"]], [])
    assert shown_visit(pipeline, next_one)["flags"] == []


def test_a_visit_that_gave_way_is_rescheduled_with_the_numbing_of_its_procedure(pipeline: Clinic) -> None:
    late, next_one = visit(pipeline, "10:00"), visit(pipeline, "10:55")
    on(pipeline, "10:15").acted("arrive", late)

    moved = on(pipeline, "10:16").acted(
        "reschedule", shown_visit(pipeline, next_one), starts_at="2027-03-02T10:00:00Z"
    )

    assert clocks(moved) == ("10:00", "10:45")


def test_an_afternoon_on_which_everybody_is_late_stays_sound(desk: Desk, database: Database) -> None:
    clinic, chance = create_pipeline(desk), Random(10)
    visits = [visit(clinic, f"{12 + number // 2:02}:{number % 2 * 30:02}") for number in range(10)]

    for one in visits:
        now = instant(one["starts_at"]) + timedelta(minutes=chance.choice((0, 3, 8, 14)))
        done = clinic.at(now.isoformat()).acted("arrive", shown_visit(clinic, one))
        assert done["status"] == "arrived"

    ends = max(shown_visit(clinic, one)["phases"][-1]["ends_at"] for one in visits)
    assert ends <= at("19:00")
    assert_sound(database, clinic.desk)


def test_arriving_starts_no_cream_where_the_visit_begins_with_numbing(pipeline: Clinic) -> None:
    pipeline.desk.patch(f"/procedures/{pipeline.procedure['id']}", {"phases": standard_phases()[1:]})
    arrived = pipeline.at("2027-03-01T10:00:00Z").acted("arrive", pipeline.booked("2027-03-01T10:00:00Z"))
    started = pipeline.at("2027-03-01T10:05:00Z").act("start", arrived, numbed_elsewhere=True)

    assert arrived["phases"][0]["actual_starts_at"] is None
    assert started.status_code == 200


@pytest.fixture
def double(copied: Copied[Clinic]) -> Clinic:
    """Give a clinic of three therapists and one room for two patients."""
    return copied(_room_for_two)


def _room_for_two(make_clinic: MakeClinic) -> Clinic:
    clinic = create_clinic(make_clinic().at(NOW), rooms=[{"kind": "treatment", "capacity": 2}])
    for number in (2, 3):
        create_therapist(clinic.desk, clinic.location, name=f"Therapist {number}")
    return clinic


def therapists(clinic: Clinic) -> list[str]:
    """Give the ids of the therapists."""
    return [one["id"] for one in clinic.desk.get("/therapists").get_json()["items"]]


@pytest.mark.parametrize("beside", ["09:50", "10:00", "10:10", "10:15", "10:20", "10:30"])
@pytest.mark.parametrize("first", [True, False])
def test_a_late_patient_who_fits_beside_the_others_moves_none_of_them(
    double: Clinic, database: Database, beside: str, first: bool
) -> None:
    mine, hers, _ = therapists(double)
    if first:
        other = visit(double, beside, therapist_id=hers)
    late = visit(double, "10:00", therapist_id=mine)
    if not first:
        other = visit(double, beside, therapist_id=hers)

    arrived = on(double, "10:10").acted("arrive", late)

    assert (arrived["affected"], clocks(arrived)[0]) == ([], "10:10")
    assert shown_visit(double, other) == other
    assert event_types(database, double.desk, other) == ["appointment.booked"]
    assert_sound(database, double.desk)


def test_a_late_patient_takes_another_room_before_another_patient_has_to(desk: Desk) -> None:
    clinic = create_clinic(desk, rooms=[{"kind": "treatment"}] * 2)
    create_therapist(clinic.desk, clinic.location, name="Colleague")
    room = clinic.desk.get("/rooms").get_json()["items"][0]["id"]
    mine, hers = therapists(clinic)
    late = visit(clinic, "10:00", therapist_id=mine, room_id=room)
    next_one = visit(clinic, "10:20", therapist_id=hers, room_id=room)

    arrived = on(clinic, "10:10").acted("arrive", late)

    assert arrived["affected"] == []
    assert arrived["phases"][0]["room_id"] != room
    assert shown_visit(clinic, next_one) == next_one


def test_a_visit_that_changes_its_lane_alone_is_untouched_to_every_client(
    double: Clinic, database: Database
) -> None:
    mine, hers, third = therapists(double)
    late = visit(double, "10:00", therapist_id=mine)
    visit(double, "10:00", therapist_id=third)
    next_one = visit(double, "10:20", therapist_id=hers)
    before = lanes(database, double, next_one)

    arrived = on(double, "10:10").acted("arrive", late)

    assert (clocks(arrived)[0], arrived["affected"]) == ("10:10", [])
    assert shown_visit(double, next_one) == next_one
    assert lanes(database, double, next_one) != before
    assert event_types(database, double.desk, next_one) == ["appointment.booked"]
    assert_sound(database, double.desk)


def lanes(database: Database, clinic: Clinic, one: Made) -> list[int]:
    """Give the lanes that a visit takes, its therapist's among them."""
    taken = rows(database, clinic.desk, Occupancy)
    return sorted(claim.lane for claim in taken if str(claim.appointment_id) == one["id"])


def test_a_visit_that_gets_another_room_on_its_day_is_told_as_reassigned(
    desk: Desk, database: Database
) -> None:
    long = [short_phases()[0] | {"minutes": 30, "therapist": False}]
    clinic = create_clinic(desk, procedure={"phases": long})
    room = clinic.desk.get("/rooms").get_json()["items"][0]["id"]
    late, next_one = visit(clinic, "10:00"), visit(clinic, "10:30")
    create_room(clinic.desk, clinic.location, name="Spare")
    blocked = {"starts_at": at("10:00"), "ends_at": at("10:30"), "reason": "Paint"}
    spare = next(one["id"] for one in clinic.desk.get("/rooms").get_json()["items"] if one["id"] != room)
    clinic.desk.made("/blocks", resource_id=spare, **blocked)

    arrived = on(clinic, "10:10").acted("arrive", late)

    assert arrived["affected"] == [next_one["id"]]
    assert clocks(shown_visit(clinic, next_one))[0] == "10:30"
    assert event_types(database, clinic.desk, next_one)[-1] == "appointment.reassigned"
