"""Staff and rooms share the visits for which nobody was named, by the day and by the week, or are packed."""

from collections import Counter
from typing import Any

import pytest

from models import Appointment
from models.database import Database
from tests.support.cast import (
    Clinic,
    Made,
    create_clinic,
    create_location,
    create_patient,
    create_room,
    create_therapist,
    pointers,
    rows,
    run_out,
    short_phases,
    working,
)
from tests.support.copying import Copied, MakeClinic
from tests.support.times import DAY, NEXT_DAY, at
from tests.support.visits import shown_visit

FIFTEEN = [f"{hour:02}:{minute}" for hour in range(9, 14) for minute in ("00", "20", "40")]
WEEKDAYS = [f"2027-03-0{day}" for day in range(1, 8)]


@pytest.fixture
def trio(copied: Copied[Clinic]) -> Clinic:
    """Give a clinic of three equal therapists and three equal rooms."""
    return copied(_trio)


def _trio(make_clinic: MakeClinic) -> Clinic:
    clinic = create_clinic(make_clinic(), rooms=[{"kind": "treatment"}] * 3)
    for name in ("Second", "Third"):
        create_therapist(clinic.desk, clinic.location, name=name)
    return clinic


def packing(clinic: Clinic) -> Clinic:
    """Let the clinic's location pack."""
    clinic.desk.patch(f"/locations/{clinic.location['id']}", {"policy": {"assign": "pack"}})
    return clinic


def staff(clinic: Clinic) -> list[str]:
    """Give the ids of the therapists in the order of their creation."""
    return [one["id"] for one in clinic.desk.get("/therapists").get_json()["items"]]


def book(clinic: Clinic, starts_at: str, **fields: Any) -> Made:
    """Book a visit of a new patient."""
    return clinic.booked(starts_at, patient_id=create_patient(clinic.desk)["id"], **fields)


def leads(visits: list[Made]) -> Counter[str]:
    """Count the visits of each therapist."""
    return Counter(one["therapist_id"] for one in visits)


def rooms_of(visits: list[Made]) -> Counter[str]:
    """Count the visits in each room."""
    return Counter(one["phases"][0]["room_id"] for one in visits)


def test_fifteen_visits_of_a_day_are_shared_by_three_therapists_and_three_rooms(trio: Clinic) -> None:
    visits = [book(trio, at(clock)) for clock in FIFTEEN]

    assert sorted(leads(visits).values()) == sorted(rooms_of(visits).values()) == [5, 5, 5]


def test_who_packs_leaves_the_fewest_gaps(trio: Clinic) -> None:
    visits = [book(packing(trio), at(clock)) for clock in FIFTEEN]

    assert sorted(leads(visits).values()) == sorted(rooms_of(visits).values()) == [15]


def test_holds_are_shared_as_bookings_are(trio: Clinic, database: Database) -> None:
    for clock in FIFTEEN[:6]:
        trio.held(at(clock))
    visits = [book(trio, at(clock)) for clock in FIFTEEN[6:9]]

    held = [one for one in rows(database, trio.desk, Appointment) if one.status == "held"]
    assert sorted(Counter(one.therapist_id for one in held).values()) == [2, 2, 2]
    assert sorted(leads(visits).values()) == [1, 1, 1]


def test_one_visit_a_day_is_shared_over_the_week_and_a_week_begins_on_monday(trio: Clinic) -> None:
    visits = [book(trio, at("10:00", day)) for day in WEEKDAYS]
    again = [book(trio, at("10:00", f"2027-03-{day:02}")) for day in (8, 9, 10)]

    assert sorted(leads(visits[:6]).values()) == [2, 2, 2]
    assert [one["therapist_id"] for one in visits[:3]] == staff(trio)
    # The last visit of the week is the third of one of them, which does not count on the next Monday.
    assert [one["therapist_id"] for one in again] == staff(trio)


def test_the_week_is_that_of_the_locations_clock(trio: Clinic) -> None:
    hours = [{"weekday": day, "opens": "00:00", "closes": "24:00"} for day in ("sun", "mon", "tue")]
    place = create_location(trio.desk, timezone="Pacific/Auckland", opening_hours=hours)
    create_room(trio.desk, place)
    for name in ("First", "Second"):
        create_therapist(trio.desk, place, name=name)
    there = {"location_id": place["id"]}
    # It is Monday in Auckland from Sunday 11:00 UTC on.
    sunday = book(trio, "2027-02-27T22:00:00Z", **there)
    monday = book(trio, "2027-02-28T22:00:00Z", **there)
    tuesday = book(trio, "2027-03-01T22:00:00Z", **there)

    assert sunday["therapist_id"] == monday["therapist_id"] != tuesday["therapist_id"]


def test_the_night_of_a_change_of_the_clocks_belongs_to_its_week(trio: Clinic) -> None:
    visits = [book(trio, f"2027-03-{day}T10:00:00Z") for day in (26, 27, 28, 29)]

    assert len(leads(visits[:3])) == 3
    assert visits[3]["therapist_id"] == visits[0]["therapist_id"]


def test_who_works_part_of_the_day_gets_visits_while_they_work(trio: Clinic) -> None:
    part_timer = staff(trio)[2]
    hours = working(trio.location, "09:00", "11:00")
    trio.desk.patch(f"/therapists/{part_timer}", {"working_hours": hours})

    visits = [book(trio, at(clock)) for clock in FIFTEEN]

    assert leads(visits)[part_timer] == 2
    assert sorted(leads(visits).values()) == [2, 6, 7]


def test_longer_visits_count_more_than_short_ones(trio: Clinic) -> None:
    phases = [short_phases()[0] | {"minutes": 40}]
    fields = {"code": "LONG", "name": "Long", "family": "LONG", "phases": phases}
    long = trio.desk.made("/procedures", **fields)["id"]
    first = book(trio, at("09:00"), procedure_id=long)["therapist_id"]

    visits = [book(trio, at(clock)) for clock in ("10:00", "10:20", "10:40", "11:00")]

    assert leads(visits)[first] == 0
    assert sorted(leads(visits).values()) == [2, 2]


def test_a_named_therapist_is_always_honoured_and_counts(trio: Clinic) -> None:
    named = staff(trio)[0]
    for clock in FIFTEEN[:4]:
        assert book(trio, at(clock), therapist_id=named)["therapist_id"] == named

    others = [book(trio, at(clock)) for clock in FIFTEEN[4:10]]

    assert leads(others)[named] == 0
    assert sorted(leads(others).values()) == [3, 3]


def test_blocks_are_no_work_but_visits_elsewhere_are(trio: Clinic) -> None:
    first, second, third = staff(trio)
    block = {"resource_id": first, "starts_at": at("15:00"), "ends_at": at("19:00"), "reason": "Course"}
    trio.desk.made("/blocks", **block)
    elsewhere = create_location(trio.desk, name="Elsewhere")
    create_room(trio.desk, elsewhere)
    hours = [*working(trio.location), *working(elsewhere)]
    trio.desk.patch(f"/therapists/{second}", {"working_hours": hours})
    book(trio, at("09:00"), location_id=elsewhere["id"])

    visits = [book(trio, at(clock)) for clock in ("10:00", "10:20")]

    assert [one["therapist_id"] for one in visits] == [first, third]


def test_what_was_cancelled_or_has_expired_is_no_work(trio: Clinic, database: Database) -> None:
    gone = book(trio, at("09:00"))
    trio.acted("cancel", gone, reason_code="patient")
    run_out(database, trio.desk, trio.held(at("09:20")))

    again = book(trio, at("10:00"))

    assert again["therapist_id"] == gone["therapist_id"] == staff(trio)[0]


def test_the_chosen_one_is_among_those_whom_the_slot_names(trio: Clinic) -> None:
    for clock in FIFTEEN[:9]:
        (slot,) = [one for one in trio.slots(DAY, NEXT_DAY) if one["starts_at"] == at(clock)]

        assert book(trio, at(clock))["therapist_id"] in slot["therapist_ids"]


def test_equal_states_give_equal_choices(make_clinic: MakeClinic) -> None:
    chosen = []
    for _ in range(2):
        clinic = _trio(make_clinic)
        order = staff(clinic)
        chosen.append([order.index(book(clinic, at(clock))["therapist_id"]) for clock in FIFTEEN[:7]])

    assert chosen[0] == chosen[1]


def test_a_move_keeps_its_therapist_however_much_they_have_to_do(trio: Clinic) -> None:
    busy = staff(trio)[0]
    visits = [book(trio, at(clock), therapist_id=busy) for clock in FIFTEEN[:3]]

    moved = trio.acted("reschedule", visits[0], starts_at=at("16:00"))

    assert moved["therapist_id"] == busy


def test_a_disruption_leaves_every_visit_with_its_therapist_where_it_can(trio: Clinic) -> None:
    busy = staff(trio)[0]
    visits = [book(trio, at(clock), therapist_id=busy) for clock in FIFTEEN[:3]]
    room = visits[0]["phases"][0]["room_id"]
    body = {"resource_id": room, "starts_at": at("08:00"), "ends_at": at("19:00")}

    items = trio.desk.post("/disruptions/preview", body).get_json()["items"]

    assert items
    assert {one["proposal"]["therapist_id"] for one in items} == {busy}


def test_a_late_arrival_takes_nobody_elses_therapist(trio: Clinic) -> None:
    busy = staff(trio)[0]
    visits = [book(trio, at(clock), therapist_id=busy) for clock in ("10:00", "10:20")]

    trio.at(at("10:10")).acted("arrive", visits[0])

    assert [shown_visit(trio, one)["therapist_id"] for one in visits] == [busy, busy]


@pytest.mark.parametrize("word", ["fair", "", None, True, 1, ["pack"]])
def test_another_word_is_refused_and_changes_nothing(trio: Clinic, word: Any) -> None:
    path = f"/locations/{trio.location['id']}"

    answer = trio.desk.patch(path, {"policy": {"assign": word}})

    assert pointers(answer) == ["/policy/assign"]
    assert trio.desk.get(path).get_json()["policy"]["assign"] == "balance"
