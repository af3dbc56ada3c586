"""J10: with one therapist, one treatment room and two bays, two patients want the same arrival."""

from functools import partial

import pytest

from models.database import Database
from tests.journeys.cast import consulted, create_default_clinic
from tests.support.cast import Clinic, Made, another_patient, codes, event_types, instant
from tests.support.copying import Copied, MakeClinic
from tests.support.racing import assert_sound, race, statuses
from tests.support.visits import shown_visit


@pytest.fixture
def one_room(copied: Copied[Clinic]) -> Clinic:
    """Give the clinic of J10, the day before: one therapist, one treatment room and two bays."""
    return copied(_one_room)


def _one_room(make_clinic: MakeClinic) -> Clinic:
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


@pytest.fixture
def pipeline(one_room: Clinic) -> tuple[Clinic, list[Made]]:
    """Book P1, P2 and P3 one after the other; P1 came in time and is being treated."""
    visits = [
        one.booked(f"2027-09-14T{arrival}:00+01:00")
        for one, arrival in (
            (one_room, "09:00"),
            (newcomer(one_room, 11), "09:55"),
            (newcomer(one_room, 12), "10:50"),
        )
    ]
    first = visits[0]
    for action, minute in (("arrive", "09:00"), ("start-numbing", "09:10"), ("start", "09:45")):
        first = at_clock(one_room, minute).acted(action, first)
    return one_room, visits[1:]


def at_clock(clinic: Clinic, minute: str) -> Clinic:
    """Give the clinic at a local time of 14 September."""
    return clinic.at(f"2027-09-14T{minute}:00+01:00")


def minutes_of_numbing(visit: Made) -> int:
    """Give how long a visit's cream is planned to work."""
    (numbing,) = [phase for phase in visit["phases"] if phase["kind"] == "numbing"]
    length = instant(numbing["ends_at"]) - instant(numbing["starts_at"])
    return round(length.total_seconds() / 60)


def test_a_late_patient_numbs_shorter_and_the_next_one_longer(
    pipeline: tuple[Clinic, list[Made]], database: Database
) -> None:
    clinic, (second, third) = pipeline

    arrived = at_clock(clinic, "10:10").acted("arrive", second)

    waits = shown_visit(clinic, third)
    assert (arrived["status"], arrived["flags"], arrived["affected"]) == ("arrived", [], [third["id"]])
    expected = {
        "Intake": "10:10",
        "Numbing": "10:20",
        "Cream off and skin prep": "10:40",
        "Turnover": "11:25",
    }
    assert times(arrived) | expected == times(arrived)
    assert minutes_of_numbing(arrived) == 20
    assert (waits["starts_at"], minutes_of_numbing(waits)) == (third["starts_at"], 35)
    assert times(waits)["Cream off and skin prep"] == "11:35"
    assert event_types(database, clinic.desk, third)[-1] == "appointment.rescheduled"
    assert_sound(database, clinic.desk)


@pytest.mark.parametrize(
    ("minute", "late", "waits"),
    [("10:09", False, 0), ("10:10", False, 1), ("10:11", True, 0), ("10:20", True, 0)],
)
def test_after_the_grace_a_late_patient_is_offered_other_times_and_nobody_else_waits(
    pipeline: tuple[Clinic, list[Made]], minute: str, late: bool, waits: int
) -> None:
    clinic, (second, third) = pipeline

    arrived = at_clock(clinic, minute).acted("arrive", second)

    assert [flag["code"] for flag in arrived["flags"]] == (["late"] if late else [])
    assert ("alternatives" in arrived) == late
    assert shown_visit(clinic, third)["version"] == third["version"] + waits


def test_a_late_patient_takes_one_of_the_times_that_are_offered(pipeline: tuple[Clinic, list[Made]]) -> None:
    clinic, (second, _) = pipeline
    late = at_clock(clinic, "10:20").acted("arrive", second)

    at_clock(clinic, "10:21").acted("cancel", late, reason_code="late")
    offered = late["alternatives"][0]["starts_at"]
    moved = at_clock(clinic, "10:22").booked(offered, patient_id=second["patient_id"])

    assert moved["starts_at"] == offered == "2027-09-14T11:45:00+01:00"


def test_cream_that_worked_too_long_comes_off_with_the_cancellation_and_the_visit_is_moved(
    pipeline: tuple[Clinic, list[Made]],
) -> None:
    clinic, (second, _) = pipeline
    numbing = at_clock(clinic, "09:55").acted("arrive", second)
    numbing = at_clock(clinic, "10:05").acted("start-numbing", numbing)

    refused = at_clock(clinic, "11:06").act("start", numbing)
    off = at_clock(clinic, "11:07").acted("cancel", numbing, reason_code="clinic")
    moved = at_clock(clinic, "11:08").booked("2027-09-15T09:55:00+01:00", patient_id=second["patient_id"])

    # P1 has not left the treatment room either.
    assert codes(refused) == ["numbing_too_long", "room_busy"]
    (cream,) = [phase for phase in off["phases"] if phase["kind"] == "numbing"]
    assert cream["actual_ends_at"] == "2027-09-14T11:07:00+01:00"
    assert moved["status"] == "booked"
