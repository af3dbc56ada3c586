"""Blocks claim the union of their times, and repeat by the wall clock of their location."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from models.database import Database
from tests.support import samples
from tests.support.catalogue_cast import Cast, Rows
from tests.support.statements import listening

CLAIMS = """
    SELECT lane, lower(during) AT TIME ZONE 'UTC', upper(during) AT TIME ZONE 'UTC' FROM occupancies
    WHERE resource_id = %(id)s AND appointment_id IS NULL ORDER BY 1, 2
"""


def claims(cast: Cast, rows: Rows, resource: dict[str, Any], lane: int = 0) -> list[tuple[str, str]]:
    """Give the blocked times of a lane as `MM-DD HH:MM` in UTC."""
    found = rows(cast.desk, CLAIMS, id=resource["id"])
    return [(f"{start:%m-%d %H:%M}", f"{end:%m-%d %H:%M}") for on, start, end in found if on == lane]


def add(cast: Cast, resource: dict[str, Any], starts: str, ends: str, **fields: Any) -> str:
    """Block a resource between clock times of 1 March 2027, or between instants; give the block's path."""
    times = {
        name: at if "T" in at else f"2027-03-01T{at}:00Z"
        for name, at in (("starts_at", starts), ("ends_at", ends))
    }
    made = cast.desk.made("/blocks", **samples.block(resource["id"], **times, **fields))
    return f"/blocks/{made['id']}"


def test_overlapping_blocks_claim_their_union(cast: Cast, rows: Rows) -> None:
    for times in (("12:00", "13:00"), ("12:30", "14:00"), ("14:00", "14:30"), ("16:00", "17:00")):
        add(cast, cast.room, *times)

    assert claims(cast, rows, cast.room) == [
        ("03-01 12:00", "03-01 14:30"),
        ("03-01 16:00", "03-01 17:00"),
    ]


def test_deleting_one_of_two_overlapping_blocks_leaves_the_other(cast: Cast, rows: Rows) -> None:
    lunch = add(cast, cast.room, "12:00", "13:00")
    add(cast, cast.room, "12:30", "14:00")
    cast.desk.delete(lunch)

    assert claims(cast, rows, cast.room) == [("03-01 12:30", "03-01 14:00")]


def test_a_moved_block_frees_where_it_was(cast: Cast, rows: Rows) -> None:
    path = add(cast, cast.room, "12:00", "13:00")
    cast.desk.patch(path, {"starts_at": "2027-03-01T12:45:00Z", "ends_at": "2027-03-01T13:45:00Z"})

    assert claims(cast, rows, cast.room) == [("03-01 12:45", "03-01 13:45")]


def test_a_block_claims_every_place_of_a_room_whatever_its_capacity_becomes(cast: Cast, rows: Rows) -> None:
    add(cast, cast.room, "12:00", "13:00")
    path = f"/rooms/{cast.room['id']}"
    cast.desk.patch(path, {"capacity": 3})
    grown = [claims(cast, rows, cast.room, lane) for lane in range(4)]
    cast.desk.patch(path, {"capacity": 1})
    shrunk = [claims(cast, rows, cast.room, lane) for lane in range(4)]

    lunch = [("03-01 12:00", "03-01 13:00")]
    assert grown == [lunch, lunch, lunch, []]
    assert shrunk == [lunch, [], [], []]


def test_a_long_block_is_claimed_in_pieces_of_a_day_at_most(cast: Cast, rows: Rows) -> None:
    add(cast, cast.room, "2027-03-01T08:05:00Z", "2027-03-31T09:00:00Z")
    found = [(start, end) for _, start, end in rows(cast.desk, CLAIMS, id=cast.room["id"])]

    assert max(end - start for start, end in found) <= timedelta(days=1)
    assert [one[1] for one in found[:-1]] == [other[0] for other in found[1:]]
    assert (found[0][0], found[-1][1]) == (datetime(2027, 3, 1, 8, 5), datetime(2027, 3, 31, 9))  # noqa: DTZ001 - UTC, as selected


def test_a_block_over_an_appointment_is_refused_with_the_appointment(cast: Cast, rows: Rows) -> None:
    booked = cast.book("2027-03-01T12:30:00Z")
    answer = cast.desk.post("/blocks", samples.block(cast.therapist["id"]))

    assert (answer.status_code, answer.get_json()["code"]) == (409, "in_use")
    assert answer.get_json()["appointment_ids"] == [booked["id"]]
    assert cast.desk.get("/blocks").get_json()["items"] == []
    assert claims(cast, rows, cast.therapist) == []


@pytest.mark.parametrize(("starts_at", "status"), [("12:35", 201), ("12:40", 201), ("12:45", 409)])
def test_a_block_may_touch_an_appointment(cast: Cast, starts_at: str, status: int) -> None:
    cast.book("2027-03-01T13:00:00Z")
    ends = {"12:35": "12:55", "12:40": "13:00", "12:45": "13:05"}[starts_at]
    body = samples.block(
        cast.room["id"], starts_at=f"2027-03-01T{starts_at}:00Z", ends_at=f"2027-03-01T{ends}:00Z"
    )

    assert cast.desk.post("/blocks", body).status_code == status


def test_nobody_is_booked_over_a_block(cast: Cast) -> None:
    add(cast, cast.therapist, "12:00", "13:00")
    body = {
        "procedure_id": cast.procedure["id"],
        "location_id": cast.location["id"],
        "patient_id": cast.patient["id"],
        "therapist_id": cast.therapist["id"],
        "starts_at": "2027-03-01T12:45:00Z",
    }
    answer = cast.desk.post("/appointments", body).get_json()

    assert [refusal["code"] for refusal in answer["refusals"]] == ["therapist_busy"]


def test_a_repeating_block_keeps_its_wall_clock_over_the_change_to_summer_time(
    cast: Cast, rows: Rows
) -> None:
    repeats = {"weekdays": ["mon", "fri"], "until": "2027-04-02"}
    add(cast, cast.room, "2027-03-22T12:00:00Z", "2027-03-22T13:00:00Z", repeats=repeats)

    assert claims(cast, rows, cast.room) == [
        ("03-22 12:00", "03-22 13:00"),
        ("03-26 12:00", "03-26 13:00"),
        ("03-29 11:00", "03-29 12:00"),
        ("04-02 11:00", "04-02 12:00"),
    ]


@pytest.mark.parametrize(
    ("first", "until", "second"),
    [
        # The hour from 01:00 to 02:00 is missing on 28 March 2027, and comes twice on 31 October.
        ("2027-03-27T01:15:00Z", "2027-03-28", ("03-28 01:15", "03-28 01:45")),
        ("2027-10-30T00:15:00Z", "2027-10-31", ("10-31 00:15", "10-31 01:45")),
    ],
)
def test_a_repeating_block_survives_the_nights_of_the_clock_changes(
    cast: Cast, rows: Rows, first: str, until: str, second: tuple[str, str]
) -> None:
    ends = (datetime.fromisoformat(first) + timedelta(minutes=30)).astimezone(UTC).isoformat()
    repeats = {"weekdays": ["sun"], "until": until}
    add(cast, cast.room, first, ends, repeats=repeats)

    assert claims(cast, rows, cast.room)[1:] == [second]


def test_staff_are_blocked_by_the_clock_of_where_they_work_that_day(cast: Cast, rows: Rows) -> None:
    york = cast.desk.made("/locations", **samples.location(name="York", timezone="America/New_York"))
    hours = [
        {"location_id": cast.location["id"], "weekday": "mon", "starts": "09:00", "ends": "17:00"},
        {"location_id": york["id"], "weekday": "tue", "starts": "09:00", "ends": "17:00"},
    ]
    roamer = cast.desk.made("/therapists", **samples.therapist(york["id"], working_hours=hours))
    repeats = {"weekdays": ["tue", "wed"], "until": "2027-03-03"}
    add(cast, roamer, "12:00", "13:00", repeats=repeats)

    assert claims(cast, rows, roamer) == [
        ("03-01 12:00", "03-01 13:00"),
        ("03-02 17:00", "03-02 18:00"),
        ("03-03 12:00", "03-03 13:00"),
    ]


def test_a_block_far_from_the_clinics_first_location_keeps_its_morning(cast: Cast, rows: Rows) -> None:
    """London is the clinic's first location; 08:00 in Sydney is 21:00 of the day before there."""
    sydney = cast.desk.made("/locations", **samples.location(name="Sydney", timezone="Australia/Sydney"))
    hours = [
        {"location_id": sydney["id"], "weekday": day, "starts": "08:00", "ends": "17:00"}
        for day in ("mon", "tue", "wed", "thu")
    ]
    there = cast.desk.made("/therapists", **samples.therapist(sydney["id"], working_hours=hours))
    repeats = {"weekdays": ["mon", "wed"], "until": "2027-04-07"}
    times = ("2027-03-29T08:00:00+11:00", "2027-03-29T09:00:00+11:00")
    path = add(cast, there, *times, repeats=repeats)

    # In Sydney summer time ends on 4 April.
    assert claims(cast, rows, there) == [
        ("03-28 21:00", "03-28 22:00"),
        ("03-30 21:00", "03-30 22:00"),
        ("04-04 22:00", "04-04 23:00"),
        ("04-06 22:00", "04-06 23:00"),
    ]
    assert cast.desk.get(path).get_json()["starts_at"] == times[0]


def test_repeating_blocks_follow_new_working_hours_and_a_new_zone(cast: Cast, rows: Rows) -> None:
    york = cast.desk.made("/locations", **samples.location(name="York", timezone="America/New_York"))
    repeats = {"weekdays": ["tue"], "until": "2027-03-02"}
    add(cast, cast.therapist, "12:00", "13:00", repeats=repeats)
    hours = [{"location_id": york["id"], "weekday": "tue", "starts": "09:00", "ends": "17:00"}]
    cast.desk.patch(f"/therapists/{cast.therapist['id']}", {"working_hours": hours})
    in_york = claims(cast, rows, cast.therapist)[1]
    cast.desk.patch(f"/locations/{york['id']}", {"timezone": "America/Chicago"})

    assert in_york == ("03-02 17:00", "03-02 18:00")
    assert claims(cast, rows, cast.therapist)[1] == ("03-02 18:00", "03-02 19:00")


@pytest.mark.parametrize(("until", "status"), [("2029-03-01", 201), ("2029-03-02", 422)])
def test_a_block_repeats_for_two_years_at_most(cast: Cast, rows: Rows, until: str, status: int) -> None:
    repeats = {"weekdays": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"], "until": until}
    answer = cast.desk.post("/blocks", samples.block(cast.room["id"], repeats=repeats))

    assert answer.status_code == status
    assert len(claims(cast, rows, cast.room)) == (732 if status == 201 else 0)


def test_a_block_is_shown_by_the_local_clock(cast: Cast) -> None:
    path = add(cast, cast.room, "2027-07-01T11:00:00Z", "2027-07-01T12:00:00Z")

    assert cast.desk.get(path).get_json()["starts_at"] == "2027-07-01T12:00:00+01:00"


def test_blocks_are_listed_by_resource(cast: Cast) -> None:
    add(cast, cast.room, "12:00", "13:00")
    mine = add(cast, cast.therapist, "12:00", "13:00")
    found = cast.desk.get("/blocks", resource_id=cast.therapist["id"]).get_json()["items"]

    assert [f"/blocks/{one['id']}" for one in found] == [mine]


def test_another_clinics_resource_is_not_found(cast: Cast, make_cast: Callable[[], Cast]) -> None:
    answer = cast.desk.post("/blocks", samples.block(make_cast().room["id"]))

    assert answer.status_code == 404
    assert answer.get_json()["errors"][0]["pointer"] == "/resource_id"


def test_a_block_stays_with_its_resource(cast: Cast) -> None:
    path = add(cast, cast.room, "12:00", "13:00")

    assert cast.desk.patch(path, {"resource_id": cast.therapist["id"]}).status_code == 422


@pytest.mark.parametrize(
    ("capacity", "fields", "outcome"),
    [
        # 400 days in 50 places are 20,000 claims; the refusal for a visit shows that the limit allows them.
        (50, {"ends_at": "2028-04-04T12:00:00Z"}, (409, None)),
        (51, {"ends_at": "2028-04-04T12:00:00Z"}, (422, "/ends_at")),
        (
            50,
            {"ends_at": "2028-04-04T12:00:00Z", "repeats": {"weekdays": ["tue"], "until": "2027-03-09"}},
            (422, "/repeats/until"),
        ),
    ],
)
def test_a_block_of_too_many_days_and_places_is_refused(
    cast: Cast, capacity: int, fields: dict[str, Any], outcome: tuple[int, str | None]
) -> None:
    cast.book("2027-03-02T10:00:00Z")
    cast.desk.patch(f"/rooms/{cast.room['id']}", {"capacity": capacity})
    answer = cast.desk.post("/blocks", samples.block(cast.room["id"], **fields))

    errors = answer.get_json().get("errors")
    assert (answer.status_code, errors[0]["pointer"] if errors else None) == outcome


def test_a_page_of_blocks_takes_as_many_queries_however_many_resources(
    cast: Cast, database: Database
) -> None:
    asked = []
    for resources in range(1, 4):
        add(cast, cast.desk.made("/rooms", **samples.room(cast.location["id"])), "12:00", "13:00")
        add(cast, cast.desk.made("/devices", **samples.device(cast.location["id"])), "12:00", "13:00")
        add(cast, cast.desk.made("/therapists", **samples.therapist(cast.location["id"])), "12:00", "13:00")
        with listening(database) as heard:
            found = cast.desk.get("/blocks").get_json()["items"]
        assert len(found) == 3 * resources
        asked.append(len(heard))

    assert len(set(asked)) == 1
