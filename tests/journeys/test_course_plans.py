"""A plan proposes the rest of a course at its recommended spacing, and names what it could not keep."""

from typing import Any

import pytest
from werkzeug.test import TestResponse

from models.database import Database
from tests.journeys.cast import (
    EVERYTHING,
    change_policy,
    changed,
    consulted,
    create_default_clinic,
    create_place,
    find,
    performed,
    taken,
    told,
)
from tests.support.cast import Clinic, Made, codes, counts, create_patient, create_therapist, pointers
from tests.support.copying import MakeClinic
from tests.support.racing import assert_sound


def create_course(clinic: Clinic, template: str = "ACNE_SCAR_MOD", **fields: Any) -> Made:
    """Start a course of a template for the clinic's patient."""
    found = find(clinic.desk, template, "course-templates")
    made = {"patient_id": clinic.patient["id"], "template_id": found["id"]}
    return clinic.desk.made("/courses", **made | fields)


def asked(clinic: Clinic, course: Made, **fields: Any) -> TestResponse:
    """Ask for a plan from 6 March on."""
    body = {"location_id": clinic.location["id"], "from": "2027-03-06"} | fields
    given = {name: value for name, value in body.items() if value is not None}
    return clinic.desk.post(f"/courses/{course['id']}/plan", given)


def planned(clinic: Clinic, course: Made, **fields: Any) -> Made:
    """Ask for a plan and insist on 200."""
    answer = asked(clinic, course, **fields)
    assert answer.status_code == 200, answer.text
    found: Made = answer.get_json()
    return found


def arrivals(plan: Made) -> list[str]:
    """Give when the patient arrives for each session."""
    return [one["starts_at"] for one in plan["sessions"]]


def bends(plan: Made) -> list[list[str]]:
    """Give the preferences that each session does not keep."""
    return [one["bends"] for one in plan["sessions"]]


def closed(clinic: Clinic, first: str, until: str) -> None:
    """Close the location for some days."""
    path = f"/locations/{clinic.location['id']}/closures"
    days = {"starts_at": f"{first}T00:00:00Z", "ends_at": f"{until}T00:00:00Z"}
    clinic.desk.made(path, **days, reason="Refit")


def booked_all(clinic: Clinic, course: Made, starts: list[str], **fields: Any) -> TestResponse:
    """Book sessions of a course at once."""
    body = {"location_id": clinic.location["id"], "starts_at": starts} | fields
    return clinic.desk.post(f"/courses/{course['id']}/book", body)


SERIES = [
    "2027-03-06T09:00:00+00:00", "2027-04-10T09:00:00+01:00",
    "2027-05-15T09:00:00+01:00", "2027-06-19T09:00:00+01:00",
]  # fmt: skip


def test_a_series_keeps_the_recommended_days_and_the_clock_time_over_a_change_of_the_clocks(
    known: Clinic, database: Database
) -> None:
    course = create_course(known)
    before = counts(database, known.desk)
    plan = planned(known, course)

    assert arrivals(plan) == SERIES
    assert (bends(plan), plan["refusals"], plan["unplaced"]) == ([[], [], [], []], [], 0)
    assert [one["warnings"] for one in plan["sessions"]] == [[], [], [], []]
    assert counts(database, known.desk) == before


def test_what_is_planned_can_be_booked(known: Clinic, database: Database) -> None:
    course = create_course(known)
    plan = planned(known, course)
    answer = booked_all(known, course, list(reversed(arrivals(plan))))
    made = answer.get_json()["appointments"]

    assert answer.status_code == 201
    assert [one["starts_at"] for one in made] == list(reversed(SERIES))
    assert known.desk.get(f"/courses/{course['id']}").get_json()["progress"] == {"performed": 0, "booked": 4}
    assert_sound(database, known.desk)


def test_the_first_journeys_course_goes_on_from_its_last_session(known: Clinic) -> None:
    course = create_course(known)
    performed(known, "2027-03-06T10:00:00Z", course_id=course["id"])
    known.booked("2027-04-03T10:00:00+01:00", course_id=course["id"])
    plan = planned(known.at("2027-03-08T09:00:00Z"), course, from_=None, **{"from": "2027-03-08"})

    assert arrivals(plan) == ["2027-05-08T10:00:00+01:00", "2027-06-12T10:00:00+01:00"]
    assert bends(plan) == [[], []]


@pytest.mark.parametrize(
    ("wish", "starts"),
    [
        ({"weekdays": ["wed"]}, ["2027-03-10T09:00:00+00:00", "2027-04-14T09:00:00+01:00"]),
        (
            {"from_time": "14:00", "until_time": "16:00"},
            ["2027-03-06T14:00:00+00:00", "2027-04-10T14:00:00+01:00"],
        ),
        (
            {"weekdays": ["mon", "fri"], "from_time": "16:00"},
            ["2027-03-08T16:00:00+00:00", "2027-04-12T16:00:00+01:00"],
        ),
    ],
)
def test_weekdays_and_times_of_day_are_kept(known: Clinic, wish: Made, starts: list[str]) -> None:
    plan = planned(known, create_course(known), sessions=2, **wish)

    assert (arrivals(plan), bends(plan)) == (starts, [[], []])


def test_a_closed_saturday_waits_for_the_next(known: Clinic) -> None:
    closed(known, "2027-04-10", "2027-04-11")
    plan = planned(known, create_course(known), sessions=2, weekdays=["sat"])

    assert arrivals(plan) == ["2027-03-06T09:00:00+00:00", "2027-04-17T09:00:00+01:00"]
    assert bends(plan) == [[], ["recommended_spacing"]]


def test_a_closed_day_without_a_wish_is_skipped(known: Clinic) -> None:
    closed(known, "2027-04-10", "2027-04-11")

    assert arrivals(planned(known, create_course(known), sessions=2))[1] == "2027-04-12T09:00:00+01:00"


def test_a_weekday_on_which_nobody_is_there_is_bent(known: Clinic) -> None:
    plan = planned(known, create_course(known), sessions=2, weekdays=["sun"])

    assert bends(plan) == [["weekday"], ["weekday"]]


def test_a_time_at_which_nobody_is_there_is_bent(known: Clinic) -> None:
    plan = planned(known, create_course(known), sessions=1, from_time="20:00")

    assert bends(plan) == [["time"]]


def test_weeks_of_closing_move_a_session_beyond_them(known: Clinic) -> None:
    closed(known, "2027-04-02", "2027-06-01")
    plan = planned(known, create_course(known), sessions=2)

    assert arrivals(plan)[1] == "2027-06-01T09:00:00+01:00"
    assert bends(plan)[1] == ["recommended_spacing"]


def test_too_early_is_better_than_never_within_the_horizon(known: Clinic) -> None:
    change_policy(known, horizon_days=45)
    plan = planned(known, create_course(known), sessions=2)

    assert arrivals(plan)[1] == "2027-04-08T09:00:00+01:00"
    assert bends(plan)[1] == ["recommended_spacing"]
    assert told(plan["sessions"][1]["warnings"]) == [("below_recommended_spacing", "S02", "2027-04-10")]


def test_what_lies_beyond_the_horizon_is_told(known: Clinic) -> None:
    change_policy(known, horizon_days=50)
    plan = planned(known, create_course(known))

    assert len(plan["sessions"]) == 2
    assert (told(plan["refusals"]), plan["unplaced"]) == ([("beyond_horizon", None, None)], 2)


def test_a_consultation_that_is_missing_is_told(london: Clinic) -> None:
    plan = planned(london, create_course(london))

    assert plan["sessions"] == []
    assert ([code for code, _, _ in told(plan["refusals"])], plan["unplaced"]) == (
        ["prerequisite_missing"],
        4,
    )


def test_the_therapist_of_the_course_goes_on_with_it(known: Clinic) -> None:
    for _ in range(2):
        create_therapist(known.desk, known.location, qualifications=EVERYTHING)
    course = create_course(known)
    second = create_therapist(known.desk, known.location, qualifications=EVERYTHING)
    known.booked(SERIES[0], course_id=course["id"], therapist_id=second["id"])
    plan = planned(known, course)
    answer = booked_all(known, course, arrivals(plan))

    assert {one["therapist_id"] for one in plan["sessions"]} == {second["id"]}
    assert {one["therapist_id"] for one in answer.get_json()["appointments"]} == {second["id"]}


def test_a_therapist_who_is_named_and_away_is_bent(known: Clinic) -> None:
    away = create_therapist(known.desk, qualifications=EVERYTHING)
    plan = planned(known, create_course(known), sessions=1, therapist_id=away["id"])

    assert bends(plan) == [["therapist"]]
    assert plan["sessions"][0]["therapist_id"] == known.therapist["id"]


def test_another_location_plans_in_its_own_time(known: Clinic) -> None:
    lisbon = create_place(known.desk, timezone="Europe/Lisbon", name="Lisbon")
    create_therapist(known.desk, lisbon, qualifications=EVERYTHING)
    plan = planned(known, create_course(known), sessions=1, location_id=lisbon["id"])

    assert (plan["timezone"], arrivals(plan)) == ("Europe/Lisbon", ["2027-03-06T09:00:00+00:00"])


def test_the_clock_time_is_kept_when_winter_begins(london: Clinic) -> None:
    consulted(london, "2027-09-04T11:00:00+01:00")
    autumn = london.at("2027-09-06T09:00:00+01:00")
    plan = planned(autumn, create_course(autumn), sessions=2, **{"from": "2027-10-02"})

    assert arrivals(plan) == ["2027-10-02T09:00:00+01:00", "2027-11-06T09:00:00+00:00"]


def test_a_body_zone_is_planned_with_the_areas_of_the_last_visit(known: Clinic) -> None:
    course = create_course(known, "STRIAE")
    named = planned(known, course, sessions=1, areas=["THIGHS"])
    missing = asked(known, course)
    procedure = find(known.desk, "MN_BODY_ZONE")
    known.booked(arrivals(named)[0], course_id=course["id"], areas=["THIGHS"], procedure_id=procedure["id"])

    assert pointers(missing) == ["/areas"]
    assert arrivals(planned(known, course, sessions=1)) == ["2027-04-17T09:00:00+01:00"]


@pytest.mark.parametrize(
    ("fields", "pointer"),
    [
        ({"sessions": 0}, "/sessions"),
        ({"sessions": 100}, "/sessions"),
        ({"sessions": "2"}, "/sessions"),
        ({"from": None}, "/from"),
        ({"from": "2027-02-21"}, "/from"),
        ({"from": "2027-02-30"}, "/from"),
        ({"weekdays": []}, "/weekdays"),
        ({"weekdays": ["someday"]}, "/weekdays/0"),
        ({"weekdays": ["mon", "mon"]}, "/weekdays"),
        ({"from_time": "16:00", "until_time": "16:00"}, "/until_time"),
        ({"until_time": "00:00"}, "/until_time"),
        ({"from_time": "9:00"}, "/from_time"),
        ({"location_id": None}, "/location_id"),
        ({"areas": ["NECK"]}, "/areas"),
        ({"starts_at": []}, "/starts_at"),
    ],
)
def test_a_malformed_plan_is_refused(known: Clinic, fields: Made, pointer: str) -> None:
    assert pointers(asked(known, create_course(known), **fields)) == [pointer]


def test_today_is_not_in_the_past(known: Clinic) -> None:
    assert arrivals(planned(known, create_course(known), sessions=1, **{"from": "2027-02-22"})) == [
        "2027-02-22T09:00:00+00:00"
    ]


@pytest.mark.parametrize("action", ["plan", "book"])
@pytest.mark.parametrize(("status", "code"), [("cancelled", "wrong_status"), ("paused", "wrong_status")])
def test_a_course_that_takes_no_visits_is_neither_planned_nor_booked(
    known: Clinic, action: str, status: str, code: str
) -> None:
    course = create_course(known)
    if status == "paused":
        known.desk.post(f"/courses/{course['id']}/pause")
    else:
        changed(known, f"/courses/{course['id']}", status=status)
    answer = asked(known, course) if action == "plan" else booked_all(known, course, SERIES[:1])

    assert (answer.status_code, answer.get_json()["code"]) == (409, code)
    assert answer.get_json()["allowed"] == ["planned", "active", "lapsed"]


def test_a_course_has_no_more_sessions_than_it_says(known: Clinic) -> None:
    course = create_course(known)
    booked = booked_all(known, course, SERIES)
    answers = [
        asked(known, course, sessions=1),
        booked_all(known, course, ["2027-08-02T10:00:00+01:00"]),
        known.book("2027-08-02T10:00:00+01:00", course_id=course["id"]),
    ]

    assert booked.status_code == 201
    assert [(one.status_code, one.get_json()["code"]) for one in answers] == [(409, "course_full")] * 3
    assert arrivals(planned(known, course)) == []


def test_more_starts_than_sessions_book_nothing(known: Clinic, database: Database) -> None:
    course = create_course(known, "ACNE_SCAR_MILD")
    before = counts(database, known.desk)
    answer = booked_all(known, course, SERIES)

    assert (answer.status_code, answer.get_json()["code"]) == (409, "course_full")
    assert counts(database, known.desk) == before


def test_one_session_that_cannot_be_leaves_all_unbooked(known: Clinic, database: Database) -> None:
    course = create_course(known)
    before = counts(database, known.desk)
    answer = booked_all(known, course, ["2027-03-06T10:00:00Z", "2027-04-02T10:00:00+01:00"])
    (visit,) = answer.get_json()["visits"]

    assert (codes(answer), visit["position"]) == (["spacing_min"], 1)
    assert counts(database, known.desk) == before
    assert known.desk.get(f"/courses/{course['id']}").get_json()["status"] == "planned"


def test_a_slot_near_a_refused_session_keeps_its_distance_and_can_be_booked(known: Clinic) -> None:
    course, first = create_course(known), "2027-03-06T10:00:00Z"
    answer = booked_all(known, course, [first, "2027-04-02T10:00:00+01:00"])
    (visit,) = answer.get_json()["visits"]
    near = [one["starts_at"] for one in visit["alternatives"]]

    assert len(near) == 5
    assert min(near)[:10] == "2027-04-03"
    assert booked_all(known, course, [first, near[0]]).status_code == 201


def test_of_many_refused_sessions_the_first_three_have_near_slots(known: Clinic) -> None:
    course = create_course(known)
    at_night = [f"2027-{month}-06T03:00:00Z" for month in ("03", "05", "07", "09")]
    found = booked_all(known, course, at_night).get_json()["visits"]

    assert [len(one.get("alternatives", ())) for one in found] == [5, 5, 5, 0]


@pytest.mark.parametrize(
    ("starts", "pointer"),
    [
        ([], "/starts_at"),
        (["2027-03-06T10:00:00Z"] * 2, "/starts_at"),
        (["2027-03-06T10:00:00"], "/starts_at/0"),
        (["2027-03-06T10:01:00Z"], "/starts_at/0"),
    ],
)
def test_a_malformed_booking_of_a_course_is_refused(known: Clinic, starts: list[str], pointer: str) -> None:
    assert pointers(booked_all(known, create_course(known), starts)) == [pointer]


def test_another_clinics_course_is_404(known: Clinic, make_clinic: MakeClinic) -> None:
    course = create_course(known)
    other = create_default_clinic(make_clinic)
    there = other.at("2027-02-22T09:00:00Z")

    assert [asked(there, course).status_code, booked_all(there, course, SERIES).status_code] == [404, 404]


def test_a_shortened_course_keeps_what_is_booked(known: Clinic) -> None:
    course = create_course(known, "STRIAE")
    procedure = find(known.desk, "MN_BODY_ZONE")
    named = {"course_id": course["id"], "areas": ["THIGHS"], "procedure_id": procedure["id"]}
    visits = [known.booked(one, **named) for one in (SERIES[0], SERIES[2])]
    answer = known.desk.patch(f"/courses/{course['id']}", {"sessions": 1})

    assert (answer.status_code, answer.get_json()["code"]) == (409, "in_use")
    assert answer.get_json()["appointment_ids"] == [one["id"] for one in visits]
    assert changed(known, f"/courses/{course['id']}", sessions=2)["status"] == "active"


def test_a_session_done_leaves_one_less(known: Clinic) -> None:
    course = create_course(known)
    made = booked_all(known, course, SERIES[:1]).get_json()["appointments"][0]
    taken(known, made)
    later = known.at("2027-03-08T09:00:00Z")

    assert len(planned(later, course, **{"from": "2027-03-08"})["sessions"]) == 3


def test_another_patients_visits_are_in_the_way_of_a_plan(known: Clinic) -> None:
    other = create_patient(known.desk)
    face = find(known.desk, "CONSULT_NEW")
    known.desk.made(
        "/blocks",
        resource_id=known.therapist["id"],
        starts_at="2027-03-06T09:00:00Z",
        ends_at="2027-03-06T12:00:00Z",
        reason="Course",
    )
    known.booked("2027-03-06T12:00:00Z", patient_id=other["id"], procedure_id=face["id"])
    plan = planned(known, create_course(known), sessions=1)

    assert arrivals(plan) == ["2027-03-06T11:50:00+00:00"]
