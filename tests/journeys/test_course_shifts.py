"""When a session is moved, the later sessions of its course follow it, all or none."""

from functools import partial
from typing import Any

import pytest
from werkzeug.test import TestResponse

from models.database import Database
from tests.journeys.cast import EVERYTHING, change_policy, create_default_clinic, find, told
from tests.support.cast import (
    Clinic,
    Made,
    another_patient,
    create_patient,
    create_therapist,
    event_types,
    pointers,
)
from tests.support.copying import MakeClinic
from tests.support.racing import assert_sound, deadlocks, outcomes, race
from tests.support.visits import flags, shown_visit

DAYS = ["2027-03-06T10:00:00Z", "2027-04-10T10:00:00+01:00", "2027-05-15T10:00:00+01:00"]


@pytest.fixture
def course(known: Clinic) -> Made:
    """Create a course of four sessions."""
    template = find(known.desk, "ACNE_SCAR_MOD", "course-templates")
    return known.desk.made("/courses", patient_id=known.patient["id"], template_id=template["id"])


def booked(clinic: Clinic, course: Made, starts: list[str] = DAYS) -> list[Made]:
    """Book sessions of the course."""
    body = {"location_id": clinic.location["id"], "starts_at": starts}
    answer = clinic.desk.post(f"/courses/{course['id']}/book", body)
    assert answer.status_code == 201, answer.text
    made: list[Made] = answer.get_json()["appointments"]
    return made


def shift(clinic: Clinic, course: Made, visit: Made, **fields: Any) -> TestResponse:
    """Ask that the later sessions follow a visit."""
    return clinic.desk.post(f"/courses/{course['id']}/shift", {"appointment_id": visit["id"]} | fields)


def places(answer: TestResponse) -> list[tuple[str, bool]]:
    """Give where each later session goes and whether it moves."""
    assert answer.status_code == 200, answer.text
    return [(one["starts_at"], one["moves"]) for one in answer.get_json()["sessions"]]


def test_the_rest_follows_by_as_many_days(known: Clinic, course: Made, database: Database) -> None:
    first, second, third = booked(known, course)
    moved = known.acted("reschedule", first, starts_at="2027-03-20T10:00:00Z")
    proposed = shift(known, course, moved)
    flagged = flags(known, second)
    applied = shift(known, course, moved, apply=True)

    assert (moved["affected"], flagged) == ([second["id"]], [("spacing_min", "S02")])
    assert places(proposed) == [("2027-04-24T10:00:00+01:00", True), ("2027-05-29T10:00:00+01:00", True)]
    assert (proposed.get_json()["applied"], applied.get_json()["applied"]) == (False, True)
    assert places(applied) == places(proposed)
    assert [shown_visit(known, one)["starts_at"] for one in (second, third)] == [
        one for one, _ in places(applied)
    ]
    assert [flags(known, one) for one in (second, third)] == [[], []]
    assert event_types(database, known.desk, third)[-1] == "appointment.rescheduled"
    assert_sound(database, known.desk)


def test_what_can_stay_stays(known: Clinic, course: Made) -> None:
    first, *_ = booked(known, course)

    assert places(shift(known, course, first)) == [
        ("2027-04-10T10:00:00+01:00", False),
        ("2027-05-15T10:00:00+01:00", False),
    ]


def test_a_proposal_moves_nothing(known: Clinic, course: Made) -> None:
    first, second, _ = booked(known, course)
    moved = known.acted("reschedule", first, starts_at="2027-03-20T10:00:00Z")
    before = shown_visit(known, second)
    shift(known, course, moved)

    assert shown_visit(known, second) == before


def test_sessions_change_places_with_their_own_old_times(known: Clinic, course: Made) -> None:
    first, second, third = booked(known, course)
    moved = known.acted("reschedule", first, starts_at="2027-03-27T10:00:00Z")
    known.desk.patch(
        "/course-templates/" + course["template_id"],
        {"spacing": {"floor_days": 14, "min_days": 14, "recommended_days": 49, "override_by": "clinician"}},
    )
    applied = shift(known, course, moved, apply=True)

    assert [one for one, _ in places(applied)] == ["2027-05-15T10:00:00+01:00", "2027-07-03T10:00:00+01:00"]
    assert shown_visit(known, second)["starts_at"] == third["starts_at"]


def test_another_time_is_taken_where_theirs_is_not_free(known: Clinic, course: Made) -> None:
    first, *_ = booked(known, course)
    moved = known.acted("reschedule", first, starts_at="2027-03-20T10:00:00Z")
    busy = {"starts_at": "2027-04-24T10:00:00Z", "ends_at": "2027-04-24T16:00:00Z"}
    known.desk.made("/blocks", resource_id=known.therapist["id"], reason="Course", **busy)
    (one, _), _ = places(shift(known, course, moved))

    assert one == "2027-04-24T09:50:00+01:00"


def test_without_a_place_for_one_none_moves(known: Clinic, course: Made) -> None:
    change_policy(known, horizon_days=85)
    first, second, third = booked(known, course)
    moved = known.acted("reschedule", first, starts_at="2027-03-27T10:00:00Z")
    proposed = shift(known, course, moved).get_json()
    applied = shift(known, course, moved, apply=True)

    assert (proposed["unplaced"], told(proposed["refusals"])) == (1, [("beyond_horizon", None, None)])
    assert (applied.status_code, applied.get_json()["code"]) == (409, "refused")
    assert [one["position"] for one in applied.get_json()["visits"]] == [1]
    assert [shown_visit(known, one)["starts_at"] for one in (second, third)] == [
        second["starts_at"], third["starts_at"],
    ]  # fmt: skip


def test_the_last_session_has_none_to_follow(known: Clinic, course: Made) -> None:
    *_, last = booked(known, course)

    assert places(shift(known, course, last, apply=True)) == []


def test_a_visit_of_no_course_or_of_another_is_404(known: Clinic, course: Made) -> None:
    booked(known, course)
    stranger = another_patient(known)
    consult = find(known.desk, "CONSULT_NEW")
    other = stranger.booked("2027-03-01T10:00:00Z", procedure_id=consult["id"])
    answer = shift(known, course, other)

    assert (answer.status_code, answer.get_json()["errors"][0]["pointer"]) == (404, "/appointment_id")


def test_another_clinics_course_does_not_shift(known: Clinic, course: Made, make_clinic: MakeClinic) -> None:
    first, *_ = booked(known, course)
    other = create_default_clinic(make_clinic)

    assert [shift(other, course, first, apply=one).status_code for one in (False, True)] == [404, 404]


def test_a_stale_version_shifts_nothing(known: Clinic, course: Made) -> None:
    first, second, _ = booked(known, course)
    known.acted("reschedule", first, starts_at="2027-03-20T10:00:00Z")
    answer = shift(known, course, first, apply=True, version=1)

    assert answer.status_code == 412
    assert shown_visit(known, second)["starts_at"] == second["starts_at"]


@pytest.mark.parametrize("fields", [{"apply": "yes"}, {"appointment_id": "first"}, {"days": 7}])
def test_a_malformed_shift_is_refused(known: Clinic, course: Made, fields: Made) -> None:
    first, *_ = booked(known, course)

    assert pointers(shift(known, course, first, **fields)) == [f"/{next(iter(fields))}"]


def test_a_shift_and_a_booking_for_its_time_agree(known: Clinic, course: Made, database: Database) -> None:
    first, second, _ = booked(known, course)
    create_therapist(known.desk, known.location, qualifications=EVERYTHING)
    moved = known.acted("reschedule", first, starts_at="2027-03-20T10:00:00Z")
    consult = find(known.desk, "CONSULT_NEW")
    other = create_patient(known.desk)
    wish = {"patient_id": other["id"], "procedure_id": consult["id"], "therapist_id": second["therapist_id"]}
    before = deadlocks(database)

    shifted, taken, *again = race(
        [
            partial(shift, known, course, moved, apply=True),
            partial(known.book, "2027-04-24T10:40:00+01:00", **wish),
            partial(shift, known, course, moved, apply=True),
        ]
    )

    assert [one.status_code for one in (shifted, *again)] == [200, 200]
    assert outcomes([taken]) in ({(201, None): 1}, {(409, "refused"): 1})
    assert deadlocks(database) == before
    assert_sound(database, known.desk)
