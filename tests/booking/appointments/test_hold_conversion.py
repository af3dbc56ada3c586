"""A hold becomes the patient's appointment, with the same id, when the patient's rules allow it."""

from uuid import UUID

import pytest

from models import Occupancy, SpacingClaim
from models.database import Database
from tests.support.cast import (
    UNKNOWN_ID,
    Clinic,
    Made,
    codes,
    counts,
    create_course,
    create_patient,
    create_staffed_location,
    event_types,
    pointers,
    refusal,
    rows,
    run_out,
    shown_course,
)
from tests.support.times import DAY, TEN


def converted(clinic: Clinic, hold: Made, **fields: object) -> Made:
    """Convert a hold and insist on 201; give the appointment."""
    answer = clinic.convert(hold, **fields)
    assert answer.status_code == 201, answer.text
    made: Made = answer.get_json()
    return made


def judged(clinic: Clinic, hold: Made) -> Made:
    """Judge the booking of a hold without making it."""
    body = {"hold_id": hold["id"], "patient_id": clinic.patient["id"]}
    answer = clinic.desk.post("/appointments/validate", body)
    assert answer.status_code == 200, answer.text
    found: Made = answer.get_json()
    return found


def claims(database: Database, clinic: Clinic) -> list[tuple[UUID, UUID]]:
    """Give the id and the resource of each claim."""
    return [(one.id, one.resource_id) for one in rows(database, clinic.desk, Occupancy)]


def test_a_hold_becomes_an_appointment_of_the_same_id_and_keeps_its_claims(
    spaced: Clinic, database: Database
) -> None:
    hold = spaced.held(TEN)
    before = claims(database, spaced)

    visit = converted(spaced, hold, notes="First visit.")

    assert (visit["id"], visit["status"], visit["version"]) == (hold["id"], "booked", 2)
    assert (visit["patient_id"], visit["notes"]) == (spaced.patient["id"], "First visit.")
    assert claims(database, spaced) == before
    assert {one.patient_id for one in rows(database, spaced.desk, SpacingClaim)} == {
        UUID(spaced.patient["id"])
    }


def test_a_conversion_is_told_as_a_booking(clinic: Clinic, database: Database) -> None:
    hold = clinic.held(TEN)

    visit = converted(clinic, hold)

    assert event_types(database, clinic.desk, visit) == ["hold.created", "appointment.booked"]
    assert [one["id"] for one in clinic.desk.get("/appointments").get_json()["items"]] == [hold["id"]]


def test_a_converted_hold_is_a_hold_no_more(clinic: Clinic) -> None:
    hold = clinic.held(TEN)
    converted(clinic, hold)
    path = f"/holds/{hold['id']}"

    answers = [clinic.desk.get(path), clinic.desk.post(f"{path}/extend"), clinic.desk.delete(path)]
    answers.append(clinic.convert(hold))

    assert {(one.status_code, one.get_json()["code"]) for one in answers} == {(409, "hold_converted")}
    assert clinic.desk.get(f"/appointments/{hold['id']}").get_json()["status"] == "booked"


def test_a_hold_that_was_booked_and_cancelled_stays_converted(clinic: Clinic) -> None:
    visit = converted(clinic, clinic.held(TEN))

    gone = clinic.acted("cancel", visit, reason_code="patient")

    assert clinic.desk.get(f"/holds/{visit['id']}").get_json()["code"] == "hold_converted"
    listed = clinic.desk.get("/appointments", status="cancelled").get_json()["items"]
    assert [one["id"] for one in listed] == [gone["id"]]


def test_what_the_patients_rules_refuse_leaves_the_hold_as_it_is(spaced: Clinic, database: Database) -> None:
    spaced.booked("2027-02-25T10:00:00Z")
    hold = spaced.held(TEN)
    before = counts(database, spaced.desk)

    verdict = judged(spaced, hold)
    answer = spaced.convert(hold)

    assert [one["code"] for one in verdict["refusals"]] == ["spacing_floor", "spacing_min"]
    assert codes(answer) == ["spacing_floor", "spacing_min"]
    near = [slot["starts_at"][5:16] for slot in answer.get_json()["alternatives"]]
    assert near == ["03-25T09:00", "03-25T09:05", "03-25T09:10", "03-26T10:00", "03-27T10:00"]
    assert (counts(database, spaced.desk), spaced.desk.get(f"/holds/{hold['id']}").get_json()) == (
        before,
        hold,
    )


def test_a_hold_in_a_course_becomes_its_last_session(clinic: Clinic) -> None:
    course = create_course(clinic, sessions=1)
    hold = clinic.held(TEN, patient_id=clinic.patient["id"], course_id=course["id"])

    before = shown_course(clinic, course)["progress"]
    visit = converted(clinic, hold)

    assert (before, visit["course_id"]) == ({"performed": 0, "booked": 0}, course["id"])
    assert shown_course(clinic, course)["progress"] == {"performed": 0, "booked": 1}


def test_another_patient_may_take_what_one_may_not(spaced: Clinic) -> None:
    spaced.booked("2027-02-25T10:00:00Z")
    hold = spaced.held(TEN)
    spaced.convert(hold)

    assert converted(spaced, hold, patient_id=create_patient(spaced.desk)["id"])


def test_an_override_allows_a_conversion_and_is_kept(spaced: Clinic) -> None:
    spaced.booked("2027-02-10T10:00:00Z")
    hold = spaced.held(TEN)
    override = {"codes": ["spacing_min"], "reason": "The skin has healed."}

    refused = spaced.convert(hold)
    visit = converted(spaced, hold, override=override)

    assert refusal(refused, "spacing_min")
    assert [one["codes"] for one in visit["overrides"]] == [["spacing_min"]]


def test_a_patient_who_is_elsewhere_at_that_time_is_busy(clinic: Clinic) -> None:
    other = create_staffed_location(clinic.desk)
    hold = clinic.held(TEN)
    clinic.booked(TEN, location_id=other["id"])

    assert codes(clinic.convert(hold)) == ["patient_busy"]


def test_a_patients_own_hold_never_stands_in_its_way(spaced: Clinic, database: Database) -> None:
    hold = spaced.held(TEN, patient_id=spaced.patient["id"])
    before = len(rows(database, spaced.desk, SpacingClaim))

    verdict = judged(spaced, hold)
    converted(spaced, hold)

    assert verdict == {"bookable": True, "refusals": [], "warnings": []}
    assert len(rows(database, spaced.desk, SpacingClaim)) == before


def test_a_patients_hold_is_nobody_elses(clinic: Clinic) -> None:
    hold = clinic.held(TEN, patient_id=clinic.patient["id"])

    answer = clinic.convert(hold, patient_id=create_patient(clinic.desk)["id"])

    assert pointers(answer) == ["/patient_id"]


def test_the_notice_was_kept_when_the_hold_was_made(clinic: Clinic) -> None:
    path = f"/locations/{clinic.location['id']}"
    clinic.desk.patch(path, {"policy": {"min_notice_minutes": 60}})
    hold = clinic.at(f"{DAY}T09:00:00Z").held(TEN)

    visit = converted(clinic.at(f"{DAY}T09:04:00Z"), hold)

    assert (visit["status"], visit["overrides"]) == ("booked", [])


def test_what_was_retired_meanwhile_is_still_given(clinic: Clinic) -> None:
    hold = clinic.held(TEN)
    clinic.desk.patch(f"/procedures/{clinic.procedure['id']}", {"active": False})

    assert converted(clinic, hold)


def test_a_closure_made_meanwhile_refuses(clinic: Clinic) -> None:
    hold = clinic.held(TEN)
    closure = {"starts_at": f"{DAY}T00:00:00Z", "ends_at": "2027-03-02T00:00:00Z", "reason": "Boiler"}
    clinic.desk.made(f"/locations/{clinic.location['id']}/closures", **closure)

    assert codes(clinic.convert(hold)) == ["location_closed"]


def test_a_conversion_makes_its_course_active(clinic: Clinic) -> None:
    course = create_course(clinic)

    visit = converted(clinic, clinic.held(TEN), course_id=course["id"])

    now = shown_course(clinic, course)
    assert (now["status"], now["appointment_ids"]) == ("active", [visit["id"]])


def test_the_course_of_a_hold_stays_the_appointments(clinic: Clinic) -> None:
    course = create_course(clinic)
    hold = clinic.held(TEN, patient_id=clinic.patient["id"], course_id=course["id"])

    assert converted(clinic, hold)["course_id"] == course["id"]


@pytest.mark.parametrize(
    "field", ["procedure_id", "location_id", "starts_at", "areas", "therapist_id", "room_id"]
)
def test_what_the_hold_says_cannot_be_said_again(clinic: Clinic, field: str) -> None:
    values: Made = {"starts_at": TEN, "areas": ["FACE"]}

    answer = clinic.convert(clinic.held(TEN), **{field: values.get(field, UNKNOWN_ID)})

    assert pointers(answer) == [f"/{field}"]


def test_without_a_hold_a_visit_is_named_in_full(clinic: Clinic) -> None:
    answer = clinic.desk.post("/appointments", {"patient_id": clinic.patient["id"]})

    assert sorted(pointers(answer)) == ["/location_id", "/procedure_id", "/starts_at"]


def test_an_unknown_hold_or_patient_is_404(clinic: Clinic) -> None:
    hold = clinic.held(TEN)

    answers = [clinic.convert({"id": UNKNOWN_ID}), clinic.convert(hold, patient_id=UNKNOWN_ID)]

    assert [answer.status_code for answer in answers] == [404, 404]
    assert clinic.desk.get(f"/holds/{hold['id']}").status_code == 200


def test_an_expired_hold_of_the_patient_does_not_stop_another_conversion(
    clinic: Clinic, database: Database
) -> None:
    old = clinic.held(TEN, patient_id=clinic.patient["id"])
    run_out(database, clinic.desk, old)

    assert converted(clinic, clinic.held(TEN))
    assert event_types(database, clinic.desk, old) == ["hold.created", "hold.expired"]
