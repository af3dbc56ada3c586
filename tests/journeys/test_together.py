"""Consultation and treatment are booked together: both or neither, also in a race."""

from functools import partial
from typing import Any

import pytest
from werkzeug.test import TestResponse

from models.database import Database
from tests.journeys.cast import find, told
from tests.support.cast import Clinic, Made, counts, create_patient, pointers
from tests.support.overrides import overriding
from tests.support.racing import assert_sound, race, statuses

CONSULT = "2027-02-22T11:00:00Z"


def wanted(clinic: Clinic, code: str, starts_at: str, **fields: Any) -> Made:
    named = {"procedure_id": find(clinic.desk, code)["id"], "location_id": clinic.location["id"]}
    return named | {"starts_at": starts_at} | fields


def together(clinic: Clinic, *visits: Made) -> TestResponse:
    """Ask for several visits of the clinic's patient together."""
    body = {"patient_id": clinic.patient["id"], "visits": list(visits)}
    return clinic.desk.post("/appointments/together", body)


def first_visits(clinic: Clinic, treatment_at: str) -> list[Made]:
    return [wanted(clinic, "CONSULT_NEW", CONSULT), wanted(clinic, "MN_FACE_STD", treatment_at)]


def test_both_are_booked_when_the_dates_allow_it(london: Clinic) -> None:
    answer = together(london, *first_visits(london, "2027-02-23T11:30:00Z"))

    made = answer.get_json()["appointments"]
    assert answer.status_code == 201
    assert [one["starts_at"] for one in made] == ["2027-02-22T11:00:00+00:00", "2027-02-23T11:30:00+00:00"]
    assert [one["status"] for one in made] == ["booked", "booked"]
    assert answer.headers["Location"].endswith(f"/v1/appointments/{made[0]['id']}")


def test_they_may_be_named_in_any_order(london: Clinic) -> None:
    answer = together(london, *reversed(first_visits(london, "2027-02-23T11:30:00Z")))

    assert answer.status_code == 201
    assert answer.get_json()["appointments"][0]["procedure_id"] == london.procedure["id"]


def test_neither_is_booked_when_the_treatment_comes_too_soon(london: Clinic, database: Database) -> None:
    before = counts(database, london.desk)
    answer = together(london, *first_visits(london, "2027-02-23T11:25:00Z"))

    problem = answer.get_json()
    (visit,) = problem["visits"]
    assert (answer.status_code, problem["code"], visit["position"]) == (409, "refused", 1)
    assert told(visit["refusals"]) == told(problem["refusals"]) == [("cooling_off", "H12", "2027-02-23")]
    assert counts(database, london.desk) == before


def test_every_visit_that_cannot_be_is_told_at_its_own_place(london: Clinic) -> None:
    answer = together(
        london,
        wanted(london, "MN_FACE_STD", "2027-03-10T10:00:00Z"),
        wanted(london, "CONSULT_NEW", CONSULT),
        wanted(london, "MN_FACE_STD", "2027-03-20T10:00:00Z"),
        wanted(london, "MN_SCALP", "2027-03-21T10:00:00Z"),
    )

    found = {one["position"]: told(one["refusals"]) for one in answer.get_json()["visits"]}
    assert answer.status_code == 409
    assert found[2] == [("spacing_floor", "S02", "2027-04-07"), ("spacing_min", "S02", "2027-04-07")]
    assert found[3][0] == ("outside_opening_hours", None, None)
    assert sorted(found) == [2, 3]


def test_a_whole_course_is_booked_in_one_call(london: Clinic) -> None:
    days = ("2027-03-10T10:00:00Z", "2027-04-14T10:00:00+01:00", "2027-05-19T10:00:00+01:00")
    visits = [wanted(london, "MN_FACE_STD", day) for day in days]

    answer = together(london, wanted(london, "CONSULT_NEW", CONSULT), *visits)

    assert answer.status_code == 201
    assert [one["warnings"] for one in answer.get_json()["appointments"]] == [[], [], [], []]


def test_each_visit_has_an_override_of_its_own(london: Clinic) -> None:
    first, second = first_visits(london, "2027-02-22T14:00:00Z")

    answer = together(london, first, second | overriding("cooling_off"))

    assert answer.status_code == 201
    assert [len(one["overrides"]) for one in answer.get_json()["appointments"]] == [0, 1]


def test_the_same_call_twice_at_once_books_once(london: Clinic, database: Database) -> None:
    call = partial(together, london, *first_visits(london, "2027-02-24T10:00:00Z"))

    answers = race([call, call])

    assert statuses(answers) == [201, 409]
    assert counts(database, london.desk)["appointments"] == 2
    assert_sound(database, london.desk)


def test_two_patients_at_once_want_the_same_hours(london: Clinic, database: Database) -> None:
    visits = first_visits(london, "2027-02-24T10:00:00Z")
    bodies = [
        {"patient_id": create_patient(london.desk)["id"], "visits": order}
        for order in (visits, list(reversed(visits)))
    ]

    answers = race([partial(london.desk.post, "/appointments/together", body) for body in bodies])

    assert statuses(answers) == [201, 409]
    assert counts(database, london.desk)["appointments"] == 2
    assert_sound(database, london.desk)


@pytest.mark.parametrize("number", [0, 13])
def test_one_to_twelve_visits_are_booked_together(london: Clinic, number: int) -> None:
    answer = together(london, *[wanted(london, "CONSULT_NEW", CONSULT)] * number)

    assert pointers(answer) == ["/visits"]


def test_a_malformed_visit_is_named_by_its_place(london: Clinic) -> None:
    answer = together(
        london,
        wanted(london, "CONSULT_NEW", CONSULT, patient_id=london.patient["id"]),
        wanted(london, "MN_FACE_STD", "2027-02-24T10:00:00"),
    )

    assert sorted(pointers(answer)) == ["/visits/0/patient_id", "/visits/1/starts_at"]
