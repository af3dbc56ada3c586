"""`undo` takes back the last change of a visit's status, with all that it did."""

from typing import Any

import pytest

from booking.claims.reconciling import differences_of
from models import AppointmentStep, Occupancy, SpacingClaim
from models.database import Database
from tests.support.cast import (
    Clinic,
    Made,
    another_patient,
    audit_entries,
    codes,
    create_course,
    create_key,
    create_room,
    create_rule,
    create_therapist,
    event_types,
    performed,
    pointers,
    rows,
    shown_course,
)
from tests.support.overrides import overriding
from tests.support.records import medical_holds_path
from tests.support.soundness import assert_rows_sound
from tests.support.times import NEXT_DAY, TEN, at
from tests.support.visits import flag_codes, shown_visit

WHY = {"reason": "Noted for the wrong patient"}
STEPS: dict[str, tuple[str, dict[str, Any]]] = {
    "confirm": ("09:00", {}),
    "arrive": ("09:58", {}),
    "start-numbing": ("10:05", {}),
    "start": ("10:40", {}),
    "complete": ("11:02", {}),
}
TIMES = ("starts_at", "procedure_at", "ends_at")


def on(clinic: Clinic, clock: str) -> Clinic:
    """Give the clinic at a clock time of the day."""
    return clinic.at(at(clock))


def taken(clinic: Clinic, visit: Made, *actions: str) -> Made:
    """Take a visit through these actions at their times."""
    for action in actions:
        clock, body = STEPS[action]
        visit = on(clinic, clock).acted(action, visit, **body)
    return visit


def claims(database: Database, clinic: Clinic) -> list[tuple[Any, ...]]:
    """Give what is occupied, and the spacing claims, of all visits."""
    taking = [
        (one.resource_id, one.lane, one.start_tick, one.end_tick)
        for one in rows(database, clinic.desk, Occupancy)
    ]
    spaced = [
        (one.rule_id, one.area, one.role, one.span) for one in rows(database, clinic.desk, SpacingClaim)
    ]
    return sorted(map(str, [*taking, *spaced]))


def told(visit: Made) -> Made:
    """Give what a visit shows except its version and the time of its last change."""
    return {name: value for name, value in visit.items() if name not in {"version", "updated_at", "affected"}}


@pytest.mark.parametrize("last", list(STEPS))
def test_each_step_is_taken_back_with_all_that_it_did(
    pipeline: Clinic, database: Database, last: str
) -> None:
    create_rule(pipeline.desk)
    before_it = list(STEPS)[: list(STEPS).index(last)]
    visit = taken(pipeline, pipeline.booked(TEN), *before_it)
    before, taking = told(shown_visit(pipeline, visit)), claims(database, pipeline)
    done = taken(pipeline, visit, last)

    undone = on(pipeline, "11:05").acted("undo", done, **WHY)

    assert (told(undone), undone["version"]) == (before, done["version"] + 1)
    assert claims(database, pipeline) == taking
    assert event_types(database, pipeline.desk, visit)[-1] == "appointment.corrected"
    assert_rows_sound(database, pipeline.desk)


def test_every_step_is_taken_back_one_after_the_other_until_the_booking(
    pipeline: Clinic, database: Database
) -> None:
    booked = pipeline.booked(TEN)
    taking = claims(database, pipeline)
    visit = taken(pipeline, booked, *STEPS)
    evening = on(pipeline, "18:00")

    statuses = []
    for _ in STEPS:
        visit = evening.acted("undo", visit, **WHY)
        statuses.append(visit["status"])
    once_more = evening.act("undo", visit, **WHY)

    assert statuses == ["in_progress", "numbing", "arrived", "confirmed", "booked"]
    assert (once_more.status_code, once_more.get_json()["code"]) == (409, "wrong_status")
    assert set(once_more.get_json()["allowed"]) == {
        "confirmed", "arrived", "numbing", "in_progress", "completed", "cancelled", "no_show",
    }  # fmt: skip
    assert told(visit) == told(booked)
    assert claims(database, pipeline) == taking
    assert rows_of_steps(database, pipeline) == 0


def rows_of_steps(database: Database, clinic: Clinic) -> int:
    """Count the steps that are kept."""
    with database.transaction(clinic.desk.clinic_id) as session:
        return session.query(AppointmentStep).count()


@pytest.mark.parametrize(("action", "body"), [("cancel", {"reason_code": "patient"}), ("no-show", {})])
def test_a_visit_that_was_given_up_takes_its_time_and_its_spacing_again(
    spaced: Clinic, database: Database, action: str, body: Made
) -> None:
    visit = spaced.booked(TEN)
    before, taking = told(visit), claims(database, spaced)
    gone = on(spaced, "10:30").acted(action, visit, **body)

    undone = on(spaced, "10:31").acted("undo", gone, **WHY)

    assert claims(database, spaced) == taking
    assert told(undone) == before
    refused = on(spaced, "10:32").book("2027-03-10T10:00:00Z")
    assert codes(refused) == ["spacing_floor", "spacing_min"]


@pytest.mark.parametrize("action", ["cancel", "no-show"])
def test_time_that_was_given_to_another_patient_is_gone(clinic: Clinic, action: str) -> None:
    body = {"reason_code": "patient"} if action == "cancel" else {}
    gone = on(clinic, "10:20").acted(action, clinic.booked(TEN), **body)
    on(another_patient(clinic), "10:00").booked(TEN)

    refused = on(clinic, "10:21").act("undo", gone, **WHY)

    assert codes(refused) == ["room_busy", "therapist_busy"]
    assert shown_visit(clinic, gone)["status"] == gone["status"]


def test_a_session_that_was_booked_too_near_meanwhile_refuses(spaced: Clinic) -> None:
    gone = on(spaced, "09:00").acted("cancel", spaced.booked(TEN), reason_code="patient")
    on(spaced, "09:01").booked("2027-03-10T10:00:00Z")

    refused = on(spaced, "09:02").act("undo", gone, **WHY)

    assert codes(refused) == ["spacing_floor"]


def test_another_visit_of_the_patient_at_that_time_refuses(pipeline: Clinic) -> None:
    gone = on(pipeline, "09:00").acted("cancel", pipeline.booked(TEN), reason_code="patient")
    on(pipeline, "09:01").booked(at("10:30"))

    refused = on(pipeline, "09:02").act("undo", gone, **WHY)

    assert "patient_busy" in codes(refused)


def test_time_that_an_early_end_has_freed_may_be_gone(pipeline: Clinic, database: Database) -> None:
    visit = taken(pipeline, pipeline.booked(TEN), *STEPS)
    room = visit["phases"][3]["room_id"]
    on(another_patient(pipeline), "11:03").booked(at("10:40"), **overriding("in_the_past"), room_id=room)
    fresh = shown_visit(pipeline, visit)

    refused = on(pipeline, "11:04").act("undo", fresh, **WHY)

    assert refused.status_code == 409
    assert list(differences_of(database, pipeline.desk.clinic_id)) == []


def test_a_treatment_that_was_started_for_the_wrong_patient_gives_its_room_back(clinic: Clinic) -> None:
    wrong, right = clinic.booked(at("15:00")), another_patient(clinic).booked(TEN)
    begun = taken_at(clinic, "10:02", wrong, "arrive", "start")

    undone = on(clinic, "10:03").acted("undo", begun, **WHY)

    treated = taken_at(clinic, "10:04", shown_visit(clinic, right), "arrive", "start")
    assert (undone["status"], undone["performed_on"]) == ("arrived", None)
    assert (treated["status"], treated["flags"]) == ("in_progress", [])


def taken_at(clinic: Clinic, clock: str, visit: Made, *actions: str) -> Made:
    """Take a visit through actions at the same time."""
    for action in actions:
        visit = on(clinic, clock).acted(action, visit)
    return visit


def test_planned_time_that_was_booked_since_is_gone(clinic: Clinic) -> None:
    begun = taken_at(clinic, "10:02", clinic.booked(at("15:00")), "arrive", "start")
    on(another_patient(clinic), "10:03").booked(at("15:00"))

    refused = on(clinic, "10:04").act("undo", begun, **WHY)

    assert codes(refused) == ["room_busy", "therapist_busy"]


def test_a_flag_of_a_visit_that_was_run_into_goes(clinic: Clinic) -> None:
    running, planned = clinic.booked(at("09:40")), another_patient(clinic).booked(TEN)
    here = on(clinic, "09:40").acted("arrive", running)
    begun = on(clinic, "09:52").acted("start", here)
    assert flag_codes(clinic, planned) == ["overrun"]

    on(clinic, "09:53").acted("undo", begun, **WHY)

    assert flag_codes(clinic, planned) == []


def test_a_course_that_has_ended_goes_on(clinic: Clinic) -> None:
    course = create_course(clinic, sessions=1)
    done = performed(clinic, "01", course_id=course["id"])
    assert shown_course(clinic, course)["status"] == "completed"

    clinic.at(TEN).acted("undo", done, **WHY)

    after = shown_course(clinic, course)
    assert (after["status"], after["progress"]) == ("active", {"performed": 0, "booked": 1})


def test_a_course_that_is_full_by_now_takes_no_session_back(clinic: Clinic) -> None:
    course = create_course(clinic, sessions=1)
    gone = on(clinic, "09:00").acted(
        "cancel", clinic.booked(TEN, course_id=course["id"]), reason_code="patient"
    )
    clinic.booked("2027-04-12T10:00:00Z", course_id=course["id"])

    refused = on(clinic, "09:01").act("undo", gone, **WHY)

    assert (refused.status_code, refused.get_json()["code"]) == (409, "course_full")


def test_medical_holds_that_the_end_has_opened_are_withdrawn(clinic: Clinic) -> None:
    later = clinic.booked("2027-04-12T10:00:00Z")
    begun = taken_at(clinic, "10:00", clinic.booked(TEN), "arrive", "start")
    done = on(clinic, "10:20").acted("complete", begun, adverse_effects=["prolonged_redness"])
    assert flag_codes(clinic, later) == ["medical_hold"]

    on(clinic, "10:21").acted("undo", done, **WHY)

    assert clinic.desk.get(medical_holds_path(clinic)).get_json()["items"] == []
    assert flag_codes(clinic, later) == []


def test_an_override_of_the_start_goes_with_it(spaced: Clinic) -> None:
    later = spaced.booked("2027-04-05T10:00:00Z")
    performed(spaced, "01")
    (rule,) = spaced.desk.get("/spacing-rules").get_json()["items"]
    days = {"min_days": 42, "recommended_days": 49}
    assert spaced.desk.patch(f"/spacing-rules/{rule['id']}", days).status_code == 200
    now = spaced.at("2027-04-05T10:00:00+01:00")
    here = now.acted("arrive", shown_visit(now, later))
    begun = now.acted("start", here, **overriding("spacing_min"))

    undone = now.acted("undo", begun, **WHY)

    assert (len(begun["overrides"]), undone["overrides"]) == (1, [])
    assert codes(now.act("start", undone)) == ["spacing_min"]


def test_a_late_arrival_that_moved_visits_leaves_them_where_they_are(clinic: Clinic) -> None:
    late, next_one = clinic.booked(TEN), another_patient(clinic).booked(at("10:20"))
    here = on(clinic, "10:10").acted("arrive", late)
    waits = shown_visit(clinic, next_one)

    undone = on(clinic, "10:11").acted("undo", here, **WHY)

    assert (undone["status"], undone["starts_at"]) == ("booked", at("10:10"))
    assert undone["phases"][0]["actual_starts_at"] is None
    assert shown_visit(clinic, next_one)["starts_at"] == waits["starts_at"] == at("10:30")


def test_the_flag_of_a_late_arrival_goes(clinic: Clinic) -> None:
    here = on(clinic, "10:30").acted("arrive", clinic.booked(TEN))
    assert [one["code"] for one in here["flags"]] == ["late"]

    undone = on(clinic, "10:31").acted("undo", here, **WHY)

    assert undone["flags"] == []


def test_an_arrival_after_a_no_show_becomes_a_no_show_again(spaced: Clinic, database: Database) -> None:
    missed = on(spaced, "10:20").acted("no-show", spaced.booked(TEN))
    here = on(spaced, "10:25").acted("arrive", missed)

    undone = on(spaced, "10:26").acted("undo", here, **WHY)

    assert (undone["status"], claims(database, spaced)) == ("no_show", [])
    assert on(another_patient(spaced), "10:27").book(at("10:25")).status_code == 201


def test_a_cancellation_is_forgotten(clinic: Clinic) -> None:
    gone = on(clinic, "09:00").acted("cancel", clinic.booked(TEN), reason_code="illness", note="Flu")

    undone = on(clinic, "09:01").acted("undo", gone, **WHY)

    assert (undone["status"], undone["cancellation"]) == ("booked", None)
    assert on(clinic, "10:00").acted("arrive", undone)["status"] == "arrived"


def test_an_undo_of_a_confirmed_move_keeps_the_move(clinic: Clinic) -> None:
    confirmed = on(clinic, "08:00").acted("confirm", clinic.booked(TEN))
    moved = on(clinic, "08:01").acted("reschedule", confirmed, starts_at=at("12:00"))

    undone = on(clinic, "08:02").acted("undo", moved, **WHY)

    assert (undone["status"], undone["starts_at"]) == ("booked", at("12:00"))


def test_after_a_reassignment_the_visit_occupies_its_plan_in_the_new_room(
    pipeline: Clinic, database: Database
) -> None:
    visit = taken(pipeline, pipeline.booked(TEN), "arrive", "start-numbing")
    rooms = pipeline.desk.get("/rooms", kind="treatment").get_json()["items"]
    (other,) = [one["id"] for one in rooms if one["id"] != visit["phases"][3]["room_id"]]
    moved = on(pipeline, "10:06").acted("reassign", visit, room_id=other)

    undone = on(pipeline, "10:07").acted("undo", moved, **WHY)

    assert undone["phases"][3]["room_id"] == other
    assert [undone[name] for name in TIMES] == [visit[name] for name in TIMES]
    assert list(differences_of(database, pipeline.desk.clinic_id)) == []


def test_after_the_visits_own_day_a_clinician_is_needed(clinic: Clinic) -> None:
    done = performed(clinic, "01")
    next_day = clinic.at(at("09:00", NEXT_DAY))
    desk, clinician = (
        next_day.using(create_key(clinic.desk, "appointments:write", *more))
        for more in ((), ("override:clinician",))
    )

    refused = desk.act("undo", done, **WHY)
    allowed = clinician.act("undo", done, **WHY)

    assert (refused.status_code, refused.get_json()["code"]) == (403, "missing_scope")
    assert allowed.status_code == 200


def test_on_the_day_itself_the_desk_may(clinic: Clinic) -> None:
    done = performed(clinic, "01")
    desk = clinic.at(at("23:59")).using(create_key(clinic.desk, "appointments:write"))

    assert desk.act("undo", done, **WHY).status_code == 200


def test_the_reason_is_kept_in_the_audit_log_and_nowhere_else(clinic: Clinic, database: Database) -> None:
    done = performed(clinic, "01")

    clinic.at(TEN).acted("undo", done, **WHY)

    (entry,) = audit_entries(database, clinic.desk, "appointment.corrected")
    assert entry.changes == {"status": ["completed", "in_progress"], "reason": WHY["reason"]}


@pytest.mark.parametrize(
    ("body", "at_fault"),
    [
        ({}, "/reason"),
        ({"reason": ""}, "/reason"),
        ({"reason": "x" * 1001}, "/reason"),
        (WHY | {"to": "booked"}, "/to"),
    ],
)
def test_bad_input_is_named(clinic: Clinic, body: Made, at_fault: str) -> None:
    confirmed = clinic.acted("confirm", clinic.booked(TEN))

    refused = clinic.act("undo", confirmed, body)

    assert pointers(refused) == [at_fault]


def test_a_hold_and_a_visit_that_is_only_booked_have_nothing_to_take_back(clinic: Clinic) -> None:
    held, booked = clinic.held(TEN), clinic.booked(at("12:00"))
    refused = [clinic.act("undo", one | {"version": 1}, **WHY) for one in (held, booked)]

    assert [one.get_json()["code"] for one in refused] == ["wrong_status", "wrong_status"]


def test_a_released_hold_stays_released(clinic: Clinic) -> None:
    held = clinic.held(TEN)
    assert clinic.desk.delete(f"/holds/{held['id']}").status_code == 204

    refused = clinic.act("undo", held | {"version": 2}, **WHY)

    assert refused.status_code == 409


def test_a_stale_version_changes_nothing(clinic: Clinic) -> None:
    booked = clinic.booked(TEN)
    clinic.acted("confirm", booked)

    refused = clinic.act("undo", booked, **WHY)

    assert refused.status_code == 412


def test_the_patients_next_session_is_possible_again(spaced: Clinic) -> None:
    done = performed(spaced, "01")
    undone = spaced.at(TEN).acted("undo", done, **WHY)
    for _ in range(2):
        undone = spaced.at(TEN).acted("undo", undone, **WHY)
    on(spaced, "10:01").acted("cancel", undone, reason_code="duplicate")

    assert on(spaced, "10:02").book("2027-03-10T10:00:00Z").status_code == 201


def test_a_visit_that_came_after_all_in_another_room_is_booked_there_again(
    clinic: Clinic, database: Database
) -> None:
    create_room(clinic.desk, clinic.location, name="Second room")
    create_therapist(clinic.desk, clinic.location, name="Second therapist")
    visit = clinic.booked(TEN)
    missed = on(clinic, "10:16").acted("no-show", visit)
    others = {"room_id": visit["phases"][0]["room_id"]}
    on(another_patient(clinic), "10:16").booked(at("10:15"), **others, therapist_id=_second(clinic))
    here = on(clinic, "10:17").acted("arrive", missed)

    undone = on(clinic, "10:18").acted("undo", here, **WHY)
    booked = on(clinic, "10:19").acted("undo", undone, **WHY)

    assert booked["status"] == "booked"
    assert booked["phases"][0]["room_id"] == here["phases"][0]["room_id"] != others["room_id"]
    assert list(differences_of(database, clinic.desk.clinic_id)) == []


def _second(clinic: Clinic) -> str:
    found = clinic.desk.get("/therapists").get_json()["items"]
    return next(str(one["id"]) for one in found if one["name"] == "Second therapist")


def test_every_reason_against_taking_a_step_back_is_given_at_once(spaced: Clinic) -> None:
    gone = on(spaced, "09:00").acted("cancel", spaced.booked(TEN), reason_code="patient")
    on(spaced, "09:01").booked("2027-03-10T10:00:00Z")
    on(another_patient(spaced), "09:02").booked(TEN)

    refused = on(spaced, "09:03").act("undo", gone, **WHY)

    assert codes(refused) == ["room_busy", "spacing_floor", "therapist_busy"]


def test_time_that_a_visit_had_beside_others_may_be_gone_too(clinic: Clinic) -> None:
    first, second = clinic.booked(TEN), another_patient(clinic).booked(at("11:00"))
    on(clinic, "10:20").acted("complete", taken_at(clinic, "10:00", first, "arrive", "start"))
    now = on(clinic, "10:25")
    begun = now.acted("start", now.acted("arrive", second, at=at("10:21")), at=at("10:21"))
    done = on(clinic, "10:26").acted("complete", begun)
    flags = [one["code"] for one in done["flags"]]
    on(another_patient(clinic), "10:27").booked(at("10:25"))

    refused = on(clinic, "10:28").act("undo", done, **WHY)

    assert (flags, codes(refused)) == ([], ["room_busy", "therapist_busy"])


def test_a_visit_that_overlapped_others_claims_no_time_that_was_booked_since(clinic: Clinic) -> None:
    first, second = clinic.booked(TEN), another_patient(clinic).booked(at("11:00"))
    on(clinic, "10:20").acted("complete", taken_at(clinic, "10:00", first, "arrive", "start"))
    now = on(clinic, "10:25")
    begun = now.acted("start", now.acted("arrive", second, at=at("10:10")), at=at("10:15"))
    done = on(clinic, "10:26").acted("complete", begun)
    flags = [one["code"] for one in done["flags"]]
    on(another_patient(clinic), "10:27").booked(at("10:25"))

    refused = on(clinic, "10:28").act("undo", done, **WHY)

    assert (flags, codes(refused)) == (["overlap"], ["room_busy", "therapist_busy"])
