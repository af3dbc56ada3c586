"""Eligibility gives each date with the rule and the session, treatment or medical hold behind it."""

import pytest

from tests.journeys.cast import change_hold, changed, doing, performed, refusals, told
from tests.support.cast import Clinic, create_key, pointers
from tests.support.questions import eligibility
from tests.support.records import open_medical_hold, record_treatment

FIRST = "2027-03-08T10:00:00Z"


def test_a_session_gives_all_dates(known: Clinic) -> None:
    visit = performed(known, FIRST)
    found = eligibility(known)

    dates = [found[name] for name in ("eligible_on", "recommended_on", "overdue_on", "latest_on")]
    assert dates == ["2027-04-05", "2027-04-12", "2027-05-03", "2028-09-08"]
    assert found["basis"][-1] == {"rule_id": "S02", "on": "2027-04-05", "source": visit["id"]}
    assert found["refusals"] == []


def test_a_consultation_alone_gives_a_first_and_a_last_date(known: Clinic) -> None:
    found = eligibility(known)

    assert (found["eligible_on"], found["latest_on"]) == ("2027-02-22", "2027-08-19")
    assert (found["recommended_on"], found["overdue_on"]) == (None, None)


def test_session_treatment_and_hold_are_each_named(known: Clinic) -> None:
    visit = performed(known, FIRST)
    later = known.at("2027-03-26T09:00:00Z")
    peel = record_treatment(later, "superficial_peel", "2027-03-25")
    hold = open_medical_hold(later, "hyperpigmentation", "2027-03-25", areas=["FACE"])
    change_hold(later, hold, resolved_on="2027-03-26")

    found = eligibility(later)

    basis = {one["rule_id"]: (one["on"], one["source"]) for one in found["basis"]}
    assert found["eligible_on"] == "2027-04-23"
    assert basis["S02"] == ("2027-04-05", visit["id"])
    assert basis["X03"] == ("2027-04-08", peel["id"])
    assert basis["H08"] == ("2027-04-23", hold["id"])
    assert found["recommended_on"] == "2027-04-23"


def test_while_a_hold_has_no_date_there_is_none_but_a_refusal(known: Clinic) -> None:
    open_medical_hold(known, "keloid_tendency", "2027-02-22")
    found = eligibility(known)

    assert [found[name] for name in ("eligible_on", "recommended_on", "latest_on")] == [None, None, None]
    assert told(found["refusals"]) == [("medical_hold", "H04", None)]
    assert found["refusals"][0]["overridable_by"] == "dermatologist"


def test_a_booked_filler_ends_the_time_before_it(known: Clinic) -> None:
    filler = known.desk.made(
        "/procedures",
        code="FILLER",
        name="Filler",
        family="FILLER",
        areas=["FACE"],
        counts_as="dermal_filler",
        phases=[
            {
                "name": "Filler",
                "kind": "procedure",
                "minutes": 30,
                "therapist": True,
                "room_kinds": ["treatment"],
            }
        ],
    )
    known.booked("2027-03-22T10:00:00Z", procedure_id=filler["id"])

    assert eligibility(known)["latest_on"] == "2027-03-08"
    assert refusals(known, "2027-03-08T10:00:00Z") == []
    assert refusals(known, "2027-03-09T10:00:00Z") == [("washout_min", "X02", "2027-04-05")]


def test_the_first_eligible_date_is_the_first_that_search_offers(known: Clinic) -> None:
    performed(known, FIRST)
    deep = doing(known, "MN_FACE_DEEP")

    day = eligibility(deep)["eligible_on"]

    assert day == "2027-04-05"
    assert deep.starts("2027-03-09", "2027-04-09", patient_id=known.patient["id"])[0][:10] == day


@pytest.mark.parametrize("clock", ["00:30", "23:30"])
def test_today_is_the_locations_own_after_the_clocks_change(known: Clinic, clock: str) -> None:
    assert eligibility(known.at(f"2027-04-01T{clock}:00+01:00"))["eligible_on"] == "2027-04-01"


def test_a_retired_hold_rule_leaves_a_date(known: Clinic) -> None:
    open_medical_hold(known, "pregnancy", "2027-02-22")
    (rule,) = known.desk.get("/hold-rules", code="pregnancy").get_json()["items"]
    changed(known, f"/hold-rules/{rule['id']}", active=False)

    assert eligibility(known)["eligible_on"] == "2027-02-22"


def test_who_may_not_read_appointments_learns_nothing(known: Clinic) -> None:
    desk = create_key(known.desk, "catalog:read")
    path = f"/patients/{known.patient['id']}/eligibility"
    asked = {"procedure_id": known.procedure["id"], "location_id": known.location["id"]}

    assert desk.get(path, **asked).status_code == 403
    assert pointers(known.desk.get(path, location_id=known.location["id"])) == ["?procedure_id"]
