"""Of equal requests the first takes effect; the others get its answer or are told to wait."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Event
from typing import Any

import pytest
from sqlalchemy import func, update
from werkzeug.test import TestResponse

from api import clock
from booking.core.caller import Caller
from booking.core.errors import AlreadyExists
from models import ApiKey, Appointment, IdempotencyKey, Patient
from models.database import Database
from models.idempotency_keys import purge
from tests.api.toys import fail_with, seen
from tests.support.cast import Clinic, create_patient, rows
from tests.support.desk import Desk
from tests.support.racing import assert_sound, race, statuses, wait_until
from tests.support.statements import Statement, listening
from tests.support.times import TEN

KEY = {"Idempotency-Key": "5b0d1a52-0b0e-4f36-9a0e-1f6e2d6b7f11"}

ChildWho = Callable[[Callable[[Caller], Any]], Desk]


def purge_until(over: Event, database: Database, desk: Desk) -> int:
    """Purge the clinic's expired answers until the race is over; give the number of deleted answers."""
    purged = 0
    while not over.is_set():
        with database.transaction(desk.clinic_id) as session:
            purged += purge(session, desk.clinic_id, clock.now())
    return purged


class Slow:
    """A view whose first run waits for a signal, and then acts as the test says."""

    def __init__(self, first: Callable[[Caller], Any]) -> None:
        self.first = first
        self.begun, self.may_end = Event(), Event()
        self.runs = 0

    def __call__(self, caller: Caller) -> Any:
        """Run the view."""
        self.runs += 1
        if self.runs > 1:
            return seen(caller)
        self.begun.set()
        assert self.may_end.wait(30)
        return self.first(caller)


def assert_done_once(answers: Sequence[TestResponse], status: int = 201) -> None:
    """Insist on a single first answer, which the others repeat or report to be in progress."""
    done = [one for one in answers if one.status_code == status]
    waiting = [one.get_json()["code"] for one in answers if one.status_code != status]
    assert len({one.data for one in done}) == 1
    assert ["Idempotency-Replayed" in one.headers for one in done].count(False) == 1
    assert waiting == ["idempotency_in_progress"] * (len(answers) - len(done))


def claims(heard: list[Statement]) -> int:
    """Count the statements that claim a key."""
    return len([one for one, _ in heard if "claim_idempotency_key" in one])


def refuse(_caller: Caller) -> None:
    """Refuse the request."""
    raise AlreadyExists


def test_twenty_equal_requests_make_one_appointment(clinic: Clinic, database: Database) -> None:
    body = clinic.wish(TEN)

    answers = race(partial(clinic.desk.post, "/appointments", body, **KEY) for _ in range(20))

    assert_done_once(answers)
    assert len(rows(database, clinic.desk, Appointment)) == 1
    assert_sound(database, clinic.desk)


def test_twenty_equal_requests_that_no_rule_would_stop_make_one_patient(
    desk: Desk, database: Database
) -> None:
    answers = race(partial(desk.post, "/patients", {"name": "Ada"}, **KEY) for _ in range(20))

    assert_done_once(answers)
    assert len(rows(database, desk, Patient)) == 1


def test_twenty_equal_requests_show_one_secret_once(desk: Desk, database: Database) -> None:
    body = {"name": "Key", "kind": "secret", "scopes": ["catalog:read"]}

    answers = race(partial(desk.post, "/api-keys", body, **KEY) for _ in range(20))

    refused = {one.get_json()["code"] for one in answers if one.status_code == 409}
    assert statuses(answers) == [201] + [409] * 19
    assert refused <= {"idempotency_in_progress", "idempotency_shown_once"}
    assert [key.name for key in rows(database, desk, ApiKey)].count("Key") == 1


def test_twenty_equal_actions_happen_once(clinic: Clinic) -> None:
    visit = clinic.booked(TEN)
    path, body = f"/appointments/{visit['id']}/confirm", {"version": visit["version"]}

    answers = race(partial(clinic.desk.post, path, body, **KEY) for _ in range(20))

    assert_done_once(answers, 200)
    assert clinic.desk.get(f"/appointments/{visit['id']}").get_json()["version"] == 2


def test_of_two_bodies_under_one_key_one_takes_effect(desk: Desk, database: Database) -> None:
    answers = race(partial(desk.post, "/patients", {"name": name}, **KEY) for name in ("Ada", "Grace"))

    assert statuses(answers) == [201, 422]
    assert len(rows(database, desk, Patient)) == 1


def test_equal_bodies_under_different_keys_are_different_requests(clinic: Clinic, database: Database) -> None:
    answers = race(
        partial(clinic.desk.post, "/appointments", clinic.wish(TEN), **{"Idempotency-Key": str(number)})
        for number in range(10)
    )

    assert statuses(answers) == [201] + [409] * 9
    assert len(rows(database, clinic.desk, Appointment)) == 1
    assert_sound(database, clinic.desk)


def test_while_the_first_request_runs_its_repetition_is_told_to_wait(child_who: ChildWho) -> None:
    slow = Slow(seen)
    child = child_who(slow)
    with ThreadPoolExecutor() as pool:
        first = pool.submit(child.post, "/toys/act", **KEY)
        assert slow.begun.wait(30)
        told = child.post("/toys/act", **KEY)
        other = child.post("/toys/act", **{"Idempotency-Key": "another"})
        slow.may_end.set()

    assert (told.status_code, told.get_json()["code"]) == (409, "idempotency_in_progress")
    assert told.headers["Retry-After"] == "1"
    assert (first.result().status_code, other.status_code) == (200, 200)
    assert child.post("/toys/act", **KEY).data == first.result().data


def test_who_waited_for_a_request_that_was_refused_is_judged_anew(
    child_who: ChildWho, database: Database
) -> None:
    slow = Slow(refuse)
    child = child_who(slow)
    with listening(database) as heard, ThreadPoolExecutor() as pool:
        first = pool.submit(child.post, "/toys/act", **KEY)
        assert slow.begun.wait(30)
        second = pool.submit(child.post, "/toys/act", **KEY)
        wait_until(lambda: claims(heard) == 2)
        slow.may_end.set()

    assert (first.result().status_code, second.result().status_code) == (409, 200)
    assert slow.runs == 2


@pytest.mark.parametrize("sqlstate", ["40P01", "40001"])
def test_a_collision_is_tried_again_under_the_same_key(child_who: ChildWho, sqlstate: str) -> None:
    runs = []

    def act(caller: Caller) -> Any:
        runs.append(caller)
        if len(runs) == 1:
            fail_with(sqlstate)(caller)
        return seen(caller)

    child = child_who(act)
    answers = [child.post("/toys/act", **KEY) for _ in range(2)]

    assert statuses(answers) == [200, 200]
    assert len(runs) == 2


def test_four_patients_who_each_ask_five_times_for_one_slot_get_one_visit(
    clinic: Clinic, database: Database
) -> None:
    patients = [create_patient(clinic.desk)["id"] for _ in range(4)]
    wishes = [clinic.wish(TEN, patient_id=one) for one in patients for _ in range(5)]

    answers = race(
        partial(clinic.desk.post, "/appointments", wish, **{"Idempotency-Key": wish["patient_id"]})
        for wish in wishes
    )

    (visit,) = rows(database, clinic.desk, Appointment)
    of_patient = {one: answers[5 * place : 5 * place + 5] for place, one in enumerate(patients)}
    assert_done_once(of_patient.pop(str(visit.patient_id)))
    for others in of_patient.values():
        told = [one.get_json()["code"] for one in others]
        assert {"refused"} <= set(told) <= {"refused", "idempotency_in_progress"}
    assert_sound(database, clinic.desk)


def test_a_purge_meanwhile_neither_repeats_an_effect_nor_stands_in_the_way(
    desk: Desk, database: Database
) -> None:
    keys = [{"Idempotency-Key": str(number)} for number in range(5)]
    for key in keys:
        desk.post("/patients", {"name": "Old"}, **key)
    with database.transaction(desk.clinic_id) as session:
        session.execute(update(IdempotencyKey).values(expires_at=func.now()))
    over = Event()
    with ThreadPoolExecutor() as pool:
        purging = pool.submit(purge_until, over, database, desk)
        answers = race(partial(desk.post, "/patients", {"name": "New"}, **key) for key in keys * 4)
        over.set()

    assert purging.result() <= 5
    for place in range(5):
        assert_done_once(answers[place::5])
    assert [patient.name for patient in rows(database, desk, Patient)] == ["Old"] * 5 + ["New"] * 5
    assert len(rows(database, desk, IdempotencyKey)) == 5


def test_booking_together_and_a_rotation_of_keys_happen_once(clinic: Clinic, database: Database) -> None:
    visits = [{name: value for name, value in clinic.wish(TEN).items() if name != "patient_id"}]
    body = {"patient_id": clinic.patient["id"], "visits": visits}
    made = clinic.desk.made("/api-keys", name="Key", kind="secret", scopes=["catalog:read"])

    together = race(partial(clinic.desk.post, "/appointments/together", body, **KEY) for _ in range(10))
    path, key = f"/api-keys/{made['id']}/rotate", {"Idempotency-Key": "rotate"}
    rotated = race(partial(clinic.desk.post, path, **key) for _ in range(10))

    assert len(rows(database, clinic.desk, Appointment)) == 1
    assert_done_once(together)
    assert statuses(rotated) == [200] + [409] * 9
    assert [one.version for one in rows(database, clinic.desk, ApiKey) if one.name == "Key"] == [2]


def test_a_connection_lost_before_the_answer_is_kept_leaves_no_effect(
    child_who: ChildWho, desk: Desk, database: Database
) -> None:
    runs = []

    def act(caller: Caller) -> Any:
        runs.append(caller)
        caller.session.execute(update(Patient).values(name=Patient.name + "!"))
        if len(runs) == 1:
            caller.session.connection().connection.dbapi_connection.close()
        return seen(caller)

    desk.made("/patients", name="Ada")
    child = child_who(act)
    answers = [child.post("/toys/act", **KEY) for _ in range(3)]

    assert [answer.status_code for answer in answers] == [503, 200, 200]
    assert [patient.name for patient in rows(database, desk, Patient)] == ["Ada!"]
