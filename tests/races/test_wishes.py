"""In races of a wish nobody ends with two visits for it, and no entry outlives its visit."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Barrier

import pytest
from werkzeug.test import TestResponse

from models import Appointment
from models.database import Database
from tests.support.cast import Clinic, Made, create_course, create_room, create_therapist, rows, run_out
from tests.support.racing import outcomes, race
from tests.support.soundness import assert_rows_sound
from tests.support.times import TEN
from tests.support.waitlist import answer, entry, freed, offer, shown_entry
from tests.support.worker import sweep

LATER = "2027-03-20T10:00:00+00:00"
ELEVEN = "2027-03-02T11:00:00Z"
MARCH = {"earliest_on": "2027-03-01", "latest_on": "2027-03-31"}


@pytest.fixture
def visit(spaced: Clinic) -> Made:
    """Book a visit that is to be brought forward."""
    return spaced.booked(LATER)


@pytest.fixture
def offered(spaced: Clinic, visit: Made, database: Database) -> Made:
    """Offer its patient an earlier time."""
    made = entry(spaced, appointment_id=visit["id"])
    assert offer(spaced, database, freed(spaced)) == 1
    return shown_entry(spaced, made)


def booked(clinic: Clinic, database: Database) -> list[Appointment]:
    """Give the patient's visits to come."""
    return [
        one
        for one in rows(database, clinic.desk, Appointment)
        if one.status == "booked" and str(one.patient_id) == clinic.patient["id"]
    ]


def start(clinic: Clinic, visit: Made) -> str:
    """Give the start of a visit."""
    return str(clinic.desk.get(f"/appointments/{visit['id']}").get_json()["starts_at"])


def at_once(first: Callable[[], object], *others: Callable[[], TestResponse]) -> list[TestResponse]:
    """Start an act that is no request together with requests; give their answers."""
    barrier = Barrier(2)

    def run() -> None:
        barrier.wait()
        first()

    with ThreadPoolExecutor(1) as pool:
        ran = pool.submit(run)
        barrier.wait()
        answers = race(others)
        ran.result()
    return answers


def test_of_accepts_at_once_one_moves_the_visit(
    spaced: Clinic, visit: Made, offered: Made, database: Database
) -> None:
    answers = race([partial(answer, spaced, offered, "accept")] * 6)

    assert outcomes(answers) == {(200, None): 1, (409, "wrong_status"): 5}
    assert (start(spaced, visit), len(booked(spaced, database))) == (TEN, 1)
    assert_rows_sound(database, spaced.desk)


@pytest.mark.parametrize("_", range(4))
def test_an_offer_is_accepted_or_declined(
    spaced: Clinic, visit: Made, offered: Made, database: Database, _: int
) -> None:
    accepted, declined = race([partial(answer, spaced, offered, how) for how in ("accept", "decline")])

    assert (
        accepted.status_code,
        declined.status_code,
        shown_entry(spaced, offered)["status"],
        start(spaced, visit),
    ) in {(200, 409, "accepted", TEN), (409, 200, "declined", LATER)}
    assert_rows_sound(database, spaced.desk)


@pytest.mark.parametrize("_", range(4))
def test_a_visit_is_brought_forward_or_cancelled_and_its_entry_follows(
    spaced: Clinic, visit: Made, offered: Made, database: Database, _: int
) -> None:
    accepted, cancelled = race(
        [
            partial(answer, spaced, offered, "accept"),
            partial(spaced.act, "cancel", visit, reason_code="patient"),
        ]
    )

    assert (accepted.status_code, cancelled.status_code, shown_entry(spaced, offered)["status"]) in {
        (200, 412, "accepted"),
        (409, 200, "expired"),
    }
    assert len(booked(spaced, database)) == (1 if accepted.status_code == 200 else 0)
    assert_rows_sound(database, spaced.desk)


@pytest.mark.parametrize("_", range(4))
def test_a_visit_is_brought_forward_by_its_offer_or_by_hand(
    spaced: Clinic, visit: Made, offered: Made, database: Database, _: int
) -> None:
    accepted, moved = race(
        [
            partial(answer, spaced, offered, "accept"),
            partial(spaced.act, "reschedule", visit, starts_at="2027-03-02T10:00:00Z"),
        ]
    )

    assert (accepted.status_code, moved.status_code, shown_entry(spaced, offered)["status"]) in {
        (200, 412, "accepted"),
        (409, 200, "fulfilled"),
    }
    assert len(booked(spaced, database)) == 1
    assert_rows_sound(database, spaced.desk)


@pytest.mark.parametrize("_", range(4))
def test_an_offer_that_runs_out_moves_nothing(
    spaced: Clinic, visit: Made, offered: Made, database: Database, _: int
) -> None:
    run_out(database, spaced.desk, {"id": offered["offer"]["hold_id"]}, seconds=-0.05)

    (accepted,) = at_once(
        lambda: [sweep(database, spaced.desk) for _ in range(20)],
        partial(answer, spaced, offered, "accept"),
    )

    assert (accepted.status_code, shown_entry(spaced, offered)["status"], start(spaced, visit)) in {
        (200, "accepted", TEN),
        (410, "expired", LATER),
        (410, "offered", LATER),
    }
    assert_rows_sound(database, spaced.desk)


@pytest.mark.parametrize("_", range(4))
def test_a_visit_is_cancelled_while_it_is_offered_an_earlier_time(
    spaced: Clinic, visit: Made, database: Database, _: int
) -> None:
    made = entry(spaced, appointment_id=visit["id"])
    gone = freed(spaced)

    (cancelled,) = at_once(
        lambda: offer(spaced, database, gone),
        partial(spaced.act, "cancel", visit, reason_code="patient"),
    )

    assert cancelled.status_code == 200
    assert shown_entry(spaced, made)["status"] == "expired"
    assert [one.status for one in rows(database, spaced.desk, Appointment) if one.status == "held"] == []
    assert_rows_sound(database, spaced.desk)


@pytest.mark.parametrize("_", range(4))
def test_an_accept_and_an_own_booking_under_a_floor_make_one_visit(
    spaced: Clinic, database: Database, _: int
) -> None:
    made = entry(spaced, **MARCH)
    offer(spaced, database, freed(spaced))

    accepted, own = race([partial(answer, spaced, made, "accept"), partial(spaced.book, ELEVEN)])

    assert (accepted.status_code, own.status_code, shown_entry(spaced, made)["status"]) in {
        (200, 409, "accepted"),
        (409, 201, "fulfilled"),
    }
    assert len(booked(spaced, database)) == 1
    assert_rows_sound(database, spaced.desk)


@pytest.mark.parametrize("_", range(4))
def test_who_books_while_a_worker_offers_is_left_without_an_offer(
    spaced: Clinic, database: Database, _: int
) -> None:
    create_therapist(spaced.desk, spaced.location, name="Another")
    create_room(spaced.desk, spaced.location, name="Room 2")
    made = entry(spaced, **MARCH)
    gone = freed(spaced)

    (own,) = at_once(lambda: offer(spaced, database, gone), partial(spaced.book, ELEVEN))

    assert (own.status_code, shown_entry(spaced, made)["status"]) == (201, "fulfilled")
    assert [one.status for one in rows(database, spaced.desk, Appointment) if one.status == "held"] == []
    assert_rows_sound(database, spaced.desk)


@pytest.mark.parametrize("_", range(4))
def test_the_last_session_of_a_course_is_accepted_or_booked(
    spaced: Clinic, database: Database, _: int
) -> None:
    course = create_course(spaced, sessions=1)
    made = entry(spaced, course_id=course["id"], **MARCH)
    offer(spaced, database, freed(spaced))

    answers = race(
        [
            partial(answer, spaced, made, "accept"),
            partial(spaced.book, "2027-05-04T10:00:00Z", course_id=course["id"]),
        ]
    )

    assert sum(one.status_code in {200, 201} for one in answers) == 1
    assert len(booked(spaced, database)) == 1
    assert_rows_sound(database, spaced.desk)


@pytest.mark.parametrize("_", range(4))
def test_a_visit_may_be_confirmed_while_its_offer_is_accepted(
    spaced: Clinic, visit: Made, offered: Made, database: Database, _: int
) -> None:
    confirmed, accepted = race(
        [partial(spaced.act, "confirm", visit), partial(answer, spaced, offered, "accept")]
    )

    assert accepted.status_code == 200
    assert confirmed.status_code in {200, 412}
    assert start(spaced, visit) == TEN
    assert_rows_sound(database, spaced.desk)
