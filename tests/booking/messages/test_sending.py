"""A message that becomes due is announced once, leased to a single sender, and marked by a gateway."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from threading import Barrier

import pytest

from booking.messages.sending import (
    LEASE,
    PAUSES,
    Letter,
    announce_due,
    claim_letters,
    note_failed,
    note_sent,
    put_back,
)
from models import Event, MessageDispatch
from models.database import Database
from tests.support.cast import (
    NOW,
    Clinic,
    Made,
    create_clinic,
    create_patient,
    instant,
    rows,
)
from tests.support.copying import Copied, MakeClinic
from tests.support.messages import BOOKED, LINKS, REMINDED, VISIT, due, listed
from tests.support.worker import as_worker


@pytest.fixture
def clinic(copied: Copied[Clinic]) -> Clinic:
    """Give a clinic whose patient has an e-mail address."""
    return copied(_with_address)


def _with_address(make_clinic: MakeClinic) -> Clinic:
    made = create_clinic(make_clinic().at(NOW))
    return replace(made, patient=create_patient(made.desk, name="Ada", email="ada@example.org"))


def announced(database: Database, clinic: Clinic) -> list[Event]:
    """Give the events that announce a due message."""
    return [one for one in rows(database, clinic.desk, Event) if one.type == "message.due"]


def dispatch(database: Database, clinic: Clinic) -> tuple[str, int, datetime]:
    """Give status, attempts and next instant of the only message that has become due."""
    [found] = rows(database, clinic.desk, MessageDispatch)
    return found.status, found.attempts, found.next_at


def claim(database: Database, clinic: Clinic, now: datetime) -> list[Letter]:
    """Lease the messages that may be sent at an instant."""
    return as_worker(database, clinic.desk, partial(claim_letters, links=LINKS), now) or []


@pytest.fixture
def letter(database: Database, clinic: Clinic, booked: Made) -> Letter:
    """Lease the message that is due two days before the visit."""
    assert booked["status"] == "booked"
    as_worker(database, clinic.desk, announce_due, REMINDED)
    [taken] = claim(database, clinic, REMINDED)
    return taken


@pytest.mark.parametrize(("seconds", "number"), [(-1, 0), (0, 1), (1, 1)])
@pytest.mark.usefixtures("booked")
def test_a_message_is_told_of_when_it_is_due(
    database: Database, clinic: Clinic, seconds: int, number: int
) -> None:
    assert as_worker(database, clinic.desk, announce_due, REMINDED + timedelta(seconds=seconds)) == number
    assert len(announced(database, clinic)) == number


def test_a_due_message_is_told_of_once_and_without_names(
    database: Database, clinic: Clinic, booked: Made
) -> None:
    found = [as_worker(database, clinic.desk, announce_due, REMINDED) for _ in range(2)]
    [event] = announced(database, clinic)

    assert found == [1, 0]
    assert event.data == {
        "id": f"{booked['id']}.reminder_2d.1806148800000000",
        "kind": "reminder_2d",
        "appointment_id": booked["id"],
        "location_id": booked["location_id"],
        "due_at": "2027-03-25T12:00:00+00:00",
    }


@pytest.mark.usefixtures("booked")
def test_of_workers_at_the_same_instant_one_tells(database: Database, clinic: Clinic) -> None:
    barrier = Barrier(4)

    def announce(_: int) -> int:
        barrier.wait()
        return as_worker(database, clinic.desk, announce_due, REMINDED)

    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(announce, range(4)))

    assert sorted(found) == [0, 0, 0, 1]
    assert len(announced(database, clinic)) == 1


@pytest.mark.usefixtures("booked")
def test_of_senders_at_the_same_instant_one_takes_a_letter(database: Database, clinic: Clinic) -> None:
    as_worker(database, clinic.desk, announce_due, REMINDED)
    barrier = Barrier(4)

    def take(_: int) -> int:
        barrier.wait()
        return len(claim(database, clinic, REMINDED))

    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(take, range(4)))

    assert sorted(found) == [0, 0, 0, 1]


@pytest.mark.usefixtures("booked")
def test_a_worker_that_was_away_tells_of_the_last_day_alone(database: Database, clinic: Clinic) -> None:
    as_worker(database, clinic.desk, announce_due, instant("2027-03-26T11:00:00+00:00"))

    assert [event.data["kind"] for event in announced(database, clinic)] == ["reminder_2d"]


def test_a_letter_holds_the_words_and_the_address(letter: Letter) -> None:
    assert (letter.email, letter.attempt) == ("ada@example.org", 1)
    assert letter.subject == "Your visit on 2027-03-27 at 12:00"


def test_a_sent_message_is_listed_no_more(database: Database, clinic: Clinic, letter: Letter) -> None:
    as_worker(database, clinic.desk, lambda caller: note_sent(caller, letter), REMINDED)

    assert dispatch(database, clinic)[0] == "sent"
    assert due(clinic, "2027-03-25T12:00:00Z") == {}
    assert claim(database, clinic, REMINDED + LEASE) == []


@pytest.mark.parametrize(("seconds", "letters"), [(-1, 0), (0, 1), (1, 1)])
@pytest.mark.usefixtures("letter")
def test_what_a_lost_sender_took_is_free_after_its_lease(
    database: Database, clinic: Clinic, seconds: int, letters: int
) -> None:
    assert len(claim(database, clinic, REMINDED + LEASE + timedelta(seconds=seconds))) == letters


def test_a_late_word_of_a_lost_sender_changes_nothing(
    database: Database, clinic: Clinic, letter: Letter
) -> None:
    [again] = claim(database, clinic, REMINDED + LEASE)
    as_worker(database, clinic.desk, lambda caller: note_failed(caller, letter, for_good=True), REMINDED)

    assert again.dispatch_id == letter.dispatch_id
    assert dispatch(database, clinic)[0] == "sending"


@pytest.mark.parametrize(("seconds", "letters"), [(-1, 0), (0, 1), (1, 1)])
def test_what_was_refused_is_tried_again_after_a_pause(
    database: Database, clinic: Clinic, letter: Letter, seconds: int, letters: int
) -> None:
    as_worker(database, clinic.desk, lambda caller: note_failed(caller, letter, for_good=False), REMINDED)

    assert len(claim(database, clinic, REMINDED + PAUSES[0] + timedelta(seconds=seconds))) == letters


def test_what_is_always_refused_fails_after_the_last_try(
    database: Database, clinic: Clinic, letter: Letter
) -> None:
    now = REMINDED
    for pause in PAUSES:
        as_worker(
            database, clinic.desk, lambda caller, one=letter: note_failed(caller, one, for_good=False), now
        )
        now += pause
        [letter] = claim(database, clinic, now)
    as_worker(database, clinic.desk, lambda caller: note_failed(caller, letter, for_good=False), now)

    assert dispatch(database, clinic)[:2] == ("failed", 6)
    assert [one["status"] for one in listed(clinic, now.isoformat())] == ["failed"]


def test_what_was_refused_for_good_has_failed_at_once(
    database: Database, clinic: Clinic, letter: Letter
) -> None:
    as_worker(database, clinic.desk, lambda caller: note_failed(caller, letter, for_good=True), REMINDED)

    assert dispatch(database, clinic)[0] == "failed"


def test_what_was_put_back_has_not_been_tried(database: Database, clinic: Clinic, letter: Letter) -> None:
    as_worker(database, clinic.desk, lambda caller: put_back(caller, [letter]), REMINDED)

    assert dispatch(database, clinic) == ("due", 0, REMINDED + PAUSES[0])


def test_a_message_of_a_visit_that_was_moved_meanwhile_is_dropped(
    database: Database, clinic: Clinic, booked: Made
) -> None:
    as_worker(database, clinic.desk, announce_due, REMINDED)
    clinic.at("2027-03-25T12:00:00Z").acted("reschedule", booked, starts_at="2027-03-29T11:00:00Z")

    assert claim(database, clinic, REMINDED) == []
    assert dispatch(database, clinic)[0] == "cancelled"


@pytest.mark.parametrize(
    ("now", "letters"),
    [
        ("2027-03-25T19:59:00+00:00", 1),
        ("2027-03-25T20:00:00+00:00", 0),
        ("2027-03-26T08:59:00+00:00", 0),
        ("2027-03-26T09:00:00+00:00", 1),
    ],
)
@pytest.mark.usefixtures("booked")
def test_what_is_late_does_not_go_out_by_night(
    database: Database, clinic: Clinic, now: str, letters: int
) -> None:
    as_worker(database, clinic.desk, announce_due, REMINDED)

    assert len(claim(database, clinic, instant(now))) == letters


def test_without_an_address_a_message_waits_for_the_clinics_gateway(
    database: Database, clinic: Clinic
) -> None:
    clinic.at(BOOKED).booked(VISIT, patient_id=create_patient(clinic.desk)["id"])
    as_worker(database, clinic.desk, announce_due, REMINDED)

    assert claim(database, clinic, REMINDED) == []
    assert [one["status"] for one in listed(clinic, "2027-03-25T12:00:00Z")] == ["due"]
