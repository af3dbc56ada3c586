"""The change feed gives the full state first, then every change."""

from typing import Any

import pytest
from sqlalchemy import text

from models.database import Database
from tests.support.cast import UNKNOWN_ID, create_key, create_patient, pointers
from tests.support.statements import listening
from tests.sync.cast import ELEVEN, NOON, TEN, Branches, Replica, settle, told, truth


def test_without_a_cursor_it_is_the_full_state_cancelled_visits_included(branches: Branches) -> None:
    visits = [branches.booked(at) for at in (TEN, ELEVEN, NOON)]
    branches.here.acted("cancel", visits[1], reason_code="patient")
    replica = Replica(branches.desk)

    items = replica.drain(limit=2)

    assert sorted(one["id"] for one in items) == sorted(one["id"] for one in visits)
    assert replica.copy == truth(branches.desk)
    assert {(one["type"], one["deleted"]) for one in items} == {("appointment", False)}


def test_nothing_new_is_an_empty_page_with_a_cursor(branches: Branches) -> None:
    branches.booked(TEN)
    replica = Replica(branches.desk)
    replica.drain()

    page = replica.page()

    assert (page["items"], page["has_more"]) == ([], False)
    assert page["next_cursor"]


def test_a_client_reads_what_it_has_just_written(branches: Branches) -> None:
    replica = Replica(branches.desk)
    replica.drain()
    visit = branches.booked(TEN)

    (item,) = replica.drain()

    assert item == {
        "type": "appointment",
        "id": visit["id"],
        "version": 1,
        "deleted": False,
        "appointment": branches.desk.get(f"/appointments/{visit['id']}").get_json(),
    }


def test_several_changes_of_one_visit_are_told_once_as_it_is_now(branches: Branches) -> None:
    replica = Replica(branches.desk)
    replica.drain()
    visit = branches.here.acted("confirm", branches.booked(TEN))
    branches.desk.patch(f"/appointments/{visit['id']}", {"notes": "Late", "version": visit["version"]})

    items = replica.drain()

    assert [(one["version"], one["appointment"]["notes"]) for one in items] == [(3, "Late")]


def test_a_hold_is_nobodys_appointment_until_it_has_become_one(branches: Branches) -> None:
    replica = Replica(branches.desk)
    hold = branches.here.held(TEN)
    released = branches.here.held(NOON)
    branches.desk.delete(f"/holds/{released['id']}")
    assert replica.drain() == []

    branches.here.convert(hold)

    assert told(replica.drain()) == [(hold["id"], False)]


def test_who_gives_a_visit_away_reads_that_it_is_gone(branches: Branches) -> None:
    ada, ben = (Replica(branches.desk, {"therapist_id": one["id"]}) for one in branches.therapists)
    visit = branches.booked(TEN)
    assert (told(ada.drain()), told(ben.drain())) == ([(visit["id"], False)], [])

    given = branches.here.acted("reassign", visit, therapist_id=branches.therapists[1]["id"])
    mine, hers = ada.drain(), ben.drain()

    assert (told(mine), told(hers)) == ([(visit["id"], True)], [(visit["id"], False)])
    assert (mine[0]["version"], mine[0]["appointment"]) == (given["version"], None)
    assert hers[0]["appointment"] == branches.desk.get(f"/appointments/{visit['id']}").get_json()


def test_a_visit_that_changes_its_room_leaves_one_and_comes_to_the_other(branches: Branches) -> None:
    first, second = (Replica(branches.desk, {"room_id": one["id"]}) for one in branches.rooms)
    visit = branches.booked(TEN)
    first.drain()
    second.drain()

    branches.here.acted("reassign", visit, room_id=branches.rooms[1]["id"])

    assert (told(first.drain()), told(second.drain())) == ([(visit["id"], True)], [(visit["id"], False)])


def test_a_visit_that_moves_away_and_back_is_there_again(branches: Branches) -> None:
    here, there = (Replica(branches.desk, {"location_id": one["id"]}) for one in branches.locations)
    visit = branches.booked(TEN)
    here.drain()
    visit = branches.moved(visit, NOON)
    assert (told(here.drain()), told(there.drain())) == ([(visit["id"], True)], [(visit["id"], False)])

    back = {"location_id": branches.locations[0]["id"], "room_id": branches.rooms[0]["id"]}
    branches.here.acted("reschedule", visit, starts_at=TEN, **back)

    assert (told(here.drain()), told(there.drain())) == ([(visit["id"], False)], [(visit["id"], True)])
    assert here.copy == truth(branches.desk, location_id=branches.locations[0]["id"])


def test_who_assists_has_the_visit_in_their_feed_and_in_their_list(branches: Branches) -> None:
    ben = branches.therapists[1]
    branches.desk.patch(f"/therapists/{ben['id']}", {"qualifications": [{"code": "AS"}]})
    phase = {"name": "RF", "kind": "procedure", "minutes": 20, "therapist": True, "assistant": "AS"}
    fields = {"code": "RF", "name": "RF", "family": "RF", "areas": ["FACE"]}
    with_help = branches.desk.made("/procedures", **fields, phases=[phase | {"room_kinds": ["treatment"]}])
    visit = branches.booked(TEN, procedure_id=with_help["id"])
    assert {one["assistant_id"] for one in visit["phases"]} == {ben["id"]}
    replica = Replica(branches.desk, {"therapist_id": ben["id"]})

    assert told(replica.drain()) == [(visit["id"], False)]
    assert replica.copy == truth(branches.desk, therapist_id=ben["id"])


def test_what_has_gone_before_the_full_state_is_not_told(branches: Branches) -> None:
    visit = branches.booked(TEN)
    branches.here.acted("reassign", visit, therapist_id=branches.therapists[1]["id"])

    assert Replica(branches.desk, {"therapist_id": branches.therapists[0]["id"]}).drain() == []


def test_what_goes_between_two_pages_of_the_full_state_is_told(branches: Branches) -> None:
    visits = [branches.booked(at) for at in (TEN, ELEVEN, NOON)]
    replica = Replica(branches.desk, {"therapist_id": branches.therapists[0]["id"]})
    settle(branches.desk.app)
    first = replica.page(limit=1)["items"]

    for visit in (visits[0], visits[2]):
        branches.here.acted("reassign", visit, therapist_id=branches.therapists[1]["id"])
    rest = replica.drain(limit=1)

    assert told(first) == [(visits[0]["id"], False)]
    assert told(rest) == [(visits[1]["id"], False), (visits[0]["id"], True), (visits[2]["id"], True)]
    assert replica.copy == truth(branches.desk, **replica.query)


def test_changes_between_pages_of_the_full_state_are_neither_lost_nor_out_of_order(
    branches: Branches,
) -> None:
    visits = [branches.booked(at) for at in (TEN, ELEVEN, NOON)]
    replica = Replica(branches.desk)
    settle(branches.desk.app)
    replica.page(limit=2)
    branches.here.acted("confirm", visits[0])
    late = branches.booked("2027-03-01T14:00:00Z")

    assert told(replica.drain(limit=2)) == [(one["id"], False) for one in (visits[2], visits[0], late)]
    assert replica.copy == truth(branches.desk)


def test_a_page_may_end_within_one_transaction(branches: Branches) -> None:
    replica = Replica(branches.desk)
    bodies = [
        {"starts_at": at, **{f"{name}_id": one["id"] for name, one in named.items()}}
        for at in (TEN, ELEVEN, NOON)
        for named in [{"procedure": branches.procedure, "location": branches.locations[0]}]
    ]
    made = branches.desk.made("/appointments/together", patient_id=branches.patient["id"], visits=bodies)[
        "appointments"
    ]

    settle(branches.desk.app)
    pages = [replica.page(limit=1) for _ in range(3)]

    assert [len(one["items"]) for one in pages] == [1, 1, 1]
    assert [one["has_more"] for one in pages] == [True, True, False]
    assert replica.copy.keys() == {one["id"] for one in made}


def test_an_appointment_that_is_gone_altogether_reads_as_deleted_of_version_0(
    branches: Branches, database: Database
) -> None:
    visit = branches.booked(TEN)
    replica = Replica(branches.desk)
    replica.drain()
    with database.transaction(branches.desk.clinic_id) as session:
        session.execute(text("DELETE FROM appointments"))

    (item,) = replica.drain()

    assert item == {
        "type": "appointment", "id": visit["id"], "version": 0, "deleted": True, "appointment": None,
    }  # fmt: skip


def test_a_page_takes_the_same_number_of_queries_however_long_it_is(
    branches: Branches, database: Database
) -> None:
    counts = []
    for at in (TEN, ELEVEN, NOON):
        branches.booked(at, patient_id=create_patient(branches.desk)["id"])
        settle(branches.desk.app)
        branches.desk.get("/changes")
        with listening(database) as heard:
            branches.desk.get("/changes")
        counts.append(len(heard))

    assert len(set(counts)) == 1
    assert counts[0] <= 8


def test_a_key_of_some_locations_reads_what_is_there_and_what_has_left(branches: Branches) -> None:
    key = create_key(branches.desk, "changes:read", location_ids=[branches.locations[0]["id"]])
    limited = Replica(key)
    everything = Replica(branches.desk)
    near = branches.booked(TEN)
    far = branches.there.booked(NOON)
    assert told(limited.drain()) == [(near["id"], False)]

    moved = branches.moved(near, "2027-03-02T10:00:00Z")
    left = limited.drain()
    branches.here.acted("confirm", moved)
    branches.here.acted("confirm", far)

    assert told(left) == [(near["id"], True)]
    assert limited.drain() == []
    everything.drain()
    assert everything.copy == truth(branches.desk)


def test_within_a_keys_own_locations_nothing_is_lost_on_the_way(branches: Branches) -> None:
    both = [one["id"] for one in branches.locations]
    replica = Replica(create_key(branches.desk, "changes:read", location_ids=both))
    visit = branches.booked(TEN)
    replica.drain()

    branches.moved(visit, NOON)

    assert told(replica.drain()) == [(visit["id"], False)]
    assert replica.copy == truth(branches.desk)


def test_a_therapists_feed_tells_a_key_of_some_locations_nothing_of_others(branches: Branches) -> None:
    ada = branches.therapists[0]["id"]
    key = create_key(branches.desk, "changes:read", location_ids=[branches.locations[0]["id"]])
    replica = Replica(key, {"therapist_id": ada})
    near = branches.booked(TEN)
    branches.there.booked(NOON, therapist_id=ada)
    assert told(replica.drain()) == [(near["id"], False)]

    branches.moved(near, "2027-03-02T10:00:00Z")

    assert told(replica.drain()) == [(near["id"], True)]
    assert Replica(key, {"therapist_id": ada}).drain() == []


@pytest.mark.parametrize("name", ["location_id", "therapist_id", "room_id"])
def test_nobody_follows_what_their_clinic_does_not_have(branches: Branches, name: str) -> None:
    answer = branches.desk.get("/changes", **{name: UNKNOWN_ID})

    assert answer.status_code == 404
    assert answer.get_json()["errors"][0]["pointer"] == f"?{name}"


@pytest.mark.parametrize("name", ["location_id", "room_id"])
def test_nobody_follows_what_their_key_does_not_see(branches: Branches, name: str) -> None:
    key = create_key(branches.desk, "changes:read", location_ids=[branches.locations[0]["id"]])
    hidden = {"location_id": branches.locations[1], "room_id": branches.far_rooms[0]}[name]

    assert key.get("/changes", **{name: hidden["id"]}).status_code == 404


@pytest.mark.parametrize(
    ("query", "named"),
    [
        ({"location_id": UNKNOWN_ID, "room_id": UNKNOWN_ID}, ["?location_id", "?room_id"]),
        ({"wait": "61"}, ["?wait"]),
        ({"wait": "-1"}, ["?wait"]),
        ({"limit": "501"}, ["?limit"]),
        ({"limit": "0"}, ["?limit"]),
        ({"patient_id": UNKNOWN_ID}, ["?patient_id"]),
    ],
)
def test_what_makes_no_sense_is_named(branches: Branches, query: dict[str, Any], named: list[str]) -> None:
    assert pointers(branches.desk.get("/changes", **query)) == named


def test_another_scope_is_refused_and_publishable_keys_are_too(branches: Branches) -> None:
    fields = {"kind": "publishable", "scopes": ["catalog:read"], "origins": ["https://a.example"]}
    widget = branches.desk.made("/api-keys", name="Widget", **fields)
    from_there = branches.desk.using(widget["key"])

    answers = [
        create_key(branches.desk, "appointments:read").get("/changes"),
        from_there.request("GET", "/changes", {"Origin": "https://a.example"}),
    ]

    assert [one.status_code for one in answers] == [403, 403]
    assert [one.get_json()["code"] for one in answers] == ["missing_scope", "secret_key_required"]


def test_no_cache_may_keep_it_and_only_a_page_that_exists_is_linked(branches: Branches) -> None:
    branches.booked(TEN)
    branches.booked(ELEVEN)
    settle(branches.desk.app)
    one, all_ = (branches.desk.get("/changes", limit=limit) for limit in (1, 2))

    assert one.headers["Cache-Control"] == all_.headers["Cache-Control"] == "no-store"
    assert 'rel="next"' in one.headers["Link"]
    assert "Link" not in all_.headers
