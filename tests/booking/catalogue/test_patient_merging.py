"""A patient who was recorded twice becomes one: everything of one record goes to the other, or nothing."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import text
from werkzeug.test import TestResponse

from booking.catalogue.patient_merging import tables_of_patients
from models import Appointment, AuditEntry, Event, Patient, SpacingClaim, WaitlistEntry
from models.database import Database
from tests.support.cast import (
    UNKNOWN_ID,
    Clinic,
    another_patient,
    codes,
    create_course,
    create_key,
    create_patient,
    create_rule,
    performed,
    pointers,
    rows,
)
from tests.support.racing import assert_sound
from tests.support.times import at
from tests.support.visits import flag_codes
from tests.support.waitlist import entry, freed, offer, wanted

PERSON = {
    "name": "Ada Aal", "email": "ada@example.org", "phone": "+447911123456", "born_on": "1990-02-28",
    "skin_type": 3, "external_id": "EXT-1",
}  # fmt: skip


@pytest.fixture
def twin(clinic: Clinic) -> Clinic:
    """Give the same clinic with a second record of its patient."""
    return another_patient(clinic, name="Twin")


def merge(twin: Clinic, clinic: Clinic, **headers: str) -> TestResponse:
    """Merge the second record into the first."""
    path = f"/patients/{twin.patient['id']}/merge"
    return clinic.desk.post(path, {"into_id": clinic.patient["id"]}, **headers)


def merged(twin: Clinic, clinic: Clinic) -> dict[str, Any]:
    """Merge and insist on 200; give the patient who stays."""
    answer = merge(twin, clinic)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.get_json()
    return found


def test_everything_goes_to_the_other_patient(clinic: Clinic, twin: Clinic, database: Database) -> None:
    own = f"/patients/{twin.patient['id']}"
    course = create_course(twin)
    visits = [twin.booked(at("10:00"), course_id=course["id"]), twin.held(at("12:00"), ttl_seconds=600)]
    cancelled = twin.booked(at("14:00"))
    twin.acted("cancel", cancelled, reason_code="patient")
    clinic.desk.made(f"{own}/treatments", event="waxing", on="2026-01-04")
    clinic.desk.made(f"{own}/medical-holds", code="breastfeeding", opened_on="2026-01-04")
    clinic.desk.made("/calendar-feeds", patient_id=twin.patient["id"], detail="busy")
    entry(twin)
    moved = {
        table.name: _count(database, clinic, table.name, twin.patient["id"]) for table in tables_of_patients()
    }

    merged(twin, clinic)

    assert {name for name, count in moved.items() if not count} <= {"spacing_claims"}
    for name, count in moved.items():
        assert _count(database, clinic, name, twin.patient["id"]) == 0
        assert _count(database, clinic, name, clinic.patient["id"]) == count
    shown = clinic.desk.get(f"/appointments/{visits[0]['id']}").get_json()
    assert (shown["patient_id"], shown["version"]) == (clinic.patient["id"], visits[0]["version"] + 1)
    assert_sound(database, clinic.desk)


def _count(database: Database, clinic: Clinic, table: str, patient_id: str) -> int:
    with database.transaction(clinic.desk.clinic_id) as session:
        statement = text(f"SELECT count(*) FROM {table} WHERE patient_id = :id")  # noqa: S608 - ours
        return int(session.scalars(statement, {"id": patient_id}).one())


def test_the_others_contacts_win_where_both_have_one(clinic: Clinic) -> None:
    gone = another_patient(clinic, **PERSON)
    stays = another_patient(clinic, name="Ada Bee", email="bee@example.org")

    shown = merged(gone, stays)

    kept = {"name": "Ada Bee", "email": "bee@example.org"}
    assert {name: shown[name] for name in PERSON} == PERSON | kept
    assert clinic.desk.get("/patients", q="aal").get_json()["items"] == []
    assert [one["id"] for one in clinic.desk.get("/patients", external_id="EXT-1").get_json()["items"]] == [
        shown["id"]
    ]


def test_the_old_id_leads_to_the_other_patient(clinic: Clinic, twin: Clinic) -> None:
    own = f"/patients/{twin.patient['id']}"
    course = {"patient_id": twin.patient["id"], "procedure_id": clinic.procedure["id"], "sessions": 2}
    merged(twin, clinic)
    answers = [
        clinic.desk.get(own),
        clinic.desk.patch(own, {"name": "Twin"}),
        clinic.desk.delete(own),
        clinic.desk.get(f"{own}/treatments"),
        clinic.desk.post(f"{own}/treatments", {"event": "waxing", "on": "2026-01-04"}),
        clinic.desk.post(f"{own}/medical-holds", {"code": "pregnancy", "opened_on": "2026-01-04"}),
        twin.book(at("10:00")),
        twin.hold(at("10:00"), patient_id=twin.patient["id"]),
        clinic.desk.post("/courses", course),
        clinic.desk.post("/waitlist", wanted(twin)),
        merge(twin, clinic),
        merge(clinic, twin),
    ]  # fmt: skip

    told = [(one.status_code, one.get_json()["code"], one.get_json()["merged_into"]) for one in answers]
    assert told == [(410, "merged", clinic.patient["id"])] * len(answers)
    assert [one["id"] for one in clinic.desk.get("/patients").get_json()["items"]] == [clinic.patient["id"]]


def test_an_older_merge_leads_to_the_newest_patient(clinic: Clinic, twin: Clinic) -> None:
    third = another_patient(clinic)
    merged(twin, clinic)
    merged(clinic, third)

    told = [clinic.desk.get(f"/patients/{one.patient['id']}").get_json() for one in (twin, clinic)]

    assert [one["merged_into"] for one in told] == [third.patient["id"]] * 2


def test_what_one_record_waits_for_may_be_booked_for_the_other(
    clinic: Clinic, twin: Clinic, database: Database
) -> None:
    gone = freed(clinic)
    mine = entry(clinic)
    offer(clinic, database, gone)
    twin.booked(at("12:00"))

    merged(twin, clinic)

    shown = clinic.desk.get(f"/waitlist/{mine['id']}").get_json()
    assert (shown["status"], shown["offer"]) == ("fulfilled", None)
    assert_sound(database, clinic.desk)


def test_an_entry_to_bring_a_visit_forward_goes_along_with_its_visit(
    clinic: Clinic, twin: Clinic, database: Database
) -> None:
    visit = twin.booked(at("12:00"))
    theirs = entry(twin, appointment_id=visit["id"])
    offer(clinic, database, freed(clinic))

    merged(twin, clinic)
    accepted = clinic.desk.post(f"/waitlist/{theirs['id']}/accept").get_json()

    assert (accepted["id"], accepted["patient_id"]) == (visit["id"], clinic.patient["id"])
    assert accepted["starts_at"] < visit["starts_at"]
    assert_sound(database, clinic.desk)


def test_a_patient_cannot_be_merged_into_themselves(clinic: Clinic) -> None:
    answer = merge(clinic, clinic)

    assert (answer.status_code, pointers(answer)) == (422, ["/into_id"])


@pytest.mark.parametrize("into", [UNKNOWN_ID, "another clinic's"])
def test_a_merge_stays_within_the_clinic(clinic: Clinic, make_cast: Callable[[], Any], into: str) -> None:
    stranger = make_cast()
    into_id = into if into == UNKNOWN_ID else stranger.patient["id"]
    answers = [
        clinic.desk.post(f"/patients/{clinic.patient['id']}/merge", {"into_id": into_id}),
        clinic.desk.post(f"/patients/{into_id}/merge", {"into_id": clinic.patient["id"]}),
    ]

    assert [one.status_code for one in answers] == [404, 404]
    assert stranger.desk.get(f"/patients/{stranger.patient['id']}").status_code == 200


def test_a_merge_needs_to_write_patients_of_all_locations(clinic: Clinic, twin: Clinic) -> None:
    reader = create_key(clinic.desk, "patients:read")
    limited = create_key(clinic.desk, "patients:write", location_ids=[clinic.location["id"]])

    assert [merge(twin, clinic.using(one)).status_code for one in (reader, limited)] == [403, 403]


@pytest.mark.parametrize(("start", "status"), [("09:50", 409), ("10:00", 409), ("10:20", 200)])
def test_visits_that_overlap_are_refused_and_nothing_moves(
    clinic: Clinic, twin: Clinic, database: Database, start: str, status: int
) -> None:
    _second_pair(clinic)
    visits = [clinic.booked(at("10:00")), twin.booked(at(start))]
    before = _state(database, clinic)

    answer = merge(twin, clinic)

    assert answer.status_code == status
    if status == 409:
        assert codes(answer) == ["patient_busy"]
        assert _state(database, clinic) == before
        assert twin.acted("confirm", visits[1])["patient_id"] == twin.patient["id"]


def _second_pair(clinic: Clinic) -> None:
    location = clinic.location
    clinic.desk.made("/rooms", location_id=location["id"], name="Second", kind="treatment")
    hours = [
        {"location_id": location["id"], "weekday": day, "starts": "09:00", "ends": "19:00"}
        for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
    ]
    clinic.desk.made("/therapists", name="Second", working_hours=hours)


def _state(database: Database, clinic: Clinic) -> list[Any]:
    models = (Appointment, SpacingClaim, WaitlistEntry, Patient, Event, AuditEntry)
    return [
        [{key: value for key, value in vars(row).items() if key != "_sa_instance_state"} for row in found]
        for found in (rows(database, clinic.desk, model) for model in models)
    ]


@pytest.mark.parametrize(("day", "status"), [("2027-03-14", 409), ("2027-03-15", 200), ("2027-03-16", 200)])
def test_booked_visits_that_would_break_a_floor_are_refused(
    spaced: Clinic, database: Database, day: str, status: int
) -> None:
    twin = another_patient(spaced)
    spaced.booked(at("10:00", "2027-03-01"))
    twin.booked(at("10:00", day))
    before = _state(database, spaced)

    answer = merge(twin, spaced)

    assert answer.status_code == status
    if status == 409:
        assert codes(answer) == ["spacing_floor"]
        assert answer.get_json()["refusals"][0]["rule_id"] == "S02"
        assert _state(database, spaced) == before


def test_a_booked_visit_under_the_minimum_is_merged_and_flagged(spaced: Clinic) -> None:
    twin = another_patient(spaced)
    spaced.booked(at("10:00", "2027-03-01"))
    later = twin.booked(at("10:00", "2027-03-20"))

    shown = merged(twin, spaced)

    assert shown["affected"] == [later["id"]]
    assert "spacing_min" in flag_codes(spaced, later)


def test_a_wash_out_of_the_other_record_refuses_a_booked_visit(clinic: Clinic, twin: Clinic) -> None:
    toxin = {"event": "botulinum_toxin"}
    create_rule(clinic.desk, code="X01", after=toxin, recommended_days=None, floor_days=90, min_days=90)
    clinic.desk.made(f"/patients/{clinic.patient['id']}/treatments", **toxin, areas=["FACE"], on="2027-01-02")
    twin.booked(at("10:00", "2027-02-01"))

    answer = merge(twin, clinic)

    assert (answer.status_code, codes(answer)) == (409, ["washout_floor"])


def test_performed_visits_too_close_are_merged_and_flagged(spaced: Clinic, database: Database) -> None:
    twin = another_patient(spaced)
    first, second = performed(spaced, "01"), performed(twin, "05")

    shown = merged(twin, spaced)

    assert shown["affected"] == [second["id"]]
    assert {"spacing_floor", "spacing_min"} <= set(flag_codes(spaced, second))
    assert flag_codes(spaced, first) == []
    assert_sound(database, spaced.desk)


@pytest.mark.parametrize(("day", "status"), [("2027-03-18", 409), ("2027-03-19", 201)])
def test_what_was_performed_too_close_still_keeps_later_visits_away(
    spaced: Clinic, day: str, status: int
) -> None:
    twin = another_patient(spaced)
    performed(twin, "01")
    performed(spaced, "05")
    merged(twin, spaced)

    override = {"codes": ["spacing_min"], "reason": "Agreed."}

    assert spaced.at("2027-03-06T10:00:00Z").book(at("10:00", day), override=override).status_code == status


def test_of_two_entries_for_the_same_visit_the_offered_one_stays(
    clinic: Clinic, twin: Clinic, database: Database
) -> None:
    entry(clinic, earliest_on="2027-05-01")
    offered = entry(twin, earliest_on="2027-03-06", latest_on="2027-03-06")
    offer(clinic, database, freed(clinic, "2027-03-06T10:00:00Z"))
    merged(twin, clinic)

    entries = {str(one.id): one for one in rows(database, clinic.desk, WaitlistEntry)}

    assert entries[offered["id"]].status == "offered"
    assert sorted(one.status for one in entries.values()) == ["expired", "offered"]
    assert {str(one.patient_id) for one in entries.values()} == {clinic.patient["id"]}


def test_a_merge_is_audited_and_told_by_ids_alone(clinic: Clinic, database: Database) -> None:
    gone = another_patient(clinic, **PERSON)
    merged(gone, clinic)

    (event,) = [one for one in rows(database, clinic.desk, Event) if one.type == "patient.merged"]
    entries = [one for one in rows(database, clinic.desk, AuditEntry) if one.action == "patient.merged"]

    assert event.data == {"id": gone.patient["id"], "merged_into": clinic.patient["id"]}
    assert [str(one.subject_id) for one in entries] == [gone.patient["id"], clinic.patient["id"]]
    written = str([one.changes for one in entries]) + str(event.data)
    assert [value for value in PERSON.values() if str(value) in written and value != 3] == []


def test_a_merge_with_an_idempotency_key_is_done_once(clinic: Clinic, twin: Clinic) -> None:
    answers = [merge(twin, clinic, **{"Idempotency-Key": "once"}) for _ in range(2)]

    assert [one.status_code for one in answers] == [200, 200]
    assert answers[1].headers["Idempotency-Replayed"] == "true"
    assert answers[0].get_json() == answers[1].get_json()


def test_a_merge_at_an_old_version_is_refused(clinic: Clinic, twin: Clinic) -> None:
    clinic.desk.patch(f"/patients/{twin.patient['id']}", {"name": "Changed"})

    assert merge(twin, clinic, **{"If-Match": '"1"'}).status_code == 412


def test_a_patient_with_merged_records_can_be_deleted(clinic: Clinic, twin: Clinic) -> None:
    merged(twin, clinic)
    answers = [clinic.desk.delete(f"/patients/{clinic.patient['id']}")]
    answers += [clinic.desk.get(f"/patients/{one.patient['id']}") for one in (clinic, twin)]

    assert [one.status_code for one in answers] == [204, 404, 404]


def test_no_new_patient_is_a_duplicate_of_a_merged_one(clinic: Clinic) -> None:
    stays = another_patient(clinic)
    merged(another_patient(clinic, **PERSON), stays)
    found = create_patient(clinic.desk, **{**PERSON, "external_id": None})

    assert found["possible_duplicates"] == [stays.patient["id"]]
