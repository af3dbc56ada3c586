"""Each level may override certain refusals, and the override is kept with its reason."""

import pytest

from models.database import Database
from tests.support.cast import (
    Clinic,
    Made,
    audit_entries,
    codes,
    counts,
    create_location,
    create_procedure,
    create_rule,
    event_types,
    every_day,
    working,
)
from tests.support.overrides import overriding, with_level
from tests.support.times import TEN

REASON = "Agreed on the phone."
DEEP_FIRST: Made = {"after": {"family": "MN_DEEP"}, "min_days": 42, "recommended_days": 49}
LADDER = ("desk", "therapist", "clinician", "dermatologist")
# A location's policy and an instant that break exactly one rule of the desk's.
DESKS: list[tuple[str, Made, str]] = [
    ("in_the_past", {}, "2027-01-01T10:00:00Z"),
    ("min_notice", {"min_notice_minutes": 2880}, "2027-01-05T10:00:00Z"),
    ("beyond_horizon", {"horizon_days": 30}, TEN),
    ("off_grid", {"grid_minutes": 30}, "2027-03-01T10:05:00Z"),
    ("outside_opening_hours", {}, "2027-03-01T08:50:00Z"),
]


@pytest.mark.parametrize(("code", "policy", "starts_at"), DESKS)
def test_what_is_the_desks_is_refused_and_the_desk_may_override_it(
    clinic: Clinic, code: str, policy: Made, starts_at: str
) -> None:
    hours = working(clinic.location, "08:00", "20:00")
    clinic.desk.patch(f"/therapists/{clinic.therapist['id']}", {"working_hours": hours})
    clinic.desk.patch(f"/locations/{clinic.location['id']}", {"policy": policy})
    desk = with_level(clinic, "desk")

    refused = desk.book(starts_at)
    booked = desk.booked(starts_at, **overriding(code))

    assert codes(refused) == [code]
    assert refused.get_json()["refusals"][0]["overridable_by"] == "desk"
    assert [one["codes"] for one in booked["overrides"]] == [[code]]


def test_a_therapist_who_does_not_work_then_may_be_overridden_by_the_desk(clinic: Clinic) -> None:
    hours = working(clinic.location, "12:00", "19:00")
    clinic.desk.patch(f"/therapists/{clinic.therapist['id']}", {"working_hours": hours})
    desk = with_level(clinic, "desk")

    named = desk.book(TEN, therapist_id=clinic.therapist["id"])
    anybody = desk.book(TEN)
    booked = desk.booked(TEN, **overriding("therapist_not_working"))

    assert codes(named) == ["therapist_not_working"]
    assert codes(anybody) == ["no_therapist_available"]
    assert anybody.get_json()["refusals"][0]["because"][0]["code"] == "therapist_not_working"
    assert booked["overrides"][0]["codes"] == ["therapist_not_working"]


@pytest.mark.parametrize(("code", "policy", "starts_at"), DESKS[:4])
def test_a_key_without_a_level_may_override_nothing(
    clinic: Clinic, database: Database, code: str, policy: Made, starts_at: str
) -> None:
    clinic.desk.patch(f"/locations/{clinic.location['id']}", {"policy": policy})

    answer = with_level(clinic, None).book(starts_at, **overriding(code))

    assert answer.status_code == 403
    assert answer.get_json()["code"] == "missing_scope"
    assert counts(database, clinic.desk)["appointments"] == 0


@pytest.mark.parametrize(("needed", "rule"), [("clinician", "S02"), ("dermatologist", "S05")])
@pytest.mark.parametrize("level", LADDER)
def test_spacing_is_overridden_by_its_level_and_those_above(
    clinic: Clinic, needed: str, rule: str, level: str
) -> None:
    create_rule(clinic.desk, code=rule, override_by=needed)
    clinic.booked(TEN)

    answer = with_level(clinic, level).book("2027-03-20T10:00:00Z", **overriding("spacing_min"))

    assert answer.status_code == (201 if LADDER.index(level) >= LADDER.index(needed) else 403)


def test_two_rules_need_the_higher_of_their_levels(spaced: Clinic) -> None:
    create_rule(spaced.desk, code="S03", override_by="dermatologist", **DEEP_FIRST)
    deep = create_procedure(spaced.desk, code="DEEP", family="MN_DEEP")
    spaced.booked("2027-04-03T10:00:00Z")
    spaced.booked("2027-02-20T10:00:00Z", procedure_id=deep["id"])

    clinicians = with_level(spaced, "clinician").book("2027-03-18T10:00:00Z", **overriding("spacing_min"))
    dermatologists = with_level(spaced, "dermatologist").book(
        "2027-03-18T10:00:00Z", **overriding("spacing_min")
    )

    assert clinicians.status_code == 403
    assert dermatologists.status_code == 201


def test_what_nobody_may_override_is_not_waived_beside_what_somebody_may(spaced: Clinic) -> None:
    create_rule(spaced.desk, code="S99", override_by=None, **DEEP_FIRST)
    deep = create_procedure(spaced.desk, code="DEEP", family="MN_DEEP")
    spaced.booked("2027-04-03T10:00:00Z")
    spaced.booked("2027-02-20T10:00:00Z", procedure_id=deep["id"])

    answer = spaced.book("2027-03-18T10:00:00Z", **overriding("spacing_min"))

    assert codes(answer) == ["spacing_min", "spacing_min"]


def test_the_floor_is_nobodys(spaced: Clinic, database: Database) -> None:
    spaced.booked(TEN)
    before = counts(database, spaced.desk)

    answer = spaced.book("2027-03-14T10:00:00Z", **overriding("spacing_floor", "spacing_min"))

    assert codes(answer) == ["spacing_floor", "spacing_min"]
    assert counts(database, spaced.desk) == before


@pytest.mark.parametrize(
    "code", ["therapist_busy", "no_therapist_available", "no_room_available", "room_busy"]
)
def test_busy_resources_are_nobodys(clinic: Clinic, code: str) -> None:
    clinic.booked(TEN)
    other = clinic.patients(1)[0]

    answer = clinic.book(TEN, patient_id=other, **overriding(code))

    assert codes(answer) == ["no_room_available", "no_therapist_available"]


def test_a_busy_patient_and_a_closed_location_are_nobodys(clinic: Clinic) -> None:
    path = f"/locations/{clinic.location['id']}/closures"
    closed = {"starts_at": "2027-03-02T00:00:00Z", "ends_at": "2027-03-03T00:00:00Z", "reason": "Boiler"}
    clinic.desk.made(path, **closed)
    elsewhere = create_location(clinic.desk)
    consultation = {"name": "Talk", "kind": "consultation", "minutes": 15}
    talk = create_procedure(clinic.desk, code="TALK", family="TALK", phases=[consultation])
    clinic.booked(TEN)

    there = {"location_id": elsewhere["id"], "procedure_id": talk["id"]}
    busy = clinic.book(TEN, **there, **overriding("patient_busy"))
    shut = clinic.book("2027-03-02T10:00:00Z", **overriding("location_closed"))

    assert codes(busy) == ["patient_busy"]
    assert codes(shut) == ["location_closed"]


def test_an_unqualified_therapist_is_nobodys(clinic: Clinic) -> None:
    needy = create_procedure(clinic.desk, code="NEEDY", qualifications=["BBP"])
    wish = {"procedure_id": needy["id"], "therapist_id": clinic.therapist["id"]}

    answer = clinic.book(TEN, **wish, **overriding("therapist_unqualified"))

    assert codes(answer) == ["therapist_unqualified"]


def test_only_what_was_violated_is_recorded(spaced: Clinic, database: Database) -> None:
    spaced.booked(TEN)

    booked = spaced.booked("2027-03-20T10:00:00Z", **overriding("spacing_min", "min_notice", "off_grid"))

    (kept,) = booked["overrides"]
    assert kept["codes"] == ["spacing_min"]
    assert event_types(database, spaced.desk, booked) == ["appointment.booked", "appointment.overridden"]


@pytest.mark.parametrize(("moves", "flags"), [(False, []), (True, ["outside_opening_hours"])])
def test_an_override_counts_for_the_time_that_it_allowed_alone(
    clinic: Clinic, moves: bool, flags: list[str]
) -> None:
    hours = working(clinic.location, "08:00", "20:00")
    clinic.desk.patch(f"/therapists/{clinic.therapist['id']}", {"working_hours": hours})
    visit = clinic.booked("2027-03-01T08:50:00Z", **overriding("outside_opening_hours"))
    if moves:
        visit = clinic.acted("reschedule", visit, starts_at=TEN)
    later = {"opening_hours": every_day(opens="11:00")}
    changed = clinic.desk.patch(f"/locations/{clinic.location['id']}", later).get_json()

    shown = clinic.desk.get(f"/appointments/{visit['id']}").get_json()
    assert [flag["code"] for flag in shown["flags"]] == flags
    assert changed["affected"] == [visit["id"]] * len(flags)


def test_an_override_is_kept_with_the_time_and_place_that_it_allowed(spaced: Clinic) -> None:
    spaced.booked(TEN)

    (kept,) = spaced.booked("2027-03-20T10:00:00Z", **overriding("spacing_min"))["overrides"]

    assert kept["starts_at"] == "2027-03-20T10:00:00+00:00"
    assert kept["location_id"] == spaced.location["id"]


def test_an_override_that_was_not_needed_leaves_no_trace(clinic: Clinic, database: Database) -> None:
    booked = clinic.booked(TEN, **overriding("spacing_min", "min_notice"))

    assert booked["overrides"] == []
    assert event_types(database, clinic.desk, booked) == ["appointment.booked"]
    assert audit_entries(database, clinic.desk, "appointment.overridden") == []


def test_an_unneeded_override_asks_for_no_level(clinic: Clinic) -> None:
    answer = with_level(clinic, None).book(TEN, **overriding("spacing_min"))

    assert answer.status_code == 201


def test_the_audit_log_keeps_who_and_why_and_the_event_does_not(spaced: Clinic, database: Database) -> None:
    spaced.booked(TEN)
    wish = spaced.wish("2027-03-20T10:00:00Z", **overriding("spacing_min"))

    booked = spaced.desk.post("/appointments", wish, **{"X-Actor": "Dr. Grey"}).get_json()

    (entry,) = audit_entries(database, spaced.desk, "appointment.overridden")
    assert str(entry.subject_id) == booked["id"]
    assert entry.actor == "Dr. Grey"
    assert entry.changes["overrides"]["codes"] == ["spacing_min"]
    assert entry.changes["overrides"]["reason"] == REASON


def test_a_dry_run_judges_with_the_override_and_writes_nothing(spaced: Clinic, database: Database) -> None:
    spaced.booked(TEN)
    before = counts(database, spaced.desk)
    wish = spaced.wish("2027-03-20T10:00:00Z")

    without = spaced.desk.post("/appointments/validate", wish).get_json()
    with_it = spaced.desk.post("/appointments/validate", wish | overriding("spacing_min")).get_json()

    assert (without["bookable"], with_it["bookable"]) == (False, True)
    assert counts(database, spaced.desk) == before


def test_a_dry_run_with_a_level_too_low_is_403(spaced: Clinic) -> None:
    spaced.booked(TEN)
    wish = spaced.wish("2027-03-20T10:00:00Z", **overriding("spacing_min"))

    answer = with_level(spaced, "therapist").desk.post("/appointments/validate", wish)

    assert answer.status_code == 403
