"""Races of writes to the catalogue: each is taken or refused, and no write is lost."""

from functools import partial

from tests.support import samples
from tests.support.catalogue_cast import Cast, Rows
from tests.support.racing import outcomes, race, statuses


def test_overlapping_blocks_that_meet_are_all_taken(cast: Cast, rows: Rows) -> None:
    bodies = [
        samples.block(
            cast.room["id"],
            starts_at=f"2027-03-01T{hour:02}:00:00Z",
            ends_at=f"2027-03-01T{hour + 2:02}:00:00Z",
        )
        for hour in range(8, 16)
    ]

    answers = race(partial(cast.desk.post, "/blocks", body) for body in bodies)

    assert statuses(answers) == [201] * 8
    assert rows(cast.desk, "SELECT end_tick - start_tick FROM occupancies") == [(9 * 12,)]


def test_a_block_and_a_booking_never_both_win(cast: Cast, rows: Rows) -> None:
    booking = {
        "procedure_id": cast.procedure["id"],
        "location_id": cast.location["id"],
        "patient_id": cast.patient["id"],
        "starts_at": "2027-03-01T12:30:00Z",
    }
    block = samples.block(cast.therapist["id"])
    both = [partial(cast.desk.post, "/appointments", booking), partial(cast.desk.post, "/blocks", block)]

    answers = race(both * 4)

    found = outcomes(answers[::2]), outcomes(answers[1::2])
    kinds = rows(cast.desk, "SELECT DISTINCT appointment_id IS NULL FROM occupancies")
    assert (*found, kinds) in (
        ({(201, None): 1, (409, "refused"): 3}, {(409, "in_use"): 4}, [(False,)]),
        ({(409, "refused"): 4}, {(201, None): 4}, [(True,)]),
    )


def test_of_changes_to_one_version_one_wins(cast: Cast) -> None:
    path = f"/locations/{cast.location['id']}"

    answers = race(
        partial(cast.desk.patch, path, {"policy": {"grid_minutes": minutes}, "version": 1})
        for minutes in range(10, 50, 5)
    )

    assert outcomes(answers) == {(200, None): 1, (412, "stale"): 7}


def test_changes_of_one_policy_by_two_desks_are_both_kept(cast: Cast) -> None:
    path = f"/locations/{cast.location['id']}"
    changes = {"grid_minutes": 15, "horizon_days": 90, "min_notice_minutes": 60, "hold_seconds": 120}

    answers = race(
        partial(cast.desk.patch, path, {"policy": {name: value}}) for name, value in changes.items()
    )

    policy = cast.desk.get(path).get_json()["policy"]
    assert statuses(answers) == [200] * 4
    assert {name: policy[name] for name in changes} == changes
