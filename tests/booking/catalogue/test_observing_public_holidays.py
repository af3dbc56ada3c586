"""A location that begins or ceases to observe public holidays flags or unflags its visits."""

from typing import Any

import pytest

from tests.support import samples
from tests.support.catalogue_cast import Cast
from tests.support.desk import Desk
from tests.support.visits import flag_codes

ENGLAND = {"country": "GB", "subdivision": "ENG", "observes_public_holidays": True}
SPRING, DAY_AFTER, SUMMER = (f"{day}T10:00:00Z" for day in ("2027-05-31", "2027-06-01", "2027-08-30"))


def affected(cast: Cast, **change: Any) -> list[str]:
    """Change the location and give the appointments that break the rules because of it."""
    answer = cast.desk.patch(f"/locations/{cast.location['id']}", change)
    assert answer.status_code == 200, answer.text
    found: list[str] = answer.get_json()["affected"]
    return found


def test_observing_public_holidays_flags_who_is_booked_on_one(cast: Cast) -> None:
    holiday, day_after = cast.book(SPRING), cast.book(DAY_AFTER)

    assert affected(cast, **ENGLAND) == [holiday["id"]]
    assert (flag_codes(cast, holiday), flag_codes(cast, day_after)) == (["location_closed"], [])


@pytest.mark.parametrize(
    "change",
    [
        {"observes_public_holidays": False},
        {"observes_public_holidays": False, "country": None, "subdivision": None},
        {"country": "PT", "subdivision": None},
    ],
)
def test_a_location_that_is_open_again_takes_the_flags_away(cast: Cast, change: dict[str, Any]) -> None:
    booked = cast.book(SPRING)
    affected(cast, **ENGLAND)
    flagged = flag_codes(cast, booked)

    assert affected(cast, **change) == []
    assert (flagged, flag_codes(cast, booked)) == (["location_closed"], [])


def test_another_subdivision_is_judged_by_its_own_holidays(cast: Cast) -> None:
    booked = cast.book(SUMMER)

    assert affected(cast, **ENGLAND | {"subdivision": "SCT"}) == []
    assert affected(cast, subdivision="ENG") == [booked["id"]]
    assert flag_codes(cast, booked) == ["location_closed"]


def test_a_country_that_is_not_observed_affects_nobody(cast: Cast) -> None:
    booked = cast.book(SPRING)

    assert affected(cast, country="GB", subdivision="ENG") == []
    assert flag_codes(cast, booked) == []


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"country": None}, "/country"),
        ({"country": "ZZ"}, "/country"),
        ({"country": "PT"}, "/subdivision"),
        ({"subdivision": "NY"}, "/subdivision"),
    ],
)
def test_a_location_that_observes_keeps_a_place_whose_holidays_are_known(
    desk: Desk, change: dict[str, Any], pointer: str
) -> None:
    made = desk.made("/locations", **samples.location(**ENGLAND))
    path = f"/locations/{made['id']}"
    answer = desk.patch(path, change)

    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.get_json()["errors"]] == [pointer]
    assert desk.get(path).get_json()["version"] == made["version"]


@pytest.mark.parametrize("place", [("ZZ", "ANY"), ("GB", "NY"), (None, "ENG")])
def test_a_location_that_observes_none_may_name_any_place(desk: Desk, place: tuple[str | None, str]) -> None:
    country, subdivision = place
    made = desk.made("/locations", **samples.location(country=country, subdivision=subdivision))

    assert (made["country"], made["subdivision"]) == place


@pytest.mark.parametrize("place", [("GB", "ENG"), ("GB", None), ("US", "NY"), ("PT", "11"), ("PT", None)])
def test_a_place_whose_holidays_are_known_may_be_observed(desk: Desk, place: tuple[str, str | None]) -> None:
    country, subdivision = place
    observed = {"country": country, "subdivision": subdivision, "observes_public_holidays": True}
    made = desk.made("/locations", **samples.location(**observed))

    assert {name: made[name] for name in observed} == observed
