"""Races within a course leave its counts, its status and its version right."""

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Barrier

import pytest

from booking.core.caller import Caller
from booking.courses.states import lapse_due
from models import Event
from models.database import Database
from tests.support.cast import Clinic, Made, create_course, instant, performed, rows, shown_course
from tests.support.racing import Act, assert_sound, outcomes, race, statuses
from tests.support.times import at
from tests.support.visits import begun

HOURS = range(10, 18)
# What a booking for a course that closes may get, with the number of visits that the course then has.
BOOKED_OR_REFUSED = (({(201, None): 1}, 1), ({(409, "wrong_status"): 1}, 0))


def at_hour(hour: int) -> str:
    """Give a whole hour of 1 March."""
    return at(f"{hour}:00")


def booking(clinic: Clinic, course: Made, hour: int) -> Act:
    """Give a booking for the course at an hour of its own."""
    return partial(clinic.book, at_hour(hour), course_id=course["id"])


def test_bookings_for_one_course_at_once_are_all_counted(clinic: Clinic, database: Database) -> None:
    course = create_course(clinic, sessions=8)

    answers = race(booking(clinic, course, hour) for hour in HOURS)

    after = shown_course(clinic, course)
    assert statuses(answers) == [201] * 8
    assert (after["status"], after["progress"]) == ("active", {"performed": 0, "booked": 8})
    assert after["version"] == 1 + 8
    assert_sound(database, clinic.desk)


def test_sessions_completed_at_once_complete_the_course_once(clinic: Clinic) -> None:
    course = create_course(clinic, sessions=8)
    visits = [clinic.booked(at_hour(hour), course_id=course["id"]) for hour in HOURS]
    evening = clinic.at(at("20:00"))
    for action in ("arrive", "start"):
        visits = [evening.acted(action, visit, at=visit["starts_at"]) for visit in visits]
    version = shown_course(clinic, course)["version"]

    answers = race(partial(evening.act, "complete", one, at=one["ends_at"]) for one in visits)

    after = shown_course(clinic, course)
    assert statuses(answers) == [200] * 8
    assert (after["status"], after["progress"]) == ("completed", {"performed": 8, "booked": 0})
    assert after["version"] == version + 8


def test_one_session_completed_twice_at_once_counts_once(clinic: Clinic) -> None:
    course = create_course(clinic, sessions=2)
    visit = begun(clinic, at_hour(10), course_id=course["id"])

    answers = race([partial(clinic.at(at_hour(10)).act, "complete", visit)] * 2)

    after = shown_course(clinic, course)
    assert statuses(answers) == [200, 412]
    assert (after["status"], after["progress"]) == ("active", {"performed": 1, "booked": 0})


@pytest.mark.parametrize("hour", HOURS)
def test_a_course_that_is_shortened_while_its_session_ends_is_complete(clinic: Clinic, hour: int) -> None:
    course = create_course(clinic, sessions=2)
    visit = begun(clinic, at_hour(hour), course_id=course["id"])
    shorten = partial(clinic.desk.patch, f"/courses/{course['id']}", {"sessions": 1})

    answers = race([partial(clinic.at(at_hour(hour)).act, "complete", visit), shorten])

    after = shown_course(clinic, course)
    assert statuses(answers) == [200, 200]
    assert (after["status"], after["sessions"], after["progress"]["performed"]) == ("completed", 1, 1)


@pytest.mark.parametrize("hour", HOURS)
def test_a_booking_and_a_cancellation_of_its_course_agree(
    clinic: Clinic, database: Database, hour: int
) -> None:
    course = create_course(clinic)
    cancel = partial(clinic.desk.patch, f"/courses/{course['id']}", {"status": "cancelled"})

    booked, cancelled = race([booking(clinic, course, hour), cancel])

    after = shown_course(clinic, course)
    assert (cancelled.status_code, after["status"]) == (200, "cancelled")
    assert (outcomes([booked]), after["progress"]["booked"]) in BOOKED_OR_REFUSED
    assert_sound(database, clinic.desk)


def test_bookings_at_once_never_exceed_a_courses_sessions(clinic: Clinic, database: Database) -> None:
    course = create_course(clinic, sessions=3)

    answers = race(booking(clinic, course, hour) for hour in HOURS)

    lost = [one.get_json()["code"] for one in answers if one.status_code == 409]
    assert (statuses(answers), lost) == ([201] * 3 + [409] * 5, ["course_full"] * 5)
    assert shown_course(clinic, course)["progress"] == {"performed": 0, "booked": 3}
    assert_sound(database, clinic.desk)


def series(clinic: Clinic, course: Made, *starts: str) -> Act:
    """Give a booking of several sessions at once."""
    body = {"location_id": clinic.location["id"], "starts_at": list(starts)}
    return partial(clinic.desk.post, f"/courses/{course['id']}/book", body)


def test_a_series_booked_twice_at_once_is_booked_once(clinic: Clinic, database: Database) -> None:
    course = create_course(clinic, sessions=3)
    days = ("2027-03-01", "2027-03-02")

    answers = race(
        [
            series(clinic, course, *(f"{day}T10:00:00Z" for day in days)),
            series(clinic, course, *(f"{day}T12:00:00Z" for day in reversed(days))),
        ]
    )

    assert statuses(answers) == [201, 409]
    assert shown_course(clinic, course)["progress"]["booked"] == 2
    assert_sound(database, clinic.desk)


@pytest.mark.parametrize("hour", HOURS)
def test_a_pause_and_a_booking_agree(clinic: Clinic, database: Database, hour: int) -> None:
    course = create_course(clinic)
    pause = partial(clinic.desk.post, f"/courses/{course['id']}/pause")

    booked, paused = race([booking(clinic, course, hour), pause])

    after = shown_course(clinic, course)
    assert (paused.status_code, after["status"]) == (200, "paused")
    assert (outcomes([booked]), after["progress"]["booked"]) in BOOKED_OR_REFUSED
    assert_sound(database, clinic.desk)


@pytest.mark.parametrize("day", range(2, 8))
def test_the_night_and_a_booking_agree(clinic: Clinic, database: Database, day: int) -> None:
    course = create_course(clinic, sessions=3)
    performed(clinic, f"{day:02}", course_id=course["id"])
    night = instant("2027-09-01T03:00:00+01:00")
    awake = clinic.at("2027-09-01T03:00:00+01:00")
    clinic_id, barrier = clinic.desk.clinic_id, Barrier(2)

    def lapse() -> int:
        barrier.wait()
        with database.transaction(clinic_id) as session:
            return lapse_due(Caller(session, clinic_id, night))

    def book() -> int:
        barrier.wait()
        return awake.book(f"2027-09-{day:02}T10:00:00+01:00", course_id=course["id"]).status_code

    with ThreadPoolExecutor(2) as pool:
        lapsed, booked = pool.submit(lapse), pool.submit(book)

    # Whichever came first, the booking is there and the course goes on.
    told = [one.type for one in rows(database, clinic.desk, Event)]
    assert (booked.result(), shown_course(clinic, course)["status"]) == (201, "active")
    assert told.count("course.lapsed") == lapsed.result()
