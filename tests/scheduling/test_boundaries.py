"""The engine keeps every limit just before, exactly at and just after it."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest

from scheduling.catalog import Closure, Policy, Qualification, WeeklyPeriod
from scheduling.ticks import from_tick
from tests.scheduling.cast import (
    ALICE,
    LOCATION,
    LONDON,
    NEW_YORK,
    ROOM_1,
    around,
    codes,
    create_catalog,
    create_location,
    create_patient,
    create_phase,
    create_procedure,
    create_therapist,
    judge,
    starts,
    tick_at,
    week,
)


@pytest.mark.parametrize(("clock", "refused"), [("08:55", True), ("09:00", False), ("09:05", False)])
def test_a_visit_may_begin_when_the_doors_open(clock: str, refused: bool) -> None:
    assert codes(judge(tick_at(f"2027-06-01T{clock}"))) == ["outside_opening_hours"] * refused


@pytest.mark.parametrize(("clock", "refused"), [("18:25", False), ("18:30", False), ("18:35", True)])
def test_turnover_must_end_when_the_doors_close(clock: str, refused: bool) -> None:
    turnover = create_phase(name="turnover", kind="turnover", minutes=10, therapist=False, patient=False)
    procedure = create_procedure(create_phase(), turnover)

    assert (
        codes(judge(tick_at(f"2027-06-01T{clock}"), procedure=procedure))
        == ["outside_opening_hours"] * refused
    )


@pytest.mark.parametrize(
    ("clock", "refused"), [("11:40", False), ("11:45", True), ("12:55", True), ("13:00", False)]
)
def test_a_visit_may_touch_a_closure(clock: str, refused: bool) -> None:
    closure = Closure(UUID(int=9), tick_at("2027-06-01T12:00"), tick_at("2027-06-01T13:00"))

    verdict = judge(tick_at(f"2027-06-01T{clock}"), location=create_location(closures=(closure,)))

    assert codes(verdict) == ["location_closed"] * refused


@pytest.mark.parametrize(
    ("clock", "refused"), [("09:40", False), ("09:45", True), ("10:25", True), ("10:30", False)]
)
def test_a_visit_may_touch_what_the_room_holds(clock: str, refused: bool) -> None:
    start = tick_at(f"2027-06-01T{clock}")
    busy = {(ROOM_1, 0): around(start).span(tick_at("2027-06-01T10:00"), tick_at("2027-06-01T10:30"))}

    assert codes(judge(start, busy=busy)) == ["no_room_available"] * refused


@pytest.mark.parametrize(
    ("clock", "refused"), [("09:40", False), ("09:45", True), ("10:25", True), ("10:30", False)]
)
def test_a_visit_may_touch_what_the_therapist_does(clock: str, refused: bool) -> None:
    start = tick_at(f"2027-06-01T{clock}")
    busy = {(ALICE, 0): around(start).span(tick_at("2027-06-01T10:00"), tick_at("2027-06-01T10:30"))}

    assert codes(judge(start, busy=busy, therapist_id=ALICE)) == ["therapist_busy"] * refused


@pytest.mark.parametrize(
    ("clock", "refused"), [("09:40", False), ("09:45", True), ("10:25", True), ("10:30", False)]
)
def test_a_visit_may_touch_what_the_patient_has(clock: str, refused: bool) -> None:
    patient = create_patient(busy=((tick_at("2027-06-01T10:00"), tick_at("2027-06-01T10:30")),))

    assert codes(judge(tick_at(f"2027-06-01T{clock}"), patient=patient)) == ["patient_busy"] * refused


def test_the_patient_is_free_again_while_the_room_is_turned_over() -> None:
    turnover = create_phase(name="turnover", kind="turnover", minutes=10, therapist=False, patient=False)
    patient = create_patient(busy=((tick_at("2027-06-01T10:20"), tick_at("2027-06-01T11:00")),))
    procedure = create_procedure(create_phase(), turnover)

    assert codes(judge(tick_at("2027-06-01T10:00"), patient=patient, procedure=procedure)) == []


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [(-1, []), (0, []), (1, []), (299, []), (300, ["in_the_past"]), (301, ["in_the_past"])],
)
def test_a_visit_may_begin_in_the_five_minutes_that_are_running(seconds: int, expected: list[str]) -> None:
    start = tick_at("2027-06-01T10:00")

    assert codes(judge(start, now=from_tick(start) + timedelta(seconds=seconds))) == expected


@pytest.mark.parametrize(("minutes", "expected"), [(59, ["min_notice"]), (60, []), (61, [])])
def test_the_minimum_notice_may_be_met_exactly(minutes: int, expected: list[str]) -> None:
    start, location = tick_at("2027-06-01T10:00"), create_location(policy=Policy(min_notice_minutes=60))

    assert (
        codes(judge(start, now=from_tick(start) - timedelta(minutes=minutes), location=location)) == expected
    )


@pytest.mark.parametrize(("notice", "expected"), [(0, []), (1, ["min_notice"]), (5, ["min_notice"])])
def test_a_notice_is_counted_from_now_and_none_is_needed_where_there_is_none(
    notice: int, expected: list[str]
) -> None:
    start, location = tick_at("2027-06-01T10:00"), create_location(policy=Policy(min_notice_minutes=notice))

    now = from_tick(start) + timedelta(minutes=2)

    assert codes(judge(start, now=now, location=location)) == expected


def test_what_has_passed_lacks_no_notice_besides() -> None:
    start, location = tick_at("2027-06-01T10:00"), create_location(policy=Policy(min_notice_minutes=60))

    assert codes(judge(start, now=from_tick(start) + timedelta(hours=1), location=location)) == [
        "in_the_past"
    ]


@pytest.mark.parametrize(
    ("day", "expected"), [("2027-01-13", []), ("2027-01-14", []), ("2027-01-15", ["beyond_horizon"])]
)
def test_the_horizon_is_a_local_date(day: str, expected: list[str]) -> None:
    # It is still 4 January in New York.
    now = datetime(2027, 1, 5, 4, 59, tzinfo=UTC)
    location = create_location(zone=NEW_YORK, policy=Policy(horizon_days=10))

    assert codes(judge(tick_at(f"{day}T10:00", NEW_YORK), now=now, location=location)) == expected


@pytest.mark.parametrize(("clock", "refused"), [("10:10", True), ("10:15", False), ("10:20", True)])
def test_arrivals_keep_to_the_grid(clock: str, refused: bool) -> None:
    location = create_location(policy=Policy(grid_minutes=15))

    assert codes(judge(tick_at(f"2027-06-01T{clock}"), location=location)) == ["off_grid"] * refused


LAST_DAY, FIRST_DAY = ({name: date(2027, 4, 30)} for name in ("valid_until", "valid_from"))


@pytest.mark.parametrize(
    ("validity", "day", "expected"),
    [
        (LAST_DAY, "2027-04-29", []),
        (LAST_DAY, "2027-04-30", []),
        (LAST_DAY, "2027-05-01", ["qualification_expires"]),
        (FIRST_DAY, "2027-04-29", ["therapist_unqualified"]),
        (FIRST_DAY, "2027-04-30", []),
        (FIRST_DAY, "2027-05-01", []),
    ],
)
def test_a_qualification_holds_from_its_first_day_through_its_last(
    validity: dict[str, date], day: str, expected: list[str]
) -> None:
    catalog = create_catalog(create_therapist(qualifications=(Qualification("MN_DERMAL", **validity),)))
    procedure = create_procedure(qualifications=("MN_DERMAL",))

    verdict = judge(tick_at(f"{day}T10:00"), catalog, procedure=procedure, therapist_id=ALICE)

    assert codes(verdict) == expected


@pytest.mark.parametrize(
    ("day", "refused"),
    [("2027-05-31", True), ("2027-06-01", False), ("2027-06-02", False), ("2027-06-03", True)],
)
def test_working_hours_are_valid_on_their_first_and_last_day(day: str, refused: bool) -> None:
    hours = week(valid_from=date(2027, 6, 1), valid_until=date(2027, 6, 2))
    catalog = create_catalog(create_therapist(working_hours={LOCATION: hours}))

    verdict = judge(tick_at(f"{day}T10:00"), catalog, therapist_id=ALICE)

    assert codes(verdict) == ["therapist_not_working"] * refused


def test_hours_that_touch_are_worked_through() -> None:
    halves = (WeeklyPeriod(1, 9 * 60, 12 * 60), WeeklyPeriod(1, 12 * 60, 17 * 60))
    catalog = create_catalog(create_therapist(working_hours={LOCATION: halves}))

    assert codes(judge(tick_at("2027-06-01T11:50"), catalog, therapist_id=ALICE)) == []


def test_a_night_shift_runs_over_midnight() -> None:
    location = create_location(opening_hours=week("00:00", "24:00"))

    assert codes(judge(tick_at("2027-06-01T23:50"), location=location)) == []


def first_and_last(day: str, opens: str, closes: str) -> tuple[datetime, datetime]:
    """Return the first and the last 5-minute visit of a day in London, as UTC."""
    phase = create_phase(minutes=5)
    found = starts(
        around(tick_at(f"{day}T12:00"), 12), location=create_location(opening_hours=week(opens, closes)),
        procedure=create_procedure(phase),
    )  # fmt: skip
    local = [tick for tick in found if from_tick(tick).astimezone(LONDON).date().isoformat() == day]
    return from_tick(local[0]), from_tick(local[-1]) + timedelta(minutes=5)


@pytest.mark.parametrize(
    ("day", "opens", "expected"),
    [
        pytest.param("2027-03-28", "01:30", datetime(2027, 3, 28, 1, 30, tzinfo=UTC), id="skipped"),
        pytest.param("2027-10-31", "01:30", datetime(2027, 10, 31, 0, 30, tzinfo=UTC), id="twice"),
    ],
)
def test_an_opening_that_the_clocks_skip_maps_forward_and_one_that_comes_twice_is_the_first(
    day: str, opens: str, expected: datetime
) -> None:
    assert first_and_last(day, opens, "12:00")[0] == expected


@pytest.mark.parametrize(
    ("day", "closes", "expected"),
    [
        pytest.param("2027-03-28", "01:30", datetime(2027, 3, 28, 1, 30, tzinfo=UTC), id="skipped"),
        pytest.param("2027-10-31", "01:30", datetime(2027, 10, 31, 1, 30, tzinfo=UTC), id="twice"),
    ],
)
def test_a_closing_that_the_clocks_skip_maps_forward_and_one_that_comes_twice_is_the_second(
    day: str, closes: str, expected: datetime
) -> None:
    assert first_and_last(day, "00:00", closes)[1] == expected


def test_nine_to_seven_stays_nine_to_seven_on_both_sides_of_a_clock_change() -> None:
    spans = [first_and_last(day, "09:00", "19:00") for day in ("2027-03-27", "2027-03-28", "2027-10-31")]

    assert [(opens.hour, closes.hour) for opens, closes in spans] == [(9, 19), (8, 18), (9, 19)]
