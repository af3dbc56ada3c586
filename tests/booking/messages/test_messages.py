"""Messages follow a visit's state: they are computed again after each move, and end with the visit."""

import pytest

from models.database import Database
from tests.support.cast import (
    UNKNOWN_ID,
    Clinic,
    Made,
    create_clinic,
    create_key,
    create_location,
    create_patient,
    create_pipeline,
    create_room,
    create_staffed_location,
    create_therapist,
    performed,
    pointers,
)
from tests.support.desk import Desk
from tests.support.messages import ALL, BOOKED, VISIT, due, listed
from tests.support.pages import items_page_by_page
from tests.support.statements import listening


@pytest.mark.usefixtures("booked")
def test_before_a_visit_its_messages_lie_at_its_own_time_of_day(clinic: Clinic) -> None:
    assert due(clinic, BOOKED, ALL) == {
        "confirmation": "2027-03-10T12:00:00+00:00",
        "screening_14d": "2027-03-13T12:00:00+00:00",
        "preparation_7d": "2027-03-20T12:00:00+00:00",
        "reminder_2d": "2027-03-25T12:00:00+00:00",
        "screening_1d": "2027-03-26T12:00:00+00:00",
        "reminder_2h": "2027-03-27T10:00:00+00:00",
    }


def test_a_message_carries_what_a_gateway_needs(desk: Desk) -> None:
    contact = {"name": "Ada", "email": "ada@example.org", "phone": "+447400123456"}
    clinic = create_clinic(desk)
    patient = create_patient(desk, **contact)
    visit = clinic.at(BOOKED).booked(VISIT, patient_id=patient["id"])

    [message] = listed(clinic, BOOKED)

    assert message["to"] == contact
    assert message["subject"] == "Your visit on 2027-03-27 at 12:00"
    assert message["body"].splitlines() == [
        "Hello Ada,",
        "",
        "your visit to Test clinic, London, is booked for 2027-03-27 at 12:00.",
        "Moving or cancelling is free of charge until 2027-03-25 12:00.",
    ]
    assert message["appointment_id"] == visit["id"]


@pytest.mark.parametrize(
    ("now", "status"),
    [
        ("2027-03-25T11:59:59Z", "planned"),
        ("2027-03-25T12:00:00Z", "due"),
        ("2027-03-25T12:00:01Z", "due"),
    ],
)
@pytest.mark.usefixtures("booked")
def test_a_message_becomes_due_at_its_instant(clinic: Clinic, now: str, status: str) -> None:
    [message] = listed(clinic, now, "2027-03-25T13:00:00Z")

    assert (message["kind"], message["status"]) == ("reminder_2d", status)


@pytest.mark.parametrize(
    ("due_by", "kinds"),
    [
        ("2027-03-25T11:59:59Z", []),
        ("2027-03-25T12:00:00Z", ["reminder_2d"]),
        ("2027-03-25T12:00:01Z", ["reminder_2d"]),
    ],
)
@pytest.mark.usefixtures("booked")
def test_what_is_due_by_an_instant_includes_what_is_due_at_it(
    clinic: Clinic, due_by: str, kinds: list[str]
) -> None:
    assert list(due(clinic, "2027-03-22T12:00:00Z", due_by)) == kinds


@pytest.mark.parametrize(
    ("now", "kinds"),
    [
        ("2027-03-14T11:59:59Z", ["screening_14d"]),
        ("2027-03-14T12:00:00Z", []),
        ("2027-03-27T11:59:59Z", ["reminder_2h"]),
        ("2027-03-27T12:00:00Z", []),
    ],
)
@pytest.mark.usefixtures("booked")
def test_a_message_is_dropped_a_day_after_it_was_due_and_at_the_visit(
    clinic: Clinic, now: str, kinds: list[str]
) -> None:
    assert [kind for kind in due(clinic, now) if kind != "screening_1d"] == kinds


@pytest.mark.parametrize(
    ("booked_at", "reminded"),
    [("2027-03-25T11:59:00Z", True), ("2027-03-25T12:00:00Z", True), ("2027-03-25T12:00:01Z", False)],
)
def test_what_had_passed_when_the_visit_was_booked_is_left_out(
    clinic: Clinic, booked_at: str, reminded: bool
) -> None:
    clinic.at(booked_at).booked(VISIT)

    assert ("reminder_2d" in due(clinic, "2027-03-25T12:00:01Z")) is reminded


def test_a_moved_visit_has_the_messages_of_its_new_time(clinic: Clinic, booked: Made) -> None:
    moved_at = "2027-03-24T12:00:00Z"
    clinic.at(moved_at).acted("reschedule", booked, starts_at="2027-03-29T11:00:00Z")

    assert due(clinic, moved_at, ALL) == {
        "confirmation": "2027-03-24T12:02:00+00:00",
        "reminder_2d": "2027-03-27T12:00:00+00:00",
        "screening_1d": "2027-03-28T12:00:00+01:00",
        "reminder_2h": "2027-03-29T10:00:00+01:00",
    }


def test_a_moved_visit_has_other_messages_by_id(clinic: Clinic, booked: Made) -> None:
    before = {one["id"] for one in listed(clinic, BOOKED, ALL)}
    clinic.at("2027-03-10T13:00:00Z").acted("reschedule", booked, starts_at="2027-03-29T11:00:00Z")
    after = {one["id"] for one in listed(clinic, "2027-03-10T13:00:00Z", ALL)}

    assert len(before) == len(after) == 6
    assert not before & after


def test_a_visit_moved_at_the_instant_of_its_booking_is_confirmed_once(clinic: Clinic, booked: Made) -> None:
    clinic.at(BOOKED).acted("reschedule", booked, starts_at="2027-03-29T11:00:00Z")

    assert [one["kind"] for one in listed(clinic, BOOKED, "2027-03-10T12:02:00Z")] == ["confirmation"]


@pytest.mark.parametrize("field", ["therapist_id", "room_id"])
@pytest.mark.parametrize("action", ["reschedule", "reassign"])
def test_other_people_and_rooms_at_the_same_time_are_no_news(
    clinic: Clinic, booked: Made, action: str, field: str
) -> None:
    other = {
        "therapist_id": create_therapist(clinic.desk, clinic.location, name="Colleague")["id"],
        "room_id": create_room(clinic.desk, clinic.location, name="Room 2")["id"],
    }
    before = listed(clinic, BOOKED, ALL)
    same_time = {"starts_at": VISIT} if action == "reschedule" else {}
    clinic.at("2027-03-10T13:00:00Z").acted(action, booked, **same_time, **{field: other[field]})

    assert listed(clinic, BOOKED, ALL) == before


def test_another_location_at_the_same_time_is_news(clinic: Clinic, booked: Made) -> None:
    elsewhere = create_staffed_location(clinic.desk)
    now = "2027-03-12T12:00:00Z"
    clinic.at(now).acted("reschedule", booked, starts_at=VISIT, location_id=elsewhere["id"])

    assert [one["kind"] for one in listed(clinic, now, "2027-03-12T12:02:00Z")] == ["confirmation"]


@pytest.mark.parametrize(("late", "waits"), [("12:05", False), ("12:10", False), ("12:15", True)])
def test_who_waits_with_more_cream_keeps_the_reminder_and_gets_no_confirmation(
    desk: Desk, late: str, waits: bool
) -> None:
    clinic = create_pipeline(desk.at(BOOKED), treatment=1)
    first, second = (
        clinic.booked(f"2027-03-27T{clock}:00Z", patient_id=patient_id)
        for clock, patient_id in zip(("12:00", "12:55"), clinic.patients(2), strict=True)
    )
    now = f"2027-03-27T{late}:00Z"
    before = listed(clinic, now, appointment_id=second["id"])
    arrived = clinic.at(now).acted("arrive", first)
    given = clinic.desk.get(f"/appointments/{second['id']}").get_json()

    after = listed(clinic, now, appointment_id=second["id"])

    assert given["starts_at"] == second["starts_at"]
    assert arrived["affected"] == ([second["id"]] if waits else [])
    assert [one["kind"] for one in after] == ["screening_1d", "reminder_2h"]
    assert after == before


def test_who_comes_later_because_another_is_late_is_told_the_new_time_once(clinic: Clinic) -> None:
    first, second = (
        clinic.at(BOOKED).booked(f"2027-03-27T{clock}:00Z", patient_id=patient_id)
        for clock, patient_id in zip(("12:00", "12:20"), clinic.patients(2), strict=True)
    )
    now = "2027-03-27T12:10:00Z"
    clinic.at(now).acted("arrive", first)

    [message] = listed(clinic, "2027-03-27T12:12:00Z", appointment_id=second["id"])

    assert (message["kind"], "12:30" in message["subject"]) == ("confirmation", True)


def test_a_confirmed_visit_keeps_its_messages(clinic: Clinic, booked: Made) -> None:
    clinic.at("2027-03-12T12:00:00Z").acted("confirm", booked)

    assert len(due(clinic, "2027-03-12T12:00:00Z", ALL)) == 5


def test_a_cancelled_visit_has_no_messages(clinic: Clinic, booked: Made) -> None:
    clinic.at("2027-03-10T13:00:00Z").acted("cancel", booked, reason_code="patient")

    assert due(clinic, "2027-03-10T13:00:00Z", ALL) == {}


def test_a_patient_who_has_arrived_is_reminded_no_more(clinic: Clinic, booked: Made) -> None:
    clinic.at("2027-03-27T10:30:00Z").acted("arrive", booked)

    assert due(clinic, "2027-03-27T10:30:00Z", ALL) == {}


def test_only_a_performed_visit_has_aftercare(clinic: Clinic) -> None:
    visit = performed(clinic, "20")

    assert due(clinic, "2027-03-20T10:20:00Z", "2027-04-20T00:00:00Z") == {
        "aftercare": "2027-03-20T10:00:00+00:00",
        "aftercare_1d": "2027-03-21T10:00:00+00:00",
        "aftercare_3d": "2027-03-23T10:00:00+00:00",
        "aftercare_7d": "2027-03-27T10:00:00+00:00",
        "aftercare_14d": "2027-04-03T10:00:00+01:00",
        "next_session_28d": "2027-04-17T10:00:00+01:00",
    }
    assert due(clinic, "2027-06-12T09:00:00Z") == {"review_84d": "2027-06-12T10:00:00+01:00"}
    assert visit["status"] == "completed"


def test_whoever_has_a_later_visit_is_offered_none(clinic: Clinic) -> None:
    performed(clinic, "20")
    clinic.at("2027-03-22T12:00:00Z").booked("2027-04-30T09:00:00Z")

    assert due(clinic, "2027-04-17T09:00:00Z") == {}


def test_a_visit_whose_end_is_noted_days_later_sends_nothing_late(clinic: Clinic) -> None:
    visit = clinic.at("2027-03-20T10:00:00Z").acted("arrive", clinic.booked("2027-03-20T10:00:00Z"))
    visit = clinic.at("2027-03-20T10:00:00Z").acted("start", visit)
    clinic.at("2027-03-23T12:00:00Z").acted("complete", visit, at="2027-03-20T10:20:00Z")

    assert list(due(clinic, "2027-03-23T12:00:00Z")) == ["aftercare_3d"]


def test_a_visit_without_a_procedure_has_reminders_alone(desk: Desk) -> None:
    talk = {"name": "Talk", "kind": "consultation", "minutes": 20, "therapist": True}
    phases = [talk | {"room_kinds": ["treatment"]}]
    clinic = create_clinic(desk, procedure={"code": "CONSULT", "family": "CONSULT", "phases": phases})
    clinic.at(BOOKED).booked(VISIT, areas=None)

    assert list(due(clinic, BOOKED, ALL)) == ["confirmation", "reminder_2d", "reminder_2h"]


def test_a_no_show_is_asked_twice_and_gets_no_aftercare(clinic: Clinic, booked: Made) -> None:
    clinic.at("2027-03-27T12:16:00Z").acted("no-show", booked)

    assert due(clinic, "2027-03-27T12:16:00Z", ALL) == {
        "no_show": "2027-03-27T12:26:00+00:00",
        "no_show_1d": "2027-03-28T12:16:00+01:00",
    }


@pytest.mark.usefixtures("booked")
def test_a_retired_template_keeps_its_kind_from_being_sent(clinic: Clinic) -> None:
    before = due(clinic, BOOKED, ALL)
    [template] = clinic.desk.get("/message-templates", kind="screening_14d").get_json()["items"]
    clinic.desk.patch(f"/message-templates/{template['id']}", {"active": False})

    assert before.keys() - due(clinic, BOOKED, ALL).keys() == {"screening_14d"}


@pytest.mark.usefixtures("booked")
def test_the_lists_filters_choose(clinic: Clinic) -> None:
    other = clinic.at(BOOKED).booked("2027-03-27T14:00:00Z", patient_id=create_patient(clinic.desk)["id"])
    of_other = listed(clinic, BOOKED, ALL, patient_id=other["patient_id"])

    assert {one["appointment_id"] for one in of_other} == {other["id"]}
    assert of_other == listed(clinic, BOOKED, ALL, appointment_id=other["id"])
    assert len(listed(clinic, BOOKED, ALL, kind="reminder_2d")) == 2
    assert listed(clinic, BOOKED, ALL, location_id=UNKNOWN_ID) == []


@pytest.mark.usefixtures("booked")
def test_pages_follow_each_other_in_order_of_time(clinic: Clinic) -> None:
    clinic.at(BOOKED).booked("2027-03-27T14:00:00Z", patient_id=create_patient(clinic.desk)["id"])
    whole = listed(clinic, BOOKED, ALL)

    found = items_page_by_page(clinic.at(BOOKED).desk, "/messages", limit=5, due_by=ALL)

    assert found == whole
    assert len(whole) == 12


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ({}, "?due_by"),
        ({"due_by": "2027-03-27"}, "?due_by"),
        ({"due_by": "2027-04-10T12:00:01Z"}, "?due_by"),
        ({"due_by": VISIT, "kind": "birthday"}, "?kind"),
        ({"due_by": VISIT, "patient_id": "Ada"}, "?patient_id"),
        ({"due_by": VISIT, "status": "sent"}, "?status"),
        ({"due_by": VISIT, "cursor": "Ada"}, "?cursor"),
    ],
)
def test_a_bad_question_names_its_field(standing: Clinic, query: dict[str, str], pointer: str) -> None:
    answer = standing.at(BOOKED).desk.get("/messages", **query)

    assert pointers(answer) == [pointer]


@pytest.mark.parametrize("scopes", [("appointments:read",), ("patients:read",)])
def test_the_list_needs_both_scopes(standing: Clinic, scopes: tuple[str, ...]) -> None:
    key = create_key(standing.desk, *scopes)

    assert key.get("/messages", due_by="2027-01-04T08:00:00Z").status_code == 403


@pytest.mark.usefixtures("booked")
def test_a_key_of_another_location_sees_no_message(clinic: Clinic) -> None:
    place = create_location(clinic.desk, name="Elsewhere")
    key = create_key(clinic.desk, "appointments:read", "patients:read", location_ids=[place["id"]])

    assert listed(clinic.using(key), BOOKED, ALL) == []


@pytest.mark.usefixtures("booked")
def test_another_clinic_sees_no_message(clinic: Clinic, neighbour: Clinic) -> None:
    assert len(listed(clinic, BOOKED, ALL)) == 6
    assert listed(neighbour, BOOKED, ALL) == []


@pytest.mark.usefixtures("booked")
def test_a_list_asks_the_database_once_however_many_visits_there_are(
    clinic: Clinic, database: Database
) -> None:
    listed(clinic, BOOKED, ALL)
    with listening(database) as few:
        listed(clinic, BOOKED, ALL)
    clinic.at(BOOKED).booked("2027-03-27T14:00:00Z", patient_id=create_patient(clinic.desk)["id"])
    with listening(database) as many:
        listed(clinic, BOOKED, ALL)

    assert len(few) == len(many)
