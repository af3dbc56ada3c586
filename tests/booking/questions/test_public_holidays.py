"""A location that observes public holidays is closed on them by its own civil dates."""

from datetime import date, timedelta
from typing import Any

import pytest

from booking.questions.public_holidays import is_known, public_holidays
from tests.support.cast import Clinic, Made, codes, create_clinic, every_day
from tests.support.desk import Desk

ENGLAND = {"country": "GB", "subdivision": "ENG"}
SCOTLAND = {"country": "GB", "subdivision": "SCT"}
NEW_YORK = {"timezone": "America/New_York", "country": "US", "subdivision": "NY"}
PORTUGAL = {"timezone": "Europe/Lisbon", "country": "PT"}


def observing(desk: Desk, **location: Any) -> Clinic:
    """Create a clinic that observes public holidays, by default in London."""
    return create_clinic(desk, observes_public_holidays=True, **location)


def open_hours(clinic: Clinic, first: str, until: str) -> list[tuple[str, str]]:
    """Give the open hours of the board's first room."""
    query = {"location_id": clinic.location["id"], "from_": first, "until": until}
    rows: list[Made] = clinic.desk.get("/schedule", **query).get_json()["resources"]
    spans = next(row["open"] for row in rows if row["type"] == "room")
    return [(span["starts_at"], span["ends_at"]) for span in spans]


@pytest.mark.parametrize(
    ("place", "first", "days"),
    [
        (ENGLAND, "2027-05-31", 1),
        ({"country": "GB"}, "2027-05-31", 1),
        (ENGLAND, "2027-08-30", 1),
        (SCOTLAND, "2027-08-02", 1),
        # Christmas falls on a weekend: Monday and Tuesday are observed in its stead.
        (ENGLAND, "2027-12-25", 4),
        (NEW_YORK, "2027-11-25", 1),
        (PORTUGAL, "2027-06-10", 1),
    ],
)
def test_slots_go_up_to_a_public_holiday_and_on_after_it(
    desk: Desk, place: dict[str, Any], first: str, days: int
) -> None:
    clinic, begins = observing(desk, **place), date.fromisoformat(first)
    before, after = begins - timedelta(days=1), begins + timedelta(days=days)

    found = clinic.starts(str(before), str(after + timedelta(days=1)))

    assert sorted({start[:10] for start in found}) == [str(before), str(after)]


def test_a_booking_on_a_public_holiday_is_refused_and_one_the_next_day_is_not(desk: Desk) -> None:
    clinic = observing(desk, **ENGLAND)

    assert codes(clinic.book("2027-05-31T10:00:00+01:00")) == ["location_closed"]
    assert clinic.book("2027-06-01T10:00:00+01:00").status_code == 201


@pytest.mark.parametrize("place", [{}, {"country": "GB"}, {"country": "ZZ", "subdivision": "ENG"}])
def test_a_country_alone_closes_nothing(desk: Desk, place: dict[str, Any]) -> None:
    clinic = create_clinic(desk, **place)

    assert clinic.book("2027-05-31T10:00:00+01:00").status_code == 201


@pytest.mark.parametrize(
    ("place", "day"), [(SCOTLAND, "2027-08-30"), (ENGLAND, "2027-08-02"), ({"country": "GB"}, "2027-08-30")]
)
def test_a_holiday_of_another_part_of_the_country_closes_nothing(
    desk: Desk, place: dict[str, Any], day: str
) -> None:
    clinic = observing(desk, **place)

    assert clinic.book(f"{day}T10:00:00+01:00").status_code == 201


@pytest.mark.parametrize(
    ("zone", "place", "closed", "opened"),
    [
        # Independence day of 12 July begins here at 10:00 UTC on 11 July, itself a holiday.
        ("Pacific/Kiritimati", {"country": "KI"}, "2027-07-12T03:00:00Z", "2027-07-12T19:00:00Z"),
        # The 4th of July, a Sunday, and the Monday observed in its stead end here at 11:00 UTC on 6 July.
        ("Pacific/Pago_Pago", {"country": "AS"}, "2027-07-06T05:00:00Z", "2027-07-06T20:00:00Z"),
    ],
)
def test_the_date_is_the_locations_own_on_either_side_of_the_date_line(
    desk: Desk, zone: str, place: dict[str, Any], closed: str, opened: str
) -> None:
    clinic = observing(desk, timezone=zone, **place)

    assert codes(clinic.book(closed)) == ["location_closed"]
    assert clinic.book(opened).status_code == 201


def test_the_board_shows_no_open_hours_on_a_public_holiday(desk: Desk) -> None:
    clinic = observing(desk, **ENGLAND)

    assert open_hours(clinic, "2027-05-30", "2027-06-02") == [
        ("2027-05-30T09:00:00+01:00", "2027-05-30T19:00:00+01:00"),
        ("2027-06-01T09:00:00+01:00", "2027-06-01T19:00:00+01:00"),
    ]


def test_a_holiday_on_which_the_clocks_change_closes_its_23_hours_and_no_more(desk: Desk) -> None:
    easter = observing(desk, opening_hours=every_day("00:00", "24:00"), **PORTUGAL)

    assert open_hours(easter, "2027-03-27", "2027-03-30") == [
        ("2027-03-27T00:00:00+00:00", "2027-03-28T00:00:00+00:00"),
        ("2027-03-29T00:00:00+01:00", "2027-03-30T00:00:00+01:00"),
    ]


def test_scotland_observes_2_january_and_england_does_not() -> None:
    scotland, england = public_holidays("GB", "SCT"), public_holidays("GB", "ENG")
    second, monday = date(2027, 1, 2), date(2027, 1, 4)

    assert {second, monday} <= set(scotland)
    assert not {second, monday} & set(england)


@pytest.mark.parametrize("place", [("GB", "ENG"), ("US", "NY"), ("PT", None), ("IN", "MH")])
def test_dates_rise_and_span_the_century(place: tuple[str, str | None]) -> None:
    dates = public_holidays(*place)

    assert dates == tuple(sorted(set(dates)))
    assert (dates[0].year, dates[-1].year) == (2000, 2100)


@pytest.mark.parametrize(
    ("place", "known"),
    [
        (("GB", None), True),
        (("GB", "ENG"), True),
        (("US", "NY"), True),
        (("PT", "11"), True),
        (("GB", "NY"), False),
        (("ZZ", None), False),
        (("ZZ", "ENG"), False),
    ],
)
def test_a_place_that_is_not_known_has_no_holidays(place: tuple[str, str | None], known: bool) -> None:
    assert is_known(*place) is known
    assert bool(public_holidays(*place)) is known
