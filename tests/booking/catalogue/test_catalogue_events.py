"""Whatever a clinic offers tells of its creation, its change and its end, by kind and id alone."""

from typing import Any
from uuid import UUID

import pytest

from models import Event
from models.database import Database
from tests.booking.catalogue.test_every_resource import CASES
from tests.support.cast import Made, rows
from tests.support.catalogue_cast import Cast

RESOURCES = {
    "locations": "location",
    "closures": "closure",
    "location-special-hours": "special_opening_day",
    "therapist-special-hours": "special_working_day",
    "rooms": "room",
    "devices": "device",
    "therapists": "therapist",
    "procedures": "procedure",
    "spacing-rules": "spacing_rule",
    "course-templates": "course_template",
}


def told(database: Database, cast: Cast) -> list[Event]:
    """Read the events that tell of the catalogue."""
    return [one for one in rows(database, cast.desk, Event) if one.type == "catalogue.changed"]


def made(cast: Cast, name: str) -> tuple[str, Made]:
    """Create an object; give its path and the object."""
    case = CASES[name]
    found: dict[str, Any] = cast.desk.made(case.path(cast), **case.body(cast))
    return f"{case.path(cast)}/{found['id']}", found


@pytest.mark.parametrize("name", RESOURCES)
def test_the_catalogue_tells_of_what_is_created_changed_and_deleted(
    cast: Cast, database: Database, name: str
) -> None:
    before = len(told(database, cast))

    path, found = made(cast, name)
    cast.desk.patch(path, CASES[name].change)
    gone = cast.desk.delete(path)

    events = told(database, cast)[before:]
    assert gone.status_code == 204
    assert [one.data for one in events] == [{"resource": RESOURCES[name], "id": found["id"]}] * 3
    assert {one.subject_id for one in events} == {UUID(found["id"])}


def test_a_change_of_nothing_is_not_told(cast: Cast, database: Database) -> None:
    path, found = made(cast, "rooms")
    before = len(told(database, cast))

    cast.desk.patch(path, {"kind": found["kind"]})
    cast.desk.patch(path, {"kind": "a kind of room" * 100})

    assert len(told(database, cast)) == before


@pytest.mark.parametrize("name", ["blocks", "courses", "patients", "treatments", "medical-holds"])
def test_what_belongs_to_patients_and_days_is_no_catalogue(cast: Cast, database: Database, name: str) -> None:
    before = len(told(database, cast))

    path, _ = made(cast, name)
    cast.desk.patch(path, CASES[name].change)

    assert len(told(database, cast)) == before


@pytest.mark.parametrize(
    ("list_path", "change", "resource"),
    [
        ("/message-templates", {"subject": "See you"}, "message_template"),
        ("/hold-rules", {"active": False}, "hold_rule"),
    ],
)
def test_words_and_rules_of_medical_holds_are_told_of(
    cast: Cast, database: Database, list_path: str, change: Made, resource: str
) -> None:
    one = cast.desk.get(list_path).get_json()["items"][0]

    answer = cast.desk.patch(f"{list_path}/{one['id']}", change)

    assert answer.status_code == 200, answer.text
    assert told(database, cast)[-1].data == {"resource": resource, "id": one["id"]}


def test_the_clinics_own_name_is_told_of(cast: Cast, database: Database) -> None:
    cast.desk.patch("/clinic", {"name": "New name"})

    assert told(database, cast)[-1].data == {"resource": "clinic", "id": str(cast.desk.clinic_id)}
