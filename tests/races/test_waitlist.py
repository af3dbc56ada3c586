"""In races of the waitlist a freed slot is offered once, and an offer has a single outcome."""

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Barrier
from uuid import UUID

import pytest
from uuid_utils.compat import uuid7

from models import Appointment, Event, Patient, WaitlistEntry
from models.database import Database
from tests.support.cast import Clinic, rows, run_out
from tests.support.racing import assert_sound, outcomes, race, statuses
from tests.support.times import DAY
from tests.support.waitlist import answer, entry, offer, shown_entry
from tests.support.worker import sweep

NOON = {"starts_at": f"{DAY}T12:00:00Z", "ends_at": f"{DAY}T12:20:00Z"}
AT_NOON = {"from_time": "12:00", "until_time": "12:05"}
ONE_WON, ALL_LOST = [200] + [409] * 4, [409] * 5
FOUR_DAYS = {"starts_at": f"{DAY}T00:00:00Z", "ends_at": "2027-03-05T00:00:00Z"}


def wait_in_line(clinic: Clinic, database: Database, number: int, **fields: int) -> list[str]:
    """Insert new patients and their waitlist entries into the tables; give the ids of the entries."""
    ids = [(uuid7(), uuid7()) for _ in range(number)]
    of_all = {"procedure_id": UUID(clinic.procedure["id"]), "location_id": UUID(clinic.location["id"])}
    clinic_id = clinic.desk.clinic_id
    with database.transaction(clinic_id) as session:
        session.add_all(
            [Patient(clinic_id=clinic_id, id=patient_id, name="Patient") for patient_id, _ in ids]
        )
        session.flush()
        session.add_all(
            WaitlistEntry(
                clinic_id=clinic_id,
                id=id_,
                patient_id=patient_id,
                areas=[],
                status="waiting",
                **of_all,
                **fields,
            )
            for patient_id, id_ in ids
        )
    return [str(id_) for _, id_ in ids]


def workers(clinic: Clinic, database: Database, number: int, freed: dict[str, str]) -> int:
    """Let several workers offer the same freed time at once; give the number of offers."""
    barrier = Barrier(number)

    def work() -> int:
        barrier.wait()
        return offer(clinic, database, freed)

    with ThreadPoolExecutor(number) as pool:
        return sum(one.result() for one in [pool.submit(work) for _ in range(number)])


def test_workers_at_once_offer_one_slot_once(clinic: Clinic, database: Database) -> None:
    wait_in_line(clinic, database, 5, from_time=720, until_time=725)

    made = workers(clinic, database, 6, NOON)

    assert made == 1
    assert_sound(database, clinic.desk)
    assert [one.type for one in rows(database, clinic.desk, Event)].count("waitlist.offered") == 1


def test_workers_at_once_make_one_entry_one_offer(clinic: Clinic, database: Database) -> None:
    wait_in_line(clinic, database, 1)

    made = workers(clinic, database, 6, FOUR_DAYS)

    assert made == 1
    assert [one.status for one in rows(database, clinic.desk, Appointment)] == ["held"]


def test_a_freed_slot_is_either_booked_or_offered(clinic: Clinic, database: Database) -> None:
    wait_in_line(clinic, database, 2, from_time=720, until_time=725)
    bookings = [partial(clinic.book, NOON["starts_at"], patient_id=one) for one in clinic.patients(4)]

    with ThreadPoolExecutor(1) as worker:
        made = worker.submit(offer, clinic, database, NOON)
        answers = race(bookings)

    assert statuses(answers).count(201) + made.result() == 1
    assert_sound(database, clinic.desk)


def test_accepts_and_declines_of_an_offer_have_one_outcome(clinic: Clinic, database: Database) -> None:
    made = entry(clinic, **AT_NOON)
    offer(clinic, database, NOON)

    accepts, declines = ([partial(answer, clinic, made, how)] * 5 for how in ("accept", "decline"))

    answers = race([*accepts, *declines])

    won = [shown_entry(clinic, made)["status"], statuses(answers[:5]), statuses(answers[5:])]
    assert won in (["accepted", ONE_WON, ALL_LOST], ["declined", ALL_LOST, ONE_WON])
    assert_sound(database, clinic.desk)


@pytest.mark.parametrize("_", range(4))
def test_an_offer_is_accepted_or_ended_by_another_way(clinic: Clinic, database: Database, _: int) -> None:
    made = entry(clinic, **AT_NOON)
    offer(clinic, database, NOON)
    hold = f"/holds/{shown_entry(clinic, made)['offer']['hold_id']}"

    accepted, released, changed = race(
        [
            partial(answer, clinic, made, "accept"),
            partial(clinic.desk.delete, hold),
            partial(clinic.desk.patch, f"/waitlist/{made['id']}", {"from_time": "11:55"}),
        ]
    )

    assert (accepted.status_code, released.status_code, shown_entry(clinic, made)["status"]) in {
        (200, 409, "accepted"),
        (409, 204, "declined"),
    }
    assert outcomes([changed]) == {(409, "wrong_status"): 1}
    assert_sound(database, clinic.desk)


@pytest.mark.parametrize("_", range(4))
def test_accepts_and_sweeps_of_an_offer_about_to_expire_never_both_win(
    clinic: Clinic, database: Database, _: int
) -> None:
    made = entry(clinic, **AT_NOON)
    offer(clinic, database, NOON)
    hold_id = shown_entry(clinic, made)["offer"]["hold_id"]
    run_out(database, clinic.desk, {"id": hold_id}, seconds=-0.05)

    with ThreadPoolExecutor(3) as sweepers:
        sweeps = [sweepers.submit(sweep, database, clinic.desk) for _ in range(12)]
        (accepted,) = race([partial(answer, clinic, made, "accept")])

    swept = sum(one.result() for one in sweeps)
    assert (accepted.status_code, shown_entry(clinic, made)["status"], swept) in {
        (200, "accepted", 0),
        (410, "expired", 1),
        (410, "offered", 0),
    }
    assert_sound(database, clinic.desk)


def test_two_hundred_clients_accept_a_hundred_offers_and_each_slot_gets_one_owner(
    clinic: Clinic, database: Database
) -> None:
    waiting = wait_in_line(clinic, database, 100)
    offered = offer(clinic, database, FOUR_DAYS)

    answers = race(partial(answer, clinic, {"id": one}, "accept") for one in waiting for _ in range(2))

    assert offered == 100
    assert statuses(answers) == [200] * 100 + [409] * 100
    owners = {one.patient_id for one in rows(database, clinic.desk, Appointment) if one.status == "booked"}
    assert len(owners) == 100
    assert_sound(database, clinic.desk)
