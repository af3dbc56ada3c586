"""A visit gets another therapist or room at its times, judged by the rules on staff and rooms only."""

from typing import Any

import pytest

from models.database import Database
from tests.support.cast import (
    UNKNOWN_ID,
    Clinic,
    Made,
    audit_entries,
    codes,
    create_key,
    create_patient,
    create_pipeline,
    create_room,
    create_therapist,
    event_types,
    pointers,
    refusal,
    standard_phases,
    working,
)
from tests.support.desk import Desk
from tests.support.racing import assert_sound
from tests.support.times import TEN


def staff(clinic: Clinic, **fields: Any) -> Made:
    """Create another therapist."""
    return create_therapist(clinic.desk, clinic.location, **fields)


def rooms(visit: Made) -> list[str]:
    """Give the rooms of a visit's phases."""
    return [phase["room_id"] for phase in visit["phases"]]


def test_another_therapist_takes_over_in_the_same_rooms_at_the_same_times(
    pipeline: Clinic, database: Database
) -> None:
    visit, other = pipeline.booked(TEN), staff(pipeline)

    given = pipeline.acted("reassign", visit, therapist_id=other["id"])

    assert given["therapist_id"] == other["id"]
    assert {one["therapist_id"] for one in given["phases"]} == {other["id"], None}
    assert (rooms(given), given["starts_at"], given["ends_at"]) == (
        rooms(visit), visit["starts_at"], visit["ends_at"],
    )  # fmt: skip
    assert event_types(database, pipeline.desk, visit) == ["appointment.booked", "appointment.reassigned"]
    assert_sound(database, pipeline.desk)


def test_another_room_changes_the_phases_of_its_kind_alone(pipeline: Clinic, database: Database) -> None:
    visit = pipeline.booked(TEN)
    spare = create_room(pipeline.desk, pipeline.location, name="Spare room")

    given = pipeline.acted("reassign", visit, room_id=spare["id"])

    assert rooms(given) == [*rooms(visit)[:2], *[spare["id"]] * 6]
    assert given["therapist_id"] == visit["therapist_id"]
    assert_sound(database, pipeline.desk)


def test_who_is_numbing_already_keeps_what_was_noted(pipeline: Clinic) -> None:
    visit, other = pipeline.booked(TEN), staff(pipeline)
    visit = pipeline.at(TEN).acted("arrive", visit)
    visit = pipeline.at("2027-03-01T10:10:00Z").acted("start-numbing", visit)

    given = pipeline.at("2027-03-01T10:20:00Z").acted("reassign", visit, therapist_id=other["id"])

    noted = [(one["actual_starts_at"], one["actual_ends_at"]) for one in given["phases"]]
    assert noted == [(one["actual_starts_at"], one["actual_ends_at"]) for one in visit["phases"]]
    assert (given["status"], given["therapist_id"]) == ("numbing", other["id"])


def test_what_was_noted_stays_with_its_phase_when_the_procedure_has_lost_one_meanwhile(
    pipeline: Clinic,
) -> None:
    other = staff(pipeline)
    visit = pipeline.at(TEN).acted("arrive", pipeline.booked(TEN))
    visit = pipeline.at("2027-03-01T10:05:00Z").acted("start-numbing", visit)
    pipeline.desk.patch(f"/procedures/{pipeline.procedure['id']}", {"phases": standard_phases()[1:]})
    given = pipeline.acted("reassign", visit, therapist_id=other["id"])

    noted = {one["name"]: one["actual_starts_at"] for one in given["phases"] if one["actual_starts_at"]}
    assert noted == {"Numbing": "2027-03-01T10:05:00+00:00"}


def test_what_the_visit_has_already_changes_nothing(clinic: Clinic, database: Database) -> None:
    visit = clinic.booked(TEN)

    given = clinic.acted("reassign", visit, therapist_id=visit["therapist_id"], room_id=rooms(visit)[0])

    assert given == visit
    assert event_types(database, clinic.desk, visit) == ["appointment.booked"]


def test_a_busy_therapist_is_refused_with_those_who_could_lead_it(clinic: Clinic) -> None:
    create_room(clinic.desk, clinic.location, name="Room 2")
    other, free = staff(clinic), staff(clinic)
    visit = clinic.booked(TEN, therapist_id=clinic.therapist["id"])
    clinic.booked(TEN, therapist_id=other["id"], patient_id=create_patient(clinic.desk)["id"])

    answer = clinic.act("reassign", visit, therapist_id=other["id"])

    assert codes(answer) == ["therapist_busy"]
    (offered,) = answer.get_json()["alternatives"]
    assert offered["starts_at"] == visit["starts_at"]
    assert set(offered["therapist_ids"]) == {clinic.therapist["id"], free["id"]}


@pytest.mark.parametrize("field", ["therapist_id", "room_id"])
def test_a_refusal_names_every_therapist_and_room_that_works_and_no_other(
    pipeline: Clinic, field: str
) -> None:
    taken = {"therapist_id": staff(pipeline)["id"]}
    taken["room_id"] = create_room(pipeline.desk, pipeline.location, name="Taken")["id"]
    free = create_room(pipeline.desk, pipeline.location, name="Free")
    create_room(pipeline.desk, pipeline.location, name="Talks", kind="consultation")
    visit = pipeline.booked(TEN, therapist_id=pipeline.therapist["id"])
    other = pipeline.booked(TEN, patient_id=create_patient(pipeline.desk)["id"], **taken)

    answer = pipeline.act("reassign", visit, {field: taken[field]})
    (offered,) = answer.get_json()["alternatives"]

    everything = {one["id"]: one["kind"] for one in pipeline.desk.get("/rooms").get_json()["items"]}
    usable = {key for key, kind in everything.items() if kind != "consultation"} - set(rooms(other))
    assert offered["therapist_ids"] == [pipeline.therapist["id"]]
    assert set(offered["room_ids"]) == usable
    assert free["id"] in usable
    for room_id in offered["room_ids"]:
        visit = pipeline.acted("reassign", visit, room_id=room_id)


def test_when_nobody_could_lead_it_no_room_is_offered(clinic: Clinic) -> None:
    other = staff(clinic)
    visit = clinic.booked(TEN, therapist_id=clinic.therapist["id"])
    for one in (clinic.therapist, other):
        clinic.desk.patch(f"/therapists/{one['id']}", {"working_hours": []})
    visit = clinic.desk.get(f"/appointments/{visit['id']}").get_json()

    answer = clinic.act("reassign", visit, therapist_id=other["id"])

    assert answer.get_json()["alternatives"] == []


def test_every_reason_is_listed_and_nothing_is_written(pipeline: Clinic, database: Database) -> None:
    visit = pipeline.booked(TEN)
    spare = create_room(pipeline.desk, pipeline.location, name="Spare room")
    pipeline.booked(
        TEN,
        patient_id=create_patient(pipeline.desk)["id"],
        room_id=spare["id"],
        therapist_id=staff(pipeline)["id"],
    )
    idle = create_therapist(pipeline.desk, name="Idle", working_hours=working(pipeline.location, "14:00"))

    answer = pipeline.act("reassign", visit, therapist_id=idle["id"], room_id=spare["id"])

    assert codes(answer) == ["room_busy", "therapist_not_working"]
    assert pipeline.desk.get(f"/appointments/{visit['id']}").get_json()["version"] == visit["version"]
    assert_sound(database, pipeline.desk)


def test_an_unqualified_therapist_is_nobodys_to_allow(desk: Desk) -> None:
    clinic = create_pipeline(desk, therapist={"qualifications": [{"code": "BBP"}]})
    clinic.desk.patch(f"/procedures/{clinic.procedure['id']}", {"qualifications": ["BBP"]})
    visit, other = clinic.booked(TEN), staff(clinic)

    answer = clinic.act(
        "reassign",
        visit,
        therapist_id=other["id"],
        override={"codes": ["therapist_unqualified"], "reason": "Needed."},
    )

    assert "overridable_by" not in refusal(answer, "therapist_unqualified")


def test_the_desk_may_let_somebody_work_longer(clinic: Clinic, database: Database) -> None:
    visit = clinic.booked(TEN)
    late = create_therapist(clinic.desk, name="Late", working_hours=working(clinic.location, "14:00"))
    wanted = {"therapist_id": late["id"]}
    override = {"codes": ["therapist_not_working"], "reason": "Comes in early."}
    lacking = clinic.using(create_key(clinic.desk, "appointments:write"))

    without = clinic.act("reassign", visit, wanted)
    forbidden = lacking.act("reassign", visit, wanted, override=override)
    given = clinic.acted("reassign", visit, **wanted, override=override)

    assert codes(without) == ["therapist_not_working"]
    assert forbidden.status_code == 403
    assert given["overrides"][0]["codes"] == ["therapist_not_working"]
    assert len(audit_entries(database, clinic.desk, "appointment.overridden")) == 1


def test_a_visit_that_was_flagged_for_its_therapist_is_cleared(clinic: Clinic) -> None:
    visit, other = clinic.booked(TEN), staff(clinic)
    path = f"/therapists/{clinic.therapist['id']}"
    hours = working(clinic.location, "14:00")
    flagged = clinic.desk.patch(path, {"working_hours": hours}).get_json()["affected"]
    visit = clinic.desk.get(f"/appointments/{visit['id']}").get_json()

    given = clinic.acted("reassign", visit, therapist_id=other["id"])

    assert (flagged, given["flags"]) == ([visit["id"]], [])


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, ""),
        ({"therapist_id": None, "room_id": None}, ""),
        ({"therapist_id": "somebody"}, "/therapist_id"),
        ({"room_id": 7}, "/room_id"),
        ({"room_id": UNKNOWN_ID, "starts_at": TEN}, "/starts_at"),
    ],
)
def test_what_names_nobody_or_more_than_that_is_422(clinic: Clinic, body: Made, pointer: str) -> None:
    answer = clinic.act("reassign", clinic.booked(TEN), body)

    assert pointers(answer) == [pointer]


@pytest.mark.parametrize("field", ["therapist_id", "room_id"])
def test_an_unknown_therapist_or_room_is_404(clinic: Clinic, field: str) -> None:
    answer = clinic.act("reassign", clinic.booked(TEN), {field: UNKNOWN_ID})

    assert answer.status_code == 404


def test_a_room_of_no_use_to_the_procedure_is_422(clinic: Clinic) -> None:
    other = create_room(clinic.desk, clinic.location, kind="consultation")

    answer = clinic.act("reassign", clinic.booked(TEN), room_id=other["id"])

    assert pointers(answer) == ["/room_id"]


def test_a_visit_that_nobody_leads_gets_no_therapist(desk: Desk) -> None:
    clinic = create_pipeline(desk)
    phases = [{"name": "Mask", "kind": "procedure", "minutes": 20, "room_kinds": ["treatment"]}]
    clinic.desk.patch(f"/procedures/{clinic.procedure['id']}", {"phases": phases})

    answer = clinic.act("reassign", clinic.booked(TEN), therapist_id=clinic.therapist["id"])

    assert pointers(answer) == ["/therapist_id"]
