"""A disruption that is malformed, stale or not allowed is refused, and changes nothing."""

from collections.abc import Callable

import pytest

from models.database import Database
from tests.support.cast import (
    NOW,
    UNKNOWN_ID,
    Clinic,
    Made,
    codes,
    create_clinic,
    create_key,
    create_location,
    create_room,
    create_therapist,
    pointers,
)
from tests.support.desk import Desk
from tests.support.disruptions import MORNING, accepting, apply, ill, previewed
from tests.support.racing import assert_sound
from tests.support.times import at
from tests.support.visits import flagged, shown_visit


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"ends_at": MORNING["starts_at"]}, ["/ends_at"]),
        ({"ends_at": "2027-04-01T09:05:00Z"}, ["/ends_at"]),
        ({"starts_at": "2027-01-04T06:00:00Z", "ends_at": "2027-01-04T08:00:00Z"}, ["/ends_at"]),
        ({"starts_at": "2027-03-01T09:01:00Z"}, ["/starts_at"]),
        ({"resource_id": None}, ["/resource_id"]),
        ({"location_id": UNKNOWN_ID}, ["/resource_id"]),
        ({"everybody": True}, ["/everybody"]),
    ],
)
@pytest.mark.parametrize("act", ["preview", "apply"])
def test_a_disruption_that_cannot_be_is_malformed(
    clinic: Clinic, act: str, fields: Made, expected: list[str]
) -> None:
    accept = {"accept": []} if act == "apply" else {}

    answer = clinic.desk.post(f"/disruptions/{act}", ill(clinic, **fields) | accept)

    assert pointers(answer) == expected


@pytest.mark.parametrize("name", ["resource_id", "location_id"])
def test_an_unknown_resource_or_location_is_not_found(clinic: Clinic, name: str) -> None:
    body = MORNING | {name: UNKNOWN_ID}

    assert clinic.desk.post("/disruptions/preview", body).status_code == 404
    assert apply(clinic, body, []).status_code == 404


@pytest.mark.usefixtures("morning")
def test_only_what_is_affected_can_be_accepted_and_only_once(busy: Clinic) -> None:
    other = busy.booked(at("17:00"))
    accept = {"appointment_id": other["id"], "version": 1, "starts_at": at("18:00")}
    unknown = accept | {"appointment_id": UNKNOWN_ID}

    assert pointers(apply(busy, ill(busy), [accept])) == ["/accept/0/appointment_id"]
    assert pointers(apply(busy, ill(busy), [accept, accept])) == ["/accept"]
    assert apply(busy, ill(busy), [unknown]).status_code == 404


@pytest.mark.parametrize(
    ("field", "value", "status"),
    [
        ("therapist_id", UNKNOWN_ID, 404),
        ("room_id", UNKNOWN_ID, 404),
        ("starts_at", at("10:00", "2027-05-01"), 422),
    ],
)
def test_a_chosen_place_that_cannot_be_is_named(
    busy: Clinic, morning: list[Made], field: str, value: str, status: int
) -> None:
    chosen = {"appointment_id": morning[0]["id"], "version": 1, "starts_at": at("16:00")}

    answer = apply(busy, ill(busy), [chosen | {field: value}])

    assert answer.status_code == status
    assert [one["pointer"] for one in answer.get_json()["errors"]] == [f"/accept/0/{field}"]


def test_a_key_of_one_location_counts_the_visits_elsewhere_and_leaves_them_alone(busy: Clinic) -> None:
    there = create_location(busy.desk, name="Elsewhere")
    create_room(busy.desk, there)
    therapist = create_therapist(busy.desk, busy.location, there)
    first, second = busy.patients(2)
    here = busy.booked(at("10:00"), patient_id=first, therapist_id=therapist["id"])
    busy.booked(at("11:00"), patient_id=second, therapist_id=therapist["id"], location_id=there["id"])
    limited = busy.using(create_key(busy.desk, "appointments:write", location_ids=[busy.location["id"]]))
    body = ill(busy, resource_id=therapist["id"])

    answer = limited.desk.post("/disruptions/preview", body).get_json()
    done = apply(limited, body, [])

    assert ([one["appointment_id"] for one in answer["items"]], answer["elsewhere"]) == ([here["id"]], 1)
    assert (done.status_code, done.get_json()["code"]) == (403, "other_locations")
    assert flagged(busy) == []


def test_another_clinics_therapist_and_visits_are_not_found(
    busy: Clinic, morning: list[Made], make_clinic: Callable[..., Desk]
) -> None:
    foreign = create_clinic(make_clinic().at(NOW))
    accept = {"appointment_id": morning[0]["id"], "version": 1, "starts_at": at("16:00")}

    preview = foreign.desk.post("/disruptions/preview", ill(busy))

    assert preview.status_code == 404
    assert apply(foreign, ill(busy), []).status_code == 404
    assert apply(foreign, ill(foreign), [accept]).status_code == 404


def test_a_read_only_key_previews_but_does_not_apply(clinic: Clinic) -> None:
    reader = clinic.using(create_key(clinic.desk, "appointments:read"))

    assert previewed(reader, ill(clinic)) == []
    assert apply(reader, ill(clinic), []).status_code == 403


def test_a_visit_that_has_changed_is_stale_and_named(busy: Clinic, morning: list[Made]) -> None:
    body = ill(busy)
    accept = accepting(*previewed(busy, body))
    busy.acted("confirm", morning[1])

    answer = apply(busy, body, accept)

    assert (answer.status_code, answer.get_json()["code"]) == (412, "stale")
    assert answer.get_json()["appointment_ids"] == [morning[1]["id"]]
    assert flagged(busy) == []


def test_who_is_being_treated_cannot_be_moved(clinic: Clinic) -> None:
    now = clinic.at(at("10:00"))
    visit = now.acted("start", now.acted("arrive", clinic.booked(at("10:00"))))
    accept = {"appointment_id": visit["id"], "version": visit["version"], "starts_at": at("14:00")}

    answer = apply(now, ill(clinic), [accept])

    assert (answer.status_code, answer.get_json()["code"]) == (409, "wrong_status")


def test_a_place_that_does_not_hold_refuses_everything_by_visit(
    busy: Clinic, morning: list[Made], database: Database
) -> None:
    body = ill(busy)
    first, second, _ = accepting(*previewed(busy, body))

    answer = apply(busy, body, [first, second | {"starts_at": at("09:00")}])

    assert codes(answer) == ["therapist_busy"]
    assert [one["position"] for one in answer.get_json()["visits"]] == [1]
    assert [shown_visit(busy, one) for one in morning] == morning
    assert_sound(database, busy.desk)
