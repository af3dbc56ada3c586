"""Two visits exchange their therapists or rooms at once, each judged at its own times, or neither changes."""

from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from werkzeug.test import TestResponse

from models import AuditEntry
from models.database import Database
from tests.support.cast import (
    UNKNOWN_ID,
    Clinic,
    Made,
    counts,
    create_clinic,
    create_key,
    create_patient,
    create_pipeline,
    create_procedure,
    create_room,
    create_staffed_location,
    create_therapist,
    event_types,
    pointers,
    rows,
    short_phases,
    working,
)
from tests.support.copying import Copied, MakeClinic
from tests.support.desk import Desk
from tests.support.racing import assert_sound
from tests.support.times import ELEVEN, TEN, at
from tests.support.visits import shown_visit

WHAT = ("therapist", "room")


@pytest.fixture
def pairs(copied: Copied[Clinic]) -> Clinic:
    """Give a clinic of two therapists and two treatment rooms."""
    return copied(_two_of_each)


def _two_of_each(make_clinic: MakeClinic) -> Clinic:
    clinic = create_clinic(make_clinic(), rooms=[{"kind": "treatment"}] * 2)
    create_therapist(clinic.desk, clinic.location, name="Colleague")
    return clinic


def ids(clinic: Clinic, path: str) -> list[str]:
    """Give the ids of the therapists, or of the rooms for treatments, in the order of their creation."""
    items = clinic.desk.get(path).get_json()["items"]
    return [one["id"] for one in items if one.get("kind", "treatment") == "treatment"]


def two_visits(clinic: Clinic, *clocks: str) -> list[Made]:
    """Book two visits, each with a therapist and a room of its own."""
    return [
        clinic.booked(at(clock), therapist_id=therapist_id, room_id=room_id, patient_id=patient_id)
        for clock, therapist_id, room_id, patient_id in zip(
            clocks,
            ids(clinic, "/therapists"),
            ids(clinic, "/rooms"),
            clinic.patients(2),
            strict=False,
        )
    ]


def swap(
    clinic: Clinic, visits: Sequence[Made], what: str, changed: Mapping[str, Any] | None = None
) -> TestResponse:
    """Ask for a swap of two visits at their versions, with some fields `changed`; None leaves a field out."""
    body = {
        "appointment_ids": [one["id"] for one in visits],
        "versions": [one["version"] for one in visits],
        "what": what,
    } | dict(changed or {})
    given = {name: value for name, value in body.items() if value is not None}
    return clinic.desk.post("/appointments/swap", given)


def swapped(clinic: Clinic, visits: Sequence[Made], what: str) -> list[Made]:
    """Swap and insist on 200."""
    answer = swap(clinic, visits, what)
    assert answer.status_code == 200, answer.text
    found: list[Made] = answer.get_json()["appointments"]
    return found


def has(visit: Made, what: str) -> str:
    """Give a visit's therapist, or the room of its treatment."""
    if what == "therapist":
        return str(visit["therapist_id"])
    return str(next(one["room_id"] for one in visit["phases"] if one["kind"] == "procedure"))


def reasons(answer: TestResponse) -> dict[int, list[str]]:
    """Give the codes of a refusal by the place of the visit."""
    assert answer.status_code == 409, answer.text
    return {
        one["position"]: [each["code"] for each in one["refusals"]] for one in answer.get_json()["visits"]
    }


@pytest.mark.parametrize("what", WHAT)
@pytest.mark.parametrize(
    "clocks", [("10:00", "10:00"), ("10:00", "10:10"), ("10:00", "10:20"), ("16:00", "10:00")]
)
def test_visits_exchange_what_they_have_and_keep_the_rest(
    pairs: Clinic, database: Database, what: str, clocks: tuple[str, str]
) -> None:
    visits = two_visits(pairs, *clocks)
    other = next(one for one in WHAT if one != what)

    done = swapped(pairs, visits, what)

    assert [one["id"] for one in done] == [one["id"] for one in visits]
    assert [has(one, what) for one in done] == [has(one, what) for one in reversed(visits)]
    assert [has(one, other) for one in done] == [has(one, other) for one in visits]
    assert [(one["starts_at"], one["version"]) for one in done] == [(one["starts_at"], 2) for one in visits]
    assert [shown_visit(pairs, one) for one in visits] == done
    for one in visits:
        assert event_types(database, pairs.desk, one) == ["appointment.booked", "appointment.reassigned"]
    assert_sound(database, pairs.desk)


@pytest.mark.parametrize("what", WHAT)
def test_visits_with_numbing_keep_their_bays_and_what_was_noted(
    desk: Desk, database: Database, what: str
) -> None:
    clinic = create_pipeline(desk)
    create_therapist(clinic.desk, clinic.location, name="Colleague")
    first, second = two_visits(clinic, "10:00", "10:00")
    first = clinic.at(TEN).acted("arrive", first)
    first = clinic.at(at("10:10")).acted("start-numbing", first)

    done = swapped(clinic.at(at("10:15")), [first, second], what)

    assert [has(one, what) for one in done] == [has(second, what), has(first, what)]
    assert [one["status"] for one in done] == ["numbing", "booked"]
    for before, after in zip((first, second), done, strict=True):
        assert [one["room_id"] for one in after["phases"][:2]] == [
            one["room_id"] for one in before["phases"][:2]
        ]
        noted = ("starts_at", "ends_at", "actual_starts_at", "actual_ends_at")
        assert [[one[name] for name in noted] for one in after["phases"]] == [
            [one[name] for name in noted] for one in before["phases"]
        ]
    assert_sound(database, clinic.desk)


@pytest.mark.parametrize("what", WHAT)
def test_what_is_equal_changes_nothing(clinic: Clinic, database: Database, what: str) -> None:
    visits = [
        clinic.booked(starts_at, patient_id=patient_id)
        for starts_at, patient_id in zip((TEN, ELEVEN), clinic.patients(2), strict=True)
    ]
    before = counts(database, clinic.desk), len(rows(database, clinic.desk, AuditEntry))

    assert swapped(clinic, visits, what) == visits
    assert (counts(database, clinic.desk), len(rows(database, clinic.desk, AuditEntry))) == before


def test_a_swap_back_restores_what_was(pairs: Clinic) -> None:
    visits = two_visits(pairs, "10:00", "10:10")

    again = swapped(pairs, swapped(pairs, visits, "room"), "room")

    assert [one["phases"] for one in again] == [one["phases"] for one in visits]


@pytest.mark.parametrize("what", WHAT)
@pytest.mark.parametrize("place", [0, 1])
def test_what_another_visit_has_at_that_time_is_refused_by_visit(
    pairs: Clinic, database: Database, what: str, place: int
) -> None:
    visits = two_visits(pairs, "10:00", "11:00")
    clock, taken = ("10:00", "11:00")[place], has(visits[1 - place], what)
    spare = {"therapist_id": create_therapist(pairs.desk, pairs.location, name="Third")["id"]}
    spare["room_id"] = create_room(pairs.desk, pairs.location, name="Room 3")["id"]
    pairs.booked(at(clock), **spare | {f"{what}_id": taken}, patient_id=create_patient(pairs.desk)["id"])
    before = counts(database, pairs.desk)

    answer = swap(pairs, visits, what)

    assert answer.get_json()["code"] == "refused"
    assert reasons(answer) == {place: [f"{what}_busy"]}
    assert [shown_visit(pairs, one) for one in visits] == visits
    assert counts(database, pairs.desk) == before


def test_the_reasons_of_both_are_listed(pairs: Clinic) -> None:
    visits = two_visits(pairs, "10:00", "16:00")
    hours = (("09:00", "12:00"), ("14:00", "19:00"))
    for one, span in zip(visits, hours, strict=True):
        body = {"working_hours": working(pairs.location, *span)}
        pairs.desk.patch(f"/therapists/{one['therapist_id']}", body)
    visits = [shown_visit(pairs, one) for one in visits]

    answer = swap(pairs, visits, "therapist")

    assert reasons(answer) == {0: ["therapist_not_working"], 1: ["therapist_not_working"]}
    assert len(answer.get_json()["refusals"]) == 2


def test_nobody_gets_a_visit_that_they_are_not_qualified_for(pairs: Clinic) -> None:
    visits = two_visits(pairs, "10:00", "15:00")
    deep = create_procedure(pairs.desk, code="DEEP", qualifications=["LASER"])
    expert = {"qualifications": [{"code": "LASER"}]}
    pairs.desk.patch(f"/therapists/{visits[0]['therapist_id']}", expert)
    special = pairs.booked(
        at("12:00"),
        procedure_id=deep["id"],
        therapist_id=visits[0]["therapist_id"],
        patient_id=create_patient(pairs.desk)["id"],
    )

    answer = swap(pairs, [visits[1], special], "therapist")

    assert reasons(answer) == {1: ["therapist_unqualified"]}


@pytest.mark.parametrize(
    ("actions", "allowed"),
    [
        ((), True),
        (("confirm",), True),
        (("arrive",), True),
        (("arrive", "start"), False),
        (("arrive", "start", "complete"), False),
    ],
)
@pytest.mark.parametrize("place", [0, 1])
def test_visits_swap_until_their_treatment_begins(
    pairs: Clinic, actions: tuple[str, ...], allowed: bool, place: int
) -> None:
    visits, now = two_visits(pairs, "10:00", "10:00"), pairs.at(TEN)
    for action in actions:
        visits[place] = now.acted(action, visits[place])

    answer = swap(now, visits, "room")

    assert answer.status_code == (200 if allowed else 409)
    if not allowed:
        assert answer.get_json()["code"] == "wrong_status"
        assert answer.get_json()["allowed"] == ["booked", "confirmed", "arrived", "numbing"]


def test_a_cancelled_visit_and_a_hold_swap_nothing(pairs: Clinic) -> None:
    first, second = two_visits(pairs, "10:00", "11:00")
    hold = pairs.held(at("15:00"))
    gone = pairs.acted("cancel", second, reason_code="patient")

    for other in (gone, {"id": hold["id"], "version": 1}):
        assert swap(pairs, [first, other], "room").get_json()["code"] == "wrong_status"


@pytest.mark.parametrize("place", [0, 1])
def test_a_version_that_is_not_the_newest_is_412_and_names_the_visit(pairs: Clinic, place: int) -> None:
    visits = two_visits(pairs, "10:00", "10:00")
    pairs.acted("confirm", visits[place])

    answer = swap(pairs, visits, "room")

    assert (answer.status_code, answer.get_json()["code"]) == (412, "stale")
    assert answer.get_json()["appointment_ids"] == [visits[place]["id"]]


def test_without_versions_it_is_428(pairs: Clinic) -> None:
    answer = swap(pairs, two_visits(pairs, "10:00", "10:00"), "room", {"versions": None})

    assert (answer.status_code, answer.get_json()["code"]) == (428, "version_required")


@pytest.mark.parametrize(
    ("fields", "pointer"),
    [
        ({"what": None}, "/what"),
        ({"what": "device"}, "/what"),
        ({"appointment_ids": None}, "/appointment_ids"),
        ({"appointment_ids": []}, "/appointment_ids"),
        ({"appointment_ids": [UNKNOWN_ID]}, "/appointment_ids"),
        ({"appointment_ids": [UNKNOWN_ID, UNKNOWN_ID]}, "/appointment_ids"),
        ({"appointment_ids": [UNKNOWN_ID, UNKNOWN_ID[:-1] + "e", UNKNOWN_ID[:-1] + "d"]}, "/appointment_ids"),
        ({"appointment_ids": [UNKNOWN_ID, "x"]}, "/appointment_ids/1"),
        ({"versions": [1]}, "/versions"),
        ({"versions": [1, 1, 1]}, "/versions"),
        ({"versions": [1, 0]}, "/versions/1"),
        ({"versions": [1, "1"]}, "/versions/1"),
        ({"override": {"codes": ["off_grid"], "reason": "No."}}, "/override"),
    ],
)
def test_a_malformed_swap_names_its_field(pairs: Clinic, fields: Made, pointer: str) -> None:
    answer = swap(pairs, two_visits(pairs, "10:00", "10:00"), "room", fields)

    assert pointers(answer) == [pointer]


def test_a_visit_does_not_swap_with_itself(pairs: Clinic) -> None:
    first, _ = two_visits(pairs, "10:00", "10:00")

    assert pointers(swap(pairs, [first, first], "room")) == ["/appointment_ids"]


@pytest.mark.parametrize("what", WHAT)
def test_visits_at_two_locations_swap_nothing(pairs: Clinic, what: str) -> None:
    there = create_staffed_location(pairs.desk)
    first, _ = two_visits(pairs, "10:00", "10:00")
    far = pairs.booked(TEN, location_id=there["id"], patient_id=create_patient(pairs.desk)["id"])

    assert pointers(swap(pairs, [first, far], what)) == ["/appointment_ids"]


@pytest.mark.parametrize("what", WHAT)
@pytest.mark.parametrize("place", [0, 1])
def test_a_visit_without_what_the_other_has_swaps_nothing(pairs: Clinic, what: str, place: int) -> None:
    alone = [{"name": "Talk", "kind": "consultation", "minutes": 20}]
    bare = create_procedure(pairs.desk, code="BARE", phases=alone)
    visit, _ = two_visits(pairs, "10:00", "10:00")
    other = pairs.booked(TEN, procedure_id=bare["id"], patient_id=create_patient(pairs.desk)["id"])
    visits = [other, visit] if place == 0 else [visit, other]

    assert pointers(swap(pairs, visits, what)) == [f"/appointment_ids/{place}"]


def test_a_room_of_a_kind_that_the_other_cannot_use_is_422(pairs: Clinic) -> None:
    create_room(pairs.desk, pairs.location, kind="consultation", name="Talks")
    talk = short_phases()[0] | {"kind": "consultation", "room_kinds": ["consultation"]}
    consultation = create_procedure(pairs.desk, code="CONSULT", family="CONSULT", phases=[talk])
    visit, _ = two_visits(pairs, "10:00", "10:00")
    other = pairs.booked(ELEVEN, procedure_id=consultation["id"], patient_id=create_patient(pairs.desk)["id"])

    assert pointers(swap(pairs, [visit, other], "room")) == ["/appointment_ids/0"]


@pytest.mark.parametrize("place", [0, 1])
def test_an_unknown_visit_and_another_clinics_are_404(pairs: Clinic, neighbour: Clinic, place: int) -> None:
    visit, _ = two_visits(pairs, "10:00", "10:00")
    # All tests of this module share the neighbour.
    clock = ("14:00", "15:00")[place]
    foreign = neighbour.booked(at(clock), patient_id=create_patient(neighbour.desk)["id"])

    for other in (foreign, {"id": UNKNOWN_ID, "version": 1}):
        visits = [other, visit] if place == 0 else [visit, other]
        answer = swap(pairs, visits, "room")
        assert answer.status_code == 404
        assert [one["pointer"] for one in answer.get_json()["errors"]] == [f"/appointment_ids/{place}"]


def test_a_key_needs_the_scope_to_write_appointments(pairs: Clinic) -> None:
    visits = two_visits(pairs, "10:00", "10:00")
    reader = pairs.using(create_key(pairs.desk, "appointments:read"))

    assert swap(reader, visits, "room").status_code == 403


def test_a_swap_that_is_sent_twice_with_its_key_is_made_once(pairs: Clinic) -> None:
    visits = two_visits(pairs, "10:00", "10:00")
    body = {"appointment_ids": [one["id"] for one in visits], "versions": [1, 1], "what": "room"}

    first, again = (
        pairs.desk.post("/appointments/swap", body, **{"Idempotency-Key": "swap-1"}) for _ in range(2)
    )

    assert (first.status_code, again.get_json()) == (200, first.get_json())
    assert again.headers["Idempotency-Replayed"] == "true"
    assert shown_visit(pairs, visits[0])["version"] == 2
