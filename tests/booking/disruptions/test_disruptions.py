"""Visits of an ill therapist or a closed room move elsewhere, and the others are flagged."""

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from werkzeug.test import TestResponse

from models.database import Database
from tests.support.cast import (
    NOW,
    UNKNOWN_ID,
    Clinic,
    Made,
    codes,
    create_clinic,
    create_key,
    create_location,
    create_pipeline,
    create_procedure,
    create_room,
    create_rule,
    create_therapist,
    event_types,
    pointers,
    run_out,
)
from tests.support.copying import Copied, MakeClinic
from tests.support.desk import Desk
from tests.support.racing import assert_sound, deadlocks, race, statuses
from tests.support.times import DAY, NEXT_DAY, at
from tests.support.visits import flagged, shown_visit

MORNING = {"starts_at": f"{DAY}T09:00:00Z", "ends_at": f"{DAY}T13:00:00Z"}


def ill(clinic: Clinic, **fields: Any) -> Made:
    """Give the body of a disruption: the clinic's therapist is ill in the morning."""
    body = {"resource_id": clinic.therapist["id"]} | MORNING | fields
    return {name: value for name, value in body.items() if value is not None}


def previewed(clinic: Clinic, body: Made) -> list[Made]:
    """Preview a disruption and insist on 200; give the affected visits."""
    answer = clinic.desk.post("/disruptions/preview", body)
    assert answer.status_code == 200, answer.text
    items: list[Made] = answer.get_json()["items"]
    return items


def proposals(clinic: Clinic, body: Made) -> list[tuple[str, str, int] | None]:
    """Give the proposal of each affected visit: its kind, its clock time and the minutes that it moves."""
    return [
        one and (one["kind"], one["starts_at"][11:16], one["minutes_moved"])
        for one in (item["proposal"] for item in previewed(clinic, body))
    ]


def accepting(*items: Made) -> list[Made]:
    """Give the acceptance of what is proposed for these visits."""
    return [
        {
            "appointment_id": item["appointment_id"],
            "version": item["version"],
            **{name: item["proposal"][name] for name in ("starts_at", "therapist_id", "room_id")},
        }
        for item in items
    ]


def apply(clinic: Clinic, body: Made, accept: list[Made]) -> TestResponse:
    """Apply a disruption."""
    return clinic.desk.post("/disruptions/apply", body | {"accept": accept})


def applied(clinic: Clinic, body: Made, *items: Made) -> Made:
    """Apply a disruption with what is proposed for these visits, and insist on 200."""
    answer = apply(clinic, body, accepting(*items))
    assert answer.status_code == 200, answer.text
    done: Made = answer.get_json()
    return done


@pytest.fixture
def busy(copied: Copied[Clinic]) -> Clinic:
    """Give a clinic of one therapist and two treatment rooms."""
    return copied(_two_rooms)


def _two_rooms(make_clinic: MakeClinic) -> Clinic:
    return create_clinic(make_clinic().at(NOW), rooms=[{"kind": "treatment"}] * 2)


@pytest.fixture
def morning(busy: Clinic) -> list[Made]:
    """Book three visits in the morning."""
    times = zip(("09:00", "10:00", "11:00"), busy.patients(3), strict=True)
    return [busy.booked(at(clock), patient_id=patient) for clock, patient in times]


def test_a_hold_is_affected_until_it_has_expired(busy: Clinic, database: Database) -> None:
    hold = busy.held(at("10:00"))
    before = [item["appointment_id"] for item in previewed(busy, ill(busy))]
    run_out(database, busy.desk, hold)

    assert before == [hold["id"]]
    assert previewed(busy, ill(busy)) == []
    assert applied(busy, ill(busy))["flagged"] == []


def test_a_colleague_takes_over_at_the_same_times(busy: Clinic, morning: list[Made]) -> None:
    colleague = create_therapist(busy.desk, busy.location, name="Colleague")

    items = previewed(busy, ill(busy))

    assert [item["appointment_id"] for item in items] == [one["id"] for one in morning]
    assert [item["proposal"]["kind"] for item in items] == ["therapist"] * 3
    assert {item["proposal"]["therapist_id"] for item in items} == {colleague["id"]}
    assert [item["proposal"]["room_id"] for item in items] == [one["phases"][0]["room_id"] for one in morning]


@pytest.mark.usefixtures("morning")
def test_without_a_colleague_the_visits_move_as_little_as_possible(busy: Clinic) -> None:
    assert proposals(busy, ill(busy)) == [
        ("time", "13:00", 240),
        ("time", "13:20", 200),
        ("time", "13:40", 160),
    ]


def test_a_preview_writes_nothing(busy: Clinic, morning: list[Made]) -> None:
    previewed(busy, ill(busy))

    assert [shown_visit(busy, one) for one in morning] == morning
    assert busy.desk.get("/blocks").get_json()["items"] == []


def test_of_two_visits_only_one_gets_the_free_colleague(busy: Clinic) -> None:
    colleague = create_therapist(busy.desk, busy.location, name="Colleague")
    first, second, third = busy.patients(3)
    busy.booked(at("10:00"), patient_id=first, therapist_id=busy.therapist["id"])
    busy.booked(at("10:20"), patient_id=second, therapist_id=busy.therapist["id"])
    busy.booked(at("10:25"), patient_id=third, therapist_id=colleague["id"])

    assert proposals(busy, ill(busy)) == [("therapist", "10:00", 0), ("time", "10:45", 25)]


def test_whoever_keeps_their_time_comes_before_whoever_must_move(busy: Clinic) -> None:
    colleague = create_therapist(busy.desk, busy.location, name="Colleague")
    people = busy.patients(4)
    busy.booked(at("10:00"), patient_id=people[0], therapist_id=busy.therapist["id"])
    busy.booked(at("10:20"), patient_id=people[1], therapist_id=busy.therapist["id"])
    busy.booked(at("10:00"), patient_id=people[2], therapist_id=colleague["id"])

    assert proposals(busy, ill(busy)) == [("time", "09:40", -20), ("therapist", "10:20", 0)]


def test_a_closed_room_gives_its_visits_to_another_of_its_kind(busy: Clinic, morning: list[Made]) -> None:
    room_id = morning[0]["phases"][0]["room_id"]

    items = previewed(busy, ill(busy, resource_id=room_id))

    assert {item["proposal"]["kind"] for item in items} == {"room"}
    assert {item["proposal"]["therapist_id"] for item in items} == {busy.therapist["id"]}
    rooms = {one["id"] for one in busy.desk.get("/rooms").get_json()["items"]}
    assert {item["proposal"]["room_id"] for item in items} == rooms - {room_id}


def test_the_only_room_sends_its_visits_to_another_time(clinic: Clinic) -> None:
    room_id = clinic.booked(at("12:30"))["phases"][0]["room_id"]

    assert proposals(clinic, ill(clinic, resource_id=room_id)) == [("time", "13:00", 30)]


def test_a_broken_device_is_replaced_by_another_of_its_kind(clinic: Clinic) -> None:
    devices = [
        clinic.desk.made("/devices", location_id=clinic.location["id"], name=name, kind="rf") for name in "AB"
    ]
    phase = {"name": "Needling", "kind": "procedure", "minutes": 20, "therapist": True}
    phases = [phase | {"room_kinds": ["treatment"], "device_kinds": ["rf"]}]
    procedure = create_procedure(clinic.desk, code="RF", phases=phases)
    visit = clinic.booked(at("10:00"), procedure_id=procedure["id"])
    broken = visit["phases"][0]["device_id"]

    (item,) = previewed(clinic, ill(clinic, resource_id=broken))

    assert (item["proposal"]["kind"], item["proposal"]["minutes_moved"]) == ("device", 0)
    assert {item["proposal"]["phases"][0]["device_id"], broken} == {one["id"] for one in devices}


def test_a_closed_location_moves_its_visits_and_becomes_a_closure(clinic: Clinic) -> None:
    first, second = clinic.patients(2)
    moved, left = clinic.booked(at("12:00"), patient_id=first), clinic.booked(at("12:30"), patient_id=second)
    body = ill(clinic, resource_id=None, location_id=clinic.location["id"])

    items = previewed(clinic, body)
    done = applied(clinic, body, items[0])

    assert [item["proposal"]["starts_at"] for item in items] == [at("13:00"), at("13:20")]
    assert done["appointments"][0]["starts_at"] == at("13:00")
    closures = clinic.desk.get(f"/locations/{clinic.location['id']}/closures").get_json()["items"]
    assert [one["id"] for one in closures] == [done["closure_id"]]
    assert [flag["code"] for flag in shown_visit(clinic, left)["flags"]] == ["location_closed"]
    assert shown_visit(clinic, moved)["flags"] == []


def test_spacing_forbids_a_move_towards_another_session(clinic: Clinic) -> None:
    create_rule(clinic.desk)
    clinic.booked(at("10:00", "2027-02-01"))
    clinic.booked(at("18:00"))
    body = ill(clinic, ends_at="2027-03-03T10:00:00Z")

    assert proposals(clinic, body) == [("time", "10:00", 40 * 60)]


def test_spacing_towards_a_later_session_holds_too(clinic: Clinic) -> None:
    create_rule(clinic.desk)
    clinic.booked(at("10:00"))
    clinic.booked("2027-03-29T10:00:00+01:00")
    body = ill(clinic, ends_at=f"{DAY}T19:00:00Z")

    assert proposals(clinic, body) == [("time", "18:40", -15 * 60 - 20)]


def test_who_is_treated_already_is_listed_without_a_proposal(clinic: Clinic) -> None:
    create_therapist(clinic.desk, clinic.location, name="Colleague")
    visit = clinic.booked(at("10:00"))
    now = clinic.at(at("10:00"))
    now.acted("start", now.acted("arrive", visit))

    (item,) = previewed(clinic.at(at("10:10")), ill(clinic, resource_id=visit["therapist_id"]))

    assert (item["status"], item["proposal"]) == ("in_progress", None)


def test_who_has_arrived_keeps_their_time_or_gets_no_proposal(clinic: Clinic) -> None:
    visit = clinic.booked(at("10:00"))
    now = clinic.at(at("09:55"))
    now.acted("arrive", visit)
    later = clinic.at(at("10:05"))

    (alone,) = previewed(later, ill(clinic))
    create_therapist(clinic.desk, clinic.location, name="Colleague")
    (helped,) = previewed(later, ill(clinic))

    assert alone["proposal"] is None
    assert [one["code"] for one in alone["refusals"]] == ["no_therapist_available"]
    assert (helped["proposal"]["kind"], helped["proposal"]["minutes_moved"]) == ("therapist", 0)


def test_accepting_everything_moves_everybody_at_once(
    busy: Clinic, morning: list[Made], database: Database
) -> None:
    body = ill(busy)

    done = applied(busy, body, *previewed(busy, body))

    assert [one["starts_at"] for one in done["appointments"]] == [at("13:00"), at("13:20"), at("13:40")]
    assert (done["flagged"], flagged(busy)) == ([], [])
    assert [event_types(database, busy.desk, one)[-1] for one in morning] == ["appointment.rescheduled"] * 3
    assert_sound(database, busy.desk)


def test_whoever_changes_hands_only_is_reassigned(
    busy: Clinic, morning: list[Made], database: Database
) -> None:
    colleague = create_therapist(busy.desk, busy.location, name="Colleague")
    body = ill(busy)

    done = applied(busy, body, *previewed(busy, body))

    assert {one["therapist_id"] for one in done["appointments"]} == {colleague["id"]}
    assert [event_types(database, busy.desk, one)[-1] for one in morning] == ["appointment.reassigned"] * 3
    assert_sound(database, busy.desk)


@pytest.mark.parametrize("chosen", [(0,), (1,), (2,), (0, 2), (1, 2)])
def test_any_part_can_be_accepted_and_the_rest_is_flagged(
    busy: Clinic, morning: list[Made], database: Database, chosen: tuple[int, ...]
) -> None:
    body = ill(busy)
    items = previewed(busy, body)
    left = [one for place, one in enumerate(morning) if place not in chosen]

    done = applied(busy, body, *(items[place] for place in chosen))

    assert done["flagged"] == [one["id"] for one in left]
    assert flagged(busy) == [one["id"] for one in left]
    assert {shown_visit(busy, one)["status"] for one in morning} == {"booked"}
    assert_sound(database, busy.desk)


def test_who_stays_is_flagged_with_what_is_disrupted(
    busy: Clinic, morning: list[Made], database: Database
) -> None:
    applied(busy, ill(busy))

    (flag,) = shown_visit(busy, morning[0])["flags"]
    assert (flag["code"], flag["resource_id"]) == ("disrupted", busy.therapist["id"])
    assert event_types(database, busy.desk, morning[0])[-1] == "appointment.flagged"


def test_nobody_is_offered_the_time_of_who_is_ill(busy: Clinic, morning: list[Made]) -> None:
    done = applied(busy, ill(busy))
    busy.acted("cancel", shown_visit(busy, morning[0]), reason_code="patient")
    busy.acted("reschedule", shown_visit(busy, morning[1]), starts_at=at("15:00"))

    assert busy.starts(DAY, NEXT_DAY)[0] == at("13:00")
    assert codes(busy.book(at("09:00"))) == ["no_therapist_available"]
    assert shown_visit(busy, morning[1])["flags"] == []
    assert [one["id"] for one in busy.desk.get("/blocks").get_json()["items"]] == [done["block_id"]]


def test_another_block_closes_what_a_moved_visit_has_left(
    busy: Clinic, morning: list[Made], database: Database
) -> None:
    applied(busy, ill(busy))
    busy.acted("cancel", shown_visit(busy, morning[0]), reason_code="patient")
    lunch = {"resource_id": busy.therapist["id"], "starts_at": at("12:30"), "ends_at": at("13:30")}

    busy.desk.made("/blocks", **lunch, reason="Lunch")

    assert busy.starts(DAY, NEXT_DAY)[0] == at("13:30")
    assert_sound(database, busy.desk)


@pytest.mark.usefixtures("morning")
def test_whoever_is_well_again_unflags_the_visits(busy: Clinic) -> None:
    done = applied(busy, ill(busy))

    busy.desk.delete(f"/blocks/{done['block_id']}")

    assert flagged(busy) == []
    assert busy.starts(DAY, NEXT_DAY)[0] == at("09:20")


def test_the_block_behind_a_hold_stays_when_the_hold_expires(busy: Clinic, database: Database) -> None:
    hold = busy.held(at("10:00"))
    applied(busy, ill(busy))

    run_out(database, busy.desk, hold)

    assert busy.starts(DAY, NEXT_DAY)[0] == at("13:00")
    assert codes(busy.book(at("10:00"))) == ["no_therapist_available"]


def test_whoever_is_reassigned_off_who_is_ill_is_unflagged(busy: Clinic, morning: list[Made]) -> None:
    applied(busy, ill(busy))
    colleague = create_therapist(busy.desk, busy.location, name="Colleague")
    first = shown_visit(busy, morning[0])
    handed = busy.acted("reassign", first, therapist_id=colleague["id"])

    assert [one["code"] for one in first["flags"]] == ["disrupted"]
    assert handed["flags"] == []


@pytest.mark.usefixtures("morning")
def test_the_rest_can_be_accepted_later_under_the_same_block(busy: Clinic) -> None:
    body = ill(busy)
    first = applied(busy, body)

    second = applied(busy, body, *previewed(busy, body))

    assert first["block_id"] == second["block_id"]
    assert len(second["appointments"]) == 3
    assert flagged(busy) == []


def test_another_place_than_the_proposed_may_be_chosen(busy: Clinic, morning: list[Made]) -> None:
    chosen = {"appointment_id": morning[0]["id"], "version": 1, "starts_at": at("16:00")}

    answer = apply(busy, ill(busy), [chosen])

    assert answer.get_json()["appointments"][0]["starts_at"] == at("16:00")


def test_a_place_that_does_not_hold_refuses_everything_by_visit(
    busy: Clinic, morning: list[Made], database: Database
) -> None:
    body = ill(busy)
    first, second, _ = accepting(*previewed(busy, body))

    answer = apply(busy, body, [first, second | {"starts_at": at("09:00")}])

    assert codes(answer) == ["therapist_busy"]
    assert [one["position"] for one in answer.get_json()["visits"]] == [1]
    assert [shown_visit(busy, one) for one in morning] == morning
    assert_sound(database, busy.desk)


def test_a_visit_that_has_changed_is_stale_and_named(busy: Clinic, morning: list[Made]) -> None:
    body = ill(busy)
    accept = accepting(*previewed(busy, body))
    busy.acted("confirm", morning[1])

    answer = apply(busy, body, accept)

    assert (answer.status_code, answer.get_json()["code"]) == (412, "stale")
    assert answer.get_json()["appointment_ids"] == [morning[1]["id"]]
    assert flagged(busy) == []


def test_who_is_being_treated_cannot_be_moved(clinic: Clinic) -> None:
    now = clinic.at(at("10:00"))
    visit = now.acted("start", now.acted("arrive", clinic.booked(at("10:00"))))
    accept = {"appointment_id": visit["id"], "version": visit["version"], "starts_at": at("14:00")}

    answer = apply(now, ill(clinic), [accept])

    assert (answer.status_code, answer.get_json()["code"]) == (409, "wrong_status")


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"ends_at": MORNING["starts_at"]}, ["/ends_at"]),
        ({"ends_at": "2027-04-01T09:05:00Z"}, ["/ends_at"]),
        ({"starts_at": "2027-01-04T06:00:00Z", "ends_at": "2027-01-04T08:00:00Z"}, ["/ends_at"]),
        ({"starts_at": "2027-03-01T09:01:00Z"}, ["/starts_at"]),
        ({"resource_id": None}, ["/resource_id"]),
        ({"location_id": UNKNOWN_ID}, ["/resource_id"]),
        ({"everybody": True}, ["/everybody"]),
    ],
)
@pytest.mark.parametrize("act", ["preview", "apply"])
def test_a_disruption_that_cannot_be_is_malformed(
    clinic: Clinic, act: str, fields: Made, expected: list[str]
) -> None:
    accept = {"accept": []} if act == "apply" else {}

    answer = clinic.desk.post(f"/disruptions/{act}", ill(clinic, **fields) | accept)

    assert pointers(answer) == expected


@pytest.mark.parametrize("name", ["resource_id", "location_id"])
def test_an_unknown_resource_or_location_is_not_found(clinic: Clinic, name: str) -> None:
    body = MORNING | {name: UNKNOWN_ID}

    assert clinic.desk.post("/disruptions/preview", body).status_code == 404
    assert apply(clinic, body, []).status_code == 404


@pytest.mark.usefixtures("morning")
def test_only_what_is_affected_can_be_accepted_and_only_once(busy: Clinic) -> None:
    other = busy.booked(at("17:00"))
    accept = {"appointment_id": other["id"], "version": 1, "starts_at": at("18:00")}
    unknown = accept | {"appointment_id": UNKNOWN_ID}

    assert pointers(apply(busy, ill(busy), [accept])) == ["/accept/0/appointment_id"]
    assert pointers(apply(busy, ill(busy), [accept, accept])) == ["/accept"]
    assert apply(busy, ill(busy), [unknown]).status_code == 404


@pytest.mark.parametrize(
    ("field", "value", "status"),
    [
        ("therapist_id", UNKNOWN_ID, 404),
        ("room_id", UNKNOWN_ID, 404),
        ("starts_at", at("10:00", "2027-05-01"), 422),
    ],
)
def test_a_chosen_place_that_cannot_be_is_named(
    busy: Clinic, morning: list[Made], field: str, value: str, status: int
) -> None:
    chosen = {"appointment_id": morning[0]["id"], "version": 1, "starts_at": at("16:00")}

    answer = apply(busy, ill(busy), [chosen | {field: value}])

    assert answer.status_code == status
    assert [one["pointer"] for one in answer.get_json()["errors"]] == [f"/accept/0/{field}"]


def test_a_key_of_one_location_only_counts_the_visits_elsewhere(busy: Clinic) -> None:
    there = create_location(busy.desk, name="Elsewhere")
    create_room(busy.desk, there)
    therapist = create_therapist(busy.desk, busy.location, there)
    first, second = busy.patients(2)
    here = busy.booked(at("10:00"), patient_id=first, therapist_id=therapist["id"])
    hidden = busy.booked(
        at("11:00"), patient_id=second, therapist_id=therapist["id"], location_id=there["id"]
    )
    limited = busy.using(create_key(busy.desk, "appointments:write", location_ids=[busy.location["id"]]))
    body = ill(busy, resource_id=therapist["id"])

    answer = limited.desk.post("/disruptions/preview", body).get_json()
    done = applied(limited, body)

    assert ([one["appointment_id"] for one in answer["items"]], answer["elsewhere"]) == ([here["id"]], 1)
    assert (done["flagged"], done["elsewhere"]) == ([here["id"]], 1)
    assert flagged(busy) == [here["id"], hidden["id"]]


@pytest.mark.usefixtures("morning")
def test_applying_races_bookings_of_the_proposed_times(busy: Clinic, database: Database) -> None:
    before = deadlocks(database)
    body = ill(busy)
    accept = accepting(*previewed(busy, body))
    wishes = [
        partial(busy.book, one["starts_at"], patient_id=patient)
        for one, patient in zip(accept, busy.patients(3), strict=True)
    ]

    moved, *booked = race([partial(apply, busy, body, accept), *wishes])

    assert (moved.status_code, statuses(booked)) in ((200, [409] * 3), (409, [201] * 3))
    assert_sound(database, busy.desk)
    assert deadlocks(database) == before


@pytest.mark.usefixtures("morning")
def test_of_two_applies_at_once_one_wins(busy: Clinic, database: Database) -> None:
    body = ill(busy)
    accept = accepting(*previewed(busy, body))

    answers = race([partial(apply, busy, body, accept)] * 2)

    assert statuses(answers) == [200, 412]
    assert len(busy.desk.get("/blocks").get_json()["items"]) == 1
    assert_sound(database, busy.desk)


def test_applying_races_cancellations_of_what_it_flags(
    busy: Clinic, morning: list[Made], database: Database
) -> None:
    before = deadlocks(database)

    applying, *cancelled = race(
        [
            partial(apply, busy, ill(busy), []),
            *(partial(busy.act, "cancel", one, reason_code="patient") for one in morning),
        ]
    )

    # A visit that the disruption flagged first has another version than its cancellation names.
    stays = [one["id"] for one, told in zip(morning, cancelled, strict=True) if told.status_code == 412]
    assert (applying.status_code, applying.get_json()["flagged"]) == (200, stays)
    assert statuses(cancelled) == [200] * (3 - len(stays)) + [412] * len(stays)
    assert busy.starts(DAY, NEXT_DAY)[0] == at("13:00")
    assert deadlocks(database) == before


def test_another_clinics_therapist_and_visits_are_not_found(
    busy: Clinic, morning: list[Made], make_clinic: Callable[..., Desk]
) -> None:
    foreign = create_clinic(make_clinic().at(NOW))
    accept = {"appointment_id": morning[0]["id"], "version": 1, "starts_at": at("16:00")}

    preview = foreign.desk.post("/disruptions/preview", ill(busy))

    assert preview.status_code == 404
    assert apply(foreign, ill(busy), []).status_code == 404
    assert apply(foreign, ill(foreign), [accept]).status_code == 404


def test_every_place_of_a_room_is_blocked_behind_and_beside_a_visit(desk: Desk, database: Database) -> None:
    clinic = create_clinic(desk, rooms=[{"kind": "treatment", "capacity": 2}])
    create_therapist(clinic.desk, clinic.location, name="Colleague")
    visit = clinic.booked(at("10:00"))
    applied(clinic, ill(clinic, resource_id=visit["phases"][0]["room_id"]))

    beside = clinic.book(at("10:00"), patient_id=clinic.patients(1)[0])
    clinic.acted("cancel", shown_visit(clinic, visit), reason_code="patient")

    assert codes(beside) == codes(clinic.book(at("10:00"))) == ["no_room_available"]
    assert_sound(database, clinic.desk)


def test_a_visit_of_many_phases_is_moved_whole(desk: Desk, database: Database) -> None:
    pipeline = create_pipeline(desk)
    people = pipeline.patients(4)
    for clock, patient in zip(("09:00", "09:40", "10:20", "11:00"), people, strict=True):
        pipeline.booked(at(clock), patient_id=patient)
    body = ill(pipeline)

    done = applied(pipeline, body, *previewed(pipeline, body))

    therapist_at = [one["phases"][2]["starts_at"] for one in done["appointments"]]
    assert (len(therapist_at), min(therapist_at) >= at("13:00")) == (4, True)
    assert_sound(database, pipeline.desk)


def test_a_block_may_lie_over_a_visit_that_is_completed(clinic: Clinic) -> None:
    now = clinic.at(at("10:00"))
    visit = now.acted("start", now.acted("arrive", clinic.booked(at("10:00"))))
    now.acted("complete", visit)

    done = applied(now, ill(clinic))

    assert (done["flagged"], flagged(now)) == ([], [])


def test_a_read_only_key_previews_but_does_not_apply(clinic: Clinic) -> None:
    reader = clinic.using(create_key(clinic.desk, "appointments:read"))

    assert previewed(reader, ill(clinic)) == []
    assert apply(reader, ill(clinic), []).status_code == 403


def test_what_was_overridden_for_a_time_stays_allowed_at_that_time(clinic: Clinic) -> None:
    create_rule(clinic.desk)
    clinic.booked(at("10:00", "2027-02-08"))
    override = {"codes": ["spacing_min"], "reason": "The wedding."}
    clinic.booked(at("10:00"), override=override)
    create_therapist(clinic.desk, clinic.location, name="Colleague")

    assert proposals(clinic, ill(clinic)) == [("therapist", "10:00", 0)]
