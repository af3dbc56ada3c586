"""Medical holds that are opened after a booking flag it or release its time until they are signed off."""

from dataclasses import replace

import pytest

from models.database import Database
from tests.journeys.cast import change_hold, changed, consulted, create_place, doing, refusals
from tests.support.cast import Clinic, Made, another_patient, create_key, create_patient, event_types, working
from tests.support.overrides import BOOKING, overriding, with_level
from tests.support.questions import eligibility
from tests.support.records import open_medical_hold
from tests.support.visits import flagged, flags, shown_visit

IN_MARCH = "2027-03-10T10:00:00Z"


def signed_off(clinic: Clinic, hold_id: str) -> int:
    path = f"/patients/{clinic.patient['id']}/medical-holds/{hold_id}/sign-off"
    return clinic.desk.post(path, {"reason": "Letter of the haematologist."}).status_code


def test_a_hold_flags_what_is_booked_until_it_is_resolved(known: Clinic, database: Database) -> None:
    visit = known.booked(IN_MARCH)
    consultation = doing(known, "CONSULT_NEW").booked("2027-03-12T10:00:00Z")

    hold = open_medical_hold(known, "pregnancy", "2027-02-22")
    standing = flags(known, visit)
    resolved = change_hold(known, hold, resolved_on="2027-02-22")

    assert hold["affected"] == [visit["id"]]
    assert standing == [("medical_hold", "H02")]
    assert flags(known, consultation) == []
    assert (resolved["affected"], flags(known, visit)) == ([], [])
    assert event_types(database, known.desk, visit) == ["appointment.booked", "appointment.flagged"]


@pytest.mark.parametrize(("earliest_on", "is_affected"), [("2027-03-10", False), ("2027-03-11", True)])
def test_a_hold_with_a_date_flags_only_what_comes_before_it(
    known: Clinic, earliest_on: str, is_affected: bool
) -> None:
    visit = known.booked(IN_MARCH)

    hold = open_medical_hold(known, "infection", "2027-02-22", earliest_on=earliest_on)

    assert hold["affected"] == ([visit["id"]] if is_affected else [])


def test_a_deleted_hold_takes_its_flags_along(known: Clinic) -> None:
    visit = known.booked(IN_MARCH)
    hold = open_medical_hold(known, "pregnancy", "2027-02-22")

    gone = known.desk.delete(f"/patients/{known.patient['id']}/medical-holds/{hold['id']}")

    assert gone.status_code == 204
    assert flags(known, visit) == []


def test_freed_times_can_be_taken_by_another_patient(known: Clinic) -> None:
    other = another_patient(known)
    consulted(other, "2027-02-23T11:00:00Z")
    visit = known.booked(IN_MARCH)
    taken_already = other.book(IN_MARCH).status_code

    hold = open_medical_hold(known, "infection", "2027-02-22", release_appointments=True)

    after = shown_visit(known, visit)
    assert hold["affected"] == [visit["id"]]
    assert (after["status"], after["cancellation"]["reason_code"]) == ("cancelled", "medical")
    assert (taken_already, other.book(IN_MARCH).status_code) == (409, 201)


def test_an_advisory_hold_flags_and_frees_nothing(known: Clinic) -> None:
    visit = known.booked(IN_MARCH)

    hold = open_medical_hold(known, "breastfeeding", "2027-02-22", release_appointments=True)

    assert (hold["affected"], shown_visit(known, visit)["status"]) == ([], "booked")


@pytest.mark.parametrize("hold", [{"code": "breastfeeding"}, {"code": "infection", "areas": ["SCALP"]}])
def test_freeing_times_leaves_what_another_hold_speaks_against(known: Clinic, hold: Made) -> None:
    visit = known.booked(IN_MARCH)
    open_medical_hold(known, "pregnancy", "2027-02-22")

    open_medical_hold(known, opened_on="2027-02-22", release_appointments=True, **hold)

    assert (shown_visit(known, visit)["status"], flags(known, visit)) == ("booked", [("medical_hold", "H02")])


def test_a_key_of_some_locations_frees_times_at_those(known: Clinic) -> None:
    here, there = known, replace(known, location=create_place(known.desk))
    hours = [*working(here.location), *working(there.location)]
    changed(known, f"/therapists/{known.therapist['id']}", working_hours=hours)
    visits = [here.booked(IN_MARCH), there.booked("2027-05-12T10:00:00+01:00")]
    limited = here.using(create_key(here.desk, *BOOKING, location_ids=[here.location["id"]]))

    hold = open_medical_hold(limited, "infection", "2027-02-22", release_appointments=True)

    assert hold["affected"] == [one["id"] for one in visits]
    assert [shown_visit(here, one)["status"] for one in visits] == ["cancelled", "booked"]
    assert flags(there, visits[1]) == [("medical_hold", "H01")]


def test_a_sign_off_lifts_the_hold_and_its_flags(known: Clinic) -> None:
    visit = known.booked(IN_MARCH)
    hold = open_medical_hold(known, "anticoagulant", "2027-02-22")

    by_a_therapist = signed_off(with_level(known, "therapist"), hold["id"])
    still = flags(known, visit)
    by_a_clinician = signed_off(with_level(known, "clinician"), hold["id"])

    assert (by_a_therapist, still, by_a_clinician) == (403, [("medical_hold", "H05")], 200)
    assert flags(known, visit) == []
    assert refusals(known, "2027-04-14T10:00:00+01:00") == []


def test_an_override_of_a_hold_holds_for_that_hold_alone(known: Clinic) -> None:
    open_medical_hold(known, "infection", "2027-02-22", areas=["FACE"])
    visit = with_level(known, "clinician").booked(IN_MARCH, **overriding("medical_hold"))

    again = open_medical_hold(known, "infection", "2027-02-22", areas=["FACE"])

    assert again["affected"] == flagged(known) == [visit["id"]]


@pytest.mark.parametrize(
    ("born_on", "day", "found"),
    [
        ("2009-03-11", "2027-03-10", [("medical_hold", "H06", "2027-03-11")]),
        ("2009-03-11", "2027-03-11", []),
        ("2009-03-11", "2027-03-12", []),
        ("2008-02-29", "2027-03-10", []),
        (None, "2027-03-10", []),
    ],
)
def test_a_patient_is_of_age_on_the_eighteenth_birthday(
    known: Clinic, born_on: str | None, day: str, found: list[tuple[str, str, str]]
) -> None:
    young = replace(known, patient=create_patient(known.desk, born_on=born_on))
    consulted(young.at("2027-02-22T09:00:00Z"), "2027-02-23T11:00:00Z")

    assert refusals(young, f"{day}T10:00:00Z") == found
    assert eligibility(young)["eligible_on"] == ("2027-03-11" if born_on == "2009-03-11" else "2027-02-24")


@pytest.mark.parametrize(
    ("day", "found"),
    [("2027-02-27", [("medical_hold", "H06", "2027-03-01")]), ("2027-03-01", []), ("2027-03-02", [])],
)
def test_who_was_born_on_a_leap_day_is_older_on_the_first_of_march(
    known: Clinic, day: str, found: list[tuple[str, str, str]]
) -> None:
    (rule,) = known.desk.get("/hold-rules", code="under_age").get_json()["items"]
    changed(known, f"/hold-rules/{rule['id']}", minimum_age=19)
    changed(known, f"/patients/{known.patient['id']}", born_on="2008-02-29")

    assert refusals(known, f"{day}T10:00:00Z") == found


def test_a_birth_date_told_of_later_flags_what_is_booked(known: Clinic) -> None:
    visit = known.booked(IN_MARCH)
    path = f"/patients/{known.patient['id']}"

    told_of = changed(known, path, born_on="2009-03-11")
    standing = flags(known, visit)
    older = changed(known, path, born_on="2009-03-10")

    assert (told_of["affected"], standing) == ([visit["id"]], [("medical_hold", "H06")])
    assert (older["affected"], flags(known, visit)) == ([], [])


def test_a_clinics_own_age_counts_from_the_change_on(known: Clinic) -> None:
    changed(known, f"/patients/{known.patient['id']}", born_on="2006-03-10")
    visit = known.booked("2027-03-09T10:00:00Z")
    (rule,) = known.desk.get("/hold-rules", code="under_age").get_json()["items"]

    twenty_one = changed(known, f"/hold-rules/{rule['id']}", minimum_age=21)
    standing = flags(known, visit)
    twenty = changed(known, f"/hold-rules/{rule['id']}", minimum_age=20)

    assert (twenty_one["affected"], standing) == ([visit["id"]], [("medical_hold", "H06")])
    assert (twenty["affected"], flags(known, visit)) == ([], [])
