"""Medical holds: how they are opened, which fields they keep, and whose they are."""

from collections.abc import Callable
from typing import Any

import pytest

from scheduling.clinical import HOLDS
from tests.support import samples
from tests.support.catalogue_cast import Cast, Rows
from tests.support.desk import Desk
from tests.support.refusals import refused_pointers

MALFORMED = [
    ({"code": "flu"}, "/code"),
    ({"code": None}, "/code"),
    ({"areas": ["NOSE"]}, "/areas/0"),
    ({"areas": ["NECK", "NECK"]}, "/areas"),
    ({"opened_on": "2027-01-05"}, "/opened_on"),
    ({"opened_on": None}, "/opened_on"),
    ({"resolved_on": "2027-01-01"}, "/resolved_on"),
    ({"resolved_on": "2027-01-05"}, "/resolved_on"),
    ({"earliest_on": "soon"}, "/earliest_on"),
    ({"release_appointments": "yes"}, "/release_appointments"),
    ({"signed_off": None}, "/signed_off"),
    ({"released_by": "therapist"}, "/released_by"),
]


def path_of(cast: Cast) -> str:
    return f"/patients/{cast.patient['id']}/medical-holds"


@pytest.mark.parametrize("code", HOLDS)
def test_a_hold_of_every_code_tells_who_releases_it(cast: Cast, code: str) -> None:
    made = cast.desk.made(path_of(cast), code=code, opened_on="2027-01-04")
    [rule] = cast.desk.get("/hold-rules", code=code).get_json()["items"]

    assert (made["code"], made["released_by"]) == (code, rule["released_by"])
    assert (made["areas"], made["resolved_on"], made["earliest_on"]) == ([], None, None)
    assert (made["signed_off"], made["affected"]) == (None, [])


def test_the_level_follows_the_clinics_rule(cast: Cast) -> None:
    made = cast.desk.made(path_of(cast), **samples.medical_hold())
    [rule] = cast.desk.get("/hold-rules", code="infection").get_json()["items"]
    cast.desk.patch(f"/hold-rules/{rule['id']}", {"released_by": "therapist", "active": False})

    assert cast.desk.get(f"{path_of(cast)}/{made['id']}").get_json()["released_by"] == "therapist"


@pytest.mark.parametrize(("fields", "pointer"), MALFORMED)
def test_a_malformed_hold_is_refused(cast: Cast, fields: dict[str, Any], pointer: str) -> None:
    assert refused_pointers(cast, path_of(cast), samples.medical_hold(**fields)) == [pointer]


def test_a_hold_needs_its_code_and_its_first_day(cast: Cast) -> None:
    assert sorted(refused_pointers(cast, path_of(cast), {})) == ["/code", "/opened_on"]


@pytest.mark.parametrize(
    ("resolved_on", "status", "found"),
    [
        ("2027-01-01", 422, ["/resolved_on"]),
        ("2027-01-02", 200, []),
        ("2027-01-03", 200, []),
        ("2027-01-04", 200, []),
        ("2027-01-05", 422, ["/resolved_on"]),
    ],
)
def test_a_hold_is_resolved_from_its_first_day_to_today(
    cast: Cast, resolved_on: str, status: int, found: list[str]
) -> None:
    made = cast.desk.made(path_of(cast), **samples.medical_hold())
    answer = cast.desk.patch(f"{path_of(cast)}/{made['id']}", {"resolved_on": resolved_on})

    errors = answer.get_json().get("errors", [])
    assert (answer.status_code, [error["pointer"] for error in errors]) == (status, found)


def test_a_hold_says_why_it_cannot_be_resolved_before_it_was_opened(cast: Cast) -> None:
    answer = cast.desk.post(path_of(cast), samples.medical_hold(resolved_on="2027-01-01"))

    assert answer.get_json()["errors"] == [
        {"pointer": "/resolved_on", "message": "Must not lie before opened_on."}
    ]


def test_a_resolved_hold_can_be_opened_again(cast: Cast) -> None:
    made = cast.desk.made(path_of(cast), **samples.medical_hold(resolved_on="2027-01-03"))
    changed = cast.desk.patch(f"{path_of(cast)}/{made['id']}", {"resolved_on": None}).get_json()

    assert (changed["resolved_on"], changed["version"]) == (None, 2)


@pytest.mark.parametrize("fields", [{"code": "pregnancy"}, {"opened_on": "2027-01-01"}])
def test_code_and_first_day_are_fixed(cast: Cast, fields: dict[str, str]) -> None:
    made = cast.desk.made(path_of(cast), **samples.medical_hold())
    answer = cast.desk.patch(f"{path_of(cast)}/{made['id']}", fields)

    assert answer.get_json()["errors"] == [
        {"pointer": f"/{name}", "message": "Cannot be changed."} for name in fields
    ]


def test_a_hold_can_be_sent_back_as_it_is(cast: Cast) -> None:
    body = samples.medical_hold(resolved_on="2027-01-03", earliest_on="2027-02-01")
    made = cast.desk.made(path_of(cast), **body)

    assert cast.desk.patch(f"{path_of(cast)}/{made['id']}", body).get_json()["version"] == 1


def test_what_becomes_of_appointments_is_said_on_opening_alone_and_not_kept(cast: Cast) -> None:
    made = cast.desk.made(path_of(cast), **samples.medical_hold(release_appointments=True))
    answer = cast.desk.patch(f"{path_of(cast)}/{made['id']}", {"release_appointments": True})

    assert "release_appointments" not in made
    assert [error["pointer"] for error in answer.get_json()["errors"]] == ["/release_appointments"]


def test_each_patient_has_holds_of_their_own(cast: Cast) -> None:
    made = cast.desk.made(path_of(cast), **samples.medical_hold())
    other = cast.desk.made("/patients", **samples.patient(name="Carla Cole"))
    theirs = f"/patients/{other['id']}/medical-holds"

    assert cast.desk.get(theirs).get_json()["items"] == []
    assert cast.desk.get(f"{theirs}/{made['id']}").status_code == 404
    assert cast.desk.post(f"{theirs}/{made['id']}/sign-off", {"reason": "Healed"}).status_code == 404


def test_another_clinic_finds_neither_patient_nor_hold(cast: Cast, make_cast: Callable[[], Cast]) -> None:
    made = cast.desk.made(path_of(cast), **samples.medical_hold())
    stranger = make_cast().desk
    sign_off = f"{path_of(cast)}/{made['id']}/sign-off"

    assert stranger.get(path_of(cast)).status_code == 404
    assert stranger.post(path_of(cast), samples.medical_hold()).status_code == 404
    assert stranger.post(sign_off, {"reason": "Healed"}).status_code == 404
    assert cast.desk.get(f"{path_of(cast)}/{made['id']}").get_json()["version"] == 1


def test_a_key_of_one_location_sees_a_patients_holds(cast: Cast, desk_with: Callable[..., Desk]) -> None:
    made = cast.desk.made(path_of(cast), **samples.medical_hold())
    limited = desk_with(cast, "patients:read", location_ids=[cast.location["id"]])

    assert [one["id"] for one in limited.get(path_of(cast)).get_json()["items"]] == [made["id"]]


def test_a_patient_with_a_hold_cannot_be_deleted(cast: Cast) -> None:
    cast.desk.made(path_of(cast), **samples.medical_hold())

    assert cast.desk.delete(f"/patients/{cast.patient['id']}").get_json()["code"] == "in_use"


def test_the_audit_log_names_the_fields_and_none_of_their_values(cast: Cast, rows: Rows) -> None:
    made = cast.desk.made(path_of(cast), **samples.medical_hold())
    cast.desk.patch(f"{path_of(cast)}/{made['id']}", {"areas": []})
    cast.desk.delete(f"{path_of(cast)}/{made['id']}")
    entries = rows(
        cast.desk,
        "SELECT action, changes FROM audit_log WHERE subject_id = %(id)s ORDER BY id",
        id=made["id"],
    )

    assert [action.partition(".")[2] for action, _ in entries] == ["created", "changed", "deleted"]
    assert [list(changes) for _, changes in entries] == [["fields"]] * 3
    assert entries[1][1] == {"fields": ["areas"]}
