"""Waitlist entries are made, listed, changed and ended by keys that may do so."""

import pytest

from models.database import Database
from tests.support.cast import (
    UNKNOWN_ID,
    Clinic,
    Made,
    another_patient,
    create_key,
    create_location,
    create_patient,
    pointers,
)
from tests.support.waitlist import answer, entry, freed, nights_work, offer, shown_entry, wanted


def test_a_new_entry_waits_and_reads_as_it_was_made(clinic: Clinic) -> None:
    wish = {
        "therapist_id": clinic.therapist["id"],
        "earliest_on": "2027-03-01",
        "latest_on": "2027-03-31",
        "weekdays": ["mon", "fri"],
        "from_time": "09:30",
        "until_time": "24:00",
    }

    made = entry(clinic, **wish)

    assert {name: made[name] for name in wish} == wish
    assert (made["status"], made["offer"], made["appointment_id"], made["areas"]) == (
        "waiting",
        None,
        None,
        [],
    )
    assert shown_entry(clinic, made) == made


def test_entries_are_listed_by_what_they_name(clinic: Clinic) -> None:
    made = entry(clinic)
    entry(another_patient(clinic))
    queries = [
        {"patient_id": clinic.patient["id"]},
        {"location_id": clinic.location["id"], "status": "waiting"},
        {"procedure_id": clinic.procedure["id"]},
        {"status": "offered"},
        {"location_id": UNKNOWN_ID},
    ]

    found = [clinic.desk.get("/waitlist", **query).get_json()["items"] for query in queries]

    assert [len(items) for items in found] == [1, 2, 2, 0, 0]
    assert found[0] == [made]


@pytest.mark.parametrize(
    ("fields", "pointer"),
    [
        ({"earliest_on": "2027-03-02", "latest_on": "2027-03-01"}, "/latest_on"),
        ({"latest_on": "2027-01-03"}, "/latest_on"),
        ({"from_time": "10:00", "until_time": "10:00"}, "/until_time"),
        ({"until_time": "00:00"}, "/until_time"),
        ({"from_time": "10:01"}, "/from_time"),
        ({"from_time": "24:00"}, "/from_time"),
        ({"weekdays": ["friday"]}, "/weekdays/0"),
        ({"weekdays": []}, "/weekdays"),
        ({"areas": ["NECK"]}, "/areas"),
        ({"areas": ["ELBOW"]}, "/areas/0"),
        ({"status": "offered"}, "/status"),
        ({"notes": "Any."}, "/notes"),
    ],
)
def test_what_makes_no_sense_is_422_naming_the_field(standing: Clinic, fields: Made, pointer: str) -> None:
    answered = standing.desk.post("/waitlist", wanted(standing, **fields))

    assert pointers(answered) == [pointer]


@pytest.mark.parametrize("field", ["patient_id", "procedure_id", "location_id", "therapist_id"])
def test_an_id_that_is_not_ours_is_404_naming_the_field(
    standing: Clinic, neighbour: Clinic, field: str
) -> None:
    theirs = {
        f"{name}_id": getattr(neighbour, name)["id"]
        for name in ("patient", "procedure", "location", "therapist")
    }

    answers = [
        standing.desk.post("/waitlist", wanted(standing, **{field: one}))
        for one in (UNKNOWN_ID, theirs[field])
    ]

    assert [one.status_code for one in answers] == [404, 404]
    assert [one.get_json()["errors"][0]["pointer"] for one in answers] == [f"/{field}"] * 2


def test_another_clinics_entry_is_404(clinic: Clinic, neighbour: Clinic) -> None:
    path = f"/waitlist/{entry(clinic)['id']}"

    answers = [
        neighbour.desk.get(path),
        neighbour.desk.patch(path, {}),
        neighbour.desk.delete(path),
        neighbour.desk.post(f"{path}/accept"),
        neighbour.desk.post(f"{path}/decline"),
    ]

    assert {one.status_code for one in answers} == {404}
    assert neighbour.desk.get("/waitlist").get_json()["items"] == []


def test_a_key_of_another_location_sees_no_entry(clinic: Clinic) -> None:
    made = entry(clinic)
    other = create_location(clinic.desk, name="Other")
    desk = create_key(clinic.desk, "appointments:write", location_ids=[other["id"]])

    assert desk.get("/waitlist").get_json()["items"] == []
    assert desk.post(f"/waitlist/{made['id']}/accept").status_code == 404
    assert desk.post("/waitlist", wanted(clinic)).status_code == 404


def test_a_key_that_only_reads_puts_nobody_on_the_waitlist(clinic: Clinic) -> None:
    reader = create_key(clinic.desk, "appointments:read")

    assert reader.get("/waitlist").status_code == 200
    assert reader.post("/waitlist", wanted(clinic)).status_code == 403


def test_a_retired_procedure_is_waited_for_no_more(clinic: Clinic, database: Database) -> None:
    made = entry(clinic)
    gone = freed(clinic)
    clinic.desk.patch(f"/procedures/{clinic.procedure['id']}", {"active": False})

    again = clinic.desk.post("/waitlist", wanted(another_patient(clinic)))

    assert (again.status_code, again.get_json()["code"]) == (409, "retired")
    assert offer(clinic, database, gone) == 0
    assert shown_entry(clinic, made)["status"] == "waiting"


def test_a_patient_waits_once_for_a_procedure_at_a_location(clinic: Clinic, database: Database) -> None:
    made = entry(clinic)

    second = clinic.desk.post("/waitlist", wanted(clinic))
    offer(clinic, database, freed(clinic))
    while_offered = clinic.desk.post("/waitlist", wanted(clinic))
    answer(clinic, made, "decline")
    afterwards = clinic.desk.post("/waitlist", wanted(clinic))
    again = clinic.desk.patch(f"/waitlist/{made['id']}", {"status": "waiting"})

    refused = [one.get_json().get("code") for one in (second, while_offered, again)]
    assert refused == ["already_exists"] * 3
    assert afterwards.status_code == 201


def test_preferences_change_while_the_entry_waits(clinic: Clinic) -> None:
    made = entry(clinic, from_time="10:00")
    path = f"/waitlist/{made['id']}"

    changed = clinic.desk.patch(path, {"until_time": "12:00", "version": 1})
    stale = clinic.desk.patch(path, {"until_time": "13:00", "version": 1})
    reversed_ = clinic.desk.patch(path, {"until_time": "09:00"})
    fixed = clinic.desk.patch(path, {"patient_id": create_patient(clinic.desk)["id"]})

    assert (changed.status_code, changed.get_json()["until_time"], changed.get_json()["version"]) == (
        200, "12:00", 2,
    )  # fmt: skip
    assert stale.status_code == 412
    assert (pointers(reversed_), pointers(fixed)) == (["/until_time"], ["/patient_id"])


def test_an_entry_whose_dates_are_over_expires(clinic: Clinic, database: Database) -> None:
    last, gone = entry(clinic, latest_on="2027-01-05"), entry(another_patient(clinic), latest_on="2027-01-04")

    nights_work(database, clinic.at("2027-01-05T03:00:00Z"))

    assert [shown_entry(clinic, one)["status"] for one in (last, gone)] == ["waiting", "expired"]
    assert answer(clinic, gone, "accept").get_json()["code"] == "wrong_status"


def test_a_patient_who_waits_is_not_deleted(clinic: Clinic) -> None:
    made = entry(clinic)
    path = f"/patients/{clinic.patient['id']}"

    while_waiting = clinic.desk.delete(path)
    clinic.desk.delete(f"/waitlist/{made['id']}")

    assert (while_waiting.status_code, while_waiting.get_json()["code"]) == (409, "in_use")
    assert clinic.desk.delete(path).status_code == 204
