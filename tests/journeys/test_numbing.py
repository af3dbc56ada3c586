"""Actual numbing is judged by how long the cream worked and how soon the needling followed."""

import pytest
from werkzeug.test import TestResponse

from tests.journeys.cast import change_policy, doing, performed, refusals
from tests.support.cast import Clinic, Made, codes, create_procedure, pointers, refusal_codes
from tests.support.visits import flags, shown_visit

DAY = "2027-03-08"


def at_clock(clinic: Clinic, clock: str) -> Clinic:
    """Give the clinic at a clock time of the visit's day."""
    return clinic.at(f"{DAY}T{clock}:00Z")


def numbed(clinic: Clinic, code: str = "MN_FACE_STD") -> Made:
    """Book a visit for ten and put the cream on at ten past ten."""
    visit = doing(clinic, code).booked(f"{DAY}T10:00:00Z")
    visit = at_clock(clinic, "10:00").acted("arrive", visit)
    return at_clock(clinic, "10:10").acted("start-numbing", visit)


def started(clinic: Clinic, visit: Made, clock: str, off: str | None = None) -> TestResponse:
    """Start the needling; the cream came off at a given time or just now."""
    said = {"cream_off_at": f"{DAY}T{off}:00Z"} if off else {}
    return at_clock(clinic, clock).act("start", visit, **said)


@pytest.mark.parametrize(
    ("clock", "found"),
    [
        ("10:29", ["numbing_too_short"]),
        ("10:30", []),
        ("10:31", []),
        ("11:09", []),
        ("11:10", []),
        ("11:11", ["numbing_too_long"]),
    ],
)
def test_the_cream_works_20_to_60_minutes(known: Clinic, clock: str, found: list[str]) -> None:
    answer = started(known, numbed(known), clock)

    assert refusal_codes(answer) == found


@pytest.mark.parametrize(
    ("off", "clock", "found"),
    [
        ("10:29", "10:35", ["numbing_too_short"]),
        ("10:40", "10:55", []),
        ("10:40", "10:56", ["numbing_too_long"]),
        ("11:10", "11:20", []),
        ("11:11", "11:20", ["numbing_too_long"]),
        ("11:05", "11:20", []),
    ],
)
def test_the_needling_begins_within_15_minutes_of_the_creams_end(
    known: Clinic, off: str, clock: str, found: list[str]
) -> None:
    visit = numbed(known)

    answer = started(known, visit, clock, off)

    (numbing,) = [one for one in shown_visit(known, visit)["phases"] if one["kind"] == "numbing"]
    assert refusal_codes(answer) == found
    assert numbing["actual_ends_at"] == (None if found else f"{DAY}T{off}:00+00:00")


def test_a_clinics_own_gap_counts(known: Clinic) -> None:
    visit = numbed(known)
    change_policy(known, numbing_gap_minutes=20)

    assert codes(started(known, visit, "11:01", "10:40")) == ["numbing_too_long"]
    assert started(known, visit, "11:00", "10:40").status_code == 200


@pytest.mark.parametrize("off", ["10:09", "10:36"])
def test_the_cream_comes_off_between_its_start_and_now(known: Clinic, off: str) -> None:
    assert pointers(started(known, numbed(known), "10:35", off)) == ["/cream_off_at"]


@pytest.mark.parametrize("code", ["MN_FACE_SUP", "MN_FACE_STD", "MN_FACE_DEEP", "RF_MN_FACE", "MN_SCALP"])
def test_every_procedure_can_run_exactly_as_planned(known: Clinic, code: str) -> None:
    visit = performed(doing(known, code), f"{DAY}T10:00:00Z")

    assert visit["status"] == "completed"


@pytest.mark.parametrize(
    ("clock", "status"), [("10:54", 409), ("10:55", 200), ("11:15", 200), ("11:16", 409)]
)
def test_deep_needling_starts_from_45_minutes_to_as_late_as_planned(
    known: Clinic, clock: str, status: int
) -> None:
    assert started(known, numbed(known, "MN_FACE_DEEP"), clock).status_code == status


def test_a_plan_that_numbs_too_long_before_the_needling_is_refused_and_flagged(known: Clinic) -> None:
    phases = known.procedure["phases"]
    visit = known.booked(f"{DAY}T10:00:00Z")
    prep = next(one for one in phases if one["kind"] == "prep") | {"minutes": 20, "max_minutes": 20}
    slow = create_procedure(
        known.desk,
        code="SLOW",
        family="SLOW",
        phases=[prep if one["kind"] == "prep" else one for one in phases],
    )

    found = refusals(known, "2027-03-09T10:00:00Z", procedure_id=slow["id"])
    stricter = change_policy(known, numbing_gap_minutes=4)
    standing = flags(known, visit)
    change_policy(known, numbing_gap_minutes=5)

    assert found == [("numbing_too_long", None, None)]
    assert (stricter["affected"], standing) == ([visit["id"]], [("numbing_too_long", None)])
    assert flags(known, visit) == []


def test_who_was_numbed_elsewhere_still_begins_within_the_gap(known: Clinic) -> None:
    visit = at_clock(known, "10:00").acted("arrive", known.booked(f"{DAY}T10:00:00Z"))
    here = at_clock(known, "10:20")
    off = {"numbed_elsewhere": True, "cream_off_at": f"{DAY}T10:04:00Z"}

    too_long_ago = here.act("start", visit, **off)
    not_yet = here.act("start", visit, **off | {"cream_off_at": f"{DAY}T10:21:00Z"})
    in_time = here.act("start", visit, **off | {"cream_off_at": f"{DAY}T10:05:00Z"})

    assert codes(too_long_ago) == ["numbing_too_long"]
    assert pointers(not_yet) == ["/cream_off_at"]
    assert in_time.status_code == 200
