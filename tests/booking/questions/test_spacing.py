"""Days between sessions are civil dates at the treating location, over clock changes and between zones."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from tests.support.cast import (
    Clinic,
    codes,
    create_clinic,
    create_location,
    create_procedure,
    create_room,
    create_rule,
    create_therapist,
    every_day,
    instant,
    refusal,
    short_phases,
    working,
)
from tests.support.desk import Desk

MINIMUM = 28
# A first session, with a clock change within the 28 days that follow.
OVER_A_CLOCK_CHANGE = [
    ("Europe/London", "2027-03-06"),
    ("Europe/London", "2027-10-09"),
    ("America/New_York", "2027-02-20"),
    ("America/New_York", "2027-10-16"),
]


def later(on: str, days: int) -> str:
    """Give the date a number of days later."""
    return (date.fromisoformat(on) + timedelta(days=days)).isoformat()


def wall_clock(clinic: Clinic, on: str, time: str) -> str:
    """Give a wall-clock time at the clinic's location as an instant."""
    (start,) = [
        one for one in clinic.starts(on, later(on, 1), patient_id=None) if one.startswith(f"{on}T{time}")
    ]
    return start


@pytest.fixture
def elsewhere(spaced: Clinic) -> Clinic:
    """Give the clinic at a location in New York that is open until late."""
    return at_another_location(spaced, "America/New_York")


def at_another_location(clinic: Clinic, timezone: str) -> Clinic:
    """Give the clinic's other location, open from 09:00 to 23:00, with a therapist and a room of its own."""
    hours = every_day("09:00", "23:00")
    other = create_location(clinic.desk, name=timezone, timezone=timezone, opening_hours=hours)
    create_room(clinic.desk, other)
    therapist = create_therapist(clinic.desk, working_hours=working(other, "09:00", "23:00"))
    return replace(clinic, location=other, therapist=therapist)


@pytest.mark.parametrize(("timezone", "first"), OVER_A_CLOCK_CHANGE)
def test_27_civil_days_are_refused_and_28_accepted_over_a_clock_change(
    desk: Desk, timezone: str, first: str
) -> None:
    clinic = create_clinic(desk, timezone=timezone)
    create_rule(desk)
    clinic.booked(wall_clock(clinic, first, "18:00"))
    eligible = later(first, MINIMUM)

    too_soon = clinic.book(wall_clock(clinic, later(first, 27), "18:30"))
    in_time = clinic.book(wall_clock(clinic, eligible, "09:00"))

    found = refusal(too_soon, "spacing_min")
    assert codes(too_soon) == ["spacing_min"]
    assert (found["rule_id"], found["earliest_on"]) == ("S02", eligible)
    assert found["overridable_by"] == "clinician"
    assert in_time.status_code == 201


@pytest.mark.parametrize(("timezone", "first"), OVER_A_CLOCK_CHANGE)
def test_28_days_also_stand_before_a_later_session(desk: Desk, timezone: str, first: str) -> None:
    clinic = create_clinic(desk, timezone=timezone)
    create_rule(desk)
    last = later(first, MINIMUM)
    clinic.booked(wall_clock(clinic, last, "09:00"))

    too_late = clinic.book(wall_clock(clinic, later(first, 1), "09:00"))
    in_time = clinic.book(wall_clock(clinic, first, "18:00"))

    assert codes(too_late) == ["spacing_min"]
    assert refusal(too_late, "spacing_min")["earliest_on"] == later(last, MINIMUM)
    assert in_time.status_code == 201


@pytest.mark.parametrize("eastward", [True, False])
def test_28_days_stand_between_locations_in_different_zones(
    spaced: Clinic, elsewhere: Clinic, eastward: bool
) -> None:
    first, second = (elsewhere, spaced) if eastward else (spaced, elsewhere)
    first.booked(wall_clock(first, "2027-03-06", "10:00"))

    too_soon = second.book(wall_clock(second, "2027-04-02", "10:00"))
    in_time = second.book(wall_clock(second, "2027-04-03", "10:00"))

    assert codes(too_soon) == ["spacing_min"]
    assert refusal(too_soon, "spacing_min")["earliest_on"] == "2027-04-03"
    assert in_time.status_code == 201


def test_there_and_back_again_counts_each_date_where_it_is(spaced: Clinic, elsewhere: Clinic) -> None:
    spaced.booked(wall_clock(spaced, "2027-03-06", "10:00"))
    elsewhere.booked(wall_clock(elsewhere, "2027-04-03", "22:00"))

    too_soon = spaced.book(wall_clock(spaced, "2027-04-30", "18:00"))
    in_time = spaced.book(wall_clock(spaced, "2027-05-01", "09:00"))

    assert refusal(too_soon, "spacing_min")["earliest_on"] == "2027-05-01"
    assert in_time.status_code == 201


def test_a_late_evening_counts_on_its_own_date_though_it_is_tomorrow_elsewhere(
    spaced: Clinic, elsewhere: Clinic
) -> None:
    evening = elsewhere.booked(wall_clock(elsewhere, "2027-05-10", "22:00"))
    too_soon = spaced.book(wall_clock(spaced, "2027-06-06", "18:00"))
    in_time = spaced.book(wall_clock(spaced, "2027-06-07", "09:00"))

    assert instant(evening["starts_at"]).utctimetuple().tm_mday == 11
    assert refusal(too_soon, "spacing_min")["earliest_on"] == "2027-06-07"
    assert in_time.status_code == 201


def test_a_late_evening_is_too_soon_though_the_28th_day_has_come_elsewhere(spaced: Clinic) -> None:
    tokyo, new_york = (at_another_location(spaced, zone) for zone in ("Asia/Tokyo", "America/New_York"))
    tokyo.booked(wall_clock(tokyo, "2027-05-11", "09:00"))

    too_soon = new_york.book(wall_clock(new_york, "2027-06-07", "22:00"))
    in_time = new_york.book(wall_clock(new_york, "2027-06-08", "09:00"))

    assert refusal(too_soon, "spacing_min")["earliest_on"] == "2027-06-08"
    assert in_time.status_code == 201


def test_under_the_floor_both_codes_are_listed_and_the_floor_is_nobodys(spaced: Clinic) -> None:
    spaced.booked("2027-03-06T10:00:00Z")

    answer = spaced.book("2027-03-19T10:00:00Z")

    assert codes(answer) == ["spacing_floor", "spacing_min"]
    assert refusal(answer, "spacing_floor")["rule_id"] == "S02"
    assert refusal(answer, "spacing_floor")["earliest_on"] == "2027-04-03"
    assert "overridable_by" not in refusal(answer, "spacing_floor")


def test_a_date_between_two_sessions_keeps_its_distance_from_both(spaced: Clinic) -> None:
    for on in ("2027-03-01", "2027-05-01"):
        spaced.booked(f"{on}T10:00:00Z")

    days = ("2027-03-28", "2027-03-29", "2027-04-03", "2027-04-04")
    answers = [spaced.desk.post("/appointments/validate", spaced.wish(f"{on}T10:00:00Z")) for on in days]

    assert [answer.get_json()["bookable"] for answer in answers] == [False, True, True, False]
    (found,) = answers[3].get_json()["refusals"]
    assert found["earliest_on"] == "2027-05-29"


@pytest.mark.parametrize(("days", "warned"), [(28, True), (34, True), (35, False)])
def test_below_the_recommended_days_a_booking_is_warned(spaced: Clinic, days: int, warned: bool) -> None:
    spaced.booked("2027-03-06T10:00:00Z")

    booked = spaced.booked(f"{later('2027-03-06', days)}T10:00:00Z")

    expected = [("below_recommended_spacing", "S02", "2027-04-10")] if warned else []
    assert [(one["code"], one["rule_id"], one["earliest_on"]) for one in booked["warnings"]] == expected


def test_another_area_group_needs_no_spacing(spaced: Clinic) -> None:
    neck = create_procedure(spaced.desk, code="NECK", areas=["NECK"])
    spaced.booked("2027-03-06T10:00:00Z")

    answer = spaced.book("2027-03-07T10:00:00Z", procedure_id=neck["id"])

    assert answer.status_code == 201


def test_the_eyes_lie_within_the_face(spaced: Clinic) -> None:
    eyes = create_procedure(spaced.desk, code="EYES", areas=["PERIORBITAL"])
    spaced.booked("2027-03-06T10:00:00Z")

    answer = spaced.book("2027-04-02T10:00:00Z", procedure_id=eyes["id"])

    assert codes(answer) == ["spacing_min"]


def test_chosen_areas_are_spaced_and_the_others_are_not(spaced: Clinic) -> None:
    body = create_procedure(
        spaced.desk, code="BODY", areas=["ABDOMEN", "BACK"], choose_areas=True, phases=short_phases()
    )
    wish = {"procedure_id": body["id"]}
    spaced.booked("2027-03-06T10:00:00Z", areas=["BACK"], **wish)

    same = spaced.book("2027-03-13T10:00:00Z", areas=["BACK"], **wish)
    other = spaced.book("2027-03-13T10:00:00Z", areas=["ABDOMEN"], **wish)

    assert codes(same) == ["spacing_floor", "spacing_min"]
    assert other.status_code == 201


def test_the_rule_of_a_procedure_beats_its_familys(spaced: Clinic) -> None:
    superficial = {"procedure": "MN_FACE_SUP"}
    create_rule(spaced.desk, code="S01", after=superficial, before=superficial, floor_days=7, min_days=14)
    light = create_procedure(spaced.desk, code="MN_FACE_SUP")
    spaced.booked("2027-03-06T10:00:00Z", procedure_id=light["id"])

    day_13 = spaced.book("2027-03-19T10:00:00Z", procedure_id=light["id"])
    standard = spaced.book("2027-03-20T10:00:00Z")
    day_14 = spaced.book("2027-03-20T10:00:00Z", procedure_id=light["id"])

    assert refusal(day_13, "spacing_min")["rule_id"] == "S01"
    assert refusal(standard, "spacing_min")["rule_id"] == "S02"
    assert day_14.status_code == 201


def test_a_cancelled_session_no_longer_counts(spaced: Clinic) -> None:
    first = spaced.booked("2027-03-06T10:00:00Z")
    spaced.acted("cancel", first, reason_code="patient")

    answer = spaced.book("2027-03-07T10:00:00Z")

    assert answer.status_code == 201


def test_search_never_offers_a_day_that_is_too_soon(spaced: Clinic) -> None:
    spaced.booked("2027-03-06T10:00:00Z")

    offered = {
        start[:10] for start in spaced.starts("2027-02-05", "2027-04-06", patient_id=spaced.patient["id"])
    }

    assert sorted(offered) == ["2027-02-05", "2027-02-06", "2027-04-03", "2027-04-04", "2027-04-05"]


def test_alternatives_start_on_the_earliest_date(spaced: Clinic) -> None:
    spaced.booked("2027-03-06T10:00:00Z")

    answer = spaced.book("2027-04-02T16:00:00+01:00")

    near = answer.get_json()["alternatives"]
    assert len(near) == 5
    assert near[0]["starts_at"] == "2027-04-03T09:00:00+01:00"
