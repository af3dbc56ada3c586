"""A hold keeps a slot for minutes of real time; it is extended once, released, or it expires."""

from datetime import timedelta
from uuid import UUID

import pytest

from booking.appointments import slot_holds
from booking.appointments.listing import select_appointments
from booking.claims import expired_holds
from booking.claims.reconciling import differences
from booking.core.caller import Caller
from booking.core.errors import HoldExpired
from booking.questions.busy import load_busy
from booking.questions.catalog import load_catalog
from booking.questions.histories import load_history
from models import Appointment, Occupancy, SpacingClaim
from models.database import Database
from scheduling.bits import Window
from scheduling.ticks import to_tick
from tests.support.cast import (
    NOW,
    UNKNOWN_ID,
    Clinic,
    Made,
    codes,
    create_course,
    create_therapist,
    event_types,
    instant,
    pointers,
    rows,
    run_out,
    shown_course,
    told,
)
from tests.support.desk import Desk
from tests.support.times import DAY, ELEVEN, NEXT_DAY, TEN, minutes_after
from tests.support.widgets import create_widget, from_page
from tests.support.worker import sweep


def read(clinic: Clinic, hold: Made) -> tuple[int, str | None]:
    """Read a hold; give the status and the problem's code."""
    answer = clinic.desk.get(f"/holds/{hold['id']}")
    return answer.status_code, answer.get_json().get("code")


def stored(database: Database, desk: Desk, hold: Made) -> Appointment:
    """Give a hold's row."""
    (found,) = [one for one in rows(database, desk, Appointment) if one.id == UUID(hold["id"])]
    assert isinstance(found, Appointment)
    return found


def test_a_hold_is_told_in_local_time_with_its_place(clinic: Clinic) -> None:
    answer = clinic.hold(TEN, ttl_seconds=60)

    hold = answer.get_json()
    assert sorted(hold) == ["ends_at", "expires_at", "id", "procedure_at", "starts_at", "therapist_id"]
    assert (hold["starts_at"], hold["ends_at"]) == (TEN, f"{DAY}T10:20:00+00:00")
    assert hold["therapist_id"] == clinic.therapist["id"]
    assert answer.headers["Location"] == f"/v1/holds/{hold['id']}"


def test_a_hold_can_be_read_while_it_lives(clinic: Clinic) -> None:
    hold = clinic.held(TEN)

    assert clinic.desk.get(f"/holds/{hold['id']}").get_json() == hold


@pytest.mark.parametrize(("asked", "seconds"), [({}, 120), ({"ttl_seconds": 600}, 600)])
def test_a_hold_lasts_as_long_as_asked_or_as_the_location_says(
    clinic: Clinic, database: Database, asked: Made, seconds: int
) -> None:
    clinic.desk.patch(f"/locations/{clinic.location['id']}", {"policy": {"hold_seconds": 120}})

    row = stored(database, clinic.desk, clinic.held(TEN, **asked))

    assert row.expires_at is not None
    assert abs(row.expires_at - row.created_at - timedelta(seconds=seconds)) < timedelta(seconds=5)


@pytest.mark.parametrize("seconds", [0, 601, -1, "60", 1.5, None])
def test_no_hold_lasts_longer_than_ten_minutes_or_no_time(clinic: Clinic, seconds: object) -> None:
    answer = clinic.desk.post("/holds", clinic.wish(TEN, patient_id=None) | {"ttl_seconds": seconds})

    assert pointers(answer) == ["/ttl_seconds"]


def test_a_course_without_its_patient_is_malformed(clinic: Clinic) -> None:
    course = create_course(clinic)

    assert pointers(clinic.hold(TEN, course_id=course["id"])) == ["/course_id"]


def test_a_held_slot_is_neither_offered_nor_booked_nor_held_nor_blocked(clinic: Clinic) -> None:
    before = clinic.starts(DAY, NEXT_DAY)
    hold = clinic.held(TEN)
    block = {"starts_at": TEN, "ends_at": ELEVEN, "reason": "Meeting"}

    blocked = clinic.desk.post("/blocks", block | {"resource_id": clinic.therapist["id"]})

    gone = set(before) - set(clinic.starts(DAY, NEXT_DAY))
    assert sorted(gone) == [minutes_after("09:45", 5 * number) for number in range(7)]
    assert codes(clinic.book(TEN)) == ["no_room_available", "no_therapist_available"]
    assert codes(clinic.hold(TEN)) == ["no_room_available", "no_therapist_available"]
    assert blocked.get_json()["appointment_ids"] == [hold["id"]]


def test_a_refused_hold_comes_with_near_slots(clinic: Clinic) -> None:
    clinic.booked(TEN)

    near = [slot["starts_at"][5:16] for slot in clinic.hold(TEN).get_json()["alternatives"]]
    assert near == ["03-01T09:35", "03-01T09:40", "03-01T10:20", "03-02T10:00", "03-03T10:00"]


def test_a_hold_without_a_patient_claims_no_spacing_and_flags_nobody(
    spaced: Clinic, database: Database
) -> None:
    spaced.held(TEN)

    assert rows(database, spaced.desk, SpacingClaim) == []
    assert [event.type for event in told(database, spaced.desk)] == ["hold.created"]


def test_a_patients_hold_keeps_their_rules_and_their_other_visits_away(spaced: Clinic) -> None:
    spaced.held(TEN, patient_id=spaced.patient["id"])

    again = spaced.hold(f"{DAY}T15:00:00Z", patient_id=spaced.patient["id"])
    later = spaced.book("2027-03-05T10:00:00Z")

    assert codes(again) == codes(later) == ["spacing_floor", "spacing_min"]


def test_an_expired_hold_of_a_patient_counts_for_nothing(spaced: Clinic, database: Database) -> None:
    hold = spaced.held(TEN, patient_id=spaced.patient["id"])
    run_out(database, spaced.desk, hold)

    found = spaced.starts(DAY, "2027-03-02", patient_id=spaced.patient["id"])
    visit = spaced.booked(TEN)

    assert TEN in found
    assert visit["id"] != hold["id"]


def test_nothing_rests_on_a_visit_that_is_only_held(clinic: Clinic) -> None:
    needs = [{"family": "CONSULT", "min_hours_before": 0}]
    body = {"code": "CONSULT", "name": "Consultation", "family": "CONSULT"}
    phases = [phase | {"kind": "consultation"} for phase in clinic.procedure["phases"]]
    consultation = clinic.desk.made("/procedures", **body, phases=phases)
    clinic.desk.patch(f"/procedures/{clinic.procedure['id']}", {"prerequisites": needs})
    clinic.held(TEN, procedure_id=consultation["id"], patient_id=clinic.patient["id"])

    assert codes(clinic.book("2027-03-03T10:00:00Z")) == ["prerequisite_missing"]


def test_a_hold_is_extended_once(clinic: Clinic) -> None:
    hold = clinic.held(TEN, ttl_seconds=10)
    path = f"/holds/{hold['id']}/extend"

    first, second = clinic.desk.post(path, {"ttl_seconds": 600}), clinic.desk.post(path)

    assert instant(first.get_json()["expires_at"]) > instant(hold["expires_at"])
    assert (second.status_code, second.get_json()["code"]) == (409, "hold_extended")


def test_an_extension_never_shortens_a_hold(clinic: Clinic) -> None:
    hold = clinic.held(TEN, ttl_seconds=600)

    answer = clinic.desk.post(f"/holds/{hold['id']}/extend", {"ttl_seconds": 1})

    assert answer.get_json()["expires_at"] == hold["expires_at"]


def test_a_released_hold_is_gone_and_its_time_free_at_once(clinic: Clinic, database: Database) -> None:
    hold = clinic.held(TEN)

    released = clinic.desk.delete(f"/holds/{hold['id']}")

    assert (released.status_code, read(clinic, hold)) == (204, (404, "not_found"))
    assert clinic.desk.delete(f"/holds/{hold['id']}").status_code == 404
    assert event_types(database, clinic.desk, hold) == ["hold.created", "hold.released"]
    assert clinic.booked(TEN)


@pytest.mark.parametrize("swept", [False, True])
def test_every_way_to_an_expired_hold_is_410(clinic: Clinic, database: Database, *, swept: bool) -> None:
    hold = clinic.held(TEN)
    run_out(database, clinic.desk, hold)
    if swept:
        assert sweep(database, clinic.desk) == 1
    path = f"/holds/{hold['id']}"

    answers = [clinic.desk.get(path), clinic.desk.post(f"{path}/extend"), clinic.desk.delete(path)]
    answers += [clinic.convert(hold), clinic.desk.post("/appointments/validate", as_conversion(clinic, hold))]

    assert {(one.status_code, one.get_json()["code"]) for one in answers} == {(410, "hold_expired")}


def as_conversion(clinic: Clinic, hold: Made) -> Made:
    """Give the body that books a hold."""
    return {"hold_id": hold["id"], "patient_id": clinic.patient["id"]}


@pytest.mark.parametrize(("seconds", "lives"), [(-1, True), (0, False), (1, False)])
def test_a_hold_expires_exactly_at_its_instant(
    clinic: Clinic, database: Database, *, seconds: int, lives: bool
) -> None:
    hold = clinic.held(TEN)
    at = instant(hold["expires_at"]) + timedelta(seconds=seconds)

    with database.transaction(clinic.desk.clinic_id) as session:
        caller = Caller(session, clinic.desk.clinic_id, instant(NOW), real_now=at)
        swept = expired_holds.sweep(caller)

    assert swept == (0 if lives else 1)
    assert read(clinic, hold)[0] == (200 if lives else 410)


@pytest.mark.parametrize(("microseconds", "lives"), [(-1, True), (0, False), (1, False)])
def test_everything_that_reads_a_hold_agrees_on_its_last_instant(
    clinic: Clinic, database: Database, *, microseconds: int, lives: bool
) -> None:
    hold = clinic.held(TEN, patient_id=clinic.patient["id"], ttl_seconds=60)
    at = instant(hold["expires_at"]) + timedelta(microseconds=microseconds)

    with database.transaction(clinic.desk.clinic_id) as session:
        caller = Caller(session, clinic.desk.clinic_id, instant(NOW), real_now=at)
        found = {reads: reads(caller, clinic, hold) for reads in (finds, is_busy, counts_as_visit, is_listed)}

    assert found == dict.fromkeys(found, lives)


def finds(caller: Caller, _clinic: Clinic, hold: Made) -> bool:
    """Tell whether the hold itself can still be read, extended, released or booked."""
    try:
        slot_holds.find(caller, UUID(hold["id"]))
    except HoldExpired:
        return False
    return True


def is_busy(caller: Caller, clinic: Clinic, hold: Made) -> bool:
    """Tell whether a search counts the hold's therapist as busy."""
    start = to_tick(instant(hold["starts_at"]))
    busy = load_busy(caller, [UUID(clinic.therapist["id"])], Window(start, start + 1))
    return any(busy.values())


def counts_as_visit(caller: Caller, clinic: Clinic, _hold: Made) -> bool:
    """Tell whether the hold counts among its patient's visits."""
    history = load_history(caller, load_catalog(caller), UUID(clinic.patient["id"]))
    return bool(history.visits)


def is_listed(caller: Caller, _clinic: Clinic, _hold: Made) -> bool:
    """Tell whether the list of holds shows the hold."""
    return bool(caller.session.scalars(select_appointments(caller, {"status": ["held"]})).all())


def test_a_hold_expires_by_the_real_clock_whatever_the_sandbox_says(clinic: Clinic) -> None:
    hold = clinic.held(TEN)

    later = clinic.at("2027-02-28T08:00:00Z")

    assert read(later, hold) == (200, None)
    assert later.convert(hold).status_code == 201


def test_the_time_of_an_expired_hold_is_free_to_search_book_and_block(
    clinic: Clinic, database: Database
) -> None:
    for at in (TEN, ELEVEN):
        run_out(database, clinic.desk, clinic.held(at))
    block = {"starts_at": ELEVEN, "ends_at": f"{DAY}T12:00:00Z", "reason": "Meeting"}

    found = clinic.starts(DAY, "2027-03-02")
    booked = clinic.book(TEN)
    blocked = clinic.desk.post("/blocks", block | {"resource_id": clinic.therapist["id"]})

    assert {TEN, ELEVEN} <= set(found)
    assert (booked.status_code, blocked.status_code) == (201, 201)
    assert [one for one in differences(database) if one.clinic_id == clinic.desk.clinic_id] == []


def test_a_move_takes_the_time_of_an_expired_hold(clinic: Clinic, database: Database) -> None:
    visit, hold = clinic.booked(ELEVEN), clinic.held(TEN)
    run_out(database, clinic.desk, hold)

    moved = clinic.acted("reschedule", visit, starts_at=TEN)

    assert moved["starts_at"] == TEN
    assert event_types(database, clinic.desk, hold) == ["hold.created", "hold.expired"]


def test_a_room_can_lose_the_place_of_an_expired_hold(clinic: Clinic, database: Database) -> None:
    room = clinic.desk.get("/rooms").get_json()["items"][0]
    clinic.held(TEN)
    clinic.desk.patch(f"/rooms/{room['id']}", {"capacity": 2})
    create_therapist(clinic.desk, clinic.location, name="Second")
    second = clinic.held(TEN)
    kept = clinic.desk.patch(f"/rooms/{room['id']}", {"capacity": 1})
    run_out(database, clinic.desk, second)

    lost = clinic.desk.patch(f"/rooms/{room['id']}", {"capacity": 1})

    assert (kept.status_code, kept.get_json()["appointment_ids"]) == (409, [second["id"]])
    assert lost.status_code == 200


def test_sweeping_frees_what_has_expired_and_nothing_else(clinic: Clinic, database: Database) -> None:
    expired, live, visit = clinic.held(TEN), clinic.held(ELEVEN), clinic.booked(f"{DAY}T12:00:00Z")
    run_out(database, clinic.desk, expired)

    assert [sweep(database, clinic.desk), sweep(database, clinic.desk)] == [1, 0]
    owners = {str(claim.appointment_id) for claim in rows(database, clinic.desk, Occupancy)}
    assert owners == {live["id"], visit["id"]}
    assert event_types(database, clinic.desk, expired) == ["hold.created", "hold.expired"]


def test_events_of_holds_are_thin(clinic: Clinic, database: Database) -> None:
    clinic.held(TEN, patient_id=clinic.patient["id"])

    (event,) = told(database, clinic.desk)

    assert sorted(event.data) == [
        "ends_at", "expires_at", "id", "location_id", "procedure_id", "starts_at", "status",
        "therapist_id", "version",
    ]  # fmt: skip


def test_holds_are_on_the_board_and_in_no_list_but_their_own(clinic: Clinic, database: Database) -> None:
    hold, expired = clinic.held(TEN), clinic.held(ELEVEN)
    run_out(database, clinic.desk, expired)
    days = {"from_": DAY, "until": "2027-03-02"}

    board = clinic.desk.get("/schedule", location_id=clinic.location["id"], **days).get_json()
    items = [item for row in board["resources"] for item in row["items"]]
    lists = [clinic.desk.get("/appointments", status=one).get_json()["items"] for one in (None, "cancelled")]
    own = clinic.desk.get("/appointments", status="held").get_json()["items"]

    assert {(item["type"], item["appointment_id"]) for item in items} == {("hold", hold["id"])}
    assert lists == [[], []]
    assert [(one["id"], one["status"]) for one in own] == [(hold["id"], "held")]
    assert clinic.desk.get(f"/appointments/{hold['id']}").get_json()["patient_id"] is None


def test_cancelling_a_hold_releases_it(clinic: Clinic, database: Database) -> None:
    hold = clinic.held(TEN)

    done = clinic.acted("cancel", hold | {"version": 1}, reason_code="clinic")

    assert (done["status"], done["patient_id"]) == ("cancelled", None)
    assert event_types(database, clinic.desk, hold) == ["hold.created", "hold.released"]
    assert read(clinic, hold) == (404, "not_found")


def test_an_expired_hold_cannot_be_cancelled(clinic: Clinic, database: Database) -> None:
    hold = clinic.held(TEN)
    run_out(database, clinic.desk, hold)

    answer = clinic.act("cancel", hold | {"version": 1}, reason_code="clinic")

    assert (answer.status_code, answer.get_json()["code"]) == (410, "hold_expired")


def test_a_hold_counts_as_no_session_of_its_course(clinic: Clinic) -> None:
    course = create_course(clinic)

    clinic.held(TEN, patient_id=clinic.patient["id"], course_id=course["id"])

    now = shown_course(clinic, course)
    assert (now["status"], now["progress"], now["appointment_ids"]) == (
        "planned",
        {"performed": 0, "booked": 0},
        [],
    )


def test_a_plain_appointment_is_no_hold(clinic: Clinic) -> None:
    assert read(clinic, clinic.booked(TEN)) == (404, "not_found")
    assert read(clinic, {"id": UNKNOWN_ID}) == (404, "not_found")


def statuses_of(desk: Desk, path: str) -> list[int]:
    """Read, extend and release a hold from a widget's page; give the statuses."""
    acts = (("GET", ""), ("POST", "/extend"), ("DELETE", ""))
    return [
        desk.request(
            method, path + more, from_page(), **({"json": {}} if method == "POST" else {})
        ).status_code
        for method, more in acts
    ]


def test_a_widget_makes_holds_for_nobody_and_sees_only_its_own(clinic: Clinic) -> None:
    first, second = (
        create_widget(clinic.desk, "appointments:write", name="First"),
        create_widget(clinic.desk, "appointments:write", name="Second"),
    )
    body = clinic.wish(TEN, patient_id=None)

    made = first.request("POST", "/holds", from_page(), json=body)
    named = first.request("POST", "/holds", from_page(), json=clinic.wish(ELEVEN))
    path = f"/holds/{made.get_json()['id']}"

    assert (made.status_code, named.status_code) == (201, 403)
    assert statuses_of(second, path) == [404, 404, 404]
    assert clinic.desk.get(path).status_code == 200
    assert statuses_of(first, path) == [200, 200, 204]


def test_a_widget_sees_no_hold_of_a_desk(clinic: Clinic) -> None:
    path = f"/holds/{clinic.held(TEN)['id']}"

    assert statuses_of(create_widget(clinic.desk, "appointments:write", name="Widget"), path) == [
        404,
        404,
        404,
    ]
