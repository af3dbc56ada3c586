"""Special hours belong to a location or a therapist, one list for each date, and are found by their dates."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from models.database import Database
from tests.booking.catalogue.test_blocks import add, claims
from tests.support import samples
from tests.support.cast import pointers
from tests.support.catalogue_cast import Cast, Rows
from tests.support.desk import Desk
from tests.support.special_hours import opens_at, periods, works_at
from tests.support.visits import flag_codes

MONDAY, DATE = "2027-02-01T10:00:00Z", "2027-02-01"


def test_periods_may_touch_and_are_shown_in_order(cast: Cast) -> None:
    made = opens_at(cast.desk, cast.location, "12:00-24:00", "00:00-01:00", "09:00-12:00")

    assert made["periods"] == periods("00:00-01:00", "09:00-12:00", "12:00-24:00")


def test_a_date_has_special_hours_once(cast: Cast) -> None:
    path = f"/locations/{cast.location['id']}/special-hours"
    opens_at(cast.desk, cast.location, "10:00-14:00")
    later = opens_at(cast.desk, cast.location, "10:00-14:00", on="2027-03-02")
    answers = [
        cast.desk.post(path, samples.special_hours(periods=[])),
        cast.desk.patch(f"{path}/{later['id']}", {"on": "2027-03-01"}),
    ]

    assert [(one.status_code, one.get_json()["code"]) for one in answers] == [(409, "already_exists")] * 2
    assert [one["on"] for one in cast.desk.get(path).get_json()["items"]] == ["2027-03-01", "2027-03-02"]


def test_a_therapist_has_special_hours_once_at_each_location(cast: Cast) -> None:
    other = cast.desk.made("/locations", **samples.location(name="Other"))
    path = f"/therapists/{cast.therapist['id']}/special-hours"
    works_at(cast.desk, cast.therapist, cast.location)
    works_at(cast.desk, cast.therapist, other, "10:00-14:00")
    answer = cast.desk.post(path, samples.special_hours(location_id=other["id"]))

    assert (answer.status_code, answer.get_json()["code"]) == (409, "already_exists")
    assert len(cast.desk.get(path).get_json()["items"]) == 2


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({}, [1, 2, 3]),
        ({"from_": "2027-03-02"}, [2, 3]),
        ({"until": "2027-03-03"}, [1, 2]),
        ({"from_": "2027-03-02", "until": "2027-03-03"}, [2]),
        ({"from_": "2027-03-04"}, []),
    ],
)
def test_special_hours_are_listed_by_their_dates(cast: Cast, query: dict[str, str], found: list[int]) -> None:
    for day in (1, 2, 3):
        opens_at(cast.desk, cast.location, on=f"2027-03-0{day}")
    listed = cast.desk.get(f"/locations/{cast.location['id']}/special-hours", **query).get_json()["items"]

    assert [int(one["on"][-1]) for one in listed] == found


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ({"from_": "March"}, "?from"),
        ({"until": "2027-02-30"}, "?until"),
        ({"from_": "2027-03-02", "until": "2027-03-02"}, "?until"),
    ],
)
def test_a_range_that_is_none_is_refused(cast: Cast, query: dict[str, str], pointer: str) -> None:
    path = f"/locations/{cast.location['id']}/special-hours"

    assert pointers(cast.desk.get(path, **query)) == [pointer]


def test_an_unknown_location_or_parent_is_not_found(cast: Cast, make_cast: Callable[[], Cast]) -> None:
    theirs = make_cast()
    made = opens_at(cast.desk, cast.location)
    other = cast.desk.made("/locations", **samples.location(name="Other"))
    mine = f"/therapists/{cast.therapist['id']}/special-hours"
    elsewhere = cast.desk.post(mine, samples.special_hours(location_id=theirs.location["id"]))
    paths = (
        f"/locations/{theirs.location['id']}/special-hours",
        f"/therapists/{theirs.therapist['id']}/special-hours",
        f"/locations/{other['id']}/special-hours/{made['id']}",
    )

    assert elsewhere.status_code == 404
    assert elsewhere.get_json()["errors"][0]["pointer"] == "/location_id"
    assert [cast.desk.get(path).status_code for path in paths] == [404] * 3


def test_a_key_of_one_location_sees_the_special_hours_there_alone(
    cast: Cast, desk_with: Callable[..., Desk]
) -> None:
    other = cast.desk.made("/locations", **samples.location(name="Other"))
    here = works_at(cast.desk, cast.therapist, cast.location)
    there = works_at(cast.desk, cast.therapist, other)
    opens_at(cast.desk, other)
    key = desk_with(cast, "catalog:write", location_ids=[cast.location["id"]])
    path = f"/therapists/{cast.therapist['id']}/special-hours"

    assert [one["id"] for one in key.get(path).get_json()["items"]] == [here["id"]]
    assert key.delete(f"{path}/{there['id']}").status_code == 404
    assert key.post(path, samples.special_hours(location_id=other["id"])).status_code == 404
    assert key.get(f"/locations/{other['id']}/special-hours").status_code == 404


def test_a_location_goes_with_its_own_special_hours_but_not_with_those_of_staff(cast: Cast) -> None:
    empty, staffed = (cast.desk.made("/locations", **samples.location()) for _ in range(2))
    opens_at(cast.desk, empty)
    works_at(cast.desk, cast.therapist, staffed)

    assert cast.desk.delete(f"/locations/{empty['id']}").status_code == 204
    assert cast.desk.delete(f"/locations/{staffed['id']}").get_json()["code"] == "in_use"


@pytest.mark.parametrize("kind", ["opening", "working"])
def test_the_database_proves_that_periods_do_not_overlap(cast: Cast, database: Database, kind: str) -> None:
    opens_at(cast.desk, cast.location, "10:00-14:00")
    works_at(cast.desk, cast.therapist, cast.location, "10:00-14:00")
    copy = text(
        f"INSERT INTO special_{kind}_periods (clinic_id, id, day_id, starts, ends)"  # noqa: S608 - ours
        f" SELECT clinic_id, gen_random_uuid(), day_id, 835, 900 FROM special_{kind}_periods"
    )

    with (
        pytest.raises(IntegrityError, match=f"ex_special_{kind}_periods_overlap"),
        database.transaction(cast.desk.clinic_id) as session,
    ):
        session.execute(copy)


@pytest.mark.parametrize(
    ("spans", "codes"),
    [((), ["outside_opening_hours"]), (("10:05-19:00",), ["outside_opening_hours"]), (("10:00-10:20",), [])],
)
def test_a_location_flags_who_is_booked_outside_its_special_hours(
    cast: Cast, spans: tuple[str, ...], codes: list[str]
) -> None:
    booked, next_day = cast.book(MONDAY), cast.book("2027-02-02T10:00:00Z")
    made = opens_at(cast.desk, cast.location, *spans, on=DATE)

    assert made["affected"] == ([booked["id"]] if codes else [])
    assert (flag_codes(cast, booked), flag_codes(cast, next_day)) == (codes, [])


@pytest.mark.parametrize("takes_back", [{"periods": periods("09:00-12:00")}, {"on": "2027-02-08"}, None])
@pytest.mark.parametrize("whose", ["location", "therapist"])
def test_hours_that_come_back_take_the_flags_away(
    cast: Cast, whose: str, takes_back: dict[str, Any] | None
) -> None:
    booked = cast.book(MONDAY)
    if whose == "location":
        made = opens_at(cast.desk, cast.location, on=DATE)
    else:
        made = works_at(cast.desk, cast.therapist, cast.location, on=DATE)
    path = f"/{whose}s/{getattr(cast, whose)['id']}/special-hours/{made['id']}"
    flagged = flag_codes(cast, booked)
    _ = cast.desk.delete(path) if takes_back is None else cast.desk.patch(path, takes_back)

    assert flagged == [{"location": "outside_opening_hours", "therapist": "therapist_not_working"}[whose]]
    assert flag_codes(cast, booked) == []


def test_hours_at_another_location_affect_nobody_here(cast: Cast) -> None:
    booked = cast.book(MONDAY)
    other = cast.desk.made("/locations", **samples.location(name="Other"))

    assert works_at(cast.desk, cast.therapist, other, "10:00-14:00", on=DATE)["affected"] == []
    assert opens_at(cast.desk, other, on=DATE)["affected"] == []
    assert flag_codes(cast, booked) == []


def test_a_visit_past_midnight_is_judged_by_the_special_hours_of_both_dates(cast: Cast) -> None:
    path, night = f"/locations/{cast.location['id']}", [("sun", "20:00", "24:00"), ("mon", "00:00", "04:00")]
    hours = [{"weekday": day, "opens": opens, "closes": closes} for day, opens, closes in night]
    cast.desk.patch(path, {"opening_hours": hours})
    work = [
        {"location_id": cast.location["id"], "weekday": day, "starts": a, "ends": b} for day, a, b in night
    ]
    cast.desk.patch(f"/therapists/{cast.therapist['id']}", {"working_hours": work})
    booked = cast.book("2027-01-31T23:50:00Z")

    assert opens_at(cast.desk, cast.location, "00:05-04:00", on=DATE)["affected"] == [booked["id"]]
    assert flag_codes(cast, booked) == ["outside_opening_hours"]


def test_special_hours_elsewhere_make_that_dates_clock_the_one_there(cast: Cast, rows: Rows) -> None:
    york = cast.desk.made("/locations", **samples.location(name="York", timezone="America/New_York"))
    repeats = {"weekdays": ["mon", "tue", "wed"], "until": "2027-03-03"}
    add(cast, cast.therapist, "12:00", "13:00", repeats=repeats)
    made = works_at(cast.desk, cast.therapist, york, "09:00-17:00", on="2027-03-02")
    in_york = claims(cast, rows, cast.therapist)
    path = f"/therapists/{cast.therapist['id']}/special-hours/{made['id']}"
    cast.desk.patch(path, {"periods": []})
    not_there = claims(cast, rows, cast.therapist)
    cast.desk.patch(path, {"periods": periods("09:00-17:00"), "on": "2027-03-03"})
    next_day = claims(cast, rows, cast.therapist)
    cast.desk.delete(path)

    at_noon = [(f"03-0{day} 12:00", f"03-0{day} 13:00") for day in (1, 2, 3)]
    assert in_york == [at_noon[0], ("03-02 17:00", "03-02 18:00"), at_noon[2]]
    assert not_there == at_noon
    assert next_day == [*at_noon[:2], ("03-03 17:00", "03-03 18:00")]
    assert claims(cast, rows, cast.therapist) == at_noon


def test_a_therapist_is_listed_where_only_special_hours_are(cast: Cast) -> None:
    there, gone = (cast.desk.made("/locations", **samples.location()) for _ in range(2))
    works_at(cast.desk, cast.therapist, there, "10:00-14:00")
    works_at(cast.desk, cast.therapist, gone)

    found = [
        cast.desk.get("/therapists", location_id=place["id"]).get_json()["items"] for place in (there, gone)
    ]

    assert [[one["id"] for one in items] for items in found] == [[cast.therapist["id"]], []]
