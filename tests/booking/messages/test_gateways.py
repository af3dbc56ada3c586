"""A clinic's gateway may mark a message as sent more than once, also after the visit has moved."""

import pytest

from booking.messages.sending import announce_due
from models.database import Database
from tests.support.cast import Clinic, Made, create_key, create_location
from tests.support.messages import REMINDED, due, listed
from tests.support.racing import race, statuses
from tests.support.worker import as_worker


@pytest.mark.usefixtures("booked")
def test_a_gateway_marks_a_message_as_sent_and_may_say_so_again(clinic: Clinic) -> None:
    desk = clinic.at("2027-03-25T12:01:00Z").desk
    [message] = listed(clinic, "2027-03-25T12:00:00Z")
    first = desk.post(f"/messages/{message['id']}/sent")
    again = desk.at("2027-03-25T12:02:00Z").post(f"/messages/{message['id']}/sent")

    assert (first.status_code, again.status_code) == (200, 200)
    assert first.get_json() == again.get_json()
    assert first.get_json()["sent_at"] == "2027-03-25T12:01:00+00:00"
    assert due(clinic, "2027-03-25T12:02:00Z") == {}


@pytest.mark.usefixtures("booked")
def test_what_a_gateway_has_sent_is_not_told_of(database: Database, clinic: Clinic) -> None:
    [message] = listed(clinic, "2027-03-25T12:00:00Z")
    clinic.at("2027-03-25T12:00:00Z").desk.post(f"/messages/{message['id']}/sent")

    assert as_worker(database, clinic.desk, announce_due, REMINDED) == 0


@pytest.mark.usefixtures("booked")
def test_gateways_that_say_so_at_the_same_instant_agree(clinic: Clinic) -> None:
    [message] = listed(clinic, "2027-03-25T12:00:00Z")
    desk = clinic.at("2027-03-25T12:00:00Z").desk
    answers = race([lambda: desk.post(f"/messages/{message['id']}/sent")] * 4)

    assert statuses(answers) == [200] * 4
    assert due(clinic, "2027-03-25T12:00:00Z") == {}


def test_what_had_become_due_may_be_marked_after_a_move(
    database: Database, clinic: Clinic, booked: Made
) -> None:
    [message] = listed(clinic, "2027-03-25T12:00:00Z")
    as_worker(database, clinic.desk, announce_due, REMINDED)
    moved = clinic.at("2027-03-25T12:01:00Z")
    moved.acted("reschedule", booked, starts_at="2027-03-29T11:00:00Z")

    assert moved.desk.post(f"/messages/{message['id']}/sent").status_code == 200


@pytest.mark.parametrize(
    "wrong",
    [
        "reminder_2d",
        "018f3f3e-0000-7000-8000-0000000000ff.reminder_2d.1806148800000000",
        "{visit}.birthday.1806148800000000",
        "{visit}.reminder_2d.1806148800000001",
        "{visit}.reminder_2d.99999999999999999",
        "{visit}.reminder_2d.-1",
        "{visit}.reminder_2d",
    ],
)
def test_what_is_no_message_cannot_be_marked(clinic: Clinic, booked: Made, wrong: str) -> None:
    desk = clinic.at("2027-03-25T12:00:00Z").desk
    answer = desk.post(f"/messages/{wrong.format(visit=booked['id'])}/sent")

    assert (answer.status_code, answer.get_json()["code"]) == (404, "not_found")


@pytest.mark.usefixtures("booked")
def test_nobody_marks_what_they_may_not_see(clinic: Clinic, neighbour: Clinic) -> None:
    [message] = listed(clinic, "2027-03-25T12:00:00Z")
    place = create_location(clinic.desk, name="Elsewhere")
    limited = create_key(clinic.desk, "appointments:write", location_ids=[place["id"]])
    desks = [neighbour.at("2027-03-25T12:00:00Z").desk, limited.at("2027-03-25T12:00:00Z")]
    answers = [desk.post(f"/messages/{message['id']}/sent") for desk in desks]

    assert statuses(answers) == [404, 404]


@pytest.mark.usefixtures("booked")
def test_reading_is_not_enough_to_mark_a_message(clinic: Clinic) -> None:
    [message] = listed(clinic, "2027-03-25T12:00:00Z")
    reader = create_key(clinic.desk, "appointments:read", "patients:read")

    assert reader.post(f"/messages/{message['id']}/sent").status_code == 403
