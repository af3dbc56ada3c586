"""An administrator of some locations can neither make nor see a key that reaches more locations."""

from dataclasses import dataclass
from typing import Any

import pytest

from tests.support.cast import pointers
from tests.support.desk import Desk

KEY = {"name": "Key", "kind": "secret", "scopes": ["admin"]}


@dataclass(frozen=True)
class Branch:
    """A clinic's first desk, an administrator of two of its three locations, and the locations' ids."""

    whole: Desk
    limited: Desk
    locations: list[str]


@pytest.fixture
def branch(desk: Desk) -> Branch:
    """Create three locations and a key with `admin` for the first two."""
    places = [desk.made("/locations", name=name, timezone="Europe/London")["id"] for name in "ABC"]
    key = desk.made("/api-keys", **KEY, location_ids=places[:2])["key"]
    return Branch(desk, desk.using(key), places)


def wider(branch: Branch, which: str) -> list[str] | None:
    """Give location_ids beyond the limited key's own."""
    choices: dict[str, list[str] | None] = {
        "all": None,
        "another": branch.locations[2:],
        "one more": branch.locations,
        "unknown": ["018f3f3e-0000-7000-8000-00000000000a"],
    }
    return choices[which]


@pytest.mark.parametrize("which", ["all", "another", "one more", "unknown"])
def test_a_limited_key_makes_none_that_sees_more(branch: Branch, which: str) -> None:
    answer = branch.limited.post("/api-keys", {**KEY, "location_ids": wider(branch, which)})

    assert pointers(answer) == ["/location_ids"]


def test_a_limited_key_that_names_no_locations_makes_none(branch: Branch) -> None:
    assert branch.limited.post("/api-keys", KEY).status_code == 422


@pytest.mark.parametrize("which", ["all", "another", "one more", "unknown"])
def test_a_limited_key_lets_none_see_more(branch: Branch, which: str) -> None:
    made = branch.limited.made("/api-keys", **KEY, location_ids=branch.locations[:1])
    path = f"/api-keys/{made['id']}"

    answer = branch.limited.patch(path, {"location_ids": wider(branch, which)})

    assert answer.status_code == 422
    assert branch.whole.get(path).get_json()["location_ids"] == branch.locations[:1]


@pytest.mark.parametrize("number", [0, 1, 2])
def test_a_limited_key_makes_and_changes_keys_within_its_locations(branch: Branch, number: int) -> None:
    within = branch.locations[:number]

    made = branch.limited.made("/api-keys", **KEY, location_ids=within)
    changed = branch.limited.patch(f"/api-keys/{made['id']}", {"location_ids": branch.locations[1:2]})

    assert made["location_ids"] == within
    assert changed.get_json()["location_ids"] == branch.locations[1:2]


def acts(desk: Desk, key: dict[str, Any]) -> list[int]:
    """Do everything that can be done to a key, and give the statuses."""
    path = f"/api-keys/{key['id']}"
    answers = [
        desk.get(path),
        desk.patch(path, {"name": "Mine"}),
        desk.post(f"{path}/rotate"),
        desk.post(f"{path}/revoke"),
    ]
    return [answer.status_code for answer in answers]


@pytest.mark.parametrize("which", ["all", "another", "one more"])
def test_a_limited_key_knows_of_none_that_sees_more(branch: Branch, which: str) -> None:
    made = branch.whole.made("/api-keys", **KEY, location_ids=wider(branch, which))

    listed = branch.limited.get("/api-keys").get_json()["items"]

    assert made["id"] not in {one["id"] for one in listed}
    assert acts(branch.limited, made) == [404] * 4
    assert branch.whole.using(made["key"]).get("/api-keys").status_code == 200


def test_a_limited_key_keeps_those_within_its_locations(branch: Branch) -> None:
    made = branch.whole.made("/api-keys", **KEY, location_ids=branch.locations[:1])

    listed = branch.limited.get("/api-keys").get_json()["items"]

    assert [one["location_ids"] for one in listed] == [branch.locations[:2], branch.locations[:1]]
    assert acts(branch.limited, made) == [200] * 4
