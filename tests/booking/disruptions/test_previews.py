"""A preview proposes another therapist, room, device or time for each affected visit."""

import pytest

from models.database import Database
from tests.support.cast import (
    Clinic,
    Made,
    create_procedure,
    create_rule,
    create_therapist,
    run_out,
)
from tests.support.disruptions import applied, ill, previewed, proposals
from tests.support.times import DAY, at
from tests.support.visits import shown_visit


def test_a_hold_is_affected_until_it_has_expired(busy: Clinic, database: Database) -> None:
    hold = busy.held(at("10:00"))
    before = [item["appointment_id"] for item in previewed(busy, ill(busy))]
    run_out(database, busy.desk, hold)

    assert before == [hold["id"]]
    assert previewed(busy, ill(busy)) == []
    assert applied(busy, ill(busy))["flagged"] == []


def test_a_colleague_takes_over_at_the_same_times(busy: Clinic, morning: list[Made]) -> None:
    colleague = create_therapist(busy.desk, busy.location, name="Colleague")

    items = previewed(busy, ill(busy))

    assert [item["appointment_id"] for item in items] == [one["id"] for one in morning]
    assert [item["proposal"]["kind"] for item in items] == ["therapist"] * 3
    assert {item["proposal"]["therapist_id"] for item in items} == {colleague["id"]}
    assert [item["proposal"]["room_id"] for item in items] == [one["phases"][0]["room_id"] for one in morning]


@pytest.mark.usefixtures("morning")
def test_without_a_colleague_the_visits_move_as_little_as_possible(busy: Clinic) -> None:
    assert proposals(busy, ill(busy)) == [
        ("time", "13:00", 240),
        ("time", "13:20", 200),
        ("time", "13:40", 160),
    ]


def test_a_preview_writes_nothing(busy: Clinic, morning: list[Made]) -> None:
    previewed(busy, ill(busy))

    assert [shown_visit(busy, one) for one in morning] == morning
    assert busy.desk.get("/blocks").get_json()["items"] == []


def test_of_two_visits_only_one_gets_the_free_colleague(busy: Clinic) -> None:
    colleague = create_therapist(busy.desk, busy.location, name="Colleague")
    first, second, third = busy.patients(3)
    busy.booked(at("10:00"), patient_id=first, therapist_id=busy.therapist["id"])
    busy.booked(at("10:20"), patient_id=second, therapist_id=busy.therapist["id"])
    busy.booked(at("10:25"), patient_id=third, therapist_id=colleague["id"])

    assert proposals(busy, ill(busy)) == [("therapist", "10:00", 0), ("time", "10:45", 25)]


def test_whoever_keeps_their_time_comes_before_whoever_must_move(busy: Clinic) -> None:
    colleague = create_therapist(busy.desk, busy.location, name="Colleague")
    people = busy.patients(4)
    busy.booked(at("10:00"), patient_id=people[0], therapist_id=busy.therapist["id"])
    busy.booked(at("10:20"), patient_id=people[1], therapist_id=busy.therapist["id"])
    busy.booked(at("10:00"), patient_id=people[2], therapist_id=colleague["id"])

    assert proposals(busy, ill(busy)) == [("time", "09:40", -20), ("therapist", "10:20", 0)]


def test_a_closed_room_gives_its_visits_to_another_of_its_kind(busy: Clinic, morning: list[Made]) -> None:
    room_id = morning[0]["phases"][0]["room_id"]

    items = previewed(busy, ill(busy, resource_id=room_id))

    assert {item["proposal"]["kind"] for item in items} == {"room"}
    assert {item["proposal"]["therapist_id"] for item in items} == {busy.therapist["id"]}
    rooms = {one["id"] for one in busy.desk.get("/rooms").get_json()["items"]}
    assert {item["proposal"]["room_id"] for item in items} == rooms - {room_id}


def test_the_only_room_sends_its_visits_to_another_time(clinic: Clinic) -> None:
    room_id = clinic.booked(at("12:30"))["phases"][0]["room_id"]

    assert proposals(clinic, ill(clinic, resource_id=room_id)) == [("time", "13:00", 30)]


def test_a_broken_device_is_replaced_by_another_of_its_kind(clinic: Clinic) -> None:
    devices = [
        clinic.desk.made("/devices", location_id=clinic.location["id"], name=name, kind="rf") for name in "AB"
    ]
    phase = {"name": "Needling", "kind": "procedure", "minutes": 20, "therapist": True}
    phases = [phase | {"room_kinds": ["treatment"], "device_kinds": ["rf"]}]
    procedure = create_procedure(clinic.desk, code="RF", phases=phases)
    visit = clinic.booked(at("10:00"), procedure_id=procedure["id"])
    broken = visit["phases"][0]["device_id"]

    (item,) = previewed(clinic, ill(clinic, resource_id=broken))

    assert (item["proposal"]["kind"], item["proposal"]["minutes_moved"]) == ("device", 0)
    assert {item["proposal"]["phases"][0]["device_id"], broken} == {one["id"] for one in devices}


def test_spacing_forbids_a_move_towards_another_session(clinic: Clinic) -> None:
    create_rule(clinic.desk)
    clinic.booked(at("10:00", "2027-02-01"))
    clinic.booked(at("18:00"))
    body = ill(clinic, ends_at="2027-03-03T10:00:00Z")

    assert proposals(clinic, body) == [("time", "10:00", 40 * 60)]


def test_spacing_towards_a_later_session_holds_too(clinic: Clinic) -> None:
    create_rule(clinic.desk)
    clinic.booked(at("10:00"))
    clinic.booked("2027-03-29T10:00:00+01:00")
    body = ill(clinic, ends_at=f"{DAY}T19:00:00Z")

    assert proposals(clinic, body) == [("time", "18:40", -15 * 60 - 20)]


def test_who_is_treated_already_is_listed_without_a_proposal(clinic: Clinic) -> None:
    create_therapist(clinic.desk, clinic.location, name="Colleague")
    visit = clinic.booked(at("10:00"))
    now = clinic.at(at("10:00"))
    now.acted("start", now.acted("arrive", visit))

    (item,) = previewed(clinic.at(at("10:10")), ill(clinic, resource_id=visit["therapist_id"]))

    assert (item["status"], item["proposal"]) == ("in_progress", None)


def test_who_has_arrived_keeps_their_time_or_gets_no_proposal(clinic: Clinic) -> None:
    visit = clinic.booked(at("10:00"))
    now = clinic.at(at("09:55"))
    now.acted("arrive", visit)
    later = clinic.at(at("10:05"))

    (alone,) = previewed(later, ill(clinic))
    create_therapist(clinic.desk, clinic.location, name="Colleague")
    (helped,) = previewed(later, ill(clinic))

    assert alone["proposal"] is None
    assert [one["code"] for one in alone["refusals"]] == ["no_therapist_available"]
    assert (helped["proposal"]["kind"], helped["proposal"]["minutes_moved"]) == ("therapist", 0)


def test_what_was_overridden_for_a_time_stays_allowed_at_that_time(clinic: Clinic) -> None:
    create_rule(clinic.desk)
    clinic.booked(at("10:00", "2027-02-08"))
    override = {"codes": ["spacing_min"], "reason": "The wedding."}
    clinic.booked(at("10:00"), override=override)
    create_therapist(clinic.desk, clinic.location, name="Colleague")

    assert proposals(clinic, ill(clinic)) == [("therapist", "10:00", 0)]
