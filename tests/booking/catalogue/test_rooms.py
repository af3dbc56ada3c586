"""Rooms and devices: capacity, location, what they are fixed to."""

from collections.abc import Callable

import pytest

from tests.support import samples
from tests.support.catalogue_cast import Cast


@pytest.mark.parametrize("path", ["/rooms", "/devices"])
def test_lists_are_narrowed_by_location_kind_and_use(cast: Cast, path: str) -> None:
    body = samples.room if path == "/rooms" else samples.device
    there = cast.desk.made("/locations", **samples.location(name="There"))
    one = cast.desk.made(path, **body(there["id"], kind="numbing"))
    two = cast.desk.made(path, **body(there["id"], kind="other", active=False))

    def found(**query: str) -> list[str]:
        return [
            item["id"] for item in cast.desk.get(path, location_id=there["id"], **query).get_json()["items"]
        ]

    assert found() == [one["id"], two["id"]]
    assert found(kind="other") == [two["id"]]
    assert found(active="true") == [one["id"]]


@pytest.mark.parametrize(("path", "body"), [("/rooms", samples.room), ("/devices", samples.device)])
def test_another_clinics_location_is_not_found(
    cast: Cast, make_cast: Callable[[], Cast], path: str, body: Callable[..., samples.Body]
) -> None:
    answer = cast.desk.post(path, body(make_cast().location["id"]))

    assert answer.status_code == 404
    assert answer.get_json()["errors"][0]["pointer"] == "/location_id"


def test_another_clinics_room_is_not_found(cast: Cast, make_cast: Callable[[], Cast]) -> None:
    body = samples.device(cast.location["id"], room_id=make_cast().room["id"])

    assert cast.desk.post("/devices", body).status_code == 404


def test_a_device_is_fixed_to_a_room_of_its_own_location(cast: Cast) -> None:
    there = cast.desk.made("/locations", **samples.location(name="There"))
    answer = cast.desk.post("/devices", samples.device(there["id"], room_id=cast.room["id"]))

    assert answer.status_code == 422
    assert answer.get_json()["errors"][0]["pointer"] == "/room_id"


def test_a_room_stays_where_it_is(cast: Cast) -> None:
    there = cast.desk.made("/locations", **samples.location(name="There"))

    assert cast.desk.patch(f"/rooms/{cast.room['id']}", {"location_id": there["id"]}).status_code == 422


def test_a_device_moves_to_another_location(cast: Cast) -> None:
    there = cast.desk.made("/locations", **samples.location(name="There"))
    device = cast.desk.made("/devices", **samples.device(cast.location["id"]))
    moved = cast.desk.patch(f"/devices/{device['id']}", {"location_id": there["id"]})

    assert moved.get_json()["location_id"] == there["id"]


def test_a_device_that_appointments_need_stays(cast: Cast) -> None:
    there = cast.desk.made("/locations", **samples.location(name="There"))
    device = cast.desk.made("/devices", **samples.device(cast.location["id"]))
    phases = [samples.phase(device_kinds=["rf"])]
    cast.desk.patch(f"/procedures/{cast.procedure['id']}", {"phases": phases})
    booked = cast.book("2027-02-01T10:00:00Z")
    refused = cast.desk.patch(f"/devices/{device['id']}", {"location_id": there["id"]}).get_json()

    assert (refused["code"], refused["appointment_ids"]) == ("in_use", [booked["id"]])


def test_a_room_with_a_device_in_it_cannot_be_deleted(cast: Cast) -> None:
    cast.desk.made("/devices", **samples.device(cast.location["id"], room_id=cast.room["id"]))

    assert cast.desk.delete(f"/rooms/{cast.room['id']}").get_json()["code"] == "in_use"


def test_a_room_that_was_used_cannot_be_deleted(cast: Cast) -> None:
    cast.book("2027-02-01T10:00:00Z")

    assert cast.desk.delete(f"/rooms/{cast.room['id']}").get_json()["code"] == "in_use"


def test_places_in_use_cannot_be_taken_away(cast: Cast) -> None:
    path = f"/rooms/{cast.room['id']}"
    cast.desk.patch(path, {"capacity": 3})
    cast.desk.made("/therapists", **samples.therapist(cast.location["id"]))
    cast.book("2027-02-01T10:00:00Z")
    second = cast.desk.made("/patients", **samples.patient())
    booked = Cast(cast.desk, cast.location, cast.room, cast.therapist, cast.procedure, second).book(
        "2027-02-01T10:00:00Z"
    )
    refused = cast.desk.patch(path, {"capacity": 1}).get_json()

    assert (refused["code"], refused["appointment_ids"]) == ("in_use", [booked["id"]])
    assert cast.desk.patch(path, {"capacity": 2}).status_code == 200
    assert cast.desk.at("2027-02-02T10:00:00Z").patch(path, {"capacity": 1}).status_code == 200
