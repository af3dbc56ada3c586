"""The nightly work flags visits that became invalid without a request, in each clinic at its own night."""

from collections.abc import Callable
from uuid import UUID

import pytest
from sqlalchemy import event, text

from booking.claims.retention import AT_ONCE
from booking.core.caller import Caller
from booking.core.locks import lock
from jobs.nightly import revalidate, revalidate_clinic
from jobs.rounds import clinics, do_minutes_work, do_nights_work
from models import Clinic as ClinicRow
from models.database import Database
from tests.support.cast import (
    NOW,
    Clinic,
    create_clinic,
    create_therapist,
    event_types,
    instant,
    rows,
)
from tests.support.desk import Desk
from tests.support.flags import flags
from tests.support.new_clinics import own_database
from tests.support.statements import listening

TEN = "2027-03-01T10:00:00Z"
NIGHT = instant("2027-02-01T03:00:00Z")


database, app = own_database("nightly")


def by_hand(database: Database, clinic: Clinic, statement: str) -> None:
    """Change the clinic's rows by a statement that no request made."""
    with database.transaction(clinic.desk.clinic_id) as session:
        session.execute(text(statement))


def test_what_no_request_has_changed_is_found_at_night_and_cleared_the_next(
    clinic: Clinic, database: Database
) -> None:
    booked = clinic.booked(TEN)
    by_hand(database, clinic, "UPDATE working_hours SET valid_until = '2027-02-15'")
    revalidate_clinic(database, clinic.desk.clinic_id, NIGHT)
    flagged = flags(clinic.desk, booked)
    by_hand(database, clinic, "UPDATE working_hours SET valid_until = NULL")
    revalidate_clinic(database, clinic.desk.clinic_id, NIGHT)

    assert flagged == ["therapist_not_working"]
    assert flags(clinic.desk, booked) == []
    assert event_types(database, clinic.desk, booked) == ["appointment.booked", "appointment.flagged"]


def test_what_has_passed_or_ended_is_not_judged(clinic: Clinic, database: Database) -> None:
    past, over = clinic.booked("2027-01-20T10:00:00Z"), clinic.booked(TEN)
    clinic.acted("cancel", over, reason_code="patient")
    by_hand(database, clinic, "UPDATE working_hours SET valid_until = '2027-01-10'")

    revalidate_clinic(database, clinic.desk.clinic_id, NIGHT)

    assert (flags(clinic.desk, past), flags(clinic.desk, over)) == ([], [])


def test_a_flag_that_stands_is_not_raised_again(clinic: Clinic, database: Database) -> None:
    booked = clinic.booked(TEN)
    clinic.desk.patch(f"/therapists/{clinic.therapist['id']}", {"working_hours": []})
    before = clinic.desk.get(f"/appointments/{booked['id']}").get_json()
    revalidate_clinic(database, clinic.desk.clinic_id, NIGHT)

    assert clinic.desk.get(f"/appointments/{booked['id']}").get_json() == before


def test_a_night_is_due_from_three_in_the_morning_of_the_clinics_own_clock_once(
    make_clinic: Callable[..., Desk], database: Database
) -> None:
    desk = make_clinic(timezone="Asia/Tokyo")
    dates = []
    for now in (
        "2027-02-01T17:59:00Z",
        "2027-02-01T18:00:00Z",
        "2027-02-02T14:59:00Z",
        "2027-02-03T23:00:00Z",
    ):
        do_nights_work(database, instant(now))
        (clinic,) = rows(database, desk, ClinicRow)
        dates.append(clinic.revalidated_on and clinic.revalidated_on.isoformat())

    assert dates == [None, "2027-02-02", "2027-02-02", "2027-02-04"]


def test_a_clinic_whose_night_is_done_is_left_alone(clinic: Clinic, database: Database) -> None:
    booked = clinic.booked(TEN)
    do_nights_work(database, NIGHT)
    by_hand(database, clinic, "UPDATE working_hours SET valid_until = '2027-02-15'")
    do_nights_work(database, instant("2027-02-01T23:59:00Z"))
    same_day = flags(clinic.desk, booked)
    do_nights_work(database, instant("2027-02-02T03:00:00Z"))

    assert same_day == []
    assert flags(clinic.desk, booked) == ["therapist_not_working"]


def test_a_locked_clinic_keeps_no_other_waiting_and_stays_due(
    make_clinic: Callable[..., Desk],
    database: Database,
    capsys: pytest.CaptureFixture[str],
) -> None:
    both = [create_clinic(make_clinic().at(NOW)) for _ in range(2)]
    booked = [one.booked(TEN) for one in both]
    for one in both:
        by_hand(database, one, "UPDATE working_hours SET valid_until = '2027-02-15'")
    hurried = Database(database.url)
    event.listen(hurried.engine, "begin", lambda one: one.exec_driver_sql("SET lock_timeout = '100ms'"))
    clinic_id = both[0].desk.clinic_id
    with database.transaction(clinic_id) as session:
        lock(session, resources=[clinic_id])
        do_nights_work(hurried, NIGHT)
    first = [flags(one.desk, visit) for one, visit in zip(both, booked, strict=True)]
    told = [line for line in capsys.readouterr().err.splitlines() if line.startswith("Background work")]
    do_nights_work(hurried, NIGHT)
    hurried.engine.dispose()

    assert first == [[], ["therapist_not_working"]]
    assert told == [
        f"Background work: clinic {clinic_id} not done (OperationalError, 55P03), tried again later."
    ]
    assert flags(both[0].desk, booked[0]) == ["therapist_not_working"]


def test_an_error_that_nobody_has_foreseen_stops_no_other_clinic(
    make_clinic: Callable[..., Desk], database: Database
) -> None:
    ids = [make_clinic().clinic_id for _ in range(3)]
    done: list[UUID] = []

    def act(caller: Caller) -> int:
        if caller.clinic_id == ids[1]:
            raise ArithmeticError
        done.append(caller.clinic_id)
        return 0

    with pytest.raises(ExceptionGroup) as told:
        do_minutes_work(database, NIGHT, [act])

    assert [type(one) for one in told.value.exceptions] == [ArithmeticError]
    assert set(done) >= {ids[0], ids[2]}


def test_a_database_that_does_not_answer_ends_no_worker(capsys: pytest.CaptureFixture[str]) -> None:
    nowhere = Database("postgresql://clinic@127.0.0.1:1/clinic")

    do_nights_work(nowhere, NIGHT)

    assert "OperationalError" in capsys.readouterr().err


def test_many_visits_are_judged_by_as_many_statements_as_few(clinic: Clinic, database: Database) -> None:
    asked, judged = [], []
    for hour, count in ((10, 2), (14, 20)):
        for number, patient_id in enumerate(clinic.patients(count)):
            clinic.booked(f"2027-03-{1 + number:02}T{hour}:00:00Z", patient_id=patient_id)
        with listening(database) as heard:
            judged.append(revalidate_clinic(database, clinic.desk.clinic_id, NIGHT).judged)
        asked.append(len(heard))

    assert judged == [2, 22]
    assert asked[0] == asked[1]


def test_every_clinic_is_gone_through(make_clinic: Callable[..., Desk], database: Database) -> None:
    both = [create_clinic(make_clinic().at(NOW)) for _ in range(2)]
    booked = [one.booked(TEN) for one in both]
    for one in both:
        by_hand(database, one, "UPDATE working_hours SET valid_until = '2027-02-15'")

    revalidate(database, clinics(database), NIGHT)

    assert [flags(one.desk, visit) for one, visit in zip(both, booked, strict=True)] == [
        ["therapist_not_working"]
    ] * 2


def test_visits_at_every_location_and_of_all_staff_are_judged(clinic: Clinic, database: Database) -> None:
    other = create_therapist(clinic.desk, clinic.location, name="Other")
    first = clinic.booked(TEN, therapist_id=clinic.therapist["id"])
    second = clinic.booked("2027-03-01T12:00:00Z", therapist_id=other["id"], patient_id=clinic.patients(1)[0])
    by_hand(database, clinic, "UPDATE opening_hours SET starts = 780")

    revalidate_clinic(database, clinic.desk.clinic_id, NIGHT)

    assert [flags(clinic.desk, one) for one in (first, second)] == [["outside_opening_hours"]] * 2


def test_an_act_that_finds_very_much_is_called_once_a_round_all_the_same(
    clinic: Clinic, database: Database
) -> None:
    called = []

    def act(caller: Caller) -> int:
        called.append(caller.clinic_id)
        return AT_ONCE

    do_minutes_work(database, NIGHT, [act])

    assert called.count(clinic.desk.clinic_id) == 1
