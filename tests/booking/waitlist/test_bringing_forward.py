"""A visit is brought forward: only earlier times are offered, and accepting moves the visit itself."""

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import pytest

from models import Appointment, Event, Occupancy, SpacingClaim
from models.database import Database
from tests.booking.waitlist.test_offers import jobs
from tests.support.cast import (
    UNKNOWN_ID,
    Clinic,
    Made,
    another_patient,
    create_course,
    create_procedure,
    create_staffed_location,
    create_therapist,
    event_types,
    instant,
    pointers,
    rows,
    run_out,
    short_phases,
    shown_course,
)
from tests.support.racing import assert_sound
from tests.support.soundness import assert_rows_sound
from tests.support.times import TEN
from tests.support.waitlist import (
    answer,
    entry,
    freed,
    minutes_work,
    nights_work,
    offer,
    shown_entry,
    wanted,
)

LATER = "2027-03-20T10:00:00+00:00"


@pytest.fixture
def visit(spaced: Clinic) -> Made:
    """Book a visit for 20 March, 19 days after the slot that is freed; rule S02 wants 28 in between."""
    return spaced.booked(LATER)


@pytest.fixture
def waiting(spaced: Clinic, visit: Made) -> Made:
    """Let its patient wait for an earlier time."""
    return entry(spaced, appointment_id=visit["id"])


@pytest.fixture
def offered(spaced: Clinic, waiting: Made, database: Database) -> Made:
    """Free ten o'clock on 1 March and offer it."""
    assert offer(spaced, database, freed(spaced)) == 1
    return shown_entry(spaced, waiting)


def shown(clinic: Clinic, visit: Made) -> Made:
    """Read a visit."""
    found: Made = clinic.desk.get(f"/appointments/{visit['id']}").get_json()
    return found


def test_an_entry_names_its_visit(visit: Made, waiting: Made) -> None:
    assert (waiting["appointment_id"], waiting["status"]) == (visit["id"], "waiting")


def test_the_visit_is_left_out_of_the_judgement(offered: Made) -> None:
    assert (offered["status"], offered["offer"]["starts_at"]) == ("offered", TEN)


def test_the_offers_hold_claims_nothing_of_the_patient(
    spaced: Clinic, visit: Made, offered: Made, database: Database
) -> None:
    hold_id = UUID(offered["offer"]["hold_id"])
    (held,) = [one for one in rows(database, spaced.desk, Appointment) if one.id == hold_id]
    claimed = {one.appointment_id for one in rows(database, spaced.desk, SpacingClaim)}
    taken = {one.appointment_id for one in rows(database, spaced.desk, Occupancy)}

    assert (held.patient_id, held.course_id) == (None, None)
    assert claimed == {UUID(visit["id"])}
    assert taken == {UUID(visit["id"]), hold_id}


def test_accepting_moves_the_visit_and_frees_its_old_time(
    spaced: Clinic, visit: Made, offered: Made, database: Database
) -> None:
    entry(another_patient(spaced), earliest_on="2027-03-20")

    accepted = answer(spaced, offered, "accept")
    after = shown_entry(spaced, offered)

    moved = accepted.get_json()
    assert (accepted.status_code, moved["id"], moved["starts_at"]) == (200, visit["id"], TEN)
    assert (after["status"], after["appointment_id"], after["offer"]) == ("accepted", visit["id"], None)
    assert event_types(database, spaced.desk, visit) == ["appointment.booked", "appointment.rescheduled"]
    assert jobs(database, spaced.desk)[-1]["first"] == instant(LATER).timestamp() // 300
    assert len(spaced.desk.get("/appointments", patient_id=spaced.patient["id"]).get_json()["items"]) == 1
    assert_rows_sound(database, spaced.desk)


def test_a_second_answer_finds_no_offer(spaced: Clinic, offered: Made) -> None:
    answer(spaced, offered, "accept")

    answers = [answer(spaced, offered, how) for how in ("accept", "decline")]

    assert [(one.status_code, one.get_json()["code"]) for one in answers] == [(409, "wrong_status")] * 2


def test_a_repeated_accept_with_its_key_gets_the_first_answer(spaced: Clinic, offered: Made) -> None:
    path, key = f"/waitlist/{offered['id']}/accept", {"Idempotency-Key": "one accept"}

    first, second = (spaced.desk.post(path, **key) for _ in range(2))

    assert (first.status_code, first.get_json()) == (second.status_code, second.get_json())


def test_a_confirmed_visit_stays_confirmed_and_keeps_its_notes(spaced: Clinic, database: Database) -> None:
    visit = spaced.acted("confirm", spaced.booked(LATER, notes="Window seat"))
    made = entry(spaced, appointment_id=visit["id"])
    offer(spaced, database, freed(spaced))

    moved = answer(spaced, made, "accept").get_json()

    assert (moved["status"], moved["notes"]) == ("confirmed", "Window seat")


def test_its_patient_is_told_two_minutes_later(spaced: Clinic, offered: Made) -> None:
    at = spaced.at("2027-01-05T10:00:00Z")
    answer(at, offered, "accept")

    found = at.desk.get("/messages", due_by="2027-01-05T10:05:00Z").get_json()["items"]

    assert [(one["kind"], one["due_at"]) for one in found if "03-01" in one["subject"]] == [
        ("confirmation", "2027-01-05T10:02:00+00:00")
    ]


@pytest.mark.parametrize(
    ("at", "made"),
    [("2027-03-20T09:40:00Z", 1), ("2027-03-20T10:00:00Z", 0), ("2027-03-20T10:20:00Z", 0)],
)
def test_only_an_earlier_time_is_offered(
    spaced: Clinic, waiting: Made, database: Database, at: str, made: int
) -> None:
    create_therapist(spaced.desk, spaced.location, name="Another")
    span = {"starts_at": at, "ends_at": (instant(at) + timedelta(minutes=5)).isoformat()}

    assert offer(spaced, database, span) == made
    assert shown_entry(spaced, waiting)["status"] == ("offered" if made else "waiting")


def test_what_the_visit_takes_itself_is_not_offered(
    spaced: Clinic, waiting: Made, database: Database
) -> None:
    near = {"starts_at": "2027-03-20T09:50:00Z", "ends_at": "2027-03-20T09:55:00Z"}

    offer(spaced, database, near)

    assert shown_entry(spaced, waiting)["offer"]["starts_at"] == "2027-03-20T09:35:00+00:00"


def test_other_visits_of_the_patient_are_judged_as_ever(
    spaced: Clinic, visit: Made, database: Database
) -> None:
    spaced.booked("2027-02-10T10:00:00Z")
    made = entry(spaced, appointment_id=visit["id"])

    assert offer(spaced, database, freed(spaced)) == 0
    assert shown_entry(spaced, made)["status"] == "waiting"


def test_the_visit_keeps_its_therapist_where_it_can(spaced: Clinic, database: Database) -> None:
    other = create_therapist(spaced.desk, spaced.location, name="Another")
    visit = spaced.booked(LATER, therapist_id=other["id"])
    made = entry(spaced, appointment_id=visit["id"])

    offer(spaced, database, freed(spaced))

    assert shown_entry(spaced, made)["offer"]["therapist_id"] == other["id"]


def test_what_the_rules_refuse_by_now_leaves_visit_and_offer(
    spaced: Clinic, visit: Made, offered: Made, database: Database
) -> None:
    later = spaced.at("2027-02-21T08:00:00Z")
    elsewhere = {"event": "micro_needling", "on": "2027-02-20", "areas": ["FACE"]}
    later.desk.made(f"/patients/{spaced.patient['id']}/treatments", **elsewhere)

    refused = answer(later, offered, "accept")

    assert (refused.status_code, refused.get_json()["code"]) == (409, "refused")
    assert {one["code"] for one in refused.get_json()["refusals"]} >= {"spacing_min"}
    assert shown(spaced, visit)["starts_at"] == LATER
    assert shown_entry(spaced, offered)["status"] == "offered"
    assert_sound(database, spaced.desk)


def test_a_patient_who_has_become_busy_meanwhile_is_refused(
    spaced: Clinic, visit: Made, offered: Made
) -> None:
    talk = create_procedure(spaced.desk, code="TALK", family="TALK", phases=short_phases(60))
    create_therapist(spaced.desk, spaced.location, name="Another")
    spaced.desk.made("/rooms", location_id=spaced.location["id"], name="Room 2", kind="treatment")
    spaced.booked("2027-03-01T09:30:00Z", procedure_id=talk["id"])

    refused = answer(spaced, offered, "accept").get_json()

    assert [one["code"] for one in refused["refusals"]] == ["patient_busy"]
    assert shown(spaced, visit)["starts_at"] == LATER


def test_the_hold_itself_cannot_be_booked(spaced: Clinic, offered: Made) -> None:
    hold = {"id": offered["offer"]["hold_id"]}
    other = another_patient(spaced)

    answers = [one.convert(hold) for one in (spaced, other)]
    judged = spaced.desk.post(
        "/appointments/validate", {"hold_id": hold["id"], "patient_id": other.patient["id"]}
    )

    assert [pointers(one) for one in (*answers, judged)] == [["/hold_id"]] * 3
    assert shown_entry(spaced, offered)["status"] == "offered"


@pytest.mark.parametrize("how", ["decline", "release", "withdraw"])
def test_an_offer_that_is_given_back_leaves_the_visit_where_it_is(
    spaced: Clinic, visit: Made, offered: Made, how: str
) -> None:
    hold = f"/holds/{offered['offer']['hold_id']}"
    acts = {
        "decline": lambda: answer(spaced, offered, "decline"),
        "release": lambda: spaced.desk.delete(hold),
        "withdraw": lambda: spaced.desk.delete(f"/waitlist/{offered['id']}"),
    }

    done = acts[how]()

    assert done.status_code in {200, 204}
    assert shown(spaced, visit)["starts_at"] == LATER
    assert another_patient(spaced).book(TEN).status_code == 201


def test_an_offer_that_has_run_out_is_410_and_the_visit_can_wait_again(
    spaced: Clinic, offered: Made, database: Database
) -> None:
    run_out(database, spaced.desk, {"id": offered["offer"]["hold_id"]})

    late = [answer(spaced, offered, how) for how in ("accept", "decline")]
    again = spaced.desk.patch(f"/waitlist/{offered['id']}", {"status": "waiting"})

    assert [(one.status_code, one.get_json()["code"]) for one in late] == [(410, "hold_expired")] * 2
    assert (again.status_code, again.get_json()["status"]) == (200, "waiting")


def test_an_offer_that_has_run_out_keeps_no_new_entry_from_waiting(
    spaced: Clinic, offered: Made, database: Database
) -> None:
    run_out(database, spaced.desk, {"id": offered["offer"]["hold_id"]})

    again = spaced.desk.post("/waitlist", wanted(spaced, appointment_id=offered["appointment_id"]))

    assert again.status_code == 201
    assert shown_entry(spaced, offered)["status"] == "expired"


def cancel(clinic: Clinic, visit: Made) -> None:
    """Cancel the visit."""
    clinic.acted("cancel", visit, reason_code="patient")


def miss(clinic: Clinic, visit: Made) -> None:
    """Note that the patient did not come."""
    clinic.at("2027-03-20T10:16:00Z").acted("no-show", visit)


def arrive(clinic: Clinic, visit: Made) -> None:
    """Note that the patient has come."""
    clinic.at(LATER).acted("arrive", visit)


def leave(clinic: Clinic, visit: Made) -> None:
    """Move the visit to another location."""
    other = create_staffed_location(clinic.desk)
    clinic.acted("reschedule", visit, starts_at=LATER, location_id=other["id"])


@pytest.mark.parametrize("happening", [cancel, miss, arrive, leave])
@pytest.mark.parametrize("while_offered", [False, True])
def test_an_entry_ends_with_its_visit(
    spaced: Clinic,
    visit: Made,
    waiting: Made,
    database: Database,
    happening: Callable[[Clinic, Made], None],
    while_offered: bool,
) -> None:
    if while_offered:
        offer(spaced, database, freed(spaced))

    happening(spaced, visit)

    after = shown_entry(spaced, waiting)
    late = answer(spaced, waiting, "accept")
    again = spaced.desk.patch(f"/waitlist/{waiting['id']}", {"status": "waiting"})
    assert (after["status"], after["offer"]) == ("expired", None)
    assert (late.status_code, late.get_json()["code"]) == (409, "wrong_status")
    assert again.status_code in {409, 422}
    assert spaced.desk.get("/appointments", status="held").get_json()["items"] == []
    assert_rows_sound(database, spaced.desk)


@pytest.mark.parametrize(
    ("to", "after"),
    [
        ("2027-03-10T10:00:00Z", "fulfilled"),
        ("2027-03-17T10:00:00Z", "waiting"),
        ("2027-03-20T09:00:00Z", "waiting"),
        ("2027-03-27T10:00:00Z", "waiting"),
        ("2027-04-10T10:00:00Z", "waiting"),
    ],
)
def test_a_visit_that_is_brought_forward_by_hand_is_waited_for_no_more(
    spaced: Clinic, visit: Made, to: str, after: str
) -> None:
    made = entry(spaced, appointment_id=visit["id"], latest_on="2027-03-16")

    spaced.acted("reschedule", visit, starts_at=to)

    assert shown_entry(spaced, made)["status"] == after


def test_a_later_day_to_fall_back_on_leaves_the_offer(spaced: Clinic, visit: Made, offered: Made) -> None:
    spaced.acted("reschedule", visit, starts_at="2027-04-20T10:00:00Z")

    moved = answer(spaced, offered, "accept").get_json()

    assert (moved["id"], moved["starts_at"]) == (visit["id"], TEN)


def test_an_offer_that_is_not_earlier_any_more_is_withdrawn(
    spaced: Clinic, visit: Made, database: Database
) -> None:
    made = entry(spaced, appointment_id=visit["id"], weekdays=["mon"])
    offer(spaced, database, freed(spaced, "2027-03-15T10:00:00Z"))
    hold = {"id": shown_entry(spaced, made)["offer"]["hold_id"]}

    spaced.acted("reschedule", visit, starts_at="2027-03-10T10:00:00Z")

    after = shown_entry(spaced, made)
    assert (after["status"], after["offer"]) == ("waiting", None)
    assert event_types(database, spaced.desk, hold)[-1] == "hold.released"
    assert offer(spaced, database, freed(spaced, "2027-03-08T10:00:00Z")) == 1


def test_an_earlier_visit_beside_it_is_what_was_waited_for(clinic: Clinic) -> None:
    visit = clinic.booked(LATER)
    made = entry(clinic, appointment_id=visit["id"])

    clinic.booked("2027-03-27T10:00:00Z")
    before = shown_entry(clinic, made)["status"]
    clinic.booked(TEN)

    assert (before, shown_entry(clinic, made)["status"]) == ("waiting", "fulfilled")


@pytest.mark.parametrize(
    ("night", "after"), [("2027-03-20T03:00:00Z", "waiting"), ("2027-03-21T03:00:00Z", "expired")]
)
def test_a_visit_whose_time_has_come_is_not_waited_for(
    spaced: Clinic, waiting: Made, database: Database, night: str, after: str
) -> None:
    nights_work(database, spaced.at(night))

    assert shown_entry(spaced, waiting)["status"] == after


def test_a_session_that_is_brought_forward_stays_a_session_of_its_full_course(
    spaced: Clinic, database: Database
) -> None:
    course = create_course(spaced, sessions=1)
    visit = spaced.booked(LATER, course_id=course["id"])
    made = entry(spaced, appointment_id=visit["id"], course_id=course["id"])
    offer(spaced, database, freed(spaced))

    moved = answer(spaced, made, "accept").get_json()

    assert (moved["course_id"], moved["starts_at"]) == (course["id"], TEN)
    assert shown_course(spaced, course)["progress"] == {"performed": 0, "booked": 1}


def test_areas_are_those_of_the_visit(clinic: Clinic, database: Database) -> None:
    choice = create_procedure(
        clinic.desk, code="CHOICE", family="C", areas=["FACE", "NECK"], choose_areas=True
    )
    visit = clinic.booked(LATER, procedure_id=choice["id"], areas=["NECK"])
    of_it = {"procedure_id": choice["id"], "appointment_id": visit["id"]}
    wrong = clinic.desk.post("/waitlist", wanted(clinic, **of_it, areas=["FACE"]))
    made = entry(clinic, **of_it)

    changed = clinic.desk.patch(f"/waitlist/{made['id']}", {"areas": ["FACE"]})
    offer(clinic, database, freed(clinic))

    moved = answer(clinic, made, "accept").get_json()

    assert (pointers(wrong), pointers(changed)) == (["/areas"], ["/areas"])
    assert (made["areas"], moved["areas"], moved["starts_at"]) == (["NECK"], ["NECK"], TEN)


def test_a_visit_that_is_no_such_visit_is_422_naming_the_field(spaced: Clinic, visit: Made) -> None:
    other = another_patient(spaced)
    elsewhere = create_staffed_location(spaced.desk)
    talk = create_procedure(spaced.desk, code="TALK", family="TALK")
    course = create_course(spaced)
    bodies = [
        wanted(other, appointment_id=visit["id"]),
        wanted(spaced, appointment_id=visit["id"], location_id=elsewhere["id"]),
        wanted(spaced, appointment_id=visit["id"], procedure_id=talk["id"]),
        wanted(spaced, appointment_id=visit["id"], course_id=course["id"]),
        wanted(spaced, appointment_id="soon"),
    ]

    found = [pointers(spaced.desk.post("/waitlist", body)) for body in bodies]

    assert found == [["/appointment_id"]] * 3 + [["/course_id"], ["/appointment_id"]]


def test_a_visit_that_is_not_ours_is_404(spaced: Clinic, neighbour: Clinic) -> None:
    theirs = neighbour.booked(LATER)

    answers = [
        spaced.desk.post("/waitlist", wanted(spaced, appointment_id=one))
        for one in (UNKNOWN_ID, theirs["id"])
    ]

    assert [one.status_code for one in answers] == [404, 404]
    assert [one.get_json()["errors"][0]["pointer"] for one in answers] == ["/appointment_id"] * 2


@pytest.mark.parametrize("happening", [cancel, miss, arrive])
def test_a_visit_that_is_not_to_come_is_409(
    spaced: Clinic, visit: Made, happening: Callable[[Clinic, Made], None]
) -> None:
    happening(spaced, visit)

    refused = spaced.desk.post("/waitlist", wanted(spaced, appointment_id=visit["id"]))

    assert (refused.status_code, refused.get_json()["allowed"]) == (409, ["booked", "confirmed"])


@pytest.mark.parametrize(("now", "status"), [("09:59", 201), ("10:00", 409), ("10:01", 409)])
def test_a_visit_that_should_have_begun_is_409(spaced: Clinic, visit: Made, now: str, status: int) -> None:
    at = spaced.at(f"2027-03-20T{now}:00Z")

    assert at.desk.post("/waitlist", wanted(at, appointment_id=visit["id"])).status_code == status


def test_the_visit_of_an_entry_is_its_own_for_good(spaced: Clinic, waiting: Made) -> None:
    other = spaced.booked("2027-05-20T10:00:00Z")
    path = f"/waitlist/{waiting['id']}"

    changed = spaced.desk.patch(path, {"appointment_id": other["id"]})
    same = spaced.desk.patch(path, {"appointment_id": waiting["appointment_id"], "from_time": "09:30"})

    assert (pointers(changed), same.status_code) == (["/appointment_id"], 200)


def test_the_sweep_ends_an_offer_that_has_run_out(spaced: Clinic, offered: Made, database: Database) -> None:
    run_out(database, spaced.desk, {"id": offered["offer"]["hold_id"]})

    minutes_work(database, spaced)

    assert shown_entry(spaced, offered)["status"] == "expired"
    assert "waitlist.offered" in [one.type for one in rows(database, spaced.desk, Event)]
