"""The audit log tells who did what and who read whose record, the newest first."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select

from api import clock
from api.notes import Notes
from api.state import state_of
from booking.core.notes import READ, Reader
from models import PatientRead
from models.database import Database
from tests.support.cast import Clinic, another_patient, create_key, pointers
from tests.support.racing import wait_until
from tests.support.times import at


def entries(clinic: Clinic, **query: Any) -> list[dict[str, Any]]:
    """Write what is noted, and list the audit log."""
    state_of(clinic.desk.app).notes.flush()
    found: list[dict[str, Any]] = clinic.desk.get("/audit", **query).get_json()["items"]
    return found


def test_whoever_reads_a_record_is_in_the_audit_log_within_seconds(clinic: Clinic) -> None:
    patient = clinic.patient["id"]
    desk = create_key(clinic.desk, "patients:read", "appointments:read")
    own = desk.get("/key").get_json()["name"]
    answer = desk.request("GET", f"/patients/{patient}", {"X-Actor": "Grace", "X-Request-Id": "look-1"})
    assert (own, answer.status_code) == ("Key", 200)

    def found() -> list[dict[str, Any]]:
        asked = clinic.desk.get("/audit", patient_id=patient, action="patient.read")
        return list(asked.get_json()["items"])

    wait_until(lambda: bool(found()))
    [entry] = found()
    assert (entry["actor"], entry["request_id"], entry["subject_id"]) == ("Grace", "look-1", patient)
    assert (entry["subject_type"], entry["changes"]) == ("patient", {})
    assert entries(clinic, actor="Grace", key_id=entry["key_id"]) == [entry]


@pytest.mark.parametrize(
    ("path", "query", "action"),
    [
        ("/patients", {}, "patient.read"),
        ("/patients", {"q": "Patient"}, "patient.read"),
        ("/patients/{patient_id}/treatments", {}, "patient.read"),
        ("/patients/{patient_id}/medical-holds", {}, "patient.read"),
        ("/patients/{patient_id}/eligibility", {"procedure_id": "", "location_id": ""}, "patient.read"),
        ("/appointments", {"include": "patient"}, "patient.listed"),
        ("/appointments", {}, None),
    ],
)
def test_every_way_to_read_a_record_is_noted(
    clinic: Clinic, path: str, query: dict[str, str], action: str | None
) -> None:
    clinic.booked(at("10:00"))
    patient = clinic.patient["id"]
    ids = {"procedure_id": clinic.procedure["id"], "location_id": clinic.location["id"]}
    asked = {name: value or ids[name] for name, value in query.items()}

    read = clinic.desk.get(path.format(patient_id=patient), **asked)

    reads = [one for one in entries(clinic, patient_id=patient) if one["changes"] == {}]
    assert read.status_code == 200
    assert [one["action"] for one in reads] == ([] if action is None else [action])


def test_names_beside_a_list_are_noted_once_in_ten_minutes_for_each_actor(clinic: Clinic) -> None:
    clinic.booked(at("10:00"))
    for actor in ("Ada", "Ada", "Bob"):
        clinic.desk.request("GET", "/appointments?include=patient", {"X-Actor": actor})

    assert [one["actor"] for one in entries(clinic, action="patient.listed")] == ["Bob", "Ada"]


def test_a_record_that_was_not_shown_is_not_noted(clinic: Clinic) -> None:
    path = f"/patients/{clinic.patient['id']}"
    create_key(clinic.desk, "catalog:read").get(path)
    clinic.desk.request("GET", path, {"If-None-Match": '"1"'})

    assert entries(clinic, action="patient.read") == []


def test_a_look_writes_nothing_in_its_own_transaction(clinic: Clinic, database: Database) -> None:
    counted = select(func.count()).select_from(PatientRead)
    clinic.desk.get(f"/patients/{clinic.patient['id']}")
    with database.transaction(clinic.desk.clinic_id) as session:
        before = session.scalar(counted)
    state_of(clinic.desk.app).notes.flush()
    with database.transaction(clinic.desk.clinic_id) as session:
        after = session.scalar(counted)

    assert (before, after) == (0, 1)


def test_notes_are_kept_while_the_database_is_away_and_written_later(
    clinic: Clinic, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    notes = Notes(Database("postgresql://nobody@127.0.0.1:1/nothing"))
    patient = UUID(clinic.patient["id"])
    for request_id in ("one", "two"):
        assert notes.read(clinic.desk.clinic_id, READ, [patient], Reader(None, None, request_id), clock.now())
        assert not notes.stop()
    monkeypatch.setattr(notes, "_url", database.url)

    assert notes.stop()
    assert [one["request_id"] for one in entries(clinic, patient_id=patient, action=READ)] == ["two", "one"]


def test_a_read_that_cannot_be_noted_is_not_answered(clinic: Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.notes._MOST_READS", 0)
    answer = clinic.desk.get(f"/patients/{clinic.patient['id']}")

    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")


def test_the_entries_of_a_patient_and_of_a_visit_are_those_about_them(clinic: Clinic) -> None:
    other = another_patient(clinic)
    mine, theirs = clinic.booked(at("10:00")), other.booked(at("12:00"))
    clinic.desk.made(f"/patients/{clinic.patient['id']}/treatments", event="waxing", on="2026-01-04")
    clinic.acted("confirm", mine)

    of_patient = entries(clinic, patient_id=clinic.patient["id"])
    of_visit = entries(clinic, appointment_id=theirs["id"])

    assert [one["action"] for one in of_patient] == [
        "appointment.confirmed", "treatment.created", "appointment.booked", "patient.created",
    ]  # fmt: skip
    assert [one["action"] for one in of_visit] == ["appointment.booked"]


def test_pages_of_acts_and_reads_follow_each_other_the_newest_first(clinic: Clinic) -> None:
    for _ in range(2):
        clinic.desk.patch(f"/patients/{clinic.patient['id']}", {"name": "Alice"})
        clinic.desk.get(f"/patients/{clinic.patient['id']}")
        clinic.desk.patch(f"/patients/{clinic.patient['id']}", {"name": "Patient"})
    whole = entries(clinic)
    page = clinic.desk.get("/audit", limit=3).get_json()
    paged = page["items"]
    while page["next_cursor"]:
        page = clinic.desk.get("/audit", limit=3, cursor=page["next_cursor"]).get_json()
        paged += page["items"]

    assert paged == whole == sorted(whole, key=lambda one: (one["at"], one["id"]), reverse=True)
    assert {"patient.read", "patient.changed"} <= {one["action"] for one in whole}


@pytest.mark.parametrize(("hours", "found"), [(-1, True), (1, False)])
def test_a_range_is_of_instants_or_of_the_clinics_dates(clinic: Clinic, hours: int, found: bool) -> None:
    when = clock.now() + timedelta(hours=hours)
    today, tomorrow = (datetime.now(UTC).date() + timedelta(days=days) for days in (-1, 2))

    assert bool(entries(clinic, from_=when.isoformat())) is found
    assert bool(entries(clinic, until=when.isoformat())) is not found
    assert entries(clinic, from_=str(today), until=str(tomorrow)) == entries(clinic)
    assert entries(clinic, from_=str(tomorrow)) == []


@pytest.mark.parametrize(
    ("query", "pointer"),
    [({"from": "yesterday"}, "?from"), ({"until": "2027-01-01T10:00:00"}, "?until"), ({"who": "Ada"}, "?who"),
     ({"key_id": "mine"}, "?key_id"), ({"cursor": "AA"}, "?cursor")],
)  # fmt: skip
def test_a_question_that_makes_no_sense_is_422(clinic: Clinic, query: dict[str, str], pointer: str) -> None:
    assert pointers(clinic.desk.get("/audit", **query)) == [pointer]


def test_only_who_may_read_the_audit_log_of_every_location_reads_it(clinic: Clinic) -> None:
    auditor = create_key(clinic.desk, "audit:read")
    limited = create_key(clinic.desk, "audit:read", location_ids=[clinic.location["id"]])
    writer = create_key(clinic.desk, "patients:write", "appointments:write")

    assert auditor.get("/audit").status_code == 200
    assert limited.get("/audit").get_json()["code"] == "other_locations"
    assert writer.get("/audit").get_json()["code"] == "missing_scope"
