"""Of requests for the same time a single request wins, and the others are refused with reasons."""

from collections import Counter
from functools import partial
from itertools import cycle, islice

import pytest

from models.database import Database
from tests.support.cast import (
    Clinic,
    Made,
    add_two_pairs,
    codes,
    create_clinic,
    create_patient,
    create_staffed_location,
    refusal,
    short_phases,
)
from tests.support.desk import Desk
from tests.support.racing import assert_refused, assert_sound, race, statuses
from tests.support.times import DAY, TEN, at, minutes_after


def test_fifty_requests_for_one_therapist_and_slot_give_one_booking(
    clinic: Clinic, database: Database
) -> None:
    therapist_id = clinic.therapist["id"]

    answers = race(
        partial(clinic.book, TEN, patient_id=patient_id, therapist_id=therapist_id)
        for patient_id in clinic.patients(50)
    )

    assert statuses(answers) == [201] + [409] * 49
    assert_refused(answers)
    assert_sound(database, clinic.desk)


def test_fifty_overlapping_but_different_starts_give_one_booking(desk: Desk, database: Database) -> None:
    clinic = create_clinic(desk, procedure={"phases": short_phases(minutes=300)})

    answers = race(
        partial(clinic.book, minutes_after("09:00", 5 * number), patient_id=patient_id)
        for number, patient_id in enumerate(clinic.patients(50))
    )

    assert statuses(answers) == [201] + [409] * 49
    assert_refused(answers)
    assert_sound(database, clinic.desk)


def test_a_pool_of_three_takes_three_of_fifty(clinic: Clinic, database: Database) -> None:
    add_two_pairs(clinic)

    answers = race(partial(clinic.book, TEN, patient_id=one) for one in clinic.patients(50))

    assert statuses(answers) == [201] * 3 + [409] * 47
    assert_refused(answers)
    assert_sound(database, clinic.desk)


def test_visits_that_are_booked_at_once_are_shared_as_if_one_came_after_the_other(
    clinic: Clinic, database: Database
) -> None:
    add_two_pairs(clinic)
    clocks = [f"{hour:02}:{minute}" for hour in (10, 11, 12) for minute in ("00", "20", "40")]

    answers = race(
        partial(clinic.book, at(clock), patient_id=patient_id)
        for clock, patient_id in zip(clocks, clinic.patients(9), strict=True)
    )

    assert statuses(answers) == [201] * 9
    shares = Counter(answer.get_json()["therapist_id"] for answer in answers)
    assert sorted(shares.values()) == [3, 3, 3]
    assert_sound(database, clinic.desk)


def test_one_patient_racing_at_two_locations_is_booked_at_one(clinic: Clinic, database: Database) -> None:
    other = create_staffed_location(clinic.desk, name="Lisbon", timezone="Europe/Lisbon")
    places = islice(cycle([clinic.location["id"], other["id"]]), 20)

    answers = race(partial(clinic.book, TEN, location_id=place) for place in places)

    assert statuses(answers) == [201] + [409] * 19
    assert all("patient_busy" in codes(answer) for answer in answers if answer.status_code == 409)
    assert_sound(database, clinic.desk)


def test_two_sessions_of_one_patient_three_days_apart_give_one_booking(
    spaced: Clinic, database: Database
) -> None:
    answers = race([partial(spaced.book, TEN), partial(spaced.book, "2027-03-04T10:00:00Z")])

    assert statuses(answers) == [201, 409]
    (lost,) = [answer for answer in answers if answer.status_code == 409]
    assert codes(lost) == ["spacing_floor", "spacing_min"]
    assert_sound(database, spaced.desk)


@pytest.mark.parametrize("_", range(6))
def test_sessions_above_the_floor_that_share_no_resource_are_kept_apart_by_the_patients_lock(
    spaced: Clinic, database: Database, _: int
) -> None:
    other = create_staffed_location(spaced.desk, name="Lisbon", timezone="Europe/Lisbon")

    answers = race(
        [
            partial(spaced.book, "2027-03-01T16:00:00Z"),
            partial(spaced.book, "2027-03-21T16:00:00Z", location_id=other["id"]),
        ]
    )

    assert statuses(answers) == [201, 409]
    assert_refused(answers)
    assert_sound(database, spaced.desk)


def test_of_twenty_sessions_within_the_spacing_at_two_locations_one_is_booked(
    spaced: Clinic, database: Database
) -> None:
    other = create_staffed_location(spaced.desk, name="New York", timezone="America/New_York")
    places = cycle([spaced.location["id"], other["id"]])

    answers = race(
        partial(spaced.book, f"2027-03-{day:02}T16:00:00Z", location_id=next(places)) for day in range(1, 21)
    )

    assert statuses(answers) == [201] + [409] * 19
    assert all(refusal(answer, "spacing_min") for answer in answers if answer.status_code == 409)
    assert_sound(database, spaced.desk)


def test_a_move_and_bookings_of_one_slot_leave_one_in_it(clinic: Clinic, database: Database) -> None:
    moved = clinic.booked(f"{DAY}T15:00:00Z")
    bookings = [partial(clinic.book, TEN, patient_id=patient_id) for patient_id in clinic.patients(9)]

    moving, *booked = race([partial(clinic.act, "reschedule", moved, starts_at=TEN), *bookings])

    assert (moving.status_code, statuses(booked)) in ((200, [409] * 9), (409, [201] + [409] * 8))
    assert_refused([moving, *booked])
    assert_sound(database, clinic.desk)


def test_moves_and_bookings_of_one_patient_keep_the_floor(spaced: Clinic, database: Database) -> None:
    patients = spaced.patients(8)
    visits = [
        spaced.booked(f"2027-06-01T{10 + number}:00:00Z", patient_id=patient_id)
        for number, patient_id in enumerate(patients)
    ]
    pairs = [
        (
            partial(spaced.act, "reschedule", visit, starts_at=f"{DAY}T{10 + number}:00:00Z"),
            partial(spaced.book, f"2027-03-11T{10 + number}:00:00Z", patient_id=visit["patient_id"]),
        )
        for number, visit in enumerate(visits)
    ]

    answers = race(act for pair in pairs for act in pair)

    for moved, booked in zip(answers[::2], answers[1::2], strict=True):
        assert (moved.status_code, booked.status_code) in {(200, 409), (409, 201)}
        lost = moved if moved.status_code == 409 else booked
        assert codes(lost) == ["spacing_floor", "spacing_min"]
    assert_sound(database, spaced.desk)


def test_of_ten_visits_that_move_to_one_slot_one_gets_there(clinic: Clinic, database: Database) -> None:
    patients = clinic.patients(10)
    visits = [
        clinic.booked(minutes_after("09:00", 120 + 20 * number), patient_id=patient_id)
        for number, patient_id in enumerate(patients)
    ]

    answers = race(partial(clinic.act, "reschedule", visit, starts_at=TEN) for visit in visits)

    assert statuses(answers) == [200] + [409] * 9
    assert_refused(answers)
    assert_sound(database, clinic.desk)


def test_two_visits_that_swap_places_at_once_both_stay(clinic: Clinic, database: Database) -> None:
    first = clinic.booked(TEN)
    second = clinic.booked(f"{DAY}T11:00:00Z", patient_id=create_patient(clinic.desk)["id"])

    answers = race(
        [
            partial(clinic.act, "reschedule", first, starts_at=second["starts_at"]),
            partial(clinic.act, "reschedule", second, starts_at=first["starts_at"]),
        ]
    )

    assert statuses(answers) == [409, 409]
    assert_sound(database, clinic.desk)


def test_a_cancellation_and_bookings_of_its_slot_never_overlap(clinic: Clinic, database: Database) -> None:
    cancelled = clinic.booked(TEN)
    bookings = [partial(clinic.book, TEN, patient_id=patient_id) for patient_id in clinic.patients(9)]

    gone, *answers = race([partial(clinic.act, "cancel", cancelled, reason_code="patient"), *bookings])

    later = clinic.book(TEN, patient_id=create_patient(clinic.desk)["id"])
    assert gone.status_code == 200
    assert statuses([*answers, later]) == [201] + [409] * 9
    assert_refused([*answers, later])
    assert_sound(database, clinic.desk)


def test_a_block_and_bookings_under_it_exclude_each_other(clinic: Clinic, database: Database) -> None:
    block = {"starts_at": TEN, "ends_at": f"{DAY}T12:00:00Z", "reason": "Meeting"}
    body = block | {"resource_id": clinic.therapist["id"]}
    bookings = [
        partial(clinic.book, minutes_after("09:00", 60 + 20 * number), patient_id=patient_id)
        for number, patient_id in enumerate(clinic.patients(6))
    ]

    blocked, *answers = race([partial(clinic.desk.post, "/blocks", body), *bookings])

    assert (blocked.status_code, statuses(answers)) in ((201, [409] * 6), (409, [201] * 6))
    assert_refused(answers)
    assert_sound(database, clinic.desk)


def test_ten_blocks_of_one_therapist_at_once_are_all_kept(clinic: Clinic, database: Database) -> None:
    body: Made = {"resource_id": clinic.therapist["id"], "starts_at": TEN, "reason": "Meeting"}

    answers = race(
        partial(clinic.desk.post, "/blocks", body | {"ends_at": minutes_after("09:00", 120 + 10 * number)})
        for number in range(10)
    )

    assert statuses(answers) == [201] * 10
    assert clinic.starts(DAY, "2027-03-02")[9] == "2027-03-01T12:30:00+00:00"
    assert_sound(database, clinic.desk)


def test_a_closure_either_prevents_a_booking_or_reports_it(clinic: Clinic, database: Database) -> None:
    closure = {"starts_at": f"{DAY}T00:00:00Z", "ends_at": "2027-03-02T00:00:00Z", "reason": "Boiler"}
    path = f"/locations/{clinic.location['id']}/closures"
    bookings = [
        partial(clinic.book, minutes_after("09:00", 20 * number), patient_id=patient_id)
        for number, patient_id in enumerate(clinic.patients(10))
    ]

    closed, *answers = race([partial(clinic.desk.post, path, closure), *bookings])

    assert closed.status_code == 201
    booked = [answer.get_json()["id"] for answer in answers if answer.status_code == 201]
    assert sorted(closed.get_json()["affected"]) == sorted(booked)
    assert statuses(answers) == [201] * len(booked) + [409] * (10 - len(booked))
    assert [codes(one) for one in answers if one.status_code == 409] == [["location_closed"]] * (
        10 - len(booked)
    )
    assert_sound(database, clinic.desk)
