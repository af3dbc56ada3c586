"""Actions are noted at the instant at which they happened, and those of the day on the visit's own day."""

import pytest

from models import Appointment
from models.database import Database
from tests.support.cast import NOW, Clinic, Made, audit_entries, create_therapist, pointers, rows
from tests.support.nights import open_all_night
from tests.support.times import NEXT_DAY, TEN, at
from tests.support.visits import begun, flag_codes, shown_visit

ACTIONS = ("confirm", "arrive", "start-numbing", "start", "complete", "cancel", "no-show")
BODIES: dict[str, Made] = {"cancel": {"reason_code": "patient"}, "start": {"numbed_elsewhere": True}}
# What an appointment has been through before each action of the day.
BEFORE: dict[str, tuple[str, ...]] = {
    "arrive": (),
    "start-numbing": ("arrive",),
    "start": ("arrive",),
    "complete": ("arrive", "start"),
}


def told(answer: object) -> tuple[int, str | None]:
    """Give the status of an answer and the code of its problem."""
    body = answer.get_json()  # type: ignore[attr-defined]
    return answer.status_code, body.get("code") if answer.status_code >= 400 else None  # type: ignore[attr-defined]


def brought_before(clinic: Clinic, action: str) -> Made:
    """Book a visit for 10:00 and take it, at 10:00, to the status before an action of the day."""
    visit = clinic.booked(TEN)
    for one in BEFORE[action]:
        visit = clinic.at(TEN).acted(one, visit, **BODIES.get(one, {}))
    return visit


def test_a_day_that_is_noted_in_the_evening_has_its_true_times(pipeline: Clinic) -> None:
    visit, evening = pipeline.booked(TEN), pipeline.at(at("18:30"))
    for action, clock in (("arrive", "09:58"), ("start-numbing", "10:10"), ("start", "10:45")):
        visit = evening.acted(action, visit, at=at(clock))
    done = evening.acted("complete", visit, at="2027-03-01T12:05:00+01:00")

    actual = {
        one["name"]: (one["actual_starts_at"][11:16], one["actual_ends_at"][11:16])
        for one in done["phases"]
        if one["actual_starts_at"]
    }
    assert actual == {
        "Intake": ("09:58", "10:10"),
        "Numbing": ("10:10", "10:45"),
        "Needling": ("10:45", "11:05"),
    }
    assert flag_codes(pipeline, done) == []


def test_the_audit_log_keeps_when_it_happened_and_when_it_was_noted(
    clinic: Clinic, database: Database
) -> None:
    clinic.at(at("18:30")).acted("arrive", clinic.booked(TEN), at=TEN)

    (entry,) = audit_entries(database, clinic.desk, "appointment.arrived")
    assert entry.changes["at"][:16] == "2027-03-01T10:00"
    assert entry.clinical_at.isoformat()[:16] == "2027-03-01T18:30"


@pytest.mark.parametrize(("clock", "status"), [("10:04:59", 200), ("10:05:00", 200), ("10:05:01", 422)])
def test_nothing_is_noted_before_it_happens(clinic: Clinic, clock: str, status: int) -> None:
    visit = clinic.booked(TEN)

    answer = clinic.at(at("10:05")).act("arrive", visit, at=f"2027-03-01T{clock}Z")

    assert answer.status_code == status
    if status == 422:
        assert pointers(answer) == ["/at"]
        assert shown_visit(clinic, visit)["version"] == visit["version"]


@pytest.mark.parametrize("action", [*ACTIONS, "reschedule", "reassign"])
@pytest.mark.parametrize("wrong", ["2027-03-01T10:00:00", "2027-03-01", "soon", 7, "2027-03-01T11:00:00Z"])
def test_no_action_takes_a_naive_instant_or_one_to_come(pipeline: Clinic, action: str, wrong: object) -> None:
    visit = brought_before(pipeline, action) if action in BEFORE else pipeline.booked(TEN)
    needed = {
        "reschedule": {"starts_at": at("15:00")},
        "reassign": {"therapist_id": pipeline.therapist["id"]},
    }
    body = BODIES.get(action, {}) | needed.get(action, {})

    answer = pipeline.at(at("10:30")).act(action, visit, body, at=wrong)

    assert pointers(answer) == ["/at"]


@pytest.mark.parametrize("action", ["confirm", "cancel", "reschedule"])
@pytest.mark.parametrize(
    ("noted", "status"),
    [("2027-01-04T07:59:59Z", 422), (NOW, 200), ("2027-01-04T08:00:01Z", 200)],
)
def test_what_needs_no_presence_may_have_happened_any_time_since_the_booking(
    clinic: Clinic, action: str, noted: str, status: int
) -> None:
    visit = clinic.booked(TEN)
    body = {"starts_at": at("15:00")} if action == "reschedule" else BODIES.get(action, {})

    answer = clinic.at("2027-02-01T08:00:00Z").act(action, visit, body, at=noted)

    assert answer.status_code == status
    if status == 422:
        assert pointers(answer) == ["/at"]


@pytest.mark.parametrize("action", ["cancel", "reschedule"])
@pytest.mark.parametrize(
    ("noted", "status"),
    [("2027-01-04T07:59:59Z", 422), (NOW, 200), ("2027-01-04T08:00:01Z", 200)],
)
def test_a_confirmation_bounds_only_what_needs_the_patient_here(
    clinic: Clinic, action: str, noted: str, status: int
) -> None:
    confirmed = clinic.at("2027-01-20T08:00:00Z").acted("confirm", clinic.booked(TEN))
    body = {"starts_at": at("15:00")} if action == "reschedule" else BODIES.get(action, {})

    answer = clinic.at("2027-02-01T08:00:00Z").act(action, confirmed, body, at=noted)

    assert answer.status_code == status
    if status == 422:
        assert pointers(answer) == ["/at"]


@pytest.mark.parametrize("action", ["start", "complete"])
@pytest.mark.parametrize(("clock", "status"), [("09:59:59", 422), ("10:00:00", 200), ("10:00:01", 200)])
def test_no_step_happened_before_the_step_before_it(
    clinic: Clinic, action: str, clock: str, status: int
) -> None:
    visit = brought_before(clinic, action)

    answer = clinic.at(at("10:30")).act(action, visit, at=f"2027-03-01T{clock}Z")

    assert answer.status_code == status
    if status == 422:
        assert pointers(answer) == ["/at"]


def test_a_patient_who_has_arrived_did_not_cancel_before(clinic: Clinic) -> None:
    arrived = clinic.at(TEN).acted("arrive", clinic.booked(TEN))

    answer = clinic.at(at("10:30")).act("cancel", arrived, reason_code="patient", at=at("09:00"))

    assert pointers(answer) == ["/at"]


def test_a_move_does_not_let_a_visit_begin_before_it_was_booked(clinic: Clinic) -> None:
    moved = clinic.at("2027-02-01T08:00:00Z").acted("reschedule", clinic.booked(TEN), starts_at=at("15:00"))

    answer = clinic.at("2027-02-02T08:00:00Z").act("confirm", moved, at="2027-01-03T08:00:00Z")

    assert pointers(answer) == ["/at"]


@pytest.mark.parametrize(
    ("said", "late"),
    [("2027-02-27T09:59:00Z", False), ("2027-02-27T10:00:00Z", False), ("2027-02-27T10:01:00Z", True)],
)
def test_a_cancellation_that_is_noted_late_is_late_only_if_the_patient_was(
    clinic: Clinic, said: str, late: bool
) -> None:
    visit = clinic.booked(TEN)

    done = clinic.at(at("08:00")).acted("cancel", visit, reason_code="patient", at=said)

    assert (done["cancellation"]["late"], done["cancellation"]["at"][:16]) == (late, said[:16])


@pytest.mark.parametrize(("clock", "status"), [("10:14", 409), ("10:15", 409), ("10:16", 200)])
def test_a_no_show_is_one_when_the_grace_was_over(clinic: Clinic, clock: str, status: int) -> None:
    visit = clinic.booked(TEN)

    answer = clinic.at("2027-03-04T09:00:00Z").act("no-show", visit, at=at(clock))

    assert told(answer) == (status, "too_early" if status == 409 else None)


@pytest.mark.parametrize(("clock", "flags"), [("09:59", []), ("10:04", []), ("10:05", ["late"])])
def test_who_was_in_time_is_not_late_when_it_is_noted_late(
    clinic: Clinic, clock: str, flags: list[str]
) -> None:
    visit = clinic.booked(TEN)
    behind = clinic.booked(at("10:20"), patient_id=clinic.patients(1)[0])

    arrived = clinic.at(at("17:00")).acted("arrive", visit, at=at(clock))

    assert flag_codes(clinic, arrived) == flags
    assert arrived["starts_at"] == TEN
    assert shown_visit(clinic, behind)["starts_at"] == at("10:20")


@pytest.mark.parametrize("action", BEFORE)
@pytest.mark.parametrize(
    ("now", "status"),
    [("2027-02-28T10:00:00Z", 409), (at("10:40"), 200), (at("10:40", NEXT_DAY), 409)],
)
def test_the_steps_of_the_day_belong_to_the_visits_own_day(
    pipeline: Clinic, action: str, now: str, status: int
) -> None:
    visit = brought_before(pipeline, action)

    answer = pipeline.at(now).act(action, visit, BODIES.get(action, {}))

    assert told(answer) == (status, "wrong_day" if status == 409 else None)
    assert status == 200 or ("alternatives" in answer.get_json()) is (action == "arrive")
    assert shown_visit(pipeline, visit)["version"] == visit["version"] + (status == 200)


@pytest.mark.parametrize(
    ("now", "status"),
    [
        ("2027-06-30T22:59:59Z", 409),
        ("2027-06-30T23:00:00Z", 200),
        ("2027-07-01T22:59:59Z", 200),
        ("2027-07-01T23:00:00Z", 409),
    ],
)
def test_the_day_is_that_of_the_location(clinic: Clinic, now: str, status: int) -> None:
    visit = clinic.booked("2027-07-01T09:00:00Z")

    assert clinic.at(now).act("arrive", visit).status_code == status


def test_what_was_forgotten_yesterday_is_noted_today_at_its_time(clinic: Clinic) -> None:
    visit = begun(clinic, TEN)
    today = clinic.at(at("08:00", NEXT_DAY))

    forgotten = today.act("complete", visit)
    done = today.acted("complete", visit, at=at("10:20"))

    assert told(forgotten) == (409, "wrong_day")
    assert done["phases"][0]["actual_ends_at"] == at("10:20")


def test_other_times_of_today_are_offered_to_who_comes_on_another_day(clinic: Clinic) -> None:
    visit = clinic.booked("2027-04-06T10:00:00Z")
    today = clinic.at(at("18:00"))

    answer = today.act("arrive", visit)
    offered = [one["starts_at"] for one in answer.get_json()["alternatives"]]
    moved = today.acted("reschedule", visit, starts_at=offered[0])

    assert told(answer) == (409, "wrong_day")
    assert answer.get_json()["detail"] == "The visit is on 2027-04-06; move it first."
    assert offered == [at(f"18:{minute:02}") for minute in (0, 5, 10, 15, 20)]
    assert today.act("arrive", moved).status_code == 200


def test_no_time_of_today_is_offered_when_the_day_is_over(clinic: Clinic) -> None:
    visit = clinic.booked("2027-04-06T10:00:00Z")

    answer = clinic.at(at("21:00")).act("arrive", visit)

    assert (told(answer), answer.get_json()["alternatives"]) == ((409, "wrong_day"), [])


@pytest.mark.parametrize(
    ("arrival", "end", "statuses"),
    [
        ("2027-03-01T23:50:00Z", "2027-03-02T00:10:00Z", (200, 200)),
        ("2027-03-02T00:01:00Z", "2027-03-02T00:10:00Z", (200, 200)),
        ("2027-02-28T23:59:59Z", "2027-03-02T00:10:00Z", (409, None)),
        ("2027-03-03T00:00:00Z", "2027-03-03T00:10:00Z", (409, None)),
    ],
)
def test_a_visit_over_midnight_has_two_days(
    clinic: Clinic, arrival: str, end: str, statuses: tuple[int, int | None]
) -> None:
    visit = open_all_night(clinic).booked("2027-03-01T23:50:00Z")

    answer = clinic.at(arrival).act("arrive", visit)

    assert answer.status_code == statuses[0]
    if statuses[1]:
        started = clinic.at(arrival).acted("start", answer.get_json())
        assert clinic.at(end).act("complete", started).status_code == statuses[1]


@pytest.mark.parametrize(("clock", "status"), [("23:59", 200), ("00:00", 409), ("00:01", 409)])
def test_a_visit_that_ends_at_midnight_has_one_day(clinic: Clinic, clock: str, status: int) -> None:
    visit = open_all_night(clinic).booked("2027-03-01T23:40:00Z")
    day = "2027-03-01" if clock > "12" else NEXT_DAY

    assert clinic.at(at(clock, day)).act("arrive", visit).status_code == status


@pytest.mark.parametrize(
    ("clock", "status"), [("00:01", 200), ("04:10", 200), ("04:11", 409), ("09:00", 409)]
)
def test_a_visit_that_is_under_way_may_run_past_midnight(clinic: Clinic, clock: str, status: int) -> None:
    # It takes twenty minutes from 23:50 on, and may take four hours longer.
    started = clinic.at("2027-03-01T23:50:00Z").acted("start", _arrived(open_all_night(clinic), "23:30"))

    answer = clinic.at(at(clock, NEXT_DAY)).act("complete", started)

    assert told(answer) == (status, "wrong_day" if status == 409 else None)


def test_a_treatment_that_began_after_midnight_ends_on_that_day(clinic: Clinic) -> None:
    visit = _arrived(open_all_night(clinic), "23:30")
    started = clinic.at(at("00:05", NEXT_DAY)).acted("start", visit)

    assert clinic.at(at("23:00", NEXT_DAY)).act("complete", started).status_code == 200


def _arrived(clinic: Clinic, clock: str) -> Made:
    """Book a visit late in the evening whose patient comes at its time."""
    visit = clinic.booked(at(clock))
    return clinic.at(at(clock)).acted("arrive", visit)


@pytest.mark.parametrize(
    ("starts_at", "before", "on", "after"),
    [
        ("2027-03-28T09:00:00Z", "2027-03-27T23:59:59Z", "2027-03-28T00:00:00Z", "2027-03-28T23:00:00Z"),
        ("2027-10-31T10:00:00Z", "2027-10-30T22:59:59Z", "2027-10-30T23:00:00Z", "2027-11-01T00:00:00Z"),
    ],
)
def test_the_days_on_which_the_clocks_change_are_days(
    clinic: Clinic, starts_at: str, before: str, on: str, after: str
) -> None:
    visit = clinic.booked(starts_at)

    refused = [clinic.at(now).act("arrive", visit).status_code for now in (before, after)]

    assert refused == [409, 409]
    assert clinic.at(on).act("arrive", visit).status_code == 200


def test_a_null_is_now(clinic: Clinic) -> None:
    arrived = clinic.at(at("10:02")).acted("arrive", clinic.booked(TEN), at=None)

    started = clinic.at(at("10:03")).acted("start", arrived)

    assert started["phases"][0]["actual_starts_at"] == at("10:03")


def test_a_reassignment_may_have_been_agreed_before(clinic: Clinic, database: Database) -> None:
    other = create_therapist(clinic.desk, clinic.location)["id"]
    visit = clinic.booked(TEN)

    clinic.at(at("09:00")).acted("reassign", visit, therapist_id=other, at=at("08:00"))

    (entry,) = audit_entries(database, clinic.desk, "appointment.reassigned")
    assert entry.changes["at"][:16] == "2027-03-01T08:00"


def test_a_visit_of_an_older_version_is_bounded_by_when_it_was_written(
    clinic: Clinic, database: Database
) -> None:
    visit = clinic.booked(TEN)
    with database.transaction(clinic.desk.clinic_id) as session:
        session.query(Appointment).update({"status_since": None})
    (row,) = rows(database, clinic.desk, Appointment)

    before = clinic.act("confirm", visit, at=f"{row.created_at.year - 1}-03-01T08:00:00Z")
    since = clinic.act("confirm", visit, at="2027-01-03T08:00:00Z")

    assert (before.status_code, since.status_code) == (422, 200)
