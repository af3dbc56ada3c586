"""When the horizon has no slot, the answer says what stands against every day of it."""

from typing import Any

import pytest
from werkzeug.test import TestResponse

from tests.support.cast import (
    Clinic,
    create_patient,
    every_day,
    performed,
    refusal_codes,
    working,
)


def ask_next(clinic: Clinic, **query: Any) -> TestResponse:
    named = {"procedure_id": clinic.procedure["id"], "location_id": clinic.location["id"]}
    return clinic.desk.get("/availability/next", **named | query)


def with_policy(clinic: Clinic, **policy: Any) -> Clinic:
    clinic.desk.patch(f"/locations/{clinic.location['id']}", {"policy": policy})
    return clinic


def set_hours(clinic: Clinic, *weekdays: str) -> None:
    hours = [one for one in working(clinic.location) if one["weekday"] in weekdays]
    clinic.desk.patch(f"/therapists/{clinic.therapist['id']}", {"working_hours": hours})


def close(clinic: Clinic, first: str, until: str) -> None:
    times = {"starts_at": f"{first}T00:00:00Z", "ends_at": f"{until}T00:00:00Z", "reason": "Refit"}
    clinic.desk.made(f"/locations/{clinic.location['id']}/closures", **times)


def test_a_pool_without_a_qualified_member_stands_against_every_day(clinic: Clinic) -> None:
    clinic.desk.patch(f"/procedures/{clinic.procedure['id']}", {"qualifications": ["RARE"]})

    answer = ask_next(clinic)

    assert (answer.status_code, refusal_codes(answer)) == (404, ["no_therapist_available"])
    (reason,) = answer.get_json()["refusals"]
    assert {one["code"] for one in reason["because"]} == {"therapist_unqualified"}


def test_a_named_therapist_who_never_works_there_is_the_reason(clinic: Clinic) -> None:
    set_hours(clinic)

    answer = ask_next(clinic, therapist_id=clinic.therapist["id"])

    assert refusal_codes(answer) == ["therapist_not_working"]


def test_days_on_which_the_location_is_closed_hide_no_reason(clinic: Clinic) -> None:
    week = [one for one in every_day() if one["weekday"] in {"mon", "tue"}]
    clinic.desk.patch(f"/locations/{clinic.location['id']}", {"opening_hours": week})
    set_hours(clinic, "wed", "thu")

    assert refusal_codes(ask_next(clinic)) == ["no_therapist_available"]


def test_a_location_that_is_closed_throughout_is_the_reason(clinic: Clinic) -> None:
    close(with_policy(clinic, horizon_days=3), "2027-01-04", "2027-01-09")

    assert refusal_codes(ask_next(clinic)) == ["location_closed"]


def test_a_location_without_hours_is_the_reason(clinic: Clinic) -> None:
    clinic.desk.patch(f"/locations/{clinic.location['id']}", {"opening_hours": []})

    assert refusal_codes(ask_next(clinic)) == ["outside_opening_hours"]


@pytest.mark.parametrize(("horizon_days", "status"), [(26, 404), (27, 404), (28, 200)])
def test_spacing_beyond_the_horizon_is_the_reason(spaced: Clinic, horizon_days: int, status: int) -> None:
    performed(spaced, "01")
    later = with_policy(spaced, horizon_days=horizon_days)

    answer = ask_next(later.at("2027-03-01T20:00:00Z"), patient_id=spaced.patient["id"])

    assert answer.status_code == status
    if status == 404:
        assert refusal_codes(answer) == ["spacing_min"]
        assert answer.get_json()["refusals"][0]["earliest_on"] == "2027-03-29"


def test_a_medical_hold_without_an_end_is_the_reason(clinic: Clinic) -> None:
    hold = {"code": "pregnancy", "opened_on": "2027-01-01"}
    clinic.desk.made(f"/patients/{clinic.patient['id']}/medical-holds", **hold)

    answer = ask_next(clinic, patient_id=clinic.patient["id"])

    assert refusal_codes(answer) == ["medical_hold"]
    assert "earliest_on" not in answer.get_json()["refusals"][0]


def test_when_no_reason_holds_throughout_each_that_is_in_the_way_is_told(spaced: Clinic) -> None:
    # The therapist is there for three weeks, the patient may come after four.
    performed(spaced, "01")
    with_policy(spaced, horizon_days=60)
    hours = [one | {"valid_until": "2027-03-22"} for one in working(spaced.location)]
    spaced.desk.patch(f"/therapists/{spaced.therapist['id']}", {"working_hours": hours})

    answer = ask_next(spaced.at("2027-03-01T20:00:00Z"), patient_id=spaced.patient["id"])

    assert sorted(refusal_codes(answer)) == ["no_therapist_available", "spacing_min"]


def test_no_other_patient_is_named(clinic: Clinic) -> None:
    other = create_patient(clinic.desk, name="Jane Doe")
    with_policy(clinic, horizon_days=0)
    for hour in range(8, 19):
        for minute in (0, 20, 40):
            clinic.book(f"2027-01-04T{hour:02}:{minute:02}:00Z", patient_id=other["id"])

    answer = ask_next(clinic)

    assert refusal_codes(answer) == ["no_room_available", "no_therapist_available"]
    assert "Jane" not in answer.text
    assert other["id"] not in answer.text
