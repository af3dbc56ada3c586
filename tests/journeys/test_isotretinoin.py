"""J6: needling waits 180 days after isotretinoin, and a dermatologist may allow less for a known dose."""

from dataclasses import replace

import pytest

from models.database import Database
from tests.journeys.cast import change_treatment, create_place, told
from tests.support.cast import Clinic, Made, codes, event_types, refusal, working
from tests.support.overrides import overriding, with_level
from tests.support.questions import eligibility
from tests.support.records import record_treatment
from tests.support.visits import flagged, flags, shown_visit

LAST_DOSE = "2026-12-15"
WISHED = "2027-03-10T10:00:00+00:00"
REASON = "Seen on 10 March: skin fully healed."


@pytest.fixture
def dosed(known: Clinic) -> Clinic:
    """Give the clinic whose patient took the last capsule on 15 December."""
    record_treatment(known, "isotretinoin", LAST_DOSE, areas=[])
    return known


def the_dose(clinic: Clinic) -> Made:
    (found,) = clinic.desk.get(f"/patients/{clinic.patient['id']}/treatments").get_json()["items"]
    return dict(found)


def test_the_first_slot_after_180_days_is_a_monday_in_london(dosed: Clinic) -> None:
    answer = dosed.book(WISHED)

    found = refusal(answer, "washout_min")
    starts = [slot["starts_at"] for slot in answer.get_json()["alternatives"]]
    assert codes(answer) == ["washout_min"]
    assert (found["rule_id"], found["earliest_on"], found["overridable_by"]) == (
        "X14",
        "2027-06-13",
        "dermatologist",
    )
    assert starts[0] == "2027-06-14T09:00:00+01:00"
    assert len(starts) == 5


def test_where_mondays_are_closed_it_is_a_tuesday(dosed: Clinic) -> None:
    hours = [
        {"weekday": day, "opens": "09:00", "closes": "19:00"} for day in ("tue", "wed", "thu", "fri", "sat")
    ]
    place = create_place(dosed.desk, name="Lisbon", timezone="Europe/Lisbon", opening_hours=hours)
    path = f"/therapists/{dosed.therapist['id']}"
    dosed.desk.patch(path, {"working_hours": [*working(dosed.location), *working(place)]})

    answer = replace(dosed, location=place).book(WISHED)

    assert told(answer.get_json()["refusals"]) == [("washout_min", "X14", "2027-06-13")]
    assert answer.get_json()["alternatives"][0]["starts_at"] == "2027-06-15T09:00:00+01:00"


@pytest.mark.parametrize(
    ("level", "status"), [("therapist", 403), ("clinician", 403), ("dermatologist", 201)]
)
def test_only_a_dermatologist_may_allow_less(dosed: Clinic, level: str, status: int) -> None:
    answer = with_level(dosed, level).book(WISHED, **overriding("washout_min", reason=REASON))

    assert answer.status_code == status
    assert answer.get_json().get("code") == (None if status == 201 else "missing_scope")


def test_the_override_says_for_which_dose_it_was_given(dosed: Clinic, database: Database) -> None:
    visit = with_level(dosed, "dermatologist").booked(WISHED, **overriding("washout_min", reason=REASON))

    (kept,) = visit["overrides"]
    ground = {"code": "washout_min", "rule_id": "X14", "source_id": the_dose(dosed)["id"], "on": LAST_DOSE}
    assert kept["id"]
    assert (kept["codes"], kept["reason"], kept["grounds"]) == (["washout_min"], REASON, [ground])
    assert event_types(database, dosed.desk, visit) == ["appointment.booked", "appointment.overridden"]
    assert flags(dosed, visit) == []


def test_another_dose_than_the_one_assessed_flags_the_visit(dosed: Clinic) -> None:
    visit = dosed.booked(WISHED, **overriding("washout_min", reason=REASON))

    later = change_treatment(dosed, the_dose(dosed), on="2026-12-20")
    flag = shown_visit(dosed, visit)["flags"]
    back = change_treatment(dosed, the_dose(dosed), on=LAST_DOSE)

    assert later["affected"] == [visit["id"]]
    assert [(one["code"], one["rule_id"]) for one in flag] == [("washout_min", "X14")]
    assert flag[0]["since"].startswith("2027-02-22T09:00:00")
    assert (back["affected"], flags(dosed, visit), flagged(dosed)) == ([], [], [])


@pytest.mark.parametrize(
    ("on", "is_affected"), [("2026-09-12", True), ("2026-09-11", False), ("2026-09-10", False)]
)
def test_a_dose_that_lies_180_days_back_flags_nothing(dosed: Clinic, on: str, is_affected: bool) -> None:
    visit = dosed.booked(WISHED, **overriding("washout_min", reason=REASON))

    answer = change_treatment(dosed, the_dose(dosed), on=on)

    assert answer["affected"] == ([visit["id"]] if is_affected else [])
    assert flags(dosed, visit) == ([("washout_min", "X14")] if is_affected else [])


def test_a_dose_told_of_after_booking_flags_the_visit_until_it_is_taken_back(known: Clinic) -> None:
    visit = known.booked(WISHED)

    made = record_treatment(known, "isotretinoin", LAST_DOSE, areas=[])
    listed = flagged(known)
    known.desk.delete(f"/patients/{known.patient['id']}/treatments/{made['id']}")

    assert made["affected"] == listed == [visit["id"]]
    assert flags(known, visit) == []


def test_eligibility_names_the_dose_as_its_source(dosed: Clinic) -> None:
    found = eligibility(dosed)

    assert (found["eligible_on"], found["refusals"]) == ("2027-06-13", [])
    assert found["basis"][-1] == {
        "rule_id": "X14",
        "on": "2027-06-13",
        "source": the_dose(dosed)["id"],
    }
