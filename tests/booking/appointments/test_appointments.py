"""Booking, reading, listing and annotating appointments."""

from uuid import UUID

import pytest

from models import Appointment
from models.database import Database
from tests.support.cast import (
    Clinic,
    codes,
    counts,
    create_location,
    create_patient,
    create_procedure,
    create_room,
    create_therapist,
    refusal,
    rows,
)
from tests.support.pages import items_page_by_page
from tests.support.times import TEN


def test_a_booking_answers_with_the_whole_appointment(clinic: Clinic) -> None:
    answer = clinic.book(TEN, notes="Left cheek first.")

    booked = answer.get_json()
    (phase,) = booked.pop("phases")
    booked_id, room = booked.pop("id"), phase.pop("room_id")
    assert booked.pop("created_at") == booked.pop("updated_at")
    assert UUID(room)
    assert answer.status_code == 201
    assert (answer.headers["Location"], answer.headers["ETag"]) == (f"/v1/appointments/{booked_id}", '"1"')
    assert booked == {
        "version": 1,
        "status": "booked",
        "location_id": clinic.location["id"],
        "procedure_id": clinic.procedure["id"],
        "patient_id": clinic.patient["id"],
        "therapist_id": clinic.therapist["id"],
        "areas": ["FACE"],
        "starts_at": TEN,
        "procedure_at": TEN,
        "ends_at": "2027-03-01T10:20:00+00:00",
        "course_id": None,
        "notes": "Left cheek first.",
        "warnings": [],
        "flags": [],
        "overrides": [],
        "cancellation": None,
        "performed_on": None,
    }
    assert phase == {
        "name": "Needling",
        "kind": "procedure",
        "starts_at": TEN,
        "ends_at": "2027-03-01T10:20:00+00:00",
        "therapist_id": clinic.therapist["id"],
        "assistant_id": None,
        "device_id": None,
        "actual_starts_at": None,
        "actual_ends_at": None,
    }


def test_what_was_booked_reads_the_same_afterwards(clinic: Clinic) -> None:
    booked = clinic.booked(TEN)
    path = f"/appointments/{booked['id']}"

    answer = clinic.desk.get(path)
    again = clinic.desk.request("GET", path, {"If-None-Match": answer.headers["ETag"]})

    assert answer.get_json() == booked
    assert again.status_code == 304


def test_an_instant_given_in_any_offset_comes_back_in_the_locations(clinic: Clinic) -> None:
    booked = clinic.booked("2027-04-03T18:30:00+09:30")

    assert booked["starts_at"] == "2027-04-03T10:00:00+01:00"
    assert booked["phases"][0]["ends_at"] == "2027-04-03T10:20:00+01:00"


@pytest.mark.parametrize("field", ["therapist_id", "room_id", "areas", "notes", "course_id", "override"])
def test_a_null_is_as_good_as_a_field_left_out(clinic: Clinic, field: str) -> None:
    body = clinic.wish(TEN) | {field: [] if field == "areas" else None}

    assert clinic.desk.post("/appointments", body).status_code == 201


def test_a_named_therapist_and_room_are_taken(clinic: Clinic) -> None:
    room = create_room(clinic.desk, clinic.location, name="Garden room")
    therapist = create_therapist(clinic.desk, clinic.location, name="Second")

    booked = clinic.booked(TEN, therapist_id=therapist["id"], room_id=room["id"])

    assert (booked["therapist_id"], booked["phases"][0]["room_id"]) == (therapist["id"], room["id"])


def test_a_room_of_another_kind_or_place_cannot_be_meant(clinic: Clinic) -> None:
    bay = create_room(clinic.desk, clinic.location, kind="numbing")
    elsewhere = create_room(clinic.desk, create_location(clinic.desk))

    wrong_kind = clinic.book(TEN, room_id=bay["id"])
    wrong_place = clinic.book(TEN, room_id=elsewhere["id"])

    assert wrong_kind.get_json()["errors"][0]["pointer"] == "/room_id"
    assert (wrong_kind.status_code, wrong_place.status_code) == (422, 404)


def test_a_refusal_lists_every_reason_and_names_no_other_patient(clinic: Clinic) -> None:
    other = create_patient(clinic.desk, name="Ada Lovelace")
    clinic.booked("2027-03-01T18:40:00Z", patient_id=other["id"])

    answer = clinic.book("2027-03-01T18:50:00Z")

    assert codes(answer) == ["no_room_available", "no_therapist_available", "outside_opening_hours"]
    because = refusal(answer, "no_therapist_available")["because"]
    assert [one["code"] for one in because] == ["therapist_not_working", "therapist_busy"]
    assert {one["resource_id"] for one in because} == {clinic.therapist["id"]}
    assert other["id"] not in answer.text
    assert "Ada" not in answer.text


def test_a_refusal_offers_near_slots_of_that_day_and_of_the_next_two_to_book(
    clinic: Clinic,
) -> None:
    clinic.booked(TEN)
    other = create_patient(clinic.desk)["id"]

    answer = clinic.book(TEN, patient_id=other)

    near = [slot["starts_at"][5:16] for slot in answer.get_json()["alternatives"]]
    assert near == ["03-01T09:35", "03-01T09:40", "03-01T10:20", "03-02T10:00", "03-03T10:00"]
    assert clinic.book(answer.get_json()["alternatives"][0]["starts_at"], patient_id=other).status_code == 201


def test_a_busy_therapist_who_was_named_leaves_others_as_alternatives(clinic: Clinic) -> None:
    absent = create_therapist(clinic.desk, name="Absent", working_hours=[])

    answer = clinic.book(TEN, therapist_id=absent["id"])

    assert codes(answer) == ["therapist_not_working"]
    assert answer.get_json()["alternatives"][0]["therapist_ids"] == [clinic.therapist["id"]]


@pytest.mark.parametrize("starts_at", [TEN, "2027-03-01T08:00:00Z"])
def test_a_dry_run_answers_as_a_booking_would_and_writes_nothing(
    clinic: Clinic, database: Database, starts_at: str
) -> None:
    before = counts(database, clinic.desk)

    tried = clinic.desk.post("/appointments/validate", clinic.wish(starts_at)).get_json()

    assert counts(database, clinic.desk) == before
    booked = clinic.book(starts_at)
    assert tried["bookable"] is (booked.status_code == 201)
    assert tried["refusals"] == booked.get_json().get("refusals", [])


@pytest.mark.parametrize("kind", ["procedure", "location"])
def test_what_is_retired_takes_no_bookings(clinic: Clinic, kind: str) -> None:
    retired = getattr(clinic, kind)
    clinic.desk.patch(f"/{kind}s/{retired['id']}", {"active": False})

    answer = clinic.book(TEN)

    assert (answer.status_code, answer.get_json()["code"]) == (409, "retired")


def test_notes_are_changed_with_the_version(clinic: Clinic) -> None:
    path = f"/appointments/{clinic.booked(TEN)['id']}"

    changed = clinic.desk.patch(path, {"notes": "First\nsecond"}, **{"If-Match": '"1"'})
    cleared = clinic.desk.patch(path, {"notes": None, "version": 2})

    assert (changed.get_json()["notes"], changed.get_json()["version"]) == ("First\nsecond", 2)
    assert (cleared.get_json()["notes"], cleared.headers["ETag"]) == (None, '"3"')


def test_notes_need_the_version_that_stands(clinic: Clinic) -> None:
    path = f"/appointments/{clinic.booked(TEN)['id']}"

    without = clinic.desk.patch(path, {"notes": "New"})
    stale = clinic.desk.patch(path, {"notes": "New", "version": 2})
    weak = [clinic.desk.patch(path, {"notes": "New"}, **{"If-Match": f'W/"{one}"'}) for one in (2, 1)]

    assert [one.status_code for one in (without, stale, *weak)] == [428, 412, 412, 200]


def test_only_the_notes_can_be_patched(clinic: Clinic, database: Database) -> None:
    visit = clinic.booked(TEN)

    answer = clinic.desk.patch(
        f"/appointments/{visit['id']}", {"notes": None, "starts_at": TEN, "status": "completed", "version": 1}
    )

    assert answer.status_code == 422
    (row,) = rows(database, clinic.desk, Appointment)
    assert (row.version, row.status) == (1, "booked")


def test_a_list_is_filtered_by_every_parameter(clinic: Clinic) -> None:
    second = create_therapist(clinic.desk, clinic.location, name="Second")
    room = create_room(clinic.desk, clinic.location, name="Second room")
    patient = create_patient(clinic.desk)
    early = clinic.booked("2027-03-01T10:00:00Z", therapist_id=clinic.therapist["id"])
    named = {"therapist_id": second["id"], "room_id": room["id"], "patient_id": patient["id"]}
    late = clinic.acted("confirm", clinic.booked("2027-03-02T10:00:00Z", **named))

    def listed(**query: str) -> list[str]:
        return [one["id"] for one in clinic.desk.get("/appointments", **query).get_json()["items"]]

    of_late = [*({name: one} for name, one in named.items()), {"status": "confirmed"}]
    assert [listed(**query) for query in of_late] == [[late["id"]]] * 4
    assert listed(from_="2027-03-02") == [late["id"]]
    assert listed(until="2027-03-02") == [early["id"]]
    assert listed(from_="2027-03-01", until="2027-03-03") == [early["id"], late["id"]]
    assert listed(location_id=clinic.location["id"], flagged="false") == [early["id"], late["id"]]
    assert listed(flagged="true") == listed(updated_since="2099-01-01T00:00:00Z") == []


def test_dates_of_a_list_are_the_appointments_own(clinic: Clinic) -> None:
    hours = [{"weekday": "mon", "opens": "00:00", "closes": "24:00"}]
    auckland = create_location(clinic.desk, timezone="Pacific/Auckland", opening_hours=hours)
    talk = create_procedure(
        clinic.desk,
        code="TALK",
        family="TALK",
        phases=[{"name": "Talk", "kind": "consultation", "minutes": 15}],
    )
    clinic.booked("2027-02-28T12:00:00Z", location_id=auckland["id"], procedure_id=talk["id"])

    found = [
        len(clinic.desk.get("/appointments", from_=on, until=until).get_json()["items"])
        for on, until in (("2027-02-28", "2027-03-01"), ("2027-03-01", "2027-03-02"))
    ]

    assert found == [0, 1]


def test_a_list_is_read_page_by_page(clinic: Clinic) -> None:
    booked = [clinic.booked(f"2027-03-01T{hour}:00:00Z")["id"] for hour in range(10, 15)]

    found = items_page_by_page(clinic.desk, "/appointments", limit=2)

    assert [one["id"] for one in found] == booked
