"""Writes that meet: threads, real commits, no error but the one that the loser deserves."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

from tests.booking.catalogue import samples
from tests.booking.catalogue.conftest import Cast

Rows = Callable[..., list[tuple[Any, ...]]]
THREADS = 8


def at_once(acts: list[Callable[[], Any]]) -> Counter[int]:
    """Do everything at the same time and count the statuses."""
    with ThreadPoolExecutor(THREADS) as pool:
        answers = [pool.submit(act) for act in acts]
        return Counter(answer.result().status_code for answer in answers)


def test_overlapping_blocks_that_meet_are_all_taken(cast: Cast, rows: Rows) -> None:
    def post(hour: int) -> Callable[[], Any]:
        times = {"starts_at": f"2027-03-01T{hour:02}:00:00Z", "ends_at": f"2027-03-01T{hour + 2:02}:00:00Z"}
        return lambda: cast.desk.post("/blocks", samples.block(cast.room["id"], **times))

    statuses = at_once([post(hour) for hour in range(8, 16)])
    claimed = rows(cast.desk, "SELECT end_tick - start_tick FROM occupancies")

    assert statuses == {201: 8}
    assert claimed == [(9 * 12,)]


def test_a_block_and_a_booking_never_both_win(cast: Cast, rows: Rows) -> None:
    booking = {
        "procedure_id": cast.procedure["id"],
        "location_id": cast.location["id"],
        "patient_id": cast.patient["id"],
        "starts_at": "2027-03-01T12:30:00Z",
    }
    acts: list[Callable[[], Any]] = [
        lambda: cast.desk.post("/appointments", booking),
        lambda: cast.desk.post("/blocks", samples.block(cast.therapist["id"])),
    ] * 4
    statuses = at_once(acts)
    kinds = rows(cast.desk, "SELECT DISTINCT appointment_id IS NULL FROM occupancies")

    assert set(statuses) == {201, 409}
    assert len(kinds) == 1


def test_of_changes_to_one_version_one_wins(cast: Cast) -> None:
    path = f"/locations/{cast.location['id']}"

    def patch(minutes: int) -> Callable[[], Any]:
        return lambda: cast.desk.patch(path, {"policy": {"grid_minutes": minutes}, "version": 1})

    assert at_once([patch(minutes) for minutes in range(10, 50, 5)]) == {200: 1, 412: 7}


def test_changes_of_one_policy_by_two_desks_are_both_kept(cast: Cast) -> None:
    path = f"/locations/{cast.location['id']}"
    changes = [{"grid_minutes": 15}, {"horizon_days": 90}, {"min_notice_minutes": 60}, {"hold_seconds": 120}]
    statuses = at_once([partial(cast.desk.patch, path, {"policy": change}) for change in changes])
    policy = cast.desk.get(path).get_json()["policy"]

    assert statuses == {200: 4}
    assert all(policy.items() >= change.items() for change in changes)
