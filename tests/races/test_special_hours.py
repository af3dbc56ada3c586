"""Special hours race bookings, and each other: no visit outside of them is missed, a date has them once."""

from functools import partial

from models.database import Database
from tests.support.cast import Clinic, codes
from tests.support.racing import assert_sound, outcomes, race, statuses
from tests.support.special_hours import periods
from tests.support.times import DAY, minutes_after
from tests.support.visits import flag_codes

PATIENTS = 8


def test_special_hours_and_a_booking_never_miss_each_other(clinic: Clinic, database: Database) -> None:
    path = f"/therapists/{clinic.therapist['id']}/special-hours"
    off = {"on": DAY, "periods": [], "location_id": clinic.location["id"]}
    named = {"therapist_id": clinic.therapist["id"]}
    acts = [
        partial(clinic.book, minutes_after("09:00", 60 * number), patient_id=patient_id, **named)
        for number, patient_id in enumerate(clinic.patients(PATIENTS))
    ]
    acts.insert(PATIENTS // 2, partial(clinic.desk.post, path, off))

    answers = race(acts)

    made = answers.pop(PATIENTS // 2)
    booked = [one.get_json() for one in answers if one.status_code == 201]
    assert made.status_code == 201
    assert [codes(one) for one in answers if one.status_code != 201] == [["therapist_not_working"]] * (
        PATIENTS - len(booked)
    )
    assert sorted(made.get_json()["affected"]) == sorted(one["id"] for one in booked)
    assert [flag_codes(clinic, one) for one in booked] == [["therapist_not_working"]] * len(booked)
    assert_sound(database, clinic.desk)


def test_of_special_hours_for_one_date_one_is_taken(clinic: Clinic) -> None:
    path = f"/locations/{clinic.location['id']}/special-hours"

    answers = race(
        partial(clinic.desk.post, path, {"on": DAY, "periods": periods(f"{hour:02}:00-20:00")})
        for hour in range(8, 16)
    )

    assert statuses(answers) == [201] + [409] * 7
    assert outcomes(answers)[409, "already_exists"] == 7
    assert len(clinic.desk.get(path).get_json()["items"]) == 1
