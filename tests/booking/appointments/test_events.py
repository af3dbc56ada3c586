"""Each change writes an event and an audit entry in its own transaction; a refusal writes none."""

import pytest

from models import AuditEntry
from models.database import Database
from tests.support.cast import (
    Clinic,
    audit_entries,
    counts,
    create_patient,
    event_types,
    rows,
    told,
)
from tests.support.times import TEN

SECRET = "Hates the smell of the cream"


def test_a_day_writes_one_event_for_each_change_with_versions_in_step(
    pipeline: Clinic, database: Database
) -> None:
    visit = pipeline.booked(TEN)
    visit = pipeline.acted("confirm", visit)
    visit = pipeline.acted("reschedule", visit, starts_at="2027-03-01T11:00:00Z")
    for action, now in (
        ("arrive", "11:00"),
        ("start-numbing", "11:10"),
        ("start", "11:45"),
        ("complete", "12:05"),
    ):
        visit = pipeline.at(f"2027-03-01T{now}:00Z").acted(action, visit)

    events = told(database, pipeline.desk)

    assert [event.type.removeprefix("appointment.") for event in events] == [
        "booked", "confirmed", "rescheduled", "arrived", "numbing_started", "started", "completed",
    ]  # fmt: skip
    assert [event.data["version"] for event in events] == [1, 2, 3, 4, 5, 6, 7]
    assert visit["version"] == 7
    assert {str(event.subject_id) for event in events} == {visit["id"]}


@pytest.mark.parametrize(
    ("action", "now", "body", "event"),
    [
        ("cancel", "2027-02-01T10:00:00Z", {"reason_code": "patient"}, "appointment.cancelled"),
        ("no-show", "2027-03-01T10:16:00Z", {}, "appointment.no_show"),
    ],
)
def test_what_ends_a_visit_early_writes_its_event(
    clinic: Clinic, database: Database, action: str, now: str, body: dict[str, str], event: str
) -> None:
    visit = clinic.at(now).acted(action, clinic.booked(TEN), **body)

    assert event_types(database, clinic.desk, visit) == ["appointment.booked", event]


def test_an_event_is_thin_and_names_nobody(clinic: Clinic, database: Database) -> None:
    visit = clinic.booked(TEN, notes=SECRET)

    (event,) = told(database, clinic.desk)

    expected = {
        "id", "version", "status", "location_id", "procedure_id", "therapist_id", "starts_at", "ends_at",
    }  # fmt: skip
    assert set(event.data) == expected
    assert event.data["therapist_id"] == visit["therapist_id"]
    assert event.occurred_at.isoformat() == "2027-01-04T08:00:00+00:00"


def test_a_refused_booking_leaves_no_trace(clinic: Clinic, database: Database) -> None:
    clinic.booked(TEN)
    before = counts(database, clinic.desk), len(rows(database, clinic.desk, AuditEntry))

    answer = clinic.book(TEN, patient_id=create_patient(clinic.desk)["id"])

    assert answer.status_code == 409
    written = [
        entry for entry in rows(database, clinic.desk, AuditEntry) if entry.subject_type == "appointment"
    ]
    assert counts(database, clinic.desk) == before[0]
    assert [entry.action for entry in written] == ["appointment.booked"]


@pytest.mark.parametrize("action", ["confirm", "complete", "no-show"])
def test_a_refused_action_leaves_no_trace(clinic: Clinic, database: Database, action: str) -> None:
    visit = clinic.acted("confirm", clinic.booked(TEN))
    before = event_types(database, clinic.desk, visit)

    answer = clinic.act(action, visit)

    assert answer.status_code == 409
    assert event_types(database, clinic.desk, visit) == before
    assert clinic.desk.get(f"/appointments/{visit['id']}").get_json()["version"] == visit["version"]


def test_an_event_carries_the_transaction_of_its_booking(clinic: Clinic, database: Database) -> None:
    visit = clinic.booked(TEN)
    clinic.acted("confirm", visit)

    first, second = told(database, clinic.desk)

    assert int(first.xid) < int(second.xid)


def test_the_history_tells_who_did_what(clinic: Clinic) -> None:
    body = clinic.wish(TEN)
    visit = clinic.desk.post("/appointments", body, **{"X-Actor": "Ann", "X-Request-Id": "req-1"}).get_json()
    path = f"/appointments/{visit['id']}"
    clinic.desk.post(f"{path}/confirm", {"version": 1}, **{"X-Actor": "Bob"})
    clinic.desk.patch(path, {"notes": SECRET, "version": 2})

    history = clinic.desk.get(f"{path}/history").get_json()["items"]

    assert [(one["action"], one["actor"]) for one in history] == [
        ("appointment.booked", "Ann"),
        ("appointment.confirmed", "Bob"),
        ("appointment.edited", None),
    ]
    assert history[0]["request_id"] == "req-1"
    assert all(one["key_id"] for one in history)
    assert SECRET not in str(history)


def test_a_change_of_notes_is_audited_without_its_text(clinic: Clinic, database: Database) -> None:
    visit = clinic.booked(TEN)
    clinic.desk.patch(f"/appointments/{visit['id']}", {"notes": SECRET, "version": 1})

    (entry,) = audit_entries(database, clinic.desk, "appointment.edited")

    assert entry.changes == {"fields": ["notes"]}


def test_no_log_line_tells_a_name_or_a_note(clinic: Clinic, capfd: pytest.CaptureFixture[str]) -> None:
    patient = create_patient(clinic.desk, name="Ada Lovelace", email="ada@example.org")
    visit = clinic.booked(TEN, patient_id=patient["id"], notes=SECRET)
    clinic.book(TEN, patient_id=patient["id"], notes=SECRET)
    clinic.acted("cancel", visit, reason_code="medical", note=SECRET)

    written = "".join(capfd.readouterr())

    assert "/v1/appointments" in written
    assert not [word for word in ("Ada", "Lovelace", "example.org", SECRET) if word in written]
