"""The board shows each resource with its open hours and its items in order of time."""

from dataclasses import replace

import pytest

from tests.support.cast import (
    Clinic,
    Made,
    create_clinic,
    create_key,
    create_location,
    create_patient,
    create_pipeline,
    create_room,
    pointers,
    working,
)
from tests.support.desk import Desk
from tests.support.times import DAY, NEXT_DAY, TEN


def board(clinic: Clinic, first: str = DAY, until: str = NEXT_DAY) -> Made:
    """Give the board's rows by the name of their resource."""
    query = {"location_id": clinic.location["id"], "from_": first, "until": until}
    answer = clinic.desk.get("/schedule", **query)
    assert answer.status_code == 200, answer.text
    return {row["name"]: row for row in answer.get_json()["resources"]}


def test_each_resource_shows_its_open_hours(clinic: Clinic) -> None:
    rows = board(clinic)

    hours = [{"starts_at": f"{DAY}T09:00:00+00:00", "ends_at": f"{DAY}T19:00:00+00:00"}]
    assert {name: (row["type"], row["open"], row["items"]) for name, row in rows.items()} == {
        "Room 1": ("room", hours, []),
        "Therapist": ("therapist", hours, []),
    }


def test_a_therapists_hours_lie_within_the_locations(clinic: Clinic) -> None:
    hours = working(clinic.location, "08:00", "12:00")
    clinic.desk.patch(f"/therapists/{clinic.therapist['id']}", {"working_hours": hours})

    (span,) = board(clinic)["Therapist"]["open"]

    assert (span["starts_at"][11:16], span["ends_at"][11:16]) == ("09:00", "12:00")


def test_a_closure_closes_everything(clinic: Clinic) -> None:
    path = f"/locations/{clinic.location['id']}/closures"
    clinic.desk.made(path, starts_at=f"{DAY}T12:00:00Z", ends_at=f"{DAY}T13:00:00Z", reason="Fire drill")

    spans = [row["open"] for row in board(clinic).values()]

    assert [[span["starts_at"][11:16] for span in row] for row in spans] == [["09:00", "13:00"]] * 2


def test_a_visit_stands_phase_by_phase_at_what_it_holds(desk: Desk) -> None:
    clinic = create_pipeline(desk, treatment=1, bays=1)
    visit = clinic.booked(TEN)

    rows = board(clinic)

    phases = {name: [item["phase"] for item in row["items"]] for name, row in rows.items()}
    assert phases == {
        "Room 1": ["Prep", "Needling", "Serum", "Mask", "Aftercare", "Turnover"],
        "Room 2": ["Intake", "Numbing"],
        "Therapist": ["Prep", "Needling", "Serum"],
    }
    first = rows["Room 2"]["items"][0]
    assert (first["type"], first["appointment_id"], first["status"]) == ("appointment", visit["id"], "booked")
    assert (first["starts_at"], first["kind"], first["lane"]) == (TEN, "intake", 0)
    assert (first["patient_id"], first["location_id"]) == (clinic.patient["id"], clinic.location["id"])


def test_items_are_in_time_order_and_blocks_among_them(clinic: Clinic) -> None:
    clinic.booked(f"{DAY}T15:00:00Z")
    clinic.booked(TEN, patient_id=create_patient(clinic.desk)["id"])
    block = {"starts_at": f"{DAY}T12:00:00Z", "ends_at": f"{DAY}T13:00:00Z", "reason": "Lunch"}
    clinic.desk.made("/blocks", resource_id=clinic.therapist["id"], **block)

    items = board(clinic)["Therapist"]["items"]

    assert [(item["type"], item["starts_at"][11:16]) for item in items] == [
        ("appointment", "10:00"),
        ("block", "12:00"),
        ("appointment", "15:00"),
    ]
    assert "Lunch" not in str(items)


@pytest.fixture
def second(clinic: Clinic) -> Clinic:
    """Give the same clinic at a second location, where its therapist works in the mornings."""
    other = create_location(clinic.desk, name="Second")
    create_room(clinic.desk, other, name="Room 2")
    hours = [*working(clinic.location, "13:00"), *working(other, "09:00", "13:00")]
    clinic.desk.patch(f"/therapists/{clinic.therapist['id']}", {"working_hours": hours})
    return replace(clinic, location=other)


def test_a_therapists_visit_elsewhere_is_on_the_board_with_its_location(
    clinic: Clinic, second: Clinic
) -> None:
    visit = second.booked(TEN)

    rows = board(clinic)

    (item,) = rows["Therapist"]["items"]
    assert (item["appointment_id"], item["location_id"]) == (visit["id"], second.location["id"])
    assert rows["Room 1"]["items"] == []


def test_of_a_visit_at_a_location_that_the_key_does_not_see_only_the_time_is_shown(
    clinic: Clinic, second: Clinic
) -> None:
    second.booked(TEN)
    key = create_key(clinic.desk, "appointments:read", location_ids=[clinic.location["id"]])

    items = board(clinic.using(key))["Therapist"]["items"]

    ends_at = f"{DAY}T10:20:00+00:00"
    assert items == [{"type": "busy", "lane": 0, "starts_at": TEN, "ends_at": ends_at}]


def test_a_limited_key_sees_all_of_its_own_locations_visits(clinic: Clinic) -> None:
    visit = clinic.booked(TEN)
    key = create_key(clinic.desk, "appointments:read", location_ids=[clinic.location["id"]])

    items = [row["items"] for row in board(clinic.using(key)).values()]

    assert [[item["appointment_id"] for item in row] for row in items] == [[visit["id"]]] * 2


def test_what_does_not_take_place_is_not_on_the_board(clinic: Clinic) -> None:
    clinic.acted("cancel", clinic.booked(TEN), reason_code="patient")

    assert [row["items"] for row in board(clinic).values()] == [[], []]


def test_a_room_of_two_places_shows_its_lanes(clinic: Clinic) -> None:
    room = create_room(clinic.desk, clinic.location, name="Double", capacity=2)
    block = {"starts_at": TEN, "ends_at": f"{DAY}T11:00:00Z", "reason": "Paint"}
    clinic.desk.made("/blocks", resource_id=room["id"], **block)

    items = board(clinic)["Double"]["items"]

    assert [item["lane"] for item in items] == [0, 1]


def test_the_board_speaks_the_locations_local_time_over_a_clock_change(desk: Desk) -> None:
    clinic = create_clinic(desk, timezone="America/New_York")
    clinic.booked("2027-03-14T15:00:00Z")

    rows = board(clinic, "2027-03-13", "2027-03-15")

    assert [span["starts_at"] for span in rows["Therapist"]["open"]] == [
        "2027-03-13T09:00:00-05:00",
        "2027-03-14T09:00:00-04:00",
    ]
    assert rows["Therapist"]["items"][0]["starts_at"] == "2027-03-14T11:00:00-04:00"


def test_the_board_shows_its_own_days_only(clinic: Clinic) -> None:
    clinic.booked(TEN)

    around = [board(clinic, "2027-02-28", DAY), board(clinic, NEXT_DAY, "2027-03-03")]

    assert [row["items"] for rows in around for row in rows.values()] == [[]] * 4


@pytest.mark.parametrize(
    ("until", "pointer"), [(DAY, "?until"), ("2027-02-28", "?until"), ("2027-04-02", "?until")]
)
def test_a_board_of_no_days_or_of_more_than_31_is_malformed(clinic: Clinic, until: str, pointer: str) -> None:
    answer = clinic.desk.get("/schedule", location_id=clinic.location["id"], from_=DAY, until=until)

    assert pointers(answer) == [pointer]


def test_a_visit_that_has_begun_shows_its_plan_and_its_real_times(clinic: Clinic) -> None:
    now = clinic.at(f"{DAY}T10:02:00Z")
    now.acted("start", now.acted("arrive", clinic.booked(f"{DAY}T15:00:00Z")))

    (item,) = board(clinic)["Room 1"]["items"]

    assert item["starts_at"] == f"{DAY}T15:00:00+00:00"
    assert item["actual_starts_at"] == f"{DAY}T10:02:00+00:00"
    assert (item["occupied_from"], item["occupied_until"]) == (
        f"{DAY}T10:00:00+00:00",
        f"{DAY}T10:20:00+00:00",
    )
    assert "actual_ends_at" not in item
