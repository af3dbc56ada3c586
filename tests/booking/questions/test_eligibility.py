"""Eligibility gives the date from which a patient may be treated again, and the session behind it."""

from tests.support.cast import Clinic, create_location, create_procedure, create_rule, pointers
from tests.support.questions import eligibility

FIRST = "2027-03-06T10:00:00Z"


def test_without_sessions_a_patient_is_eligible_today(spaced: Clinic) -> None:
    assert eligibility(spaced) == {
        "eligible_on": "2027-01-04",
        "recommended_on": None,
        "overdue_on": None,
        "latest_on": None,
        "basis": [],
        "refusals": [],
    }


def test_the_dates_count_from_the_last_session(clinic: Clinic) -> None:
    create_rule(clinic.desk, overdue_days=56)
    visit = clinic.booked(FIRST)

    found = eligibility(clinic)

    assert found["eligible_on"] == "2027-04-03"
    assert found["recommended_on"] == "2027-04-10"
    assert found["overdue_on"] == "2027-05-01"
    assert found["basis"] == [{"rule_id": "S02", "on": "2027-04-03", "source": visit["id"]}]


def test_the_first_eligible_date_can_be_booked_and_the_day_before_cannot(spaced: Clinic) -> None:
    spaced.booked(FIRST)

    eligible_on = eligibility(spaced)["eligible_on"]

    assert spaced.book("2027-04-02T10:00:00+01:00").status_code == 409
    assert spaced.book(f"{eligible_on}T10:00:00+01:00").status_code == 201


def test_today_is_the_locations_own(spaced: Clinic) -> None:
    place = create_location(spaced.desk, timezone="Pacific/Auckland")

    found = eligibility(spaced.at("2027-01-04T13:00:00Z"), location_id=place["id"])

    assert found["eligible_on"] == "2027-01-05"


def test_a_cancelled_session_and_another_area_do_not_count(spaced: Clinic) -> None:
    neck = create_procedure(spaced.desk, code="NECK", areas=["NECK"])
    spaced.booked(FIRST, procedure_id=neck["id"])
    spaced.acted("cancel", spaced.booked("2027-03-07T10:00:00Z"), reason_code="patient")

    assert eligibility(spaced)["eligible_on"] == "2027-01-04"


def test_areas_are_asked_for_where_the_procedure_leaves_a_choice(spaced: Clinic) -> None:
    body = create_procedure(spaced.desk, code="BODY", areas=["ABDOMEN", "BACK"], choose_areas=True)
    spaced.booked(FIRST, procedure_id=body["id"], areas=["BACK"])
    path = f"/patients/{spaced.patient['id']}/eligibility"
    asked = {"procedure_id": body["id"], "location_id": spaced.location["id"]}

    back = eligibility(spaced, procedure_id=body["id"], areas="BACK,ABDOMEN")
    abdomen = eligibility(spaced, procedure_id=body["id"], areas="ABDOMEN")

    assert (back["eligible_on"], abdomen["eligible_on"]) == ("2027-04-03", "2027-01-04")
    assert pointers(spaced.desk.get(path, **asked)) == ["?areas"]
    assert pointers(spaced.desk.get(path, **asked, areas="NOSE")) == ["?areas/0"]
