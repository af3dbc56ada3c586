"""Every resource of the catalogue is listed, created, read, changed and deleted in the same way."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import pytest

from tests.support import samples
from tests.support.cast import pointers
from tests.support.catalogue_cast import Cast, Rows
from tests.support.desk import Desk
from tests.support.pages import items_page_by_page


@dataclass(frozen=True)
class Case:
    """A resource's path, body and change, what a second object must differ in, and its scopes' area."""

    path: Callable[[Cast], str]
    body: Callable[[Cast], dict[str, Any]]
    change: dict[str, Any]
    second: dict[str, Any] = field(default_factory=dict)
    area: str = "catalog"
    deletes: bool = True


CASES = {
    "locations": Case(
        lambda _: "/locations",
        lambda _: samples.location(policy={"grid_minutes": 20, "hold_seconds": 120}),
        {"name": "Soho"},
    ),
    "closures": Case(
        lambda cast: f"/locations/{cast.location['id']}/closures",
        lambda _: samples.closure(),
        {"reason": "Holidays"},
    ),
    "location-special-hours": Case(
        lambda cast: f"/locations/{cast.location['id']}/special-hours",
        lambda _: samples.special_hours(),
        {"on": "2027-03-08"},
        second={"on": "2027-03-02"},
    ),
    "therapist-special-hours": Case(
        lambda cast: f"/therapists/{cast.therapist['id']}/special-hours",
        lambda cast: samples.special_hours(location_id=cast.location["id"]),
        {"on": "2027-03-08"},
        second={"on": "2027-03-02"},
    ),
    "rooms": Case(lambda _: "/rooms", lambda cast: samples.room(cast.location["id"]), {"kind": "numbing"}),
    "devices": Case(
        lambda _: "/devices",
        lambda cast: samples.device(cast.location["id"], room_id=cast.room["id"]),
        {"room_id": None},
    ),
    "therapists": Case(
        lambda _: "/therapists", lambda cast: samples.therapist(cast.location["id"]), {"treats": False}
    ),
    "blocks": Case(
        lambda _: "/blocks",
        lambda cast: samples.block(cast.room["id"], repeats={"weekdays": ["mon"], "until": "2027-04-05"}),
        {"reason": "Repair"},
    ),
    "procedures": Case(
        lambda _: "/procedures",
        lambda _: samples.procedure(code="OTHER"),
        {"depth_mm": 0.25},
        second={"code": "SECOND"},
    ),
    "spacing-rules": Case(lambda _: "/spacing-rules", lambda _: samples.spacing_rule(), {"min_days": 30}),
    "course-templates": Case(
        lambda _: "/course-templates",
        lambda cast: samples.course_template(cast.procedure["id"]),
        {"review_days": 84},
        second={"code": "SECOND"},
    ),
    "courses": Case(
        lambda _: "/courses",
        lambda cast: samples.course(cast.patient["id"], procedure_id=cast.procedure["id"], sessions=3),
        {"sessions": 4},
        area="appointments",
        deletes=False,
    ),
    "patients": Case(
        lambda _: "/patients",
        lambda _: samples.patient(email="b@example.org", phone="+442079460000", born_on="1990-02-28"),
        {"name": "Berta Blum"},
        area="patients",
    ),
    "treatments": Case(
        lambda cast: f"/patients/{cast.patient['id']}/treatments",
        lambda _: samples.treatment(),
        {"on": "2026-12-21"},
        area="patients",
    ),
    "medical-holds": Case(
        lambda cast: f"/patients/{cast.patient['id']}/medical-holds",
        lambda _: samples.medical_hold(),
        {"resolved_on": "2027-01-03"},
        area="patients",
    ),
}

# What only the answer to a change or a create has.
OF_ONE_ANSWER = ("affected", "possible_duplicates")
DELETABLE = {name: case for name, case in CASES.items() if case.deletes}
PRIVATE = {name: case for name, case in DELETABLE.items() if case.area == "patients"}
OPEN = {name: case for name, case in DELETABLE.items() if case.area != "patients"}

every_resource = pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
every_deletable = pytest.mark.parametrize("case", DELETABLE.values(), ids=DELETABLE.keys())
every_private = pytest.mark.parametrize("case", PRIVATE.values(), ids=PRIVATE.keys())
every_open = pytest.mark.parametrize("case", OPEN.values(), ids=OPEN.keys())


def make(cast: Cast, case: Case) -> tuple[str, dict[str, Any]]:
    """Create an object of the case; give its path and the answer."""
    made = cast.desk.made(case.path(cast), **case.body(cast))
    return f"{case.path(cast)}/{made['id']}", made


def as_sent(shown: Any, sent: Any) -> Any:
    """Give the fields of an answer that were sent, to any depth; instants in UTC end with Z."""
    if isinstance(sent, dict):
        return {name: as_sent(shown[name], value) for name, value in sent.items()}
    if isinstance(sent, list):
        return [as_sent(one, value) for one, value in zip(shown, sent, strict=True)]
    return shown.replace("+00:00", "Z") if isinstance(shown, str) else shown


@every_resource
def test_what_is_created_is_shown_as_it_was_sent(cast: Cast, case: Case) -> None:
    answer = cast.desk.post(case.path(cast), case.body(cast))
    made = answer.get_json()

    assert answer.status_code == 201
    assert answer.headers["Location"] == f"/v1{case.path(cast)}/{made['id']}"
    assert as_sent(made, case.body(cast)) == case.body(cast)


@every_resource
def test_get_gives_what_create_gave(cast: Cast, case: Case) -> None:
    path, made = make(cast, case)
    for name in OF_ONE_ANSWER:
        made.pop(name, None)

    assert cast.desk.get(path).get_json() == made


@every_resource
def test_a_list_is_read_page_by_page(cast: Cast, case: Case) -> None:
    path = case.path(cast)
    before = [item["id"] for item in cast.desk.get(path).get_json()["items"]]
    first = cast.desk.made(path, **case.body(cast))
    second = cast.desk.made(path, **case.body(cast) | case.second)

    found = items_page_by_page(cast.desk, path, limit=1)

    assert [item["id"] for item in found] == [*before, first["id"], second["id"]]


@every_resource
def test_a_change_touches_the_given_fields_alone(cast: Cast, case: Case) -> None:
    path, made = make(cast, case)
    changed = cast.desk.patch(path, case.change).get_json()

    assert changed["version"] == 2
    kept = set(made) - {"version", "updated_at", *OF_ONE_ANSWER}
    assert {name: changed[name] for name in kept} == {name: made[name] for name in kept} | case.change


@every_resource
def test_a_change_to_the_same_values_is_no_new_version(cast: Cast, case: Case) -> None:
    path, _ = make(cast, case)
    cast.desk.patch(path, case.change)

    assert cast.desk.patch(path, case.change).get_json()["version"] == 2


@every_deletable
def test_what_is_deleted_is_gone(cast: Cast, case: Case) -> None:
    path, _ = make(cast, case)

    assert cast.desk.delete(path).status_code == 204
    assert cast.desk.get(path).status_code == 404


@every_deletable
def test_a_stale_version_changes_and_deletes_nothing(cast: Cast, case: Case) -> None:
    path, _ = make(cast, case)
    cast.desk.patch(path, case.change)

    assert cast.desk.patch(path, case.change, **{"If-Match": '"1"'}).status_code == 412
    assert cast.desk.patch(path, case.change | {"version": 1}).status_code == 412
    assert cast.desk.delete(path, **{"If-Match": '"1"'}).status_code == 412
    assert cast.desk.get(path).get_json()["version"] == 2


@every_resource
def test_who_has_the_version_gets_304(cast: Cast, case: Case) -> None:
    path, _ = make(cast, case)
    first = cast.desk.get(path)
    again = cast.desk.request("GET", path, {"If-None-Match": first.headers["ETag"]})

    assert again.status_code == 304
    assert again.data == b""


@every_deletable
def test_another_clinic_finds_nothing(cast: Cast, make_clinic: Callable[..., Desk], case: Case) -> None:
    path, _ = make(cast, case)
    other = make_clinic()

    assert other.get(path).status_code == 404
    assert other.patch(path, case.change).status_code == 404
    assert other.delete(path).status_code == 404
    assert cast.desk.get(path).get_json()["version"] == 1


@every_deletable
def test_an_unknown_id_is_not_found(cast: Cast, case: Case) -> None:
    path = f"{case.path(cast)}/{uuid4()}"

    assert cast.desk.get(path).status_code == 404
    assert cast.desk.patch(path, case.change).status_code == 404
    assert cast.desk.delete(path).status_code == 404


@every_deletable
def test_a_key_needs_the_scope(cast: Cast, desk_with: Callable[..., Desk], case: Case) -> None:
    path, _ = make(cast, case)
    reader = desk_with(cast, f"{case.area}:read")
    stranger = desk_with(cast, "changes:read")

    assert reader.get(path).status_code == 200
    assert reader.patch(path, case.change).status_code == 403
    assert reader.post(case.path(cast), case.body(cast)).status_code == 403
    assert reader.delete(path).status_code == 403
    assert stranger.get(path).status_code == 403
    assert stranger.get(case.path(cast)).status_code == 403


@every_resource
def test_an_unknown_field_is_named_and_nothing_is_written(cast: Cast, case: Case) -> None:
    before = cast.desk.get(case.path(cast)).get_json()
    answer = cast.desk.post(case.path(cast), case.body(cast) | {"colour": "red"})

    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.get_json()["errors"]] == ["/colour"]
    assert cast.desk.get(case.path(cast)).get_json() == before


@every_resource
def test_an_unknown_query_field_is_refused(cast: Cast, case: Case) -> None:
    assert pointers(cast.desk.get(case.path(cast), colour="red")) == ["?colour"]


def audited(cast: Cast, case: Case, rows: Rows) -> tuple[dict[str, Any], list[str], dict[str, Any]]:
    """Create, change and delete an object; give it, the acts of its audit entries and the audited change."""
    path, made = make(cast, case)
    cast.desk.patch(path, case.change)
    cast.desk.delete(path)
    found = rows(
        cast.desk,
        "SELECT split_part(action, '.', 2), changes FROM audit_log WHERE subject_id = %(id)s ORDER BY id",
        id=made["id"],
    )
    return made, [act for act, _ in found], found[1][1]


@every_open
def test_every_write_leaves_an_audit_entry(cast: Cast, case: Case, rows: Rows) -> None:
    made, acts, changes = audited(cast, case, rows)

    assert acts == ["created", "changed", "deleted"]
    assert changes == {name: {"before": made[name], "after": value} for name, value in case.change.items()}


@every_private
def test_every_write_about_a_patient_leaves_an_audit_entry_without_values(
    cast: Cast, case: Case, rows: Rows
) -> None:
    _, acts, changes = audited(cast, case, rows)

    assert acts == ["created", "changed", "deleted"]
    assert changes == {"fields": list(case.change)}


@every_resource
def test_a_change_of_the_catalogue_counts_up_its_version(cast: Cast, case: Case, rows: Rows) -> None:
    sql = "SELECT version FROM catalog_versions"
    before = rows(cast.desk, sql)
    make(cast, case)

    outside = case.area != "catalog" or case.path(cast) == "/blocks"
    assert (rows(cast.desk, sql) == before) is outside
