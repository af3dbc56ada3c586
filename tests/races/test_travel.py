"""Of bookings of one person at two locations, only those win between which there is time for the way."""

from functools import partial
from itertools import combinations

from models.database import Database
from tests.support.cast import Clinic, Made, instant
from tests.support.racing import assert_refused, assert_sound, race, statuses
from tests.support.times import TEN, minutes_after
from tests.support.travel import at_another_place
from tests.support.visits import flag_codes


def test_of_two_bookings_at_two_locations_one_wins(clinic: Clinic, database: Database) -> None:
    soho = at_another_place(clinic)

    answers = race([partial(clinic.book, TEN), partial(soho.book, minutes_after("10:00", 25))] * 4)

    assert statuses(answers) == [201] + [409] * 7
    assert_refused(answers)
    assert_sound(database, clinic.desk)


def test_bookings_all_over_the_morning_leave_time_for_every_way(clinic: Clinic, database: Database) -> None:
    places = (clinic, at_another_place(clinic))

    answers = race(
        partial(places[number % 2].book, minutes_after("09:00", 15 * number), patient_id=patient_id)
        for number, patient_id in enumerate(clinic.patients(12))
    )

    booked: list[Made] = [one.get_json() for one in answers if one.status_code == 201]
    assert booked
    assert_refused(answers)
    for one, other in combinations(sorted(booked, key=lambda visit: str(visit["starts_at"])), 2):
        between = (instant(other["starts_at"]) - instant(one["ends_at"])).total_seconds() / 60
        assert between >= (30 if one["location_id"] != other["location_id"] else 0)
    assert_sound(database, clinic.desk)


def test_a_way_that_grows_and_a_booking_never_miss_each_other(clinic: Clinic, database: Database) -> None:
    soho = at_another_place(clinic, 5)
    first = soho.booked(TEN)

    longer = {"travel_minutes": [{"location_id": soho.location["id"], "minutes": 60}]}
    path = f"/locations/{clinic.location['id']}"
    answers = race(
        [partial(clinic.desk.patch, path, longer), partial(clinic.book, minutes_after("10:00", 30))]
    )

    assert answers[0].status_code == 200
    booked = answers[1]
    flagged = [flag_codes(clinic, one) for one in (first, booked.get_json()) if "id" in one]
    assert flagged == ([["therapist_travelling"]] * 2 if booked.status_code == 201 else [[]])
    assert_sound(database, clinic.desk)
