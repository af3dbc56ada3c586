"""Weekly hours and repeating blocks may hold every other week, counted from their first date."""

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from marshmallow import ValidationError

from schemas.weekly import refuse_overlaps
from tests.booking.catalogue.test_blocks import add, claims
from tests.support import samples
from tests.support.cast import Clinic, create_location, pointers, refusal_codes
from tests.support.catalogue_cast import Cast, Rows

MONDAYS = {"weekday": "mon", "valid_from": "2027-03-01", "every_weeks": 2}


def open_on(clinic: Clinic, *rows: dict[str, Any]) -> None:
    hours = [{"opens": "09:00", "closes": "19:00"} | row for row in rows]
    answer = clinic.desk.patch(f"/locations/{clinic.location['id']}", {"opening_hours": hours})
    assert answer.status_code == 200, answer.text


def days_with_slots(clinic: Clinic) -> list[str]:
    query = {"procedure_id": clinic.procedure["id"], "location_id": clinic.location["id"]}
    days = clinic.desk.get("/availability/days", **query, from_="2027-02-01", until="2027-04-20").get_json()
    return [one["on"] for one in days["days"] if one["slots"]]


def test_a_location_opens_every_other_week(clinic: Clinic) -> None:
    open_on(clinic, MONDAYS)

    # The clocks go forward on 28 March.
    assert days_with_slots(clinic) == ["2027-03-01", "2027-03-15", "2027-03-29", "2027-04-12"]


def test_the_weeks_are_the_seven_days_from_the_first_date_on(clinic: Clinic) -> None:
    open_on(clinic, MONDAYS | {"valid_from": "2027-03-03"}, MONDAYS | {"weekday": "wed"})

    assert days_with_slots(clinic) == [
        "2027-03-03", "2027-03-08", "2027-03-17", "2027-03-22", "2027-03-31", "2027-04-05", "2027-04-14",
        "2027-04-19",
    ]  # fmt: skip


def test_a_therapist_works_every_third_week(clinic: Clinic) -> None:
    there = {"location_id": clinic.location["id"], "starts": "09:00", "ends": "12:00"}
    hours = [there | MONDAYS | {"every_weeks": 3}]
    clinic.desk.patch(f"/therapists/{clinic.therapist['id']}", {"working_hours": hours})

    booked = [refusal_codes(clinic.book(f"2027-03-{day:02}T10:00:00Z")) for day in (1, 8, 15, 22)]

    assert booked == [[], ["no_therapist_available"], ["no_therapist_available"], []]


@pytest.mark.parametrize(
    ("weeks", "pointer"),
    [
        (0, ["/opening_hours/0/every_weeks"]),
        (1, []),
        (2, []),
        (52, []),
        (53, ["/opening_hours/0/every_weeks"]),
        (None, ["/opening_hours/0/every_weeks"]),
        ("2", ["/opening_hours/0/every_weeks"]),
    ],
)
def test_hours_hold_at_most_every_52nd_week(clinic: Clinic, weeks: Any, pointer: list[str]) -> None:
    row = MONDAYS | {"every_weeks": weeks, "opens": "09:00", "closes": "19:00"}
    answer = clinic.desk.patch(f"/locations/{clinic.location['id']}", {"opening_hours": [row]})

    assert (pointers(answer) if pointer else answer.get_json()["opening_hours"][0]["every_weeks"]) == (
        pointer or weeks
    )


@pytest.mark.parametrize("weeks", [0, 53])
def test_a_block_repeats_at_most_every_52nd_week(cast: Cast, weeks: int) -> None:
    repeats = {"weekdays": ["mon"], "until": "2027-04-05", "every_weeks": weeks}
    path = add(cast, cast.room, "12:00", "13:00")
    answers = [
        cast.desk.post("/blocks", samples.block(cast.room["id"], repeats=repeats)),
        cast.desk.patch(path, {"repeats": repeats}),
    ]

    assert [pointers(one) for one in answers] == [["/repeats/every_weeks"]] * 2
    assert cast.desk.get(path).get_json()["repeats"] is None


@pytest.mark.parametrize("weeks", [0, 53])
def test_work_takes_place_at_most_every_52nd_week(cast: Cast, weeks: int) -> None:
    row = MONDAYS | {"every_weeks": weeks, "location_id": cast.location["id"]}
    hours = [row | {"starts": "09:00", "ends": "17:00"}]
    answers = [
        cast.desk.post("/therapists", samples.therapist(cast.location["id"], working_hours=hours)),
        cast.desk.patch(f"/therapists/{cast.therapist['id']}", {"working_hours": hours}),
    ]

    assert [pointers(one) for one in answers] == [["/working_hours/0/every_weeks"]] * 2


def test_a_change_to_dates_without_such_a_weekday_is_refused(cast: Cast) -> None:
    """From Tuesday, 2 March, to the Sunday after it there is no Monday."""
    dates = {"weekday": "mon", "valid_from": "2027-03-02", "valid_until": "2027-03-07"}
    opening = dates | {"opens": "09:00", "closes": "17:00"}
    work = dates | {"location_id": cast.location["id"], "starts": "09:00", "ends": "17:00"}
    block = add(cast, cast.room, "2027-03-02T12:00:00Z", "2027-03-02T13:00:00Z")
    answers = [
        cast.desk.patch(f"/locations/{cast.location['id']}", {"opening_hours": [opening]}),
        cast.desk.patch(f"/therapists/{cast.therapist['id']}", {"working_hours": [work]}),
        cast.desk.patch(block, {"repeats": {"weekdays": ["mon"], "until": "2027-03-07"}}),
    ]

    assert [pointers(one) for one in answers] == [
        ["/opening_hours/0/weekday"], ["/working_hours/0/weekday"], ["/repeats/weekdays"],
    ]  # fmt: skip
    assert (
        cast.desk.patch(block, {"repeats": {"weekdays": ["mon"], "until": "2027-03-08"}}).status_code == 200
    )


def test_other_weeks_need_a_date_to_count_from(clinic: Clinic) -> None:
    row = {"weekday": "mon", "every_weeks": 2, "opens": "09:00", "closes": "19:00"}
    answer = clinic.desk.patch(f"/locations/{clinic.location['id']}", {"opening_hours": [row]})

    assert pointers(answer) == ["/opening_hours/0/valid_from"]


def test_two_rows_may_take_turns(clinic: Clinic) -> None:
    early = MONDAYS | {"opens": "08:00", "closes": "12:00"}
    open_on(clinic, early, MONDAYS | {"valid_from": "2027-03-08"})

    assert days_with_slots(clinic)[:4] == ["2027-03-01", "2027-03-08", "2027-03-15", "2027-03-22"]


def test_a_block_repeats_every_other_week_from_its_first_date(cast: Cast, rows: Rows) -> None:
    repeats = {"weekdays": ["mon", "wed"], "until": "2027-04-05", "every_weeks": 2}
    path = add(cast, cast.room, "12:00", "13:00", repeats=repeats)

    assert [start for start, _ in claims(cast, rows, cast.room)] == [
        "03-01 12:00", "03-03 12:00", "03-15 12:00", "03-17 12:00", "03-29 11:00", "03-31 11:00",
    ]  # fmt: skip
    assert cast.desk.get(path).get_json()["repeats"] == repeats


def test_a_block_of_before_repeats_every_week(cast: Cast, rows: Rows) -> None:
    path = add(cast, cast.room, "12:00", "13:00", repeats={"weekdays": ["mon"], "until": "2027-03-08"})
    id_ = path.rpartition("/")[2]
    rows(
        cast.desk, "UPDATE blocks SET repeats = repeats - 'every_weeks' WHERE id = %(id)s RETURNING 1", id=id_
    )

    shown = cast.desk.get(path).get_json()
    changed = cast.desk.patch(path, {"reason": "Rest"}).get_json()

    assert shown["repeats"] == {"weekdays": ["mon"], "until": "2027-03-08", "every_weeks": 1}
    assert changed["version"] == shown["version"] + 1
    assert len(claims(cast, rows, cast.room)) == 2


def test_the_zone_of_a_person_takes_turns_too(cast: Cast, rows: Rows) -> None:
    sydney = create_location(cast.desk, name="Sydney", timezone="Australia/Sydney")
    turns = {"weekday": "mon", "starts": "08:00", "ends": "17:00", "every_weeks": 2}
    hours = [
        turns | {"location_id": cast.location["id"], "valid_from": "2027-03-01"},
        turns | {"location_id": sydney["id"], "valid_from": "2027-03-08"},
    ]
    roamer = cast.desk.made("/therapists", **samples.therapist(sydney["id"], working_hours=hours))
    add(cast, roamer, "12:00", "13:00", repeats={"weekdays": ["mon"], "until": "2027-03-15"})

    assert [start for start, _ in claims(cast, rows, roamer)] == ["03-01 12:00", "03-08 01:00", "03-15 12:00"]


PERIODS = st.fixed_dictionaries(
    {
        "weekday": st.integers(0, 1),
        "starts": st.just(0),
        "ends": st.just(60),
        "valid_from": st.dates(date(2027, 3, 1), date(2027, 3, 30)),
        "valid_until": st.none() | st.dates(date(2027, 4, 1), date(2027, 6, 1)),
        "every_weeks": st.integers(1, 6),
    }
)


def dates_of(period: dict[str, Any]) -> set[date]:
    """Give the dates of a period in the year after its first, one by one."""
    found, turn = set(), 0
    for number in range(365):
        on = period["valid_from"] + timedelta(days=number)
        if number and number % 7 == 0:
            turn += 1
        if (period["valid_until"] is None or on <= period["valid_until"]) and on.weekday() == period[
            "weekday"
        ]:
            found |= {on} if turn % period["every_weeks"] == 0 else set()
    return found


@given(PERIODS, PERIODS)
def test_periods_overlap_when_they_share_a_date(one: dict[str, Any], other: dict[str, Any]) -> None:
    shared = bool(dates_of(one) & dates_of(other))
    try:
        refuse_overlaps("hours", [one, other], lambda _: None)
    except ValidationError:
        refused = True
    else:
        refused = False

    assert refused == shared
