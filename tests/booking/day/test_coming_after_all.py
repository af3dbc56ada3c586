"""A patient who was noted as a no-show is taken on while the time of the visit can be had."""

import pytest

from models.database import Database
from tests.support.cast import (
    Clinic,
    Made,
    codes,
    create_course,
    create_room,
    create_rule,
    create_therapist,
    event_types,
    pointers,
    shown_course,
)
from tests.support.overrides import overriding
from tests.support.racing import assert_sound
from tests.support.soundness import assert_rows_sound
from tests.support.times import NEXT_DAY, TEN, at
from tests.support.visits import flag_codes, flags, shown_visit


def given_up(clinic: Clinic, **fields: object) -> Made:
    """Book a visit for 10:00 and note at 10:16 that its patient has not come."""
    return clinic.at(at("10:16")).acted("no-show", clinic.booked(TEN, **fields))


def test_who_comes_after_all_has_the_old_time_back(clinic: Clinic, database: Database) -> None:
    create_rule(clinic.desk)
    gone = given_up(clinic)

    here = clinic.at(at("10:30")).acted("arrive", gone)

    assert (here["status"], here["starts_at"], here["affected"]) == ("arrived", TEN, [])
    assert flag_codes(clinic, here) == ["late"]
    assert event_types(database, clinic.desk, here)[-2:] == ["appointment.no_show", "appointment.arrived"]
    assert [one["therapist_id"] for one in here["phases"]] == [clinic.therapist["id"]]
    assert_rows_sound(database, clinic.desk)
    started = clinic.at(at("10:30")).acted("start", here)
    assert clinic.at(at("10:50")).act("complete", started).status_code == 200


def test_a_time_that_was_given_away_is_refused_with_reasons_and_other_times(
    clinic: Clinic, database: Database
) -> None:
    gone, now = given_up(clinic), clinic.at(at("10:17"))
    now.booked(TEN, patient_id=clinic.patients(1)[0], **overriding("in_the_past"))

    answer = now.act("arrive", gone)

    assert codes(answer) == ["no_room_available", "therapist_busy"]
    assert answer.get_json()["alternatives"][0]["starts_at"] == at("10:20")
    assert shown_visit(clinic, gone)["version"] == gone["version"]
    assert_sound(database, clinic.desk)


def test_another_room_serves_as_well(clinic: Clinic, database: Database) -> None:
    gone = given_up(clinic)
    create_room(clinic.desk, clinic.location, name="Room 2")
    other = create_therapist(clinic.desk, clinic.location)
    first_room = gone["phases"][0]["room_id"]
    others = {"patient_id": clinic.patients(1)[0], "therapist_id": other["id"], "room_id": first_room}
    clinic.at(at("10:17")).booked(TEN, **others, **overriding("in_the_past"))

    here = clinic.at(at("10:18")).acted("arrive", gone)

    assert here["phases"][0]["room_id"] != first_room
    assert_sound(database, clinic.desk)


@pytest.mark.parametrize(("day", "status"), [("2027-03-14", 409), ("2027-03-15", 200), ("2027-03-16", 200)])
def test_a_session_that_was_booked_instead_keeps_its_floor(spaced: Clinic, day: str, status: int) -> None:
    gone, now = given_up(spaced), spaced.at(at("10:17"))
    instead = now.booked(f"{day}T12:00:00Z")

    answer = now.act("arrive", gone)

    assert answer.status_code == status
    if status == 409:
        assert codes(answer) == ["spacing_floor"]
    else:
        assert answer.get_json()["affected"] == [instead["id"]]
        assert flags(spaced, instead) == [("spacing_min", "S02")]


def test_a_patient_who_has_another_visit_by_then_is_busy(clinic: Clinic) -> None:
    gone = given_up(clinic)
    create_room(clinic.desk, clinic.location, name="Room 2")
    other = create_therapist(clinic.desk, clinic.location)
    clinic.at(at("10:17")).booked(at("10:10"), therapist_id=other["id"], **overriding("in_the_past"))

    assert "patient_busy" in codes(clinic.at(at("10:18")).act("arrive", gone))


def test_a_course_counts_the_session_again(clinic: Clinic) -> None:
    course = create_course(clinic)
    gone = given_up(clinic, course_id=course["id"])
    before = shown_course(clinic, course)

    clinic.at(at("10:30")).acted("arrive", gone)

    after = shown_course(clinic, course)
    assert (before["progress"]["booked"], after["progress"]["booked"]) == (0, 1)
    assert after["version"] == before["version"] + 1


def test_a_session_that_was_given_to_another_visit_is_not_there(clinic: Clinic) -> None:
    course = create_course(clinic, sessions=1)
    gone = given_up(clinic, course_id=course["id"])
    clinic.at(at("10:17")).booked(at("15:00"), course_id=course["id"])

    answer = clinic.at(at("10:30")).act("arrive", gone)

    assert (answer.status_code, answer.get_json()["code"]) == (409, "course_full")


def test_a_template_of_its_own_spacing_claims_as_before(clinic: Clinic, database: Database) -> None:
    create_rule(clinic.desk)
    course = create_course(clinic)
    gone = given_up(clinic, course_id=course["id"])

    clinic.at(at("10:30")).acted("arrive", gone)

    assert_rows_sound(database, clinic.desk)


def test_who_comes_on_another_day_is_on_the_wrong_day(clinic: Clinic) -> None:
    gone = given_up(clinic)

    answer = clinic.at(at("10:30", NEXT_DAY)).act("arrive", gone)

    assert (answer.status_code, answer.get_json()["code"]) == (409, "wrong_day")
    assert answer.get_json()["alternatives"] != []


def test_nobody_comes_after_all_before_being_given_up(clinic: Clinic) -> None:
    gone = given_up(clinic)

    assert pointers(clinic.at(at("10:30")).act("arrive", gone, at=at("10:15"))) == ["/at"]
