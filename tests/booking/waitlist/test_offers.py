"""Freed time is offered to the first waiting patient whom it suits."""

from collections.abc import Callable

import pytest
from sqlalchemy import text

from models.database import Database
from tests.support.cast import (
    Clinic,
    Made,
    another_patient,
    create_location,
    create_procedure,
    create_therapist,
    instant,
    short_phases,
)
from tests.support.desk import Desk
from tests.support.times import TEN
from tests.support.waitlist import entry, freed, offer, shown_entry

JOBS = text("""
    SELECT args FROM queue.procrastinate_jobs WHERE task_name = 'offer' AND args ->> 'clinic_id' = :clinic_id
    ORDER BY id
""")


def jobs(database: Database, desk: Desk) -> list[Made]:
    """Give the arguments of a clinic's queued offers."""
    with database.transaction() as session:
        return list(session.scalars(JOBS, {"clinic_id": str(desk.clinic_id)}))


@pytest.mark.parametrize(
    ("wish", "made"),
    [
        ({"earliest_on": "2027-03-01", "latest_on": "2027-03-01"}, 1),
        ({"earliest_on": "2027-03-02"}, 0),
        ({"latest_on": "2027-02-28"}, 0),
        ({"weekdays": ["mon"]}, 1),
        ({"weekdays": ["sun", "tue"]}, 0),
        ({"from_time": "10:00", "until_time": "10:05"}, 1),
        ({"from_time": "10:20"}, 0),
        ({"until_time": "09:45"}, 0),
    ],
)
def test_freed_time_is_offered_within_an_entrys_preferences_alone(
    clinic: Clinic, database: Database, wish: Made, made: int
) -> None:
    entry(clinic, **wish)

    assert offer(clinic, database, freed(clinic)) == made


def test_times_are_the_locations_own(clinic: Clinic, database: Database) -> None:
    made = entry(clinic, from_time="10:00", until_time="10:05")

    offer(clinic, database, freed(clinic, "2027-04-05T09:00:00Z"))

    assert shown_entry(clinic, made)["offer"]["starts_at"] == "2027-04-05T10:00:00+01:00"


def test_only_the_wanted_therapist_is_offered(clinic: Clinic, database: Database) -> None:
    other = create_therapist(clinic.desk, clinic.location, name="Another")
    made = entry(clinic, therapist_id=other["id"])

    offer(clinic, database, freed(clinic))

    assert shown_entry(clinic, made)["offer"]["therapist_id"] == other["id"]


def test_time_that_was_free_already_is_not_offered(clinic: Clinic, database: Database) -> None:
    made = entry(clinic)

    offer(clinic, database, freed(clinic, "2027-03-03T15:00:00Z"))

    assert shown_entry(clinic, made)["offer"]["starts_at"] == "2027-03-03T15:00:00+00:00"


def test_a_longer_visit_is_offered_what_reaches_into_freed_time(clinic: Clinic, database: Database) -> None:
    long = create_procedure(clinic.desk, code="LONG", family="LONG", phases=short_phases(60))
    another_patient(clinic).booked("2027-03-01T10:20:00Z")
    made = entry(clinic, procedure_id=long["id"])

    offer(clinic, database, freed(clinic))

    assert shown_entry(clinic, made)["offer"]["starts_at"] == "2027-03-01T09:05:00+00:00"


def test_first_come_is_first_served_and_the_second_gets_nothing(clinic: Clinic, database: Database) -> None:
    first, second = entry(clinic), entry(another_patient(clinic))
    gone = freed(clinic)

    made = offer(clinic, database, gone | {"ends_at": "2027-03-01T10:05:00Z"})

    assert made == 1
    assert shown_entry(clinic, first)["offer"]["starts_at"] == TEN
    assert shown_entry(clinic, second)["status"] == "waiting"


def test_who_is_not_eligible_at_that_instant_is_skipped(spaced: Clinic, database: Database) -> None:
    spaced.booked("2027-02-02T10:00:00Z")
    at = {"from_time": "10:00", "until_time": "10:05"}
    early, other = entry(spaced, **at), entry(another_patient(spaced), **at)

    made = offer(spaced, database, freed(spaced))

    assert made == 1
    assert [shown_entry(spaced, one)["status"] for one in (early, other)] == ["waiting", "offered"]


def test_a_patient_is_not_offered_what_another_visit_of_theirs_meets(
    clinic: Clinic, database: Database
) -> None:
    create_therapist(clinic.desk, clinic.location, name="Another")
    made = entry(clinic, from_time="10:00", until_time="10:05")
    gone = freed(clinic)
    long = create_procedure(clinic.desk, code="LONG", family="LONG", phases=short_phases(60))
    clinic.booked("2027-03-01T09:30:00Z", procedure_id=long["id"])

    assert offer(clinic, database, gone) == 0
    assert shown_entry(clinic, made)["status"] == "waiting"


def block(clinic: Clinic) -> None:
    """Block the therapist at ten and delete the block."""
    span = {"starts_at": TEN, "ends_at": "2027-03-01T11:00:00Z", "reason": "Lunch"}
    made = clinic.desk.made("/blocks", resource_id=clinic.therapist["id"], **span)
    clinic.desk.delete(f"/blocks/{made['id']}")


def closure(clinic: Clinic) -> None:
    """Close the location at ten and delete the closure."""
    path = f"/locations/{clinic.location['id']}/closures"
    made = clinic.desk.made(path, starts_at=TEN, ends_at="2027-03-01T11:00:00Z", reason="Lunch")
    clinic.desk.delete(f"{path}/{made['id']}")


def cancellation(clinic: Clinic) -> None:
    """Book and cancel a visit at ten."""
    freed(clinic)


def move(clinic: Clinic) -> None:
    """Move a visit from ten to three."""
    visit = another_patient(clinic).booked(TEN)
    clinic.acted("reschedule", visit, starts_at="2027-03-01T15:00:00Z")


def release(clinic: Clinic) -> None:
    """Release a hold of ten o'clock."""
    clinic.desk.delete(f"/holds/{clinic.held(TEN)['id']}")


def missed(clinic: Clinic) -> None:
    """Record that the patient of ten o'clock did not come."""
    visit = another_patient(clinic).booked(TEN)
    clinic.at("2027-03-01T10:16:00Z").acted("no-show", visit)


@pytest.mark.parametrize("happening", [block, closure, cancellation, move, release, missed])
def test_whatever_frees_ten_oclock_has_it_offered(
    clinic: Clinic, database: Database, happening: Callable[[Clinic], None]
) -> None:
    entry(clinic)

    happening(clinic)

    (job,) = jobs(database, clinic.desk)
    assert job["location_id"] == clinic.location["id"]
    assert job["first"] == instant(TEN).timestamp() // 300


def longer_hours(clinic: Clinic) -> None:
    """Let the location close an hour later."""
    hours = [one | {"closes": "20:00"} for one in clinic.location["opening_hours"]]
    clinic.desk.patch(f"/locations/{clinic.location['id']}", {"opening_hours": hours})


def longer_days(clinic: Clinic) -> None:
    """Let the therapist work an hour longer."""
    hours = [one | {"ends": "20:00"} for one in clinic.therapist["working_hours"]]
    clinic.desk.patch(f"/therapists/{clinic.therapist['id']}", {"working_hours": hours})


@pytest.mark.parametrize("happening", [longer_hours, longer_days])
def test_longer_hours_are_offered_too(
    clinic: Clinic, database: Database, happening: Callable[[Clinic], None]
) -> None:
    made = entry(clinic)

    happening(clinic)

    assert len(jobs(database, clinic.desk)) == 1
    assert offer(clinic, database) == 1
    assert shown_entry(clinic, made)["offer"]["starts_at"] == "2027-01-04T09:00:00+00:00"


def test_nothing_is_queued_where_nobody_waits(clinic: Clinic, database: Database) -> None:
    elsewhere = create_location(clinic.desk, name="Elsewhere")
    entry(clinic, location_id=elsewhere["id"])

    freed(clinic)

    assert jobs(database, clinic.desk) == []
