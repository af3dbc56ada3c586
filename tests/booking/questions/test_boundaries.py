"""Search and dry run agree just before, exactly on and just after each boundary."""

from collections.abc import Sequence
from datetime import timedelta

import pytest

from tests.support.cast import (
    Clinic,
    Made,
    another_patient,
    create_clinic,
    create_location,
    create_room,
    create_therapist,
    instant,
    short_phases,
    working,
)
from tests.support.desk import Desk
from tests.support.times import at


def judged(clinic: Clinic, starts_at: str) -> Sequence[str]:
    """Give the codes against a visit, and insist that search offers exactly what has none."""
    found = clinic.desk.post("/appointments/validate", clinic.wish(starts_at)).get_json()
    start, day = instant(starts_at), timedelta(days=1)
    offered = clinic.starts(
        str((start - day).date()), str((start + day + day).date()), patient_id=clinic.patient["id"]
    )

    assert found["bookable"] is (start in {instant(one) for one in offered})
    return sorted({refusal["code"] for refusal in found["refusals"]})


@pytest.mark.parametrize(
    ("clock", "inside"),
    [("08:55", False), ("09:00", True), ("09:05", True), ("18:25", True), ("18:30", True), ("18:35", False)],
)
def test_opening_hours_hold_every_phase_with_its_turnover(desk: Desk, clock: str, inside: bool) -> None:
    clinic = create_clinic(desk, procedure={"phases": short_phases(turnover=10)})
    hours = working(clinic.location, "00:00", "24:00")
    clinic.desk.patch(f"/therapists/{clinic.therapist['id']}", {"working_hours": hours})

    assert judged(clinic, at(clock)) == ([] if inside else ["outside_opening_hours"])


@pytest.mark.parametrize(
    ("clock", "inside"),
    [("09:55", False), ("10:00", True), ("10:05", True), ("11:35", True), ("11:40", True), ("11:45", False)],
)
def test_a_therapist_works_from_their_first_to_their_last_minute(
    clinic: Clinic, clock: str, inside: bool
) -> None:
    hours = working(clinic.location, "10:00", "12:00")
    clinic.desk.patch(f"/therapists/{clinic.therapist['id']}", {"working_hours": hours})

    assert judged(clinic, at(clock)) == ([] if inside else ["no_therapist_available"])


@pytest.mark.parametrize(
    ("clock", "free"),
    [("11:35", True), ("11:40", True), ("11:45", False), ("12:55", False), ("13:00", True), ("13:05", True)],
)
def test_visits_touch_a_closure_and_a_block(clinic: Clinic, clock: str, free: bool) -> None:
    noon: Made = {"starts_at": at("12:00"), "ends_at": at("13:00"), "reason": "Lunch"}
    blocked = at("12:00", "2027-03-11"), at("13:00", "2027-03-11")
    clinic.desk.made(f"/locations/{clinic.location['id']}/closures", **noon)
    block = {"starts_at": blocked[0], "ends_at": blocked[1], "resource_id": clinic.therapist["id"]}
    clinic.desk.made("/blocks", **noon | block)

    assert judged(clinic, at(clock)) == ([] if free else ["location_closed"])
    assert judged(clinic, at(clock, "2027-03-11")) == ([] if free else ["no_therapist_available"])


@pytest.mark.parametrize(
    ("clock", "free"),
    [("09:35", True), ("09:40", True), ("09:45", False), ("10:15", False), ("10:20", True), ("10:25", True)],
)
def test_visits_touch_each_other(clinic: Clinic, clock: str, free: bool) -> None:
    clinic.booked(at("10:00"))
    busy = ["no_room_available", "no_therapist_available"]

    assert judged(another_patient(clinic), at(clock)) == ([] if free else busy)


@pytest.mark.parametrize(("clock", "free"), [("10:15", False), ("10:20", True), ("10:25", True)])
def test_a_patient_goes_from_one_visit_straight_to_the_next(clinic: Clinic, clock: str, free: bool) -> None:
    clinic.booked(at("10:00"))
    place = create_location(clinic.desk)
    create_room(clinic.desk, place)
    therapist = create_therapist(clinic.desk, place)
    there = Clinic(clinic.desk, place, clinic.procedure, therapist, clinic.patient)

    assert judged(there, at(clock)) == ([] if free else ["patient_busy"])


def test_turnover_holds_the_room_but_not_the_patient_nor_the_therapist(desk: Desk) -> None:
    clinic = create_clinic(desk, procedure={"phases": short_phases(turnover=10)})
    clinic.booked(at("10:00"))
    without_room = another_patient(clinic)

    assert judged(without_room, at("10:20")) == ["no_room_available"]
    create_room(clinic.desk, clinic.location, name="Second")
    assert judged(clinic, at("10:20")) == []


@pytest.mark.parametrize(
    ("now", "clock", "code"),
    [
        ("09:59", "11:55", "min_notice"),
        ("10:00", "11:55", "min_notice"),
        ("10:00", "12:00", None),
        ("10:00", "12:05", None),
        ("10:01", "12:00", "min_notice"),
        ("10:01", "12:05", None),
    ],
)
def test_the_minimum_notice_runs_to_the_minute(
    clinic: Clinic, now: str, clock: str, code: str | None
) -> None:
    policy = {"policy": {"min_notice_minutes": 120}}
    clinic.desk.patch(f"/locations/{clinic.location['id']}", policy)

    assert judged(clinic.at(at(now)), at(clock)) == ([code] if code else [])


@pytest.mark.parametrize(("clock", "code"), [("09:55", "in_the_past"), ("10:00", None), ("10:05", None)])
def test_now_is_not_the_past(clinic: Clinic, clock: str, code: str | None) -> None:
    assert judged(clinic.at(at("10:00")), at(clock)) == ([code] if code else [])


@pytest.mark.parametrize(
    ("on", "code"), [("2027-02-02", None), ("2027-02-03", None), ("2027-02-04", "beyond_horizon")]
)
@pytest.mark.parametrize("clock", ["09:00", "18:40"])
def test_the_horizon_counts_local_days(clinic: Clinic, on: str, clock: str, code: str | None) -> None:
    clinic.desk.patch(f"/locations/{clinic.location['id']}", {"policy": {"horizon_days": 30}})

    assert judged(clinic, at(clock, on)) == ([code] if code else [])


@pytest.mark.parametrize(("clock", "code"), [("10:00", None), ("10:05", "off_grid"), ("10:30", None)])
def test_a_coarser_grid_counts_from_local_midnight(clinic: Clinic, clock: str, code: str | None) -> None:
    clinic.desk.patch(f"/locations/{clinic.location['id']}", {"policy": {"grid_minutes": 30}})

    assert judged(clinic, at(clock)) == ([code] if code else [])


def needing(desk: Desk, **validity: str) -> Clinic:
    """Create a clinic whose procedure needs a qualification that its therapist holds for a time."""
    held = [{"code": "BBP", **validity}]
    return create_clinic(desk, procedure={"qualifications": ["BBP"]}, therapist={"qualifications": held})


@pytest.mark.parametrize(
    ("on", "code"), [("2027-03-09", None), ("2027-03-10", None), ("2027-03-11", "qualification_expires")]
)
@pytest.mark.parametrize("clock", ["09:00", "18:40"])
def test_a_qualification_holds_through_its_last_day(
    desk: Desk, on: str, clock: str, code: str | None
) -> None:
    clinic = needing(desk, valid_until="2027-03-10")

    answer = clinic.desk.post(
        "/appointments/validate", clinic.wish(at(clock, on), therapist_id=clinic.therapist["id"])
    )

    assert [one["code"] for one in answer.get_json()["refusals"]] == ([code] if code else [])
    assert judged(clinic, at(clock, on)) == (["no_therapist_available"] if code else [])


@pytest.mark.parametrize(("on", "valid"), [("2027-03-09", False), ("2027-03-10", True), ("2027-03-11", True)])
def test_a_qualification_holds_from_its_first_day(desk: Desk, on: str, valid: bool) -> None:
    clinic = needing(desk, valid_from="2027-03-10")

    assert judged(clinic, at("09:00", on)) == ([] if valid else ["no_therapist_available"])


@pytest.mark.parametrize(
    ("on", "open_then"), [("2027-03-09", True), ("2027-03-10", True), ("2027-03-11", False)]
)
def test_opening_hours_are_valid_through_their_last_day(clinic: Clinic, on: str, open_then: bool) -> None:
    hours = [period | {"valid_until": "2027-03-10"} for period in clinic.location["opening_hours"]]
    clinic.desk.patch(f"/locations/{clinic.location['id']}", {"opening_hours": hours})

    assert judged(clinic, at("09:00", on)) == ([] if open_then else ["outside_opening_hours"])


@pytest.mark.parametrize(
    ("on", "codes"),
    [
        ("2027-03-23", ["spacing_floor", "spacing_min"]),
        ("2027-03-24", ["spacing_min"]),
        ("2027-03-25", ["spacing_min"]),
        ("2027-04-06", ["spacing_min"]),
        ("2027-04-07", []),
        ("2027-04-08", []),
    ],
)
def test_the_floor_and_the_minimum_end_on_their_day(spaced: Clinic, on: str, codes: list[str]) -> None:
    spaced.booked(at("10:00", "2027-03-10"))

    assert judged(spaced, at("12:00", on)) == codes
