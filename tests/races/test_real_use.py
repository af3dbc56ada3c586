"""Races for what is really used: one wins, and nothing is taken twice."""

from functools import partial

import pytest

from models.database import Database
from tests.support.cast import Clinic, another_patient, codes
from tests.support.racing import assert_sound, outcomes, race, statuses
from tests.support.times import TEN, at
from tests.support.visits import shown_visit

WHY = {"reason": "Noted by mistake"}


def test_two_treatments_never_begin_in_one_room_at_once(clinic: Clinic, database: Database) -> None:
    visits = [another_patient(clinic).booked(at(clock)) for clock in ("11:00", "12:00", "13:00", "14:00")]
    now = clinic.at(TEN)
    here = [now.acted("arrive", visit) for visit in visits]

    answers = race(partial(now.act, "start", visit) for visit in here)

    assert outcomes(answers) == {(200, None): 1, (409, "refused"): 3}
    assert_sound(database, clinic.desk)


@pytest.mark.parametrize("number", range(4))
def test_a_start_and_a_booking_of_the_same_time_never_both_have_it(
    clinic: Clinic, database: Database, number: int
) -> None:
    visit = clinic.booked(at(f"{14 + number}:00"))
    now, other = clinic.at(TEN), another_patient(clinic).at(TEN)
    here = now.acted("arrive", visit)

    started, booked = race([partial(now.act, "start", here), partial(other.book, TEN)])

    assert started.status_code == 200
    if booked.status_code == 201:
        assert started.get_json()["affected"] == [booked.get_json()["id"]]
    else:
        assert codes(booked) == ["no_room_available", "no_therapist_available"]
    assert_sound(database, clinic.desk)


@pytest.mark.parametrize("number", range(4))
def test_an_undo_and_a_booking_of_the_freed_time_are_never_both(
    clinic: Clinic, database: Database, number: int
) -> None:
    gone = clinic.acted("cancel", clinic.booked(at(f"{12 + number}:00")), reason_code="patient")
    other = another_patient(clinic)

    undone, booked = race(
        [partial(clinic.act, "undo", gone, **WHY), partial(other.book, at(f"{12 + number}:00"))]
    )

    assert sorted([undone.status_code, booked.status_code]) in ([200, 409], [201, 409])
    assert_sound(database, clinic.desk)


def test_one_of_many_undos_at_once_takes_the_step_back(clinic: Clinic, database: Database) -> None:
    confirmed = clinic.acted("confirm", clinic.booked(TEN))

    answers = race([partial(clinic.act, "undo", confirmed, **WHY)] * 4)

    assert statuses(answers) == [200, 412, 412, 412]
    assert shown_visit(clinic, confirmed)["status"] == "booked"
    assert_sound(database, clinic.desk)


@pytest.mark.parametrize("number", range(4))
def test_an_end_that_frees_time_and_a_booking_of_it_leave_the_rows_sound(
    clinic: Clinic, database: Database, number: int
) -> None:
    now = clinic.at(at(f"{10 + number}:00"))
    begun = now.acted("start", now.acted("arrive", clinic.booked(at(f"{10 + number}:00"))))
    later = clinic.at(at(f"{10 + number}:06"))
    other = another_patient(later)

    done, booked = race([partial(later.act, "complete", begun), partial(other.book, at(f"{10 + number}:05"))])

    assert (done.status_code, booked.status_code in {201, 409}) == (200, True)
    assert_sound(database, clinic.desk)
