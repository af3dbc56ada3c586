"""An applied disruption moves the accepted visits and flags the others behind its block."""

from functools import partial

import pytest

from models.database import Database
from tests.support.cast import (
    Clinic,
    Made,
    codes,
    create_clinic,
    create_pipeline,
    create_therapist,
    event_types,
    run_out,
)
from tests.support.desk import Desk
from tests.support.disruptions import accepting, applied, apply, ill, previewed
from tests.support.racing import assert_sound, deadlocks, race, statuses
from tests.support.times import DAY, NEXT_DAY, at
from tests.support.visits import flagged, shown_visit


def test_a_closed_location_moves_its_visits_and_becomes_a_closure(clinic: Clinic) -> None:
    first, second = clinic.patients(2)
    moved, left = clinic.booked(at("12:00"), patient_id=first), clinic.booked(at("12:30"), patient_id=second)
    body = ill(clinic, resource_id=None, location_id=clinic.location["id"])

    items = previewed(clinic, body)
    done = applied(clinic, body, items[0])

    assert [item["proposal"]["starts_at"] for item in items] == [at("13:00"), at("13:20")]
    assert done["appointments"][0]["starts_at"] == at("13:00")
    closures = clinic.desk.get(f"/locations/{clinic.location['id']}/closures").get_json()["items"]
    assert [one["id"] for one in closures] == [done["closure_id"]]
    assert [flag["code"] for flag in shown_visit(clinic, left)["flags"]] == ["location_closed"]
    assert shown_visit(clinic, moved)["flags"] == []


def test_accepting_everything_moves_everybody_at_once(
    busy: Clinic, morning: list[Made], database: Database
) -> None:
    body = ill(busy)

    done = applied(busy, body, *previewed(busy, body))

    assert [one["starts_at"] for one in done["appointments"]] == [at("13:00"), at("13:20"), at("13:40")]
    assert (done["flagged"], flagged(busy)) == ([], [])
    assert [event_types(database, busy.desk, one)[-1] for one in morning] == ["appointment.rescheduled"] * 3
    assert_sound(database, busy.desk)


def test_whoever_changes_hands_only_is_reassigned(
    busy: Clinic, morning: list[Made], database: Database
) -> None:
    colleague = create_therapist(busy.desk, busy.location, name="Colleague")
    body = ill(busy)

    done = applied(busy, body, *previewed(busy, body))

    assert {one["therapist_id"] for one in done["appointments"]} == {colleague["id"]}
    assert [event_types(database, busy.desk, one)[-1] for one in morning] == ["appointment.reassigned"] * 3
    assert_sound(database, busy.desk)


@pytest.mark.parametrize("chosen", [(0,), (1,), (2,), (0, 2), (1, 2)])
def test_any_part_can_be_accepted_and_the_rest_is_flagged(
    busy: Clinic, morning: list[Made], database: Database, chosen: tuple[int, ...]
) -> None:
    body = ill(busy)
    items = previewed(busy, body)
    left = [one for place, one in enumerate(morning) if place not in chosen]

    done = applied(busy, body, *(items[place] for place in chosen))

    assert done["flagged"] == [one["id"] for one in left]
    assert flagged(busy) == [one["id"] for one in left]
    assert {shown_visit(busy, one)["status"] for one in morning} == {"booked"}
    assert_sound(database, busy.desk)


def test_who_stays_is_flagged_with_what_is_disrupted(
    busy: Clinic, morning: list[Made], database: Database
) -> None:
    applied(busy, ill(busy))

    (flag,) = shown_visit(busy, morning[0])["flags"]
    assert (flag["code"], flag["resource_id"]) == ("disrupted", busy.therapist["id"])
    assert event_types(database, busy.desk, morning[0])[-1] == "appointment.flagged"


def test_nobody_is_offered_the_time_of_who_is_ill(busy: Clinic, morning: list[Made]) -> None:
    done = applied(busy, ill(busy))
    busy.acted("cancel", shown_visit(busy, morning[0]), reason_code="patient")
    busy.acted("reschedule", shown_visit(busy, morning[1]), starts_at=at("15:00"))

    assert busy.starts(DAY, NEXT_DAY)[0] == at("13:00")
    assert codes(busy.book(at("09:00"))) == ["no_therapist_available"]
    assert shown_visit(busy, morning[1])["flags"] == []
    assert [one["id"] for one in busy.desk.get("/blocks").get_json()["items"]] == [done["block_id"]]


def test_another_block_closes_what_a_moved_visit_has_left(
    busy: Clinic, morning: list[Made], database: Database
) -> None:
    applied(busy, ill(busy))
    busy.acted("cancel", shown_visit(busy, morning[0]), reason_code="patient")
    lunch = {"resource_id": busy.therapist["id"], "starts_at": at("12:30"), "ends_at": at("13:30")}

    busy.desk.made("/blocks", **lunch, reason="Lunch")

    assert busy.starts(DAY, NEXT_DAY)[0] == at("13:30")
    assert_sound(database, busy.desk)


@pytest.mark.usefixtures("morning")
def test_whoever_is_well_again_unflags_the_visits(busy: Clinic) -> None:
    done = applied(busy, ill(busy))

    busy.desk.delete(f"/blocks/{done['block_id']}")

    assert flagged(busy) == []
    assert busy.starts(DAY, NEXT_DAY)[0] == at("09:20")


def test_the_block_behind_a_hold_stays_when_the_hold_expires(busy: Clinic, database: Database) -> None:
    hold = busy.held(at("10:00"))
    applied(busy, ill(busy))

    run_out(database, busy.desk, hold)

    assert busy.starts(DAY, NEXT_DAY)[0] == at("13:00")
    assert codes(busy.book(at("10:00"))) == ["no_therapist_available"]


def test_whoever_is_reassigned_off_who_is_ill_is_unflagged(busy: Clinic, morning: list[Made]) -> None:
    applied(busy, ill(busy))
    colleague = create_therapist(busy.desk, busy.location, name="Colleague")
    first = shown_visit(busy, morning[0])
    handed = busy.acted("reassign", first, therapist_id=colleague["id"])

    assert [one["code"] for one in first["flags"]] == ["disrupted"]
    assert handed["flags"] == []


@pytest.mark.usefixtures("morning")
def test_the_rest_can_be_accepted_later_under_the_same_block(busy: Clinic) -> None:
    body = ill(busy)
    first = applied(busy, body)

    second = applied(busy, body, *previewed(busy, body))

    assert first["block_id"] == second["block_id"]
    assert len(second["appointments"]) == 3
    assert flagged(busy) == []


def test_another_place_than_the_proposed_may_be_chosen(busy: Clinic, morning: list[Made]) -> None:
    chosen = {"appointment_id": morning[0]["id"], "version": 1, "starts_at": at("16:00")}

    answer = apply(busy, ill(busy), [chosen])

    assert answer.get_json()["appointments"][0]["starts_at"] == at("16:00")


@pytest.mark.usefixtures("morning")
def test_applying_races_bookings_of_the_proposed_times(busy: Clinic, database: Database) -> None:
    before = deadlocks(database)
    body = ill(busy)
    accept = accepting(*previewed(busy, body))
    wishes = [
        partial(busy.book, one["starts_at"], patient_id=patient)
        for one, patient in zip(accept, busy.patients(3), strict=True)
    ]

    moved, *booked = race([partial(apply, busy, body, accept), *wishes])

    assert (moved.status_code, statuses(booked)) in ((200, [409] * 3), (409, [201] * 3))
    assert_sound(database, busy.desk)
    assert deadlocks(database) == before


@pytest.mark.usefixtures("morning")
def test_of_two_applies_at_once_one_wins(busy: Clinic, database: Database) -> None:
    body = ill(busy)
    accept = accepting(*previewed(busy, body))

    answers = race([partial(apply, busy, body, accept)] * 2)

    assert statuses(answers) == [200, 412]
    assert len(busy.desk.get("/blocks").get_json()["items"]) == 1
    assert_sound(database, busy.desk)


def test_applying_races_cancellations_of_what_it_flags(
    busy: Clinic, morning: list[Made], database: Database
) -> None:
    before = deadlocks(database)

    applying, *cancelled = race(
        [
            partial(apply, busy, ill(busy), []),
            *(partial(busy.act, "cancel", one, reason_code="patient") for one in morning),
        ]
    )

    # A visit that the disruption flagged first has another version than its cancellation names.
    stays = [one["id"] for one, told in zip(morning, cancelled, strict=True) if told.status_code == 412]
    assert (applying.status_code, applying.get_json()["flagged"]) == (200, stays)
    assert statuses(cancelled) == [200] * (3 - len(stays)) + [412] * len(stays)
    assert busy.starts(DAY, NEXT_DAY)[0] == at("13:00")
    assert deadlocks(database) == before


def test_every_place_of_a_room_is_blocked_behind_and_beside_a_visit(desk: Desk, database: Database) -> None:
    clinic = create_clinic(desk, rooms=[{"kind": "treatment", "capacity": 2}])
    create_therapist(clinic.desk, clinic.location, name="Colleague")
    visit = clinic.booked(at("10:00"))
    applied(clinic, ill(clinic, resource_id=visit["phases"][0]["room_id"]))

    beside = clinic.book(at("10:00"), patient_id=clinic.patients(1)[0])
    clinic.acted("cancel", shown_visit(clinic, visit), reason_code="patient")

    assert codes(beside) == codes(clinic.book(at("10:00"))) == ["no_room_available"]
    assert_sound(database, clinic.desk)


def test_a_visit_of_many_phases_is_moved_whole(desk: Desk, database: Database) -> None:
    pipeline = create_pipeline(desk)
    people = pipeline.patients(4)
    for clock, patient in zip(("09:00", "09:40", "10:20", "11:00"), people, strict=True):
        pipeline.booked(at(clock), patient_id=patient)
    body = ill(pipeline)

    done = applied(pipeline, body, *previewed(pipeline, body))

    therapist_at = [one["phases"][2]["starts_at"] for one in done["appointments"]]
    assert (len(therapist_at), min(therapist_at) >= at("13:00")) == (4, True)
    assert_sound(database, pipeline.desk)


def test_a_block_may_lie_over_a_visit_that_is_completed(clinic: Clinic) -> None:
    now = clinic.at(at("10:00"))
    visit = now.acted("start", now.acted("arrive", clinic.booked(at("10:00"))))
    now.acted("complete", visit)

    done = applied(now, ill(clinic))

    assert (done["flagged"], flagged(now)) == ([], [])
