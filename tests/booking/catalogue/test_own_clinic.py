"""The clinic itself: one object that its key reads and an administrator changes."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.support.cast import pointers
from tests.support.catalogue_cast import Cast


def test_a_clinic_has_no_default_country_at_first(cast: Cast) -> None:
    shown = cast.desk.get("/clinic").get_json()

    assert (shown["id"], shown["default_country"]) == (str(cast.desk.clinic_id), None)
    assert shown["retention"] == {"reads_days": 365, "messages_days": 30, "patients_days": None}
    assert shown.keys() == {
        "id", "version", "created_at", "updated_at", "name", "default_country", "limits",
        "retention",
    }  # fmt: skip


def test_a_retention_is_changed_member_by_member_within_bounds(cast: Cast) -> None:
    changed = cast.desk.patch("/clinic", {"retention": {"reads_days": 90}}).get_json()["retention"]
    answers = [
        cast.desk.patch("/clinic", {"retention": one})
        for one in ({"reads_days": 29}, {"patients_days": 364}, {"messages_days": None}, {"audit_days": 90})
    ]

    assert changed == {"reads_days": 90, "messages_days": 30, "patients_days": None}
    assert [pointers(one) for one in answers] == [
        ["/retention/reads_days"], ["/retention/patients_days"], ["/retention/messages_days"],
        ["/retention/audit_days"],
    ]  # fmt: skip
    assert cast.desk.get("/clinic").get_json()["retention"] == changed


def test_a_clinic_is_changed_alone(cast: Cast, make_cast: Callable[[], Cast]) -> None:
    other = make_cast().desk
    before = other.get("/clinic").get_json()
    changed = cast.desk.patch("/clinic", {"name": "Skin", "default_country": "GB"})

    assert changed.get_json() == cast.desk.get("/clinic").get_json()
    assert [changed.get_json()[name] for name in ("name", "default_country")] == ["Skin", "GB"]
    assert other.get("/clinic").get_json() == before


def test_a_clinic_is_changed_at_its_version(cast: Cast) -> None:
    tag = cast.desk.get("/clinic").headers["ETag"]
    statuses = [
        cast.desk.patch("/clinic", {"name": name}, **{"If-Match": tag}).status_code for name in ("A", "B")
    ]

    assert statuses == [200, 412]
    assert cast.desk.get("/clinic").get_json()["name"] == "A"


@pytest.mark.parametrize(
    ("fields", "pointer"),
    [
        ({"name": ""}, "/name"),
        ({"default_country": "gb"}, "/default_country"),
        ({"default_country": "ZZ"}, "/default_country"),
        ({"default_country": 44}, "/default_country"),
        ({"timezone": "Europe/London"}, "/timezone"),
    ],
)
def test_a_malformed_clinic_is_refused(cast: Cast, fields: dict[str, Any], pointer: str) -> None:
    answer = cast.desk.patch("/clinic", fields)

    assert (answer.status_code, pointers(answer)) == (422, [pointer])


def test_a_key_of_some_locations_cannot_change_the_clinic(cast: Cast) -> None:
    limited = {"name": "Soho", "kind": "secret", "scopes": ["admin"], "location_ids": [cast.location["id"]]}
    key = cast.desk.made("/api-keys", **limited)["key"]

    assert cast.desk.using(key).get("/clinic").status_code == 200
    assert cast.desk.using(key).patch("/clinic", {"name": "Soho"}).status_code == 403


def test_only_an_administrator_changes_the_clinic(cast: Cast) -> None:
    scopes = {"name": "Desk", "kind": "secret", "scopes": ["catalog:write"]}
    key = cast.desk.made("/api-keys", **scopes)["key"]

    assert cast.desk.using(key).patch("/clinic", {"name": "Soho"}).status_code == 403
