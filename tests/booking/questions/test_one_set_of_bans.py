"""Search, dry run, booking, eligibility and `earliest_on` agree on the first date that every rule allows."""

from dataclasses import replace

import pytest

from tests.support.cast import Clinic, Made, create_procedure, create_rule, refusal
from tests.support.questions import verdict
from tests.support.records import open_medical_hold

FIRST = "2027-03-01T10:00:00Z"
CONSULT: Made = {"code": "TALK", "family": "CONSULT", "areas": []}
TALK: Made = {"name": "Talk", "kind": "consultation", "minutes": 30, "therapist": True}


@pytest.fixture
def tangled(spaced: Clinic) -> Clinic:
    """Give a patient who must wait because of a session, a resolved medical hold and a filler.

    S02 is over on 29 March, then the days before a filler on 9 April; from the day after it X02 counts.
    """
    spaced.booked(FIRST)
    days = {"floor_days": 0, "min_days": 14, "recommended_days": None}
    filler = create_procedure(spaced.desk, code="FILLER", family="FILLER", counts_as="dermal_filler")
    for code, after, before in (
        ("X02", {"event": "dermal_filler"}, {"family": "MN"}),
        ("X02B", {"family": "MN"}, {"event": "dermal_filler"}),
    ):
        create_rule(spaced.desk, code=code, after=after, before=before, **days)
    spaced.booked("2027-04-09T10:00:00+01:00", procedure_id=filler["id"])
    open_medical_hold(spaced, "infection", "2027-01-04", earliest_on="2027-03-27")
    return spaced


def dates(clinic: Clinic) -> Made:
    """Ask from when the clinic's patient may have its procedure."""
    asked = {"procedure_id": clinic.procedure["id"], "location_id": clinic.location["id"]}
    return dict(clinic.desk.get(f"/patients/{clinic.patient['id']}/eligibility", **asked).get_json())


@pytest.mark.parametrize(
    ("on", "earliest_on"),
    [("2027-03-15", "2027-04-23"), ("2027-03-28", "2027-04-23"), ("2027-04-22", "2027-04-23")],
)
def test_every_refusal_with_a_date_names_the_first_that_every_rule_allows(
    tangled: Clinic, on: str, earliest_on: str
) -> None:
    found = verdict(tangled, f"{on}T12:00:00+00:00")["refusals"]

    assert {one["earliest_on"] for one in found} == {earliest_on}


def test_search_and_booking_and_eligibility_begin_on_that_date(tangled: Clinic) -> None:
    patient_id = tangled.patient["id"]
    starts = tangled.starts("2027-03-02", "2027-05-01", patient_id=patient_id)

    assert dates(tangled)["eligible_on"] == "2027-04-23"
    assert starts[0][:10] == "2027-04-23"
    assert tangled.book("2027-04-22T10:00:00+01:00").status_code == 409
    assert tangled.book("2027-04-23T10:00:00+01:00").status_code == 201


def test_a_hold_without_an_end_leaves_no_date_anywhere(tangled: Clinic) -> None:
    open_medical_hold(tangled, "pregnancy")
    patient_id = tangled.patient["id"]
    answer = tangled.book("2027-03-15T10:00:00Z")

    assert dates(tangled)["eligible_on"] is None
    assert "H02" in {one["rule_id"] for one in dates(tangled)["refusals"]}
    assert tangled.starts("2027-03-02", "2027-05-01", patient_id=patient_id) == []
    held = [one for one in answer.get_json()["refusals"] if one["rule_id"] == "H02"]
    assert [one.get("earliest_on") for one in held] == [None]
    assert refusal(answer, "spacing_min")["earliest_on"] == "2027-04-23"


def test_a_prerequisite_has_its_date_beside_the_others(clinic: Clinic) -> None:
    treatment = create_procedure(clinic.desk, code="TREATMENT", prerequisites=[{"family": "CONSULT"}])
    talk = create_procedure(clinic.desk, phases=[TALK], **CONSULT)
    clinic.booked("2027-03-20T10:00:00Z", procedure_id=talk["id"])
    open_medical_hold(clinic, "infection", "2027-01-04", earliest_on="2027-03-10")
    treated = replace(clinic, procedure=treatment)

    found = verdict(treated, "2027-03-01T12:00:00Z")["refusals"]

    assert {one["code"]: one["earliest_on"] for one in found} == {
        "medical_hold": "2027-03-21", "prerequisite_missing": "2027-03-21",
    }  # fmt: skip
    assert dates(treated)["eligible_on"] == "2027-03-21"
