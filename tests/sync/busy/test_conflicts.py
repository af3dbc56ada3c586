"""Busy time over a visit is a conflict: the desk learns of it, and the visit is not cancelled."""

import pytest

from models import Event
from models.database import Database
from tests.support.cast import (
    Clinic,
    create_clinic,
    create_key,
    create_location,
    create_patient,
    create_room,
    create_therapist,
    event_types,
    pointers,
    rows,
    short_phases,
)
from tests.support.desk import Desk
from tests.support.flags import conflicts, flags
from tests.sync.elsewhere import DAY, Elsewhere, at


def test_busy_time_over_a_visit_is_accepted_and_told_of(elsewhere: Elsewhere, database: Database) -> None:
    clinic = elsewhere.clinic
    visit = clinic.booked(at("12:00"))
    elsewhere.busy("12:10", "13:00", "SUMMARY:Chemotherapy")
    (conflict,) = conflicts(clinic.desk)

    assert conflict == {
        "appointment_id": visit["id"],
        "location_id": clinic.location["id"],
        "therapist_id": clinic.therapist["id"],
        "starts_at": at("12:00"),
        "ends_at": at("12:20"),
        "source": {"external_calendar_id": None, "starts_at": at("12:10"), "ends_at": at("13:00")},
    }
    shown = clinic.desk.get(f"/appointments/{visit['id']}").get_json()
    assert shown["status"] == "booked"
    assert [(flag["code"], flag["resource_id"]) for flag in shown["flags"]] == [
        ("external_busy", clinic.therapist["id"])
    ]
    assert shown["version"] == visit["version"] + 1
    (told,) = [one for one in rows(database, clinic.desk, Event) if one.type == "busy_block.conflicting"]
    assert told.data == {
        "appointment_id": visit["id"],
        "therapist_id": clinic.therapist["id"],
        "location_id": clinic.location["id"],
        "starts_at": "2027-03-01T12:00:00+00:00",
        "ends_at": "2027-03-01T12:20:00+00:00",
    }


def test_a_conflict_is_told_of_once_until_it_is_gone(elsewhere: Elsewhere, database: Database) -> None:
    clinic = elsewhere.clinic
    visit = clinic.booked(at("12:00"))

    def told() -> int:
        return event_types(database, clinic.desk, visit).count("busy_block.conflicting")

    elsewhere.busy("12:00", "13:00")
    elsewhere.busy("11:00", "12:30")
    elsewhere.busy("09:00", "18:00", name="other.ics")
    assert (told(), flags(clinic.desk, visit)) == (1, ["external_busy"])

    elsewhere.free("other.ics")
    assert flags(clinic.desk, visit) == ["external_busy"]
    elsewhere.busy("13:00", "14:00")
    assert (flags(clinic.desk, visit), conflicts(clinic.desk)) == ([], [])
    elsewhere.busy("12:00", "13:00")
    assert told() == 2


@pytest.mark.parametrize(
    ("start", "end", "count"), [("11:00", "12:00", 0), ("12:15", "12:20", 1), ("12:20", "13:00", 0)]
)
def test_a_conflict_begins_and_ends_with_the_minute(
    elsewhere: Elsewhere, start: str, end: str, count: int
) -> None:
    elsewhere.clinic.booked(at("12:00"))
    elsewhere.busy(start, end)

    assert len(conflicts(elsewhere.clinic.desk)) == count


def test_the_numbing_in_which_nobody_is_needed_is_no_conflict(pipeline: Clinic, database: Database) -> None:
    visit = pipeline.booked(at("10:00"))
    elsewhere = Elsewhere(pipeline, database)
    elsewhere.busy("10:00", "10:40")
    assert conflicts(pipeline.desk) == []

    elsewhere.busy("10:00", "10:45")
    assert [one["appointment_id"] for one in conflicts(pipeline.desk)] == [visit["id"]]


def test_who_assists_is_as_busy_as_who_treats(desk: Desk, database: Database) -> None:
    phases = [short_phases()[0] | {"assistant": "NURSE"}]
    clinic = create_clinic(desk, procedure={"phases": phases})
    nurse = create_therapist(desk, clinic.location, treats=False, qualifications=[{"code": "NURSE"}])
    visit = clinic.booked(at("12:00"))
    Elsewhere(clinic, database).of(nurse).busy("12:00", "13:00")

    (conflict,) = conflicts(desk, therapist_id=nurse["id"])
    assert (conflict["appointment_id"], conflict["therapist_id"]) == (visit["id"], nurse["id"])
    assert conflicts(desk, therapist_id=clinic.therapist["id"]) == []


@pytest.mark.parametrize("action", ["cancel", "no-show", "complete"])
def test_what_does_not_take_place_or_is_over_is_no_conflict(elsewhere: Elsewhere, action: str) -> None:
    clinic = elsewhere.clinic
    visit = clinic.booked(at("12:00"))
    elsewhere.busy("12:00", "13:00")
    visit = clinic.desk.get(f"/appointments/{visit['id']}").get_json()
    at_one = clinic.at(at("12:16") if action != "cancel" else at("11:00"))
    for step in ("arrive", "start") if action == "complete" else ():
        visit = at_one.acted(step, visit)
    done = at_one.acted(action, visit, **({"reason_code": "patient"} if action == "cancel" else {}))

    assert conflicts(at_one.desk) == []
    assert "external_busy" not in [flag["code"] for flag in done["flags"]]


def test_a_visit_handed_over_is_in_conflict_no_more(elsewhere: Elsewhere) -> None:
    clinic = elsewhere.clinic
    clinic.booked(at("12:00"))
    other = create_therapist(clinic.desk, clinic.location)
    elsewhere.busy("12:00", "13:00")
    (visit,) = clinic.desk.get("/appointments", flagged="true").get_json()["items"]
    handed = clinic.acted("reassign", visit, therapist_id=other["id"])

    assert handed["flags"] == []
    assert conflicts(clinic.desk) == []


def test_a_disruption_moves_a_visit_in_conflict_to_free_time(elsewhere: Elsewhere) -> None:
    clinic = elsewhere.clinic
    clinic.booked(at("12:00"))
    elsewhere.busy("12:00", "15:00")
    span = {"starts_at": at("09:00"), "ends_at": at("13:00")}
    answer = clinic.desk.post("/disruptions/preview", {"resource_id": clinic.therapist["id"], **span})

    (proposed,) = answer.get_json()["items"]
    assert proposed["proposal"]["starts_at"] == at("15:00")


def test_a_key_of_some_locations_sees_its_own_conflicts(elsewhere: Elsewhere) -> None:
    clinic = elsewhere.clinic
    visit = clinic.booked(at("12:00"))
    elsewhere.busy("12:00", "13:00")
    leeds = create_location(clinic.desk, name="Leeds")
    here, there = (
        create_key(clinic.desk, "appointments:read", location_ids=[place["id"]]).at(clinic.desk.now or "")
        for place in (clinic.location, leeds)
    )

    assert [one["appointment_id"] for one in conflicts(here)] == [visit["id"]]
    assert conflicts(there) == []
    assert conflicts(clinic.desk, location_id=leeds["id"]) == []
    assert create_key(clinic.desk, "catalog:read").get("/conflicts").status_code == 403


def test_conflicts_are_listed_by_time_page_by_page_and_by_date(elsewhere: Elsewhere) -> None:
    clinic = elsewhere.clinic
    create_room(clinic.desk, clinic.location)
    times = [at("16:00"), at("09:00"), at("12:00")]
    for time, patient in zip(times, clinic.patients(3), strict=True):
        clinic.booked(time, patient_id=patient)
    elsewhere.busy("09:00", "18:00")
    first = clinic.desk.get("/conflicts", limit=2).get_json()
    second = clinic.desk.get("/conflicts", limit=2, cursor=first["next_cursor"]).get_json()

    assert [one["starts_at"] for one in first["items"] + second["items"]] == sorted(times)
    assert second["next_cursor"] is None
    assert [len(conflicts(clinic.desk, from_=day)) for day in ("2027-02-28", DAY, "2027-03-02")] == [3, 3, 0]
    assert [len(conflicts(clinic.desk, until=day)) for day in (DAY, "2027-03-02")] == [0, 3]
    assert len(conflicts(clinic.desk.at(at("12:20")))) == 1
    assert pointers(clinic.desk.get("/conflicts", from_=DAY, until=DAY)) == ["?until"]
    assert pointers(clinic.desk.get("/conflicts", cursor="x")) == ["?cursor"]


def test_busy_time_that_is_given_back_is_offered_to_who_waits(elsewhere: Elsewhere) -> None:
    clinic = elsewhere.clinic
    patient = create_patient(clinic.desk, name="Waits")
    elsewhere.busy("12:00", "13:00")
    clinic.desk.made(
        "/waitlist",
        patient_id=patient["id"],
        procedure_id=clinic.procedure["id"],
        location_id=clinic.location["id"],
    )
    elsewhere.free()

    assert elsewhere.offers() == 1
