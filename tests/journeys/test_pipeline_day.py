"""J10: one therapist, one treatment room and two numbing bays, and two patients who want one arrival."""

from functools import partial

import pytest

from tests.booking.cast import Clinic, Made
from tests.booking.racing import race, statuses
from tests.journeys.cast import MakeClinic, another_patient, consulted, create_default_clinic


@pytest.fixture
def one_room(make_clinic: MakeClinic) -> Clinic:
    """Create the clinic of J10, the day before: one therapist, one treatment room and two bays."""
    clinic = create_default_clinic(make_clinic)
    consulted(clinic, "2027-09-10T10:00:00+01:00")
    return clinic.at("2027-09-13T12:00:00+01:00")


def newcomer(clinic: Clinic, hour: int) -> Clinic:
    """Give the clinic with another patient, whose consultation was at this hour of 10 September."""
    other = another_patient(clinic)
    consulted(other.at("2027-09-09T09:00:00+01:00"), f"2027-09-10T{hour}:00:00+01:00")
    return other


def times(visit: Made) -> dict[str, str]:
    """Give the local clock time at which each phase begins."""
    return {phase["name"]: phase["starts_at"][11:16] for phase in visit["phases"]}


def test_the_next_patient_numbs_while_the_therapist_treats(one_room: Clinic) -> None:
    first = one_room.booked("2027-09-14T09:00:00+01:00")
    second = newcomer(one_room, 11).booked("2027-09-14T09:55:00+01:00")

    expected = {"Numbing": "09:10", "Cream off and skin prep": "09:40", "Turnover": "10:25"}
    assert times(first) | expected == times(first)
    expected = {"Numbing": "10:05", "Cream off and skin prep": "10:35", "Turnover": "11:20"}
    assert times(second) | expected == times(second)
    assert second["ends_at"] == "2027-09-14T11:20:00+01:00"


def test_the_loser_of_a_race_is_offered_the_next_arrival_and_takes_it(one_room: Clinic) -> None:
    one_room.booked("2027-09-14T09:00:00+01:00")
    pair = [newcomer(one_room, hour) for hour in (11, 12)]

    answers = race(partial(one.book, "2027-09-14T09:55:00+01:00") for one in pair)

    assert statuses(answers) == [201, 409]
    (lost,) = [number for number, answer in enumerate(answers) if answer.status_code == 409]
    offered = [slot["starts_at"] for slot in answers[lost].get_json()["alternatives"]]
    assert offered[0] == "2027-09-14T10:50:00+01:00"
    third = pair[lost].booked(offered[0])
    assert times(third)["Cream off and skin prep"] == "11:30"
