"""A person's wall-clock time is that of the place where they work on that date."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from booking.catalogue.block_days import occurrences
from booking.questions.zones import Worked, Zones
from models import WorkingHours
from scheduling.ticks import from_tick

LONDON, SYDNEY, YORK = (ZoneInfo(one) for one in ("Europe/London", "Australia/Sydney", "America/New_York"))
PLACES = (LONDON, SYDNEY, YORK, ZoneInfo("Asia/Kathmandu"), ZoneInfo("Australia/Lord_Howe"))
WEEK = timedelta(days=7)


def work(zone: ZoneInfo, weekday: int, starts: int = 8, ends: int = 17, **validity: Any) -> Worked:
    """Give working hours, from one full hour to another."""
    dates = {"valid_from": None, "valid_until": None} | validity
    hours = {"weekday": weekday, "starts": starts * 60, "ends": ends * 60, "every_weeks": 1}
    return WorkingHours(therapist_id=UUID(int=1), location_id=UUID(int=2), **hours, **dates), zone


def at(local: str, zone: ZoneInfo) -> datetime:
    return datetime.fromisoformat(local).replace(tzinfo=zone).astimezone(UTC)


IN_SYDNEY = Zones(LONDON, [work(SYDNEY, weekday) for weekday in range(4)])


# 1 March 2027 is a Monday, and 08:00 in Sydney is Sunday, 21:00, in London.
@pytest.mark.parametrize(
    ("local", "zone"),
    [
        ("2027-03-01T08:00", SYDNEY),
        ("2027-03-01T16:59", SYDNEY),
        ("2027-03-04T08:00", SYDNEY),
        ("2027-03-05T12:00", LONDON),
        ("2027-03-07T12:00", LONDON),
    ],
)
def test_an_instant_is_read_by_the_clock_of_where_the_person_is(local: str, zone: ZoneInfo) -> None:
    assert IN_SYDNEY.of_instant(at(local, zone)) == zone


def test_of_two_places_on_a_day_the_nearer_hours_count() -> None:
    zones = Zones(LONDON, [work(YORK, 0, 9, 12), work(LONDON, 0, 18, 20)])

    assert zones.of_wall(datetime(2027, 3, 1, 14)) == YORK  # noqa: DTZ001 - a wall-clock time
    assert zones.of_wall(datetime(2027, 3, 1, 17)) == LONDON  # noqa: DTZ001
    assert zones.of_instant(at("2027-03-01T10:00", YORK)) == YORK
    assert zones.of_instant(at("2027-03-01T19:00", LONDON)) == LONDON


def test_hours_count_from_their_first_to_their_last_date() -> None:
    dates = {"valid_from": date(2027, 3, 8), "valid_until": date(2027, 3, 15)}
    zones = Zones(LONDON, [work(SYDNEY, 0, **dates)])

    found = [zones.on(date(2027, 3, day)) for day in (1, 8, 15, 22)]

    assert found == [LONDON, SYDNEY, SYDNEY, LONDON]


def test_a_room_has_a_single_zone() -> None:
    zones = Zones(YORK)

    assert {zones.on(date(2027, 3, 1)), zones.of_instant(at("2027-03-01T08:00", SYDNEY))} == {YORK}


WEEKS = st.lists(st.sampled_from([*PLACES, None]), min_size=7, max_size=7)


@given(
    WEEKS,
    st.dates(date(2027, 1, 1), date(2027, 12, 31)),
    st.integers(8 * 60, 16 * 60).map(lambda minute: minute // 5 * 5),
    st.integers(1, 40),
)
def test_a_repeating_block_in_working_hours_keeps_the_clock_of_each_days_place(
    places: list[ZoneInfo | None], first: date, minute: int, days: int
) -> None:
    zones = Zones(LONDON, [work(zone, day) for day, zone in enumerate(places) if zone is not None])
    while places[first.weekday()] is None and any(places):
        first += timedelta(days=1)
    start = datetime.combine(first, time(minute // 60, minute % 60), zones.on(first))
    until = first + timedelta(days=days)
    repeats = {"weekdays": list(range(7)), "until": until.isoformat()}

    spans = [span for _, span in occurrences(zones, start, start + timedelta(hours=1), repeats)]

    if zones.of_instant(start) == zones.on(first):
        clocks = [
            from_tick(span[0]).astimezone(zones.on(first + timedelta(days=number)))
            for number, span in enumerate(spans)
        ]
        assert [one.date() for one in clocks] == [first + timedelta(days=one) for one in range(days + 1)]
        assert {one.time() for one in clocks} == {time(minute // 60, minute % 60)}
    else:
        # The person works at two places at once: then either may be meant.
        assert zones.of_instant(start) in places


@given(st.sampled_from(PLACES), st.integers(0, 6), st.dates(date(2027, 1, 1), date(2027, 12, 31)))
def test_who_works_at_one_place_far_from_home_is_there_throughout_their_hours(
    place: ZoneInfo, weekday: int, on: date
) -> None:
    for home in PLACES:
        zones = Zones(home, [work(place, weekday)])
        day = on + timedelta(days=(weekday - on.weekday()) % 7)
        for hour in (8, 12, 16):
            assert zones.of_instant(datetime.combine(day, time(hour), place)) == place
