"""A repeating block may leave out the days on which visits are in its way, and names them."""

from typing import Any

import pytest
from werkzeug.test import TestResponse

from tests.booking.catalogue.test_blocks import claims
from tests.support import samples
from tests.support.cast import pointers
from tests.support.catalogue_cast import Cast, Rows

MONDAYS = {"weekdays": ["mon"], "until": "2027-03-22"}


def lay(cast: Cast, **fields: Any) -> TestResponse:
    """Block the therapist from 12:00 to 13:00 on the Mondays of March, leaving days out."""
    body = samples.block(cast.therapist["id"], repeats=MONDAYS, skip_conflicts=True)
    return cast.desk.post("/blocks", body | fields)


def laid(cast: Cast, **fields: Any) -> dict[str, Any]:
    answer = lay(cast, **fields)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.get_json()
    return made


def days(cast: Cast, rows: Rows) -> list[str]:
    """Give the days on which the therapist is blocked."""
    return [start[:5] for start, _ in claims(cast, rows, cast.therapist)]


@pytest.mark.parametrize(
    ("clock", "skipped"), [("11:40", False), ("11:45", True), ("12:55", True), ("13:00", False)]
)
def test_a_day_is_left_out_when_a_visit_meets_the_block(
    cast: Cast, rows: Rows, clock: str, skipped: bool
) -> None:
    visit = cast.book(f"2027-03-08T{clock}:00Z")
    made = laid(cast)

    assert made["skipped"] == ([{"on": "2027-03-08", "appointment_ids": [visit["id"]]}] if skipped else [])
    assert days(cast, rows) == ["03-01", *([] if skipped else ["03-08"]), "03-15", "03-22"]
    assert "skip_conflicts" not in made


def test_the_first_day_can_be_left_out_and_every_visit_is_named(cast: Cast, rows: Rows) -> None:
    other = cast.desk.made("/patients", name="Other")
    first = cast.book("2027-03-01T12:00:00Z")
    second = cast.desk.made(
        "/appointments",
        starts_at="2027-03-01T12:30:00Z",
        patient_id=other["id"],
        procedure_id=cast.procedure["id"],
        location_id=cast.location["id"],
    )
    made = laid(cast)

    assert made["skipped"] == [{"on": "2027-03-01", "appointment_ids": [first["id"], second["id"]]}]
    assert days(cast, rows) == ["03-08", "03-15", "03-22"]
    assert cast.desk.get(f"/blocks/{made['id']}").get_json()["skipped"] == made["skipped"]


def test_a_slot_hold_is_in_the_way_like_a_visit(cast: Cast) -> None:
    body = {"procedure_id": cast.procedure["id"], "location_id": cast.location["id"]}
    hold = cast.desk.made("/holds", **body, starts_at="2027-03-15T12:00:00Z")

    assert laid(cast)["skipped"] == [{"on": "2027-03-15", "appointment_ids": [hold["id"]]}]


def test_another_block_is_not_in_the_way(cast: Cast, rows: Rows) -> None:
    laid(cast, repeats=None, skip_conflicts=False)

    assert laid(cast)["skipped"] == []
    assert days(cast, rows) == ["03-01", "03-08", "03-15", "03-22"]


def test_without_it_the_visits_are_named_and_nothing_is_written(cast: Cast, rows: Rows) -> None:
    visits = [cast.book(f"2027-03-{day:02}T12:00:00Z") for day in (8, 22)]
    answer = lay(cast, skip_conflicts=False)

    assert (answer.status_code, answer.get_json()["code"]) == (409, "in_use")
    assert answer.get_json()["appointment_ids"] == [one["id"] for one in visits]
    assert (cast.desk.get("/blocks").get_json()["items"], days(cast, rows)) == ([], [])


@pytest.mark.parametrize("repeats", [None, {"weekdays": ["mon"], "until": "2027-03-08"}])
def test_a_block_of_which_no_day_is_left_is_refused(
    cast: Cast, rows: Rows, repeats: dict[str, Any] | None
) -> None:
    visits = [cast.book(f"2027-03-{day:02}T12:00:00Z") for day in ((1,) if repeats is None else (1, 8))]
    answer = lay(cast, repeats=repeats)

    assert (answer.status_code, answer.get_json()["code"]) == (409, "in_use")
    assert answer.get_json()["appointment_ids"] == [one["id"] for one in visits]
    assert (cast.desk.get("/blocks").get_json()["items"], days(cast, rows)) == ([], [])


def test_a_day_stays_left_out_while_other_blocks_change(cast: Cast, rows: Rows) -> None:
    visit = cast.book("2027-03-08T12:00:00Z")
    laid(cast)
    cast.desk.post(f"/appointments/{visit['id']}/cancel", {"reason_code": "patient", "version": 1})
    times = {"starts_at": "2027-03-08T15:00:00Z", "ends_at": "2027-03-08T16:00:00Z"}
    laid(cast, **times, repeats=None, skip_conflicts=False)

    assert claims(cast, rows, cast.therapist)[1] == ("03-08 15:00", "03-08 16:00")


def test_a_change_with_it_looks_anew_and_a_change_of_the_reason_does_not(cast: Cast, rows: Rows) -> None:
    gone, stays = cast.book("2027-03-08T12:00:00Z"), cast.book("2027-03-15T12:00:00Z")
    made = laid(cast)
    path = f"/blocks/{made['id']}"
    cast.desk.post(f"/appointments/{gone['id']}/cancel", {"reason_code": "patient", "version": 1})
    named = cast.desk.patch(path, {"reason": "Meeting"}).get_json()
    anew = cast.desk.patch(path, {"skip_conflicts": True}).get_json()

    assert [one["on"] for one in named["skipped"]] == ["2027-03-08", "2027-03-15"]
    assert anew["skipped"] == [{"on": "2027-03-15", "appointment_ids": [stays["id"]]}]
    assert anew["version"] == named["version"] + 1
    assert days(cast, rows) == ["03-01", "03-08", "03-22"]


def test_new_times_are_for_all_days_unless_they_may_be_left_out(cast: Cast, rows: Rows) -> None:
    visit = cast.book("2027-03-08T12:00:00Z")
    path = f"/blocks/{laid(cast)['id']}"
    longer = {"repeats": MONDAYS | {"until": "2027-03-29"}}
    refused = cast.desk.patch(path, longer)
    changed = cast.desk.patch(path, longer | {"skip_conflicts": True}).get_json()
    moved = {"starts_at": "2027-03-01T14:00:00Z", "ends_at": "2027-03-01T15:00:00Z"}
    free = cast.desk.patch(path, moved).get_json()

    assert (refused.status_code, refused.get_json()["appointment_ids"]) == (409, [visit["id"]])
    assert [one["on"] for one in changed["skipped"]] == ["2027-03-08"]
    assert (free["skipped"], days(cast, rows)) == ([], ["03-01", "03-08", "03-15", "03-22", "03-29"])


@pytest.mark.parametrize(
    ("fields", "pointer"),
    [
        ({"skip_conflicts": "yes"}, "/skip_conflicts"),
        ({"skip_conflicts": None}, "/skip_conflicts"),
        ({"skipped": []}, "/skipped"),
        ({"ends_at": "2027-03-01T12:00:00Z"}, "/ends_at"),
        ({"repeats": MONDAYS | {"until": "2027-02-28"}}, "/repeats/until"),
    ],
)
def test_a_malformed_block_is_refused_before_visits_are_looked_for(
    cast: Cast, fields: dict[str, Any], pointer: str
) -> None:
    cast.book("2027-03-01T12:00:00Z")

    assert pointers(lay(cast, **fields)) == [pointer]


@pytest.mark.parametrize(
    ("first", "visit", "on"),
    [
        ("2027-03-27T12:00:00Z", "2027-03-28T11:00:00Z", "2027-03-28"),
        ("2027-10-30T12:00:00+01:00", "2027-10-31T12:00:00Z", "2027-10-31"),
    ],
)
def test_days_are_told_by_the_local_date_when_the_clocks_change(
    cast: Cast, first: str, visit: str, on: str
) -> None:
    booked = cast.book(visit)
    ends = first.replace("T12", "T13")
    made = laid(cast, starts_at=first, ends_at=ends, repeats={"weekdays": ["sun"], "until": on})

    assert made["skipped"] == [{"on": on, "appointment_ids": [booked["id"]]}]
