"""Whatever changes the body of an object changes its entity tag: every object is read after every event."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from werkzeug.test import TestResponse

from tests.api.furnished import Furnished, furnish
from tests.support.copying import Copied
from tests.support.desk import Desk
from tests.support.openapi import operations

Read = dict[str, tuple[str | None, Any]]


@pytest.fixture
def furnished(copied: Copied[Furnished]) -> Furnished:
    """Give a clinic with an object of every kind."""
    return copied(furnish)


def paths(furnished: Furnished) -> Iterator[str]:
    """Give the path of an object of each kind that has a version."""
    document = furnished.desk.app.test_client().get("/openapi.json").get_json()
    for path, method, operation in operations(document):
        headers = operation["responses"].get("200", {}).get("headers", {})
        if method == "get" and path.endswith("}") and "ETag" in headers:
            below = path.removeprefix("/v1")
            yield below.format_map(furnished.values_for(below))


def read(desk: Desk, all_of_them: list[str]) -> Read:
    """Read the objects, each with its tag."""
    answers = {path: desk.get(path) for path in all_of_them}
    shown = {path: one for path, one in answers.items() if one.status_code == 200}
    return {path: (one.headers.get("ETag"), one.get_json()) for path, one in shown.items()}


def test_whatever_changes_a_body_changes_its_tag(furnished: Furnished) -> None:
    desk, values = furnished.desk, furnished.values
    every = list(paths(furnished))
    own = f"/patients/{values['patient_id']}"
    visit = f"/appointments/{values['appointment_id']}"
    here = values["location_id"]
    soho = next(one["id"] for one in desk.get("/locations").get_json()["items"] if one["id"] != here)
    way = {"travel_minutes": [{"location_id": here, "minutes": 45}]}
    medical_hold = {"code": "keloid_tendency", "opened_on": "2027-01-01"}
    events: list[Callable[[], TestResponse]] = [
        lambda: desk.post(f"{own}/medical-holds", medical_hold),
        lambda: desk.patch(own, {"name": "Other"}),
        lambda: desk.patch(f"/locations/{soho}", way),
        lambda: desk.patch(f"/procedures/{values['procedure_id']}", {"name": "Other"}),
        lambda: desk.patch(f"/therapists/{values['therapist_id']}", {"name": "Other"}),
        lambda: desk.patch(f"/rooms/{values['room_id']}", {"name": "Other"}),
        lambda: desk.post(f"{visit}/cancel", {"reason_code": "patient"}, **{"If-Match": "*"}),
    ]
    changed: set[str] = set()
    before = read(desk, every)
    for event in events:
        answer = event()
        assert answer.status_code < 300, answer.text
        after = read(desk, every)
        other = {path for path in before.keys() & after.keys() if before[path][1] != after[path][1]}
        assert [path for path in other if before[path][0] == after[path][0]] == []
        changed |= {path.split("/")[1] for path in other}
        before = after
    later = read(desk.at("2027-12-01T08:00:00Z"), every)
    other = {path for path in later if later[path][1] != before[path][1]}

    assert [path for path in other if before[path][0] == later[path][0]] == []
    assert len(every) > 20
    assert changed >= {"appointments", "courses", "patients", "procedures", "rooms", "therapists"}
