"""The five minutes that are running are not the past: for search, booking, holds and moves alike."""

from collections.abc import Callable

import pytest
from werkzeug.test import TestResponse

from tests.support.cast import Clinic, Made, codes, create_key, refusal
from tests.support.times import DAY, NEXT_DAY, TEN, at
from tests.support.visits import shown_visit

CLOCKS = [
    ("09:59:59", True),
    ("10:00:00", True),
    ("10:00:01", True),
    ("10:02:00", True),
    ("10:04:59", True),
    ("10:05:00", False),
    ("10:05:01", False),
]
LATE = {"codes": ["in_the_past"], "reason": "Walked in."}


def clinic_at(clinic: Clinic, clock: str) -> Clinic:
    """Give the clinic at a clock time with seconds."""
    return clinic.at(f"{DAY}T{clock}+00:00")


def moved_to_ten(clinic: Clinic) -> TestResponse:
    """Move a visit of the afternoon to ten."""
    visit = clinic.at(at("09:00")).booked(at("15:00"))
    return clinic.act("reschedule", visit, starts_at=TEN)


def moved_five_minutes_back(clinic: Clinic) -> TestResponse:
    """Move a visit at five past ten to ten, into its own former time."""
    visit = clinic.at(at("09:00")).booked(at("10:05"))
    return clinic.act("reschedule", visit, starts_at=TEN, therapist_id=clinic.therapist["id"])


WAYS: tuple[Callable[[Clinic], TestResponse], ...] = (
    lambda clinic: clinic.book(TEN),
    lambda clinic: clinic.hold(TEN),
    moved_to_ten,
    moved_five_minutes_back,
)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(("clock", "allowed"), CLOCKS)
def test_a_visit_at_ten_can_be_had_until_five_past(
    clinic: Clinic, way: Callable[[Clinic], TestResponse], clock: str, allowed: bool
) -> None:
    answer = way(clinic_at(clinic, clock))

    if allowed:
        assert answer.status_code in {200, 201}
    else:
        assert codes(answer) == ["in_the_past"]


@pytest.mark.parametrize(("clock", "allowed"), CLOCKS)
def test_every_question_answers_as_the_booking_does(clinic: Clinic, clock: str, allowed: bool) -> None:
    now = clinic_at(clinic, clock)
    asked = {"procedure_id": clinic.procedure["id"], "location_id": clinic.location["id"]}
    first = TEN if allowed else at("10:05")

    explained = now.desk.get("/availability/explain", **asked, starts_at=TEN).get_json()
    validated = now.desk.post("/appointments/validate", now.wish(TEN)).get_json()
    upcoming = now.desk.get("/availability/next", **asked).get_json()

    assert (explained["bookable"], validated["bookable"]) == (allowed, allowed)
    assert (TEN in now.starts(DAY, NEXT_DAY)) == allowed
    if clock != "09:59:59":
        assert now.starts(DAY, NEXT_DAY)[0] == upcoming["starts_at"] == first


@pytest.mark.parametrize("clock", ["10:00:00", "10:02:00", "10:04:59", "10:05:00"])
def test_every_slot_that_is_found_can_be_booked(clinic: Clinic, clock: str) -> None:
    now = clinic_at(clinic, clock)

    assert now.book(now.starts(DAY, NEXT_DAY)[0]).status_code == 201


def test_who_walks_in_at_two_past_is_booked_for_ten_and_treated(clinic: Clinic) -> None:
    now = clinic.at(at("10:02"))

    visit = now.acted("arrive", now.booked(TEN))
    started = now.acted("start", visit)

    assert (started["starts_at"], started["status"]) == (TEN, "in_progress")


def test_who_comes_early_is_moved_to_now_in_one_call(clinic: Clinic) -> None:
    visit = clinic.booked(at("15:00"))

    moved = clinic.at(at("10:02")).acted("reschedule", visit, starts_at=TEN)

    assert (moved["starts_at"], moved["overrides"]) == (TEN, [])


@pytest.mark.parametrize(
    ("policy", "now", "clock", "code"),
    [
        ({"min_notice_minutes": 60}, "10:02", "10:00", "min_notice"),
        ({"grid_minutes": 15}, "10:22", "10:20", "off_grid"),
    ],
)
def test_notice_and_grid_are_the_desks_to_override_for_now(
    clinic: Clinic, policy: Made, now: str, clock: str, code: str
) -> None:
    clinic.desk.patch(f"/locations/{clinic.location['id']}", {"policy": policy})
    desk = clinic.using(create_key(clinic.desk, "appointments:write", "override:desk")).at(at(now))
    override = {"codes": [code], "reason": "Walked in."}

    refused = desk.book(at(clock))
    given = desk.booked(at(clock), override=override)
    given = desk.acted("reschedule", given, starts_at=at("16:00"))
    back = desk.act("reschedule", given, starts_at=at(clock))
    moved = desk.acted("reschedule", given, starts_at=at(clock), override=override)

    assert (codes(refused), codes(back)) == ([code], [code])
    assert refusal(refused, code)["overridable_by"] == "desk"
    assert [one["codes"] for one in moved["overrides"]] == [[code], [code]]


@pytest.mark.parametrize(("clock", "needed"), [("09:50", True), ("09:55", True), ("10:00", False)])
def test_a_move_further_back_needs_an_override_of_the_past(clinic: Clinic, clock: str, needed: bool) -> None:
    visit, now = clinic.booked(at("15:00")), clinic.at(at("10:02"))
    clerk = now.using(create_key(clinic.desk, "appointments:write", "appointments:read"))

    plain = clerk.act("reschedule", visit, starts_at=at(clock))
    if not needed:
        assert plain.status_code == 200
        return
    forbidden = clerk.act("reschedule", visit, starts_at=at(clock), override=LATE)
    moved = now.acted("reschedule", visit, starts_at=at(clock), override=LATE)

    assert (codes(plain), forbidden.status_code) == (["in_the_past"], 403)
    assert shown_visit(clinic, visit)["overrides"] == moved["overrides"]
    assert moved["overrides"][0]["codes"] == ["in_the_past"]
