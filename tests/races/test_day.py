"""Races of late arrivals, reassigned visits and adverse effects with bookings."""

from functools import partial

import pytest

from models.database import Database
from tests.support.cast import (
    Clinic,
    Made,
    create_patient,
    create_pipeline,
    create_room,
    create_rule,
    create_therapist,
    refusal_codes,
)
from tests.support.desk import Desk
from tests.support.nights import open_all_night
from tests.support.overrides import overriding
from tests.support.racing import Act, assert_refused, assert_sound, deadlocks, outcomes, race, statuses
from tests.support.records import medical_holds_path
from tests.support.soundness import assert_rows_sound
from tests.support.times import TEN, at
from tests.support.visits import begun, shown_visit


def clocks(clinic: Clinic, visit: Made) -> str:
    """Read the clock time at which a visit begins."""
    return str(shown_visit(clinic, visit)["starts_at"][11:16])


def test_late_patients_who_arrive_at_once_all_find_their_place(desk: Desk, database: Database) -> None:
    clinic = create_pipeline(desk)
    visits = [
        clinic.booked(at(clock), patient_id=patient_id)
        for clock, patient_id in zip(("10:00", "10:30", "11:00"), clinic.patients(3), strict=True)
    ]
    arrivals = [
        partial(clinic.at(at(clock)).desk.post, f"/appointments/{one['id']}/arrive", **{"If-Match": "*"})
        for clock, one in zip(("10:13", "10:43"), visits, strict=False)
    ]

    answers = race(arrivals)

    assert statuses(answers) == [200, 200]
    assert [answer.get_json()["status"] for answer in answers] == ["arrived"] * 2
    assert_sound(database, clinic.desk)


def test_a_late_patient_and_bookings_of_the_time_behind_never_overlap(
    clinic: Clinic, database: Database
) -> None:
    visit = clinic.booked(TEN)
    bookings = [partial(clinic.book, at("10:20"), patient_id=one) for one in clinic.patients(8)]

    arrived, *answers = race([partial(clinic.at(at("10:10")).act, "arrive", visit), *bookings])

    won = [clocks(clinic, answer.get_json()) for answer in answers if answer.status_code == 201]
    assert arrived.status_code == 200
    # A visit that is booked while the arrival waits for its locks stays, and the late visit is not moved.
    assert (clocks(clinic, visit), won) in (("10:10", []), ("10:10", ["10:30"]), ("10:00", ["10:20"]))
    assert statuses(answers) == [201] * len(won) + [409] * (8 - len(won))
    assert_refused(answers)
    assert_sound(database, clinic.desk)


def test_a_late_patient_and_a_move_of_the_next_one_leave_both_somewhere(
    clinic: Clinic, database: Database
) -> None:
    first, second = (
        clinic.booked(at(clock), patient_id=one)
        for clock, one in zip(("10:00", "10:20"), clinic.patients(2), strict=True)
    )

    arrived, moved = race(
        [
            partial(clinic.at(at("10:10")).act, "arrive", first),
            partial(clinic.act, "reschedule", second, starts_at=at("10:30")),
        ]
    )

    assert arrived.status_code == 200
    assert outcomes([moved]) in ({(200, None): 1}, {(412, "stale"): 1})
    assert [clocks(clinic, one) for one in (first, second)] == ["10:10", "10:30"]
    assert_sound(database, clinic.desk)


def test_a_visit_and_bookings_that_want_one_therapist_leave_one_with_them(
    clinic: Clinic, database: Database
) -> None:
    other = create_therapist(clinic.desk, clinic.location)["id"]
    create_room(clinic.desk, clinic.location, name="Room 2", capacity=8)
    visit = clinic.booked(TEN, therapist_id=clinic.therapist["id"])
    bookings = [partial(clinic.book, TEN, patient_id=one, therapist_id=other) for one in clinic.patients(7)]

    answers = race([partial(clinic.act, "reassign", visit, therapist_id=other), *bookings])

    given, booked = answers[0].status_code, statuses(answers[1:])
    assert (given, booked) in ((200, [409] * 7), (409, [201] + [409] * 6))
    assert_refused(answers)
    assert_sound(database, clinic.desk)


def test_two_visits_that_swap_their_therapists_at_once_both_keep_theirs(
    clinic: Clinic, database: Database
) -> None:
    other = create_therapist(clinic.desk, clinic.location)
    create_room(clinic.desk, clinic.location, name="Room 2")
    staff = [clinic.therapist["id"], other["id"]]
    visits = [
        clinic.booked(TEN, patient_id=one, therapist_id=whose)
        for one, whose in zip(clinic.patients(2), staff, strict=True)
    ]

    answers = race(
        partial(clinic.act, "reassign", visit, therapist_id=wanted)
        for visit, wanted in zip(visits, reversed(staff), strict=True)
    )

    assert statuses(answers) == [409, 409]
    assert_sound(database, clinic.desk)


def two_pairs(clinic: Clinic) -> list[Made]:
    """Book two visits at ten, each with a therapist and a room of its own."""
    staff = [clinic.therapist["id"], create_therapist(clinic.desk, clinic.location)["id"]]
    create_room(clinic.desk, clinic.location, name="Room 2")
    rooms = [one["id"] for one in clinic.desk.get("/rooms").get_json()["items"]]
    return [
        clinic.booked(TEN, patient_id=one, therapist_id=whose, room_id=where)
        for one, whose, where in zip(clinic.patients(2), staff, rooms, strict=True)
    ]


def swapping(clinic: Clinic, visits: list[Made], what: str) -> Act:
    """Give the act that swaps visits at their versions."""
    body = {"appointment_ids": [one["id"] for one in visits], "what": what}
    versions = [one["version"] for one in visits]
    return partial(clinic.desk.post, "/appointments/swap", body | {"versions": versions})


def has(clinic: Clinic, visit: Made) -> tuple[str, str, str]:
    """Read a visit's start, therapist and room."""
    shown = shown_visit(clinic, visit)
    return str(shown["starts_at"]), str(shown["therapist_id"]), str(shown["phases"][0]["room_id"])


@pytest.mark.parametrize("what", ["therapist", "room"])
def test_of_swaps_of_the_same_two_visits_one_is_made(clinic: Clinic, database: Database, what: str) -> None:
    visits = two_pairs(clinic)
    before, known = [has(clinic, one) for one in visits], deadlocks(database)

    orders = (visits, visits[::-1]) * 3
    answers = race(swapping(clinic, order, what) for order in orders)

    assert outcomes(answers) == {(200, None): 1, (412, "stale"): 5}
    after = [has(clinic, one) for one in visits]
    place = ("therapist", "room").index(what) + 1
    assert [one[place] for one in after] == [one[place] for one in reversed(before)]
    assert deadlocks(database) == known
    assert_sound(database, clinic.desk)


def test_swaps_that_share_a_visit_are_made_one_by_one(clinic: Clinic, database: Database) -> None:
    visits = two_pairs(clinic)
    third = create_therapist(clinic.desk, clinic.location)["id"]
    room = create_room(clinic.desk, clinic.location, name="Room 3")["id"]
    patient = create_patient(clinic.desk)["id"]
    visits.append(clinic.booked(TEN, therapist_id=third, room_id=room, patient_id=patient))
    known = deadlocks(database)

    pairs = [[visits[0], visits[1]], [visits[1], visits[2]], [visits[2], visits[0]]]
    answers = race(swapping(clinic, pair, what) for pair in pairs for what in ("therapist", "room"))

    assert outcomes(answers) == {(200, None): 1, (412, "stale"): 5}
    assert len({has(clinic, one)[1] for one in visits}) == 3
    assert len({has(clinic, one)[2] for one in visits}) == 3
    assert deadlocks(database) == known
    assert_sound(database, clinic.desk)


@pytest.mark.parametrize("what", ["therapist", "room"])
@pytest.mark.parametrize("action", ["reschedule", "cancel"])
def test_of_a_swap_and_an_act_on_one_of_its_visits_one_comes_too_late(
    clinic: Clinic, database: Database, what: str, action: str
) -> None:
    visits, known = two_pairs(clinic), deadlocks(database)
    body = {"starts_at": at("11:00")} if action == "reschedule" else {"reason_code": "patient"}

    answers = race([swapping(clinic, visits, what), partial(clinic.act, action, visits[1], body)])

    assert outcomes(answers) == {(200, None): 1, (412, "stale"): 1}
    assert deadlocks(database) == known
    assert_sound(database, clinic.desk)


def test_of_a_swap_and_bookings_of_the_time_that_it_needs_one_wins(
    clinic: Clinic, database: Database
) -> None:
    first, second = two_pairs(clinic)
    second = clinic.acted("reschedule", second, starts_at=at("10:20"))
    booking = partial(clinic.book, at("10:20"), therapist_id=first["therapist_id"])
    known = deadlocks(database)

    swapped, *booked = race(
        [
            swapping(clinic, [first, second], "therapist"),
            *(partial(booking, patient_id=one) for one in clinic.patients(6)),
        ]
    )

    assert (swapped.status_code, statuses(booked)) in ((200, [409] * 6), (409, [201] + [409] * 5))
    assert_refused([swapped, *booked])
    assert deadlocks(database) == known
    assert_sound(database, clinic.desk)


@pytest.mark.parametrize("hour", range(10, 14))
def test_after_an_adverse_effect_a_booking_is_refused_or_flagged(
    clinic: Clinic, database: Database, hour: int
) -> None:
    now = clinic.at(at(f"{hour}:00"))
    visit = begun(clinic, at(f"{hour}:00"))

    done, booked = race(
        [
            partial(now.act, "complete", visit, adverse_effects=["serious_adverse_effect"]),
            partial(now.book, f"2027-05-03T{hour}:00:00Z"),
        ]
    )

    told = booked.get_json()
    refused = [one["code"] for one in told.get("refusals", [])]
    assert done.status_code == 200
    assert (booked.status_code, done.get_json()["affected"], refused) in (
        (201, [told.get("id")], []),
        (409, [], ["medical_hold"]),
    )
    assert_sound(database, clinic.desk)


def test_two_starts_of_a_visit_start_it_once(clinic: Clinic, database: Database) -> None:
    now = clinic.at(TEN)
    arrived = now.acted("arrive", clinic.booked(TEN))

    answers = race([partial(now.act, "start", arrived)] * 8)

    assert outcomes(answers) == {(200, None): 1, (412, "stale"): 7}
    assert shown_visit(clinic, arrived)["version"] == arrived["version"] + 1
    assert_sound(database, clinic.desk)


@pytest.mark.parametrize("hour", range(10, 16))
def test_a_start_after_midnight_and_a_booking_fourteen_days_on_are_never_both(
    clinic: Clinic, database: Database, hour: int
) -> None:
    create_rule(open_all_night(clinic).desk)
    arrived = clinic.at(at("23:50")).acted("arrive", clinic.booked(at("23:50")))
    now = clinic.at("2027-03-02T00:05:00Z")
    fields = overriding("spacing_min")

    started, booked = race(
        [
            partial(now.act, "start", arrived),
            partial(now.book, f"2027-03-15T{hour}:00:00Z", **fields),
        ]
    )

    assert (started.status_code, booked.status_code) in ((200, 409), (409, 201))
    refused = booked if started.status_code == 200 else started
    assert "spacing_floor" in refusal_codes(refused)
    assert_rows_sound(database, clinic.desk)


@pytest.mark.parametrize("hour", range(10, 16))
def test_a_start_either_comes_before_a_medical_hold_or_is_refused_by_it(
    clinic: Clinic, database: Database, hour: int
) -> None:
    now = clinic.at(at(f"{hour}:00"))
    arrived = now.acted("arrive", clinic.booked(at(f"{hour}:00")))
    hold = {"code": "pregnancy", "opened_on": "2027-03-01"}

    started, opened = race(
        [
            partial(now.act, "start", arrived),
            partial(now.desk.post, medical_holds_path(clinic), hold),
        ]
    )

    assert opened.status_code == 201
    assert (started.status_code, refusal_codes(started)) in ((200, []), (409, ["medical_hold"]))
    assert_sound(database, clinic.desk)


def test_of_a_patient_who_comes_after_all_and_bookings_of_the_time_one_has_it(
    clinic: Clinic, database: Database
) -> None:
    gone = clinic.at(at("10:16")).acted("no-show", clinic.booked(TEN))
    now = clinic.at(at("10:17"))
    fields = overriding("in_the_past")
    bookings = [partial(now.book, TEN, patient_id=one, **fields) for one in clinic.patients(8)]

    answers = race([partial(now.act, "arrive", gone), *bookings])

    won = [answer for answer in answers if answer.status_code in {200, 201}]
    assert len(won) == 1
    assert_refused(answers)
    assert_sound(database, clinic.desk)


def test_a_patient_who_comes_after_all_twice_at_once_comes_once(clinic: Clinic, database: Database) -> None:
    gone = clinic.at(at("10:16")).acted("no-show", clinic.booked(TEN))
    arrive = partial(clinic.at(at("10:17")).desk.post, f"/appointments/{gone['id']}/arrive")

    answers = race([partial(arrive, **{"If-Match": "*"})] * 4)

    assert statuses(answers).count(200) == 1
    assert set(statuses(answers)) <= {200, 409, 412}
    assert_sound(database, clinic.desk)


def test_of_twenty_bookings_that_race_a_cancellation_at_most_one_gets_the_time(
    clinic: Clinic, database: Database
) -> None:
    visit = clinic.booked(TEN)
    bookings = [partial(clinic.book, TEN, patient_id=one) for one in clinic.patients(20)]

    gone, *answers = race([partial(clinic.act, "cancel", visit, reason_code="late"), *bookings])
    later = clinic.book(TEN, patient_id=create_patient(clinic.desk)["id"])

    assert gone.status_code == 200
    assert statuses([*answers, later]) == [201] + [409] * 20
    assert_refused([*answers, later])
    assert_sound(database, clinic.desk)
