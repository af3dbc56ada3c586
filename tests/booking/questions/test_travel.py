"""Nobody is booked at two locations without the time to get from one to the other."""

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import text

from jobs.nightly import revalidate_clinic
from models.database import Database
from tests.booking.questions.refusals_of_places import explained
from tests.support.cast import (
    Clinic,
    another_patient,
    create_course,
    create_therapist,
    instant,
    refusal,
    refusal_codes,
    run_out,
    working,
)
from tests.support.disruptions import ill, proposals
from tests.support.overrides import overriding, with_level
from tests.support.questions import verdict
from tests.support.times import DAY, NEXT_DAY, TEN, at
from tests.support.travel import at_another_place, takes
from tests.support.visits import flag_codes
from tests.support.waitlist import entry, offer, shown_entry

TRAVELLING = "therapist_travelling"
QUEUED = text("""
    SELECT args FROM queue.procrastinate_jobs WHERE task_name = 'offer' AND args ->> 'clinic_id' = :clinic_id
""")


def clocks(clinic: Clinic, **query: Any) -> list[str]:
    """List the clock times of the arrivals of the day."""
    return [one[11:16] for one in clinic.starts(DAY, NEXT_DAY, **query)]


# A visit takes 20 minutes and the way 30.
@pytest.mark.parametrize("states", ["here", "there"])
def test_a_way_that_one_location_states_holds_in_both_directions(clinic: Clinic, states: str) -> None:
    soho = at_another_place(clinic, None)
    ends = (clinic, soho) if states == "here" else (soho, clinic)
    takes(clinic, ends[0].location, ends[1].location, 30)
    soho.booked(TEN)
    late = another_patient(clinic).booked(at("14:00"))
    here, there = clocks(clinic), clocks(soho)

    assert late["location_id"] != soho.location["id"]
    assert ("09:10" in here, "09:15" in here, "10:45" in here, "10:50" in here) == (True, False, False, True)
    assert ("13:10" in there, "13:15" in there, "14:45" in there, "14:50" in there) == (
        True,
        False,
        False,
        True,
    )
    assert clinic.desk.get(f"/locations/{ends[1].location['id']}").get_json()["travel_minutes"] == []


@pytest.mark.parametrize(("here", "there", "first"), [(30, 45, "11:05"), (45, 30, "11:05"), (0, 30, "10:50")])
def test_the_larger_counts_where_both_locations_state_a_way(
    clinic: Clinic, here: int, there: int, first: str
) -> None:
    soho = at_another_place(clinic, here)
    takes(clinic, soho.location, clinic.location, there)
    soho.booked(TEN)

    assert next(one for one in clocks(clinic) if one > "10:00") == first


def test_every_question_and_act_gives_the_same_reason(clinic: Clinic) -> None:
    at_another_place(clinic).booked(TEN)
    named, soon = {"therapist_id": clinic.therapist["id"]}, at("10:45")
    told = refusal(clinic.book(soon, **named), TRAVELLING)

    assert (told["resource_id"], told["overridable_by"]) == (clinic.therapist["id"], "desk")
    assert [one["code"] for one in refusal(clinic.book(soon), "no_therapist_available")["because"]] == [
        TRAVELLING
    ]
    assert [one["code"] for one in explained(clinic, soon)["refusals"]] == ["no_therapist_available"]
    assert [one["code"] for one in verdict(clinic, soon, **named)["refusals"]] == [TRAVELLING]
    assert refusal_codes(clinic.hold(soon, **named)) == [TRAVELLING]
    assert clinic.book(soon).get_json()["alternatives"][0]["starts_at"] == at("10:50")
    assert clinic.booked(at("10:50"))["therapist_id"] == clinic.therapist["id"]


def test_a_colleague_who_stays_here_is_booked_instead(clinic: Clinic) -> None:
    at_another_place(clinic).booked(TEN)
    colleague = create_therapist(clinic.desk, clinic.location, name="Colleague")

    assert clinic.booked(at("10:45"))["therapist_id"] == colleague["id"]


def test_the_desk_may_let_somebody_hurry_and_then_neither_visit_is_flagged(
    clinic: Clinic, database: Database
) -> None:
    soho = at_another_place(clinic)
    first, named = soho.booked(TEN), {"therapist_id": clinic.therapist["id"]}
    forbidden = with_level(clinic, None).book(at("10:30"), **named, **overriding(TRAVELLING))
    hurried = with_level(clinic, "desk").booked(at("10:30"), **named, **overriding(TRAVELLING))
    changed = takes(clinic, clinic.location, soho.location, 35)
    revalidate_clinic(database, clinic.desk.clinic_id, instant("2027-02-01T03:00:00Z"))

    assert forbidden.status_code == 403
    assert hurried["overrides"][0]["codes"] == [TRAVELLING]
    assert (changed["affected"], flag_codes(clinic, first), flag_codes(clinic, hurried)) == ([], [], [])


def test_what_was_allowed_for_one_visit_is_not_allowed_for_the_next(clinic: Clinic) -> None:
    soho = at_another_place(clinic)
    soho.booked(TEN)
    clinic.booked(at("10:30"), therapist_id=clinic.therapist["id"], **overriding(TRAVELLING))

    assert refusal_codes(another_patient(soho).book(at("11:15"))) == ["no_therapist_available"]
    assert another_patient(soho).book(at("11:20")).status_code == 201


def test_a_visit_beside_one_that_hurries_may_get_another_room_and_a_hold_be_booked(clinic: Clinic) -> None:
    soho = at_another_place(clinic)
    hold, named = soho.held(TEN), {"therapist_id": clinic.therapist["id"]}
    clinic.booked(at("10:30"), **named, **overriding(TRAVELLING))
    room = clinic.desk.made("/rooms", location_id=soho.location["id"], name="Room 2", kind="treatment")
    booked = soho.convert(hold)
    moved = soho.act("reassign", booked.get_json(), room_id=room["id"])

    assert (booked.status_code, moved.status_code) == (201, 200)


def test_a_hold_elsewhere_takes_the_way_until_it_expires(clinic: Clinic, database: Database) -> None:
    hold = at_another_place(clinic).held(TEN)
    during = clinic.book(at("10:45"))
    run_out(database, clinic.desk, hold)

    assert refusal_codes(during) == ["no_therapist_available"]
    assert "10:45" in clocks(clinic)
    assert clinic.book(at("10:45")).status_code == 201


def test_a_move_leaves_its_own_way_out_and_keeps_that_of_others(clinic: Clinic) -> None:
    soho = at_another_place(clinic)
    moving, other = soho.booked(TEN), another_patient(soho).booked(at("14:00"))
    there = {"location_id": clinic.location["id"]}
    refused = clinic.act("reschedule", moving, starts_at=at("13:15"), **there)
    moved = clinic.act("reschedule", moving, starts_at=at("10:05"), **there)

    assert other["therapist_id"] == moving["therapist_id"]
    assert refusal_codes(refused) == ["no_therapist_available"]
    assert moved.status_code == 200
    assert flag_codes(clinic, moving) == []


def test_a_late_patient_slides_as_far_as_the_way_allows(clinic: Clinic) -> None:
    at_another_place(clinic).booked(at("10:55"))
    late = clinic.booked(TEN)

    assert clinic.at(at("10:05")).acted("arrive", late)["starts_at"] == at("10:05")


def test_a_late_patient_does_not_make_the_therapist_late_elsewhere(clinic: Clinic) -> None:
    at_another_place(clinic).booked(at("10:55"))
    late = clinic.booked(TEN)
    arrived = clinic.at(at("10:10")).acted("arrive", late)

    assert (arrived["starts_at"], [one["code"] for one in arrived["flags"]]) == (TEN, ["late"])


def test_a_therapist_on_the_way_takes_nobody_over(clinic: Clinic) -> None:
    soho = at_another_place(clinic)
    colleague = create_therapist(clinic.desk, clinic.location, name="Colleague")
    visit = clinic.booked(at("10:30"), therapist_id=colleague["id"])
    soho.booked(TEN, therapist_id=clinic.therapist["id"])

    assert refusal_codes(clinic.act("reassign", visit, therapist_id=clinic.therapist["id"])) == [TRAVELLING]


def test_a_cancellation_is_not_taken_back_when_the_way_is_too_long_by_now(clinic: Clinic) -> None:
    soho = at_another_place(clinic)
    gone = soho.acted("cancel", soho.booked(TEN), reason_code="patient")
    hurried = soho.booked(at("14:00"), therapist_id=clinic.therapist["id"])
    clinic.booked(at("10:30"))
    refused = soho.act("undo", gone, reason="By mistake")
    cancelled = soho.acted("cancel", hurried, reason_code="patient")

    assert refusal(refused, TRAVELLING)["resource_id"] == clinic.therapist["id"]
    assert soho.acted("undo", cancelled, reason="By mistake")["status"] == "booked"


def test_a_disruption_proposes_no_time_on_the_way(clinic: Clinic) -> None:
    soho = at_another_place(clinic)
    visit = clinic.booked(at("09:00"))
    soho.booked(TEN)
    room = clinic.desk.get("/rooms", location_id=clinic.location["id"]).get_json()["items"][0]
    body = ill(clinic, resource_id=room["id"], ends_at=f"{DAY}T09:30:00Z")

    assert visit["therapist_id"] == clinic.therapist["id"]
    assert proposals(clinic, body) == [("time", "10:50", 110)]


def test_a_plan_of_a_course_leaves_time_for_the_way(clinic: Clinic) -> None:
    at_another_place(clinic).booked(TEN)
    path, hours = f"/locations/{clinic.location['id']}", ("09:20", "11:20")
    days = [{"weekday": "mon", "opens": hours[0], "closes": hours[1]}]
    clinic.desk.patch(path, {"opening_hours": days})
    course = create_course(clinic)
    body = {"location_id": clinic.location["id"], "from": DAY}
    plan = clinic.desk.post(f"/courses/{course['id']}/plan", body).get_json()

    assert plan["sessions"][0]["starts_at"] == at("10:50")


def test_who_waits_is_offered_the_time_that_a_visit_elsewhere_frees(
    clinic: Clinic, database: Database
) -> None:
    soho = at_another_place(clinic)
    visit = soho.booked(TEN)
    waiting = entry(clinic, from_time="10:25", until_time="10:50", latest_on=DAY, earliest_on=DAY)
    offer(clinic, database)
    before = shown_entry(clinic, waiting)["status"]
    soho.acted("cancel", visit, reason_code="patient")
    with database.transaction() as session:
        (job,) = session.scalars(QUEUED, {"clinic_id": str(clinic.desk.clinic_id)}).all()
    offer(clinic, database)

    assert (before, job["location_id"]) == ("waiting", clinic.location["id"])
    assert (job["until"] - job["first"]) * 5 == 20 + 2 * 30
    assert shown_entry(clinic, waiting)["offer"]["starts_at"] == at("10:25")


def test_the_etag_of_availability_changes_with_a_visit_elsewhere(clinic: Clinic) -> None:
    soho = at_another_place(clinic)
    query = f"procedure_id={clinic.procedure['id']}&location_id={clinic.location['id']}"
    path = f"/availability?{query}&from={DAY}&until={NEXT_DAY}"
    tag = clinic.desk.request("GET", path).headers["ETag"]
    same = clinic.desk.request("GET", path, {"If-None-Match": tag}).status_code
    soho.booked(TEN)

    assert (same, clinic.desk.request("GET", path, {"If-None-Match": tag}).status_code) == (304, 200)


def test_ways_that_grow_flag_both_visits_and_ways_that_shrink_clear_them(clinic: Clinic) -> None:
    soho = at_another_place(clinic, 5)
    pair = [soho.booked(TEN), clinic.booked(at("10:30"))]
    another_patient(clinic).booked(at("14:00"))
    grown = takes(clinic, clinic.location, soho.location, 15)
    flagged = [flag_codes(clinic, one) for one in pair]
    shrunk = takes(clinic, clinic.location, soho.location, 10)

    assert sorted(grown["affected"]) == sorted(one["id"] for one in pair)
    assert flagged == [[TRAVELLING]] * 2
    assert (shrunk["affected"], [flag_codes(clinic, one) for one in pair]) == ([], [[], []])


@pytest.mark.parametrize("taken_back", ["statement", "location"])
def test_a_way_that_is_taken_back_clears_its_flags(clinic: Clinic, taken_back: str) -> None:
    soho = at_another_place(clinic, None)
    pair = [soho.booked(TEN), clinic.booked(at("10:30"))]
    by = soho if taken_back == "statement" else clinic
    other = clinic if by is soho else soho
    takes(clinic, by.location, other.location, 60)
    flagged = [flag_codes(clinic, one) for one in pair]
    takes(clinic, by.location, other.location, None)

    assert (flagged, [flag_codes(clinic, one) for one in pair]) == ([[TRAVELLING]] * 2, [[], []])


def test_the_night_clears_the_flag_of_a_visit_that_is_alone_again(clinic: Clinic, database: Database) -> None:
    soho = at_another_place(clinic, 5)
    gone, stays = soho.booked(TEN), clinic.booked(at("10:30"))
    takes(clinic, clinic.location, soho.location, 60)
    clinic.desk.post(f"/appointments/{gone['id']}/cancel", {"reason_code": "clinic", "version": 2})
    revalidate_clinic(database, clinic.desk.clinic_id, instant("2027-02-01T03:00:00Z"))

    assert flag_codes(clinic, stays) == []


def test_a_way_over_midnight_counts_on_both_dates(clinic: Clinic) -> None:
    night = [{"weekday": day, "opens": "00:00", "closes": "24:00"} for day in ("mon", "tue")]
    soho = at_another_place(clinic, 60)
    for place in (clinic.location, soho.location):
        clinic.desk.patch(f"/locations/{place['id']}", {"opening_hours": night})
    hours = [*working(clinic.location, "00:00", "24:00"), *working(soho.location, "00:00", "24:00")]
    clinic.desk.patch(f"/therapists/{clinic.therapist['id']}", {"working_hours": hours})
    soho.booked(at("23:30"))
    starts = [one[11:16] for one in clinic.starts(NEXT_DAY, "2027-03-03")]

    assert starts[0] == "00:50"


def test_a_third_location_without_a_way_is_reached_at_once(clinic: Clinic) -> None:
    at_another_place(clinic)
    york = at_another_place(clinic, None, name="York")
    everywhere = [
        period for place in clinic.desk.get("/locations").get_json()["items"] for period in working(place)
    ]
    clinic.desk.patch(f"/therapists/{clinic.therapist['id']}", {"working_hours": everywhere})
    york.booked(TEN)

    assert replace(clinic, patient=clinic.patient).booked(at("10:20"))
