"""Acceptance journeys J1, J3, J9 and J10 on the default catalogue, as far as spacing, staff and phases go."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import pytest

from tests.booking.cast import (
    NOW,
    Clinic,
    Made,
    codes,
    create_location,
    create_patient,
    create_room,
    create_therapist,
    refusal,
)
from tests.booking.racing import race, statuses
from tests.desk import Desk

QUALIFIED = [{"code": "MN_DERMAL"}, {"code": "BBP"}]


def find(desk: Desk, code: str) -> Made:
    """Give a procedure of the default catalogue."""
    (found,) = desk.get("/procedures", code=code).get_json()["items"]
    return dict(found)


def create_default_clinic(
    make_clinic: Callable[..., Desk], timezone: str, treatment: int = 1, **therapist: Any
) -> Clinic:
    """Create a clinic on the default catalogue: treatment rooms, two bays and a consultation room."""
    desk = make_clinic("default", timezone).at(NOW)
    hours = [
        {"weekday": day, "opens": "09:00", "closes": "19:00"} for day in ("mon", "tue", "wed", "thu", "fri")
    ]
    hours.append({"weekday": "sat", "opens": "09:00", "closes": "17:00"})
    place = create_location(desk, timezone=timezone, opening_hours=hours)
    for kind in (*["treatment"] * treatment, "numbing", "numbing", "consultation"):
        create_room(desk, place, kind=kind)
    staff = create_therapist(desk, place, **{"qualifications": QUALIFIED} | therapist)
    return Clinic(desk, place, find(desk, "MN_FACE_STD"), staff, create_patient(desk))


def consulted(clinic: Clinic, starts_at: str, ends_at: str) -> None:
    """Book a first consultation and take it through to its end."""
    visit = clinic.booked(starts_at, procedure_id=find(clinic.desk, "CONSULT_NEW")["id"])
    for action, now in (("arrive", starts_at), ("start", starts_at), ("complete", ends_at)):
        visit = clinic.at(now).acted(action, visit)


def performed(clinic: Clinic, on: str, hour: int, offset: str) -> Made:
    """Book MN_FACE_STD at a full hour and take it through the day."""
    visit = clinic.booked(f"{on}T{hour:02}:00:00{offset}")
    day = (("arrive", 0), ("start-numbing", 10), ("start", 45))
    for action, minutes in day:
        visit = clinic.at(f"{on}T{hour:02}:{minutes:02}:00{offset}").acted(action, visit)
    return clinic.at(f"{on}T{hour + 1:02}:25:00{offset}").acted("complete", visit)


def test_a_course_over_the_spring_clock_change_in_london(make_clinic: Callable[..., Desk]) -> None:
    clinic = create_default_clinic(make_clinic, "Europe/London")
    consulted(clinic, "2027-02-20T11:00:00Z", "2027-02-20T11:30:00Z")
    performed(clinic, "2027-03-06", 10, "+00:00")
    clinic = clinic.at("2027-03-08T09:00:00Z")

    too_soon = clinic.book("2027-04-02T16:00:00+01:00")
    second = clinic.booked("2027-04-03T10:00:00+01:00")
    third = clinic.booked("2027-05-08T10:00:00+01:00")
    fourth = clinic.booked("2027-06-12T10:00:00+01:00")

    found = refusal(too_soon, "spacing_min")
    assert codes(too_soon) == ["spacing_min"]
    assert (found["rule_id"], found["earliest_on"]) == ("S02", "2027-04-03")
    assert [warning["earliest_on"] for warning in second["warnings"]] == ["2027-04-10"]
    assert (third["warnings"], fourth["warnings"]) == ([], [])


def test_a_no_show_never_counts_as_a_session_in_lisbon(make_clinic: Callable[..., Desk]) -> None:
    clinic = create_default_clinic(make_clinic, "Europe/Lisbon")
    consulted(clinic, "2027-01-12T11:00:00Z", "2027-01-12T11:30:00Z")
    performed(clinic, "2027-01-14", 17, "+00:00")
    missed = clinic.booked("2027-02-11T17:00:00Z")
    clinic = clinic.at("2027-02-11T17:16:00Z")

    gone = clinic.acted("no-show", missed)
    again = clinic.booked("2027-02-16T17:00:00Z")
    third = clinic.book("2027-03-18T17:00:00Z")

    assert gone["status"] == "no_show"
    assert [warning["code"] for warning in again["warnings"]] == ["below_recommended_spacing"]
    assert third.status_code == 201


def test_a_certificate_that_expires_counts_on_the_day_of_the_visit(make_clinic: Callable[..., Desk]) -> None:
    until = {"valid_until": "2027-04-30"}
    held = [{"code": "MN_SUP", "max_depth_mm": 0.5} | until, {"code": "BBP"} | until]
    clinic = create_default_clinic(make_clinic, "Europe/London", qualifications=held)
    consulted(clinic, "2027-03-10T11:00:00Z", "2027-03-10T11:30:00Z")
    light = replace(clinic.at("2027-03-22T09:00:00Z"), procedure=find(clinic.desk, "MN_FACE_SUP"))
    named = {"therapist_id": clinic.therapist["id"]}

    expired = light.book("2027-05-05T10:00:00+01:00", **named)
    standard = clinic.book("2027-04-16T10:00:00+01:00", **named)
    last_day = light.book("2027-04-30T10:00:00+01:00", **named)

    assert codes(expired) == ["qualification_expires"]
    assert codes(standard) == ["therapist_unqualified"]
    assert last_day.status_code == 201


def test_a_depth_beyond_the_therapists_own_limit_is_refused(make_clinic: Callable[..., Desk]) -> None:
    shallow = [{"code": "MN_DERMAL", "max_depth_mm": 1.0}, {"code": "BBP"}]
    clinic = create_default_clinic(make_clinic, "Europe/London", qualifications=shallow)
    consulted(clinic, "2027-03-10T11:00:00Z", "2027-03-10T11:30:00Z")

    answer = clinic.book("2027-04-16T10:00:00+01:00", therapist_id=clinic.therapist["id"])

    assert codes(answer) == ["depth_exceeded"]


@pytest.fixture
def one_room(make_clinic: Callable[..., Desk]) -> Clinic:
    """Create the clinic of J10, the day before: one therapist, one treatment room and two bays."""
    clinic = create_default_clinic(make_clinic, "Europe/London")
    consulted(clinic, "2027-09-10T10:00:00+01:00", "2027-09-10T10:30:00+01:00")
    return clinic.at("2027-09-13T12:00:00+01:00")


def times(visit: Made) -> dict[str, str]:
    """Give the local clock time at which each phase begins."""
    return {phase["name"]: phase["starts_at"][11:16] for phase in visit["phases"]}


def test_the_next_patient_numbs_while_the_therapist_treats(one_room: Clinic) -> None:
    first = one_room.booked("2027-09-14T09:00:00+01:00")
    second = replace(one_room, patient=create_patient(one_room.desk)).booked("2027-09-14T09:55:00+01:00")

    expected = {"Numbing": "09:10", "Cream off and skin prep": "09:40", "Turnover": "10:25"}
    assert times(first) | expected == times(first)
    expected = {"Numbing": "10:05", "Cream off and skin prep": "10:35", "Turnover": "11:20"}
    assert times(second) | expected == times(second)
    assert second["ends_at"] == "2027-09-14T11:20:00+01:00"


def test_the_loser_of_a_race_is_offered_the_next_arrival_and_takes_it(one_room: Clinic) -> None:
    one_room.booked("2027-09-14T09:00:00+01:00")
    pair = [replace(one_room, patient=create_patient(one_room.desk)) for _ in range(2)]

    answers = race(partial(one.book, "2027-09-14T09:55:00+01:00") for one in pair)

    assert statuses(answers) == [201, 409]
    (lost,) = [number for number, answer in enumerate(answers) if answer.status_code == 409]
    offered = [slot["starts_at"] for slot in answers[lost].get_json()["alternatives"]]
    assert offered[0] == "2027-09-14T10:50:00+01:00"
    third = pair[lost].booked(offered[0])
    assert times(third)["Cream off and skin prep"] == "11:30"
