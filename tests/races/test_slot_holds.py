"""In races of holds each slot gets one owner, and each hold one appointment."""

from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest

from models import Event
from models.database import Database
from tests.support.cast import (
    Clinic,
    Made,
    add_two_pairs,
    create_clinic,
    rows,
    run_out,
    short_phases,
)
from tests.support.desk import Desk
from tests.support.racing import assert_refused, assert_sound, outcomes, race, statuses
from tests.support.times import DAY, TEN
from tests.support.worker import sweep

SLOTS = [f"{DAY}T{hour:02}:{minute:02}:00+00:00" for hour in (10, 11) for minute in (0, 20, 40)]


def expired(clinic: Clinic, database: Database, at: str, **fields: str) -> Made:
    """Make a hold whose time has run out."""
    hold = clinic.held(at, **fields)
    run_out(database, clinic.desk, hold)
    return hold


def test_fifty_holds_of_one_slot_give_one(clinic: Clinic, database: Database) -> None:
    answers = race([partial(clinic.hold, TEN)] * 50)

    assert statuses(answers) == [201] + [409] * 49
    assert_refused(answers)
    assert_sound(database, clinic.desk)


def test_a_pool_of_three_takes_three_of_a_hundred_holds(clinic: Clinic, database: Database) -> None:
    add_two_pairs(clinic)

    answers = race([partial(clinic.hold, TEN)] * 100)

    assert statuses(answers) == [201] * 3 + [409] * 97
    assert_refused(answers)
    assert_sound(database, clinic.desk)


def test_of_holds_and_bookings_of_one_slot_one_gets_it(clinic: Clinic, database: Database) -> None:
    bookings = [partial(clinic.book, TEN, patient_id=patient_id) for patient_id in clinic.patients(10)]

    answers = race([act for booking in bookings for act in (booking, partial(clinic.hold, TEN))])

    assert statuses(answers) == [201] + [409] * 19
    assert_refused(answers)
    assert_sound(database, clinic.desk)


def test_of_twenty_who_convert_one_hold_one_books_it(clinic: Clinic, database: Database) -> None:
    hold = clinic.held(TEN)

    answers = race(partial(clinic.convert, hold, patient_id=patient_id) for patient_id in clinic.patients(20))

    assert statuses(answers) == [201] + [409] * 19
    assert {one.get_json()["code"] for one in answers if one.status_code == 409} == {"hold_converted"}
    assert_sound(database, clinic.desk)


def test_one_patient_converts_one_of_holds_too_close_to_each_other(
    spaced: Clinic, database: Database
) -> None:
    kept = [spaced.held(f"2027-03-{day:02}T10:00:00Z") for day in range(1, 11)]

    answers = race(partial(spaced.convert, hold) for hold in kept)

    assert statuses(answers) == [201] + [409] * 9
    assert_refused(answers)
    assert_sound(database, spaced.desk)


@pytest.mark.parametrize("at", SLOTS)
def test_a_hold_is_either_released_or_booked(clinic: Clinic, database: Database, at: str) -> None:
    hold = clinic.held(at)
    path = f"/holds/{hold['id']}"

    answers = race([partial(clinic.desk.delete, path), partial(clinic.convert, hold)])

    assert outcomes(answers) in (
        {(204, None): 1, (404, "not_found"): 1},
        {(409, "hold_converted"): 1, (201, None): 1},
    )
    assert_sound(database, clinic.desk)


def test_one_of_ten_extensions_extends(clinic: Clinic) -> None:
    path = f"/holds/{clinic.held(TEN)['id']}/extend"

    answers = race([partial(clinic.desk.post, path)] * 10)

    assert outcomes(answers) == {(200, None): 1, (409, "hold_extended"): 9}


def test_expired_holds_go_to_one_of_many_while_they_are_swept(clinic: Clinic, database: Database) -> None:
    gone = [expired(clinic, database, at) for at in SLOTS]
    patients = clinic.patients(2 * len(SLOTS))
    bookings = [
        partial(clinic.book, SLOTS[number // 2], patient_id=patient_id)
        for number, patient_id in enumerate(patients)
    ]

    with ThreadPoolExecutor(1) as sweeper:
        swept = sweeper.submit(sweep, database, clinic.desk)
        answers = race(bookings)

    assert swept.result() <= len(gone)
    assert statuses(answers) == [201] * len(SLOTS) + [409] * len(SLOTS)
    assert_refused(answers)
    ended = [event.subject_id for event in rows(database, clinic.desk, Event) if event.type == "hold.expired"]
    assert len(ended) == len(set(ended)) == len(gone)


def test_conversions_and_sweeps_of_holds_about_to_expire_never_both_win(
    clinic: Clinic, database: Database
) -> None:
    kept = [clinic.held(at, ttl_seconds=1) for at in SLOTS]
    patients = clinic.patients(len(kept))

    with ThreadPoolExecutor(2) as sweepers:
        swept = [sweepers.submit(sweep, database, clinic.desk) for _ in range(20)]
        answers = race(
            partial(clinic.convert, hold, patient_id=patient_id)
            for hold, patient_id in zip(kept, patients, strict=True)
        )

    booked = [answer.get_json()["id"] for answer in answers if answer.status_code == 201]
    ended = [str(one.subject_id) for one in rows(database, clinic.desk, Event) if one.type == "hold.expired"]
    assert statuses(answers) == [201] * len(booked) + [410] * (len(kept) - len(booked))
    assert len(ended) == len(set(ended)) == sum(one.result() for one in swept)
    assert not set(booked) & set(ended)
    assert_sound(database, clinic.desk)


def test_long_visits_over_many_expired_holds_deadlock_with_nobody(desk: Desk, database: Database) -> None:
    clinic = create_clinic(desk)
    add_two_pairs(clinic)
    patients = clinic.patients(8)
    long = clinic.desk.made(
        "/procedures", code="LONG", name="Long", family="LONG", areas=["NECK"], phases=short_phases(120)
    )
    for at in SLOTS:
        for patient_id in patients[:2]:
            expired(clinic, database, at, patient_id=patient_id)
    kept = clinic.held(f"{DAY}T15:00:00Z")

    answers = race(
        [
            *(partial(clinic.book, TEN, patient_id=one, procedure_id=long["id"]) for one in patients),
            *(partial(clinic.hold, at) for at in SLOTS),
            partial(clinic.convert, kept, patient_id=patients[0]),
        ]
    )

    *others, converted = answers
    assert set(statuses(others)) == {201, 409}
    assert converted.status_code == 201
    assert_refused(others)
    assert_sound(database, clinic.desk)
