"""An adverse effect of a treatment opens a medical hold in the same act and on the same areas."""

import pytest

from models import Event, MedicalHold
from models.database import Database
from tests.support.cast import (
    Clinic,
    Made,
    audit_entries,
    create_key,
    create_patient,
    pointers,
    rows,
)
from tests.support.records import medical_holds_path, open_medical_hold
from tests.support.times import TEN
from tests.support.visits import begun

EFFECTS = ["prolonged_redness", "hyperpigmentation", "serious_adverse_effect", "anaesthetic_reaction"]


def medical_holds(clinic: Clinic) -> list[Made]:
    """List the medical holds of the clinic's patient."""
    found: list[Made] = clinic.desk.get(medical_holds_path(clinic)).get_json()["items"]
    return found


def test_each_adverse_effect_opens_a_hold_on_the_visits_areas_from_its_local_day(clinic: Clinic) -> None:
    visit = begun(clinic, TEN)

    done = clinic.at("2027-03-01T10:20:00Z").acted("complete", visit, adverse_effects=EFFECTS)

    opened = medical_holds(clinic)
    assert (done["status"], done["affected"]) == ("completed", [])
    assert sorted(one["code"] for one in opened) == sorted(EFFECTS)
    assert {(*one["areas"], one["opened_on"]) for one in opened} == {("FACE", "2027-03-01")}


def test_the_patients_later_visits_are_flagged_and_named(clinic: Clinic) -> None:
    later = clinic.booked("2027-04-12T10:00:00Z")
    others = clinic.booked("2027-04-12T11:00:00Z", patient_id=create_patient(clinic.desk)["id"])
    visit = begun(clinic, TEN)

    done = clinic.at(TEN).acted("complete", visit, adverse_effects=["hyperpigmentation", "prolonged_redness"])

    flagged = clinic.desk.get("/appointments", flagged="true").get_json()["items"]
    assert done["affected"] == [later["id"]] == [one["id"] for one in flagged]
    assert {flag["rule_id"] for flag in flagged[0]["flags"]} == {"H07", "H08"}
    assert others["flags"] == []


def test_nothing_went_wrong_unless_somebody_says_so(clinic: Clinic) -> None:
    done = clinic.at(TEN).acted("complete", begun(clinic, TEN))

    assert medical_holds(clinic) == []
    assert "affected" not in done


@pytest.mark.parametrize(
    ("areas", "number"), [(["FACE"], 1), ([], 1), (["FACE", "NECK"], 1), (["PERIORBITAL"], 2), (["NECK"], 2)]
)
def test_a_hold_that_is_open_on_these_areas_is_not_doubled(
    clinic: Clinic, areas: list[str], number: int
) -> None:
    visit = begun(clinic, TEN)
    open_medical_hold(clinic.at(TEN), "prolonged_redness", "2027-03-01", areas=areas)

    clinic.at(TEN).acted("complete", visit, adverse_effects=["prolonged_redness"])

    assert len(medical_holds(clinic)) == number


@pytest.mark.parametrize("end", ["resolved", "signed off"])
def test_a_hold_that_was_released_does_not_stand_for_what_went_wrong_now(clinic: Clinic, end: str) -> None:
    path = medical_holds_path(clinic)
    visit = begun(clinic, TEN)
    desk = clinic.at(TEN).desk
    hold = desk.made(path, code="prolonged_redness", areas=["FACE"], opened_on="2027-03-01")
    if end == "resolved":
        released = desk.patch(f"{path}/{hold['id']}", {"resolved_on": "2027-03-01"})
    else:
        released = desk.post(f"{path}/{hold['id']}/sign-off", {"reason": "Seen.", "version": hold["version"]})

    clinic.at(TEN).acted("complete", visit, adverse_effects=["prolonged_redness"])

    assert released.status_code == 200
    assert len(medical_holds(clinic)) == 2


@pytest.mark.parametrize(
    ("effects", "pointer"),
    [
        (["prolonged_redness", "burn"], "/adverse_effects/1"),
        (["pregnancy"], "/adverse_effects/0"),
        (["prolonged_redness", "prolonged_redness"], "/adverse_effects"),
        ([None], "/adverse_effects/0"),
        ("prolonged_redness", "/adverse_effects"),
        (None, "/adverse_effects"),
    ],
)
def test_what_is_no_adverse_effect_is_422_and_nothing_is_done(
    clinic: Clinic, effects: object, pointer: str
) -> None:
    visit = begun(clinic, TEN)

    answer = clinic.at(TEN).act("complete", visit, {"adverse_effects": effects})

    assert pointers(answer) == [pointer]
    assert clinic.desk.get(f"/appointments/{visit['id']}").get_json()["status"] == "in_progress"
    assert medical_holds(clinic) == []


def test_who_may_write_appointments_may_say_what_went_wrong(clinic: Clinic) -> None:
    visit = begun(clinic, TEN)
    desk = clinic.using(create_key(clinic.desk, "appointments:write"))

    done = desk.at(TEN).acted("complete", visit, adverse_effects=["anaesthetic_reaction"])

    assert done["status"] == "completed"
    assert [one["code"] for one in medical_holds(clinic)] == ["anaesthetic_reaction"]


def test_events_and_the_audit_log_name_no_clinical_reason(clinic: Clinic, database: Database) -> None:
    visit = begun(clinic, TEN)

    clinic.at(TEN).acted("complete", visit, adverse_effects=["serious_adverse_effect"])

    (entry,) = audit_entries(database, clinic.desk, "appointment.completed")
    (opened,) = audit_entries(database, clinic.desk, "medical_hold.created")
    assert entry.changes == {"status": ["in_progress", "completed"], "fields": ["adverse_effects"]}
    assert "serious_adverse_effect" not in str(opened.changes)
    assert all("serious_adverse_effect" not in str(one.data) for one in rows(database, clinic.desk, Event))


def test_a_stale_version_opens_no_hold(clinic: Clinic, database: Database) -> None:
    visit = begun(clinic, TEN)

    answer = clinic.at(TEN).act("complete", visit | {"version": 1}, adverse_effects=["prolonged_redness"])

    assert answer.status_code == 412
    assert rows(database, clinic.desk, MedicalHold) == []
