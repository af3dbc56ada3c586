"""Who creates a patient is told who may be the same person, by ids alone."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.support.catalogue_cast import Cast

KNOWN = {
    "name": "Zo\u00eb O\u2019Neill",
    "phone": "+447911123456",
    "email": "zoe@example.org",
    "born_on": "1990-02-28",
}


@pytest.mark.parametrize(
    ("fields", "same"),
    [
        ({"name": "Another", "phone": "+44 (0)7911 123456"}, True),
        ({"name": "Another", "email": "ZOE@example.org"}, True),
        ({"name": "ONEILL, zoe", "born_on": "1990-02-28"}, True),
        (KNOWN, True),
        ({"name": "Zoe O'Neill"}, False),
        ({"name": "Zoe O'Neill", "born_on": "1990-02-27"}, False),
        ({"name": "Zoe Neill", "born_on": "1990-02-28"}, False),
        ({"name": "Another", "phone": "+447911123457", "email": "z@example.org"}, False),
    ],
)
def test_the_same_phone_e_mail_or_name_and_birth_are_possible_duplicates(
    cast: Cast, fields: dict[str, Any], *, same: bool
) -> None:
    known = cast.desk.made("/patients", **KNOWN)
    made = cast.desk.made("/patients", **fields)

    assert made["possible_duplicates"] == ([known["id"]] if same else [])


def test_only_a_create_names_duplicates(cast: Cast) -> None:
    made = [cast.desk.made("/patients", **KNOWN) for _ in range(3)]
    path = f"/patients/{made[0]['id']}"

    assert [one["possible_duplicates"] for one in made] == [
        [one["id"] for one in made[:number]] for number in range(3)
    ]
    assert "possible_duplicates" not in cast.desk.get(path).get_json()
    assert "possible_duplicates" not in cast.desk.patch(path, {"name": "Z"}).get_json()


def test_another_clinics_patients_are_no_duplicates(cast: Cast, make_cast: Callable[[], Cast]) -> None:
    make_cast().desk.made("/patients", **KNOWN)

    assert cast.desk.made("/patients", **KNOWN)["possible_duplicates"] == []
