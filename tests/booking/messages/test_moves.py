"""A move is confirmed two minutes later, unless it was taken back or the desk keeps it to itself."""

import pytest

from booking.messages.sending import announce_due
from models import Event
from models.database import Database
from tests.support.cast import (
    Clinic,
    Made,
    another_patient,
    audit_entries,
    create_course,
    create_room,
    create_rule,
    create_therapist,
    rows,
)
from tests.support.disruptions import applied, ill, previewed
from tests.support.messages import ALL, BOOKED, VISIT, due, listed
from tests.support.times import TEN
from tests.support.worker import as_worker

LATER = "2027-03-29T11:00:00Z"
MOVED_AT = "2027-03-24T12:00:00Z"
BACK_AT = "2027-03-24T12:01:59Z"
TOO_LATE = "2027-03-24T12:02:00Z"


def move(clinic: Clinic, visit: Made, at: str, to: str, **fields: object) -> Made:
    """Move a visit at an instant."""
    return clinic.at(at).acted("reschedule", visit, starts_at=to, **fields)


@pytest.mark.parametrize(
    ("now", "status"),
    [("2027-03-24T12:01:59Z", "planned"), ("2027-03-24T12:02:00Z", "due"), ("2027-03-24T12:02:01Z", "due")],
)
def test_a_move_is_confirmed_two_minutes_later(clinic: Clinic, booked: Made, now: str, status: str) -> None:
    move(clinic, booked, MOVED_AT, LATER)

    [message] = listed(clinic, now, "2027-03-24T12:05:00Z", kind="confirmation")

    assert (message["status"], message["due_at"]) == (status, "2027-03-24T12:02:00+00:00")


@pytest.mark.parametrize(("back_at", "told"), [(BACK_AT, []), (TOO_LATE, ["2027-03-24T12:04:00+00:00"])])
def test_a_move_that_is_taken_back_in_time_sends_nothing(
    clinic: Clinic, booked: Made, back_at: str, told: list[str]
) -> None:
    moved = move(clinic, booked, MOVED_AT, LATER)
    move(clinic, moved, back_at, VISIT)

    found = listed(clinic, back_at, "2027-03-24T13:00:00Z", kind="confirmation")

    assert [one["due_at"] for one in found] == told


def test_a_move_taken_back_leaves_the_messages_as_they_were(clinic: Clinic, booked: Made) -> None:
    before = listed(clinic, "2027-03-10T12:01:00Z", ALL)
    moved = move(clinic, booked, "2027-03-10T12:00:10Z", LATER)
    move(clinic, moved, "2027-03-10T12:00:50Z", VISIT)

    assert listed(clinic, "2027-03-10T12:01:00Z", ALL) == before
    assert before[0]["kind"] == "confirmation"


def test_a_reminder_that_was_due_while_a_move_was_taken_back_goes_out(clinic: Clinic, booked: Made) -> None:
    moved = move(clinic, booked, "2027-03-25T11:59:30Z", LATER)
    move(clinic, moved, "2027-03-25T12:00:30Z", VISIT)

    assert list(due(clinic, "2027-03-25T12:00:30Z")) == ["reminder_2d"]


def test_the_worker_announces_no_move_that_was_taken_back(
    clinic: Clinic, booked: Made, database: Database
) -> None:
    moved = move(clinic, booked, MOVED_AT, LATER)
    as_worker(database, clinic.at(BACK_AT).desk, announce_due)
    move(clinic, moved, BACK_AT, VISIT)
    as_worker(database, clinic.at("2027-03-24T12:10:00Z").desk, announce_due)

    assert [one.data["kind"] for one in rows(database, clinic.desk, Event) if one.type == "message.due"] == []


def test_without_notify_a_move_is_not_confirmed_and_its_new_time_is_still_reminded_of(
    clinic: Clinic, booked: Made
) -> None:
    move(clinic, booked, MOVED_AT, LATER, notify=False)

    assert list(due(clinic, MOVED_AT, ALL)) == ["reminder_2d", "screening_1d", "reminder_2h"]


def test_a_move_after_one_without_notify_is_confirmed(clinic: Clinic, booked: Made) -> None:
    moved = move(clinic, booked, MOVED_AT, LATER, notify=False)
    move(clinic, moved, "2027-03-24T13:00:00Z", "2027-03-29T15:00:00Z")

    [message] = listed(clinic, "2027-03-24T13:02:00Z", kind="confirmation")

    assert "16:00" in message["subject"]


def test_webhooks_hear_of_a_move_without_notify_and_the_audit_log_keeps_it(
    clinic: Clinic, booked: Made, database: Database
) -> None:
    move(clinic, booked, MOVED_AT, LATER, notify=False)

    (event,) = [one for one in rows(database, clinic.desk, Event) if one.type == "appointment.rescheduled"]
    (entry,) = audit_entries(database, clinic.desk, "appointment.rescheduled")
    assert "notify" not in event.data
    assert entry.changes["notify"] is False


@pytest.mark.parametrize("notify", [True, False])
def test_a_cancellation_keeps_whether_its_patient_is_to_be_told(
    clinic: Clinic, booked: Made, notify: bool
) -> None:
    gone = clinic.at(MOVED_AT).acted("cancel", booked, reason_code="clinic", notify=notify)

    assert gone["cancellation"]["notify"] is notify
    assert due(clinic, MOVED_AT, ALL) == {}


def test_a_cancellation_tells_the_patient_by_default(clinic: Clinic, booked: Made) -> None:
    gone = clinic.at(MOVED_AT).acted("cancel", booked, reason_code="clinic")

    assert gone["cancellation"]["notify"] is True


@pytest.mark.parametrize("action", ["reschedule", "cancel"])
@pytest.mark.parametrize("notify", ["false", 0, None])
def test_notify_is_true_or_false(clinic: Clinic, booked: Made, action: str, notify: object) -> None:
    needed = {"starts_at": LATER} if action == "reschedule" else {"reason_code": "clinic"}

    answer = clinic.act(action, booked, **needed, notify=notify)

    assert (answer.status_code, answer.get_json()["errors"][0]["pointer"]) == (422, "/notify")


def test_exchanged_therapists_are_no_news(clinic: Clinic, booked: Made) -> None:
    create_therapist(clinic.desk, clinic.location, name="Colleague")
    create_room(clinic.desk, clinic.location, name="Room 2")
    other = another_patient(clinic).at(BOOKED).booked(VISIT)
    both = [booked, other]
    sent = {"appointment_ids": [one["id"] for one in both], "what": "therapist"}

    answer = clinic.at(MOVED_AT).desk.post("/appointments/swap", sent | {"versions": [1, 1]})

    assert answer.status_code == 200
    assert listed(clinic, "2027-03-24T12:05:00Z") == []


def test_a_course_that_moves_on_is_confirmed_two_minutes_later(clinic: Clinic) -> None:
    create_rule(clinic.desk)
    course = create_course(clinic)
    first = clinic.at(BOOKED).booked("2027-03-27T12:00:00Z", course_id=course["id"])
    second = clinic.at(BOOKED).booked("2027-05-01T11:00:00Z", course_id=course["id"])
    move(clinic, first, MOVED_AT, "2027-04-10T11:00:00Z")
    body = {"appointment_id": first["id"], "apply": True}
    at = clinic.at(MOVED_AT)

    answer = at.desk.post(f"/courses/{course['id']}/shift", body)
    found = listed(clinic, MOVED_AT, "2027-03-24T12:05:00Z", appointment_id=second["id"])

    assert answer.status_code == 200, answer.text
    assert [(one["kind"], one["due_at"]) for one in found] == [("confirmation", "2027-03-24T12:02:00+00:00")]


def test_a_move_by_a_disruption_is_confirmed_two_minutes_later(clinic: Clinic) -> None:
    at = clinic.at("2027-01-04T10:00:00Z")
    visit = at.booked(TEN)
    applied(at, ill(at), *previewed(at, ill(at)))

    found = due(at, "2027-01-04T10:00:00Z", "2027-01-04T10:05:00Z", appointment_id=visit["id"])

    assert found == {"confirmation": "2027-01-04T10:02:00+00:00"}
