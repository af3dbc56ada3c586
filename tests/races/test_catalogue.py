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


def test_a_day_of_a_block_is_left_out_or_its_booking_refused(cast: Cast, rows: Rows) -> None:
    repeats = {"weekdays": ["mon", "tue", "wed", "thu", "fri"], "until": "2027-03-05"}
    block = samples.block(cast.therapist["id"], repeats=repeats, skip_conflicts=True)
    named = {"procedure_id": cast.procedure["id"], "location_id": cast.location["id"]}
    bookings = [
        named | {"patient_id": cast.patient["id"], "starts_at": f"2027-03-0{day}T12:30:00Z"}
        for day in range(1, 5)
    ]

    *answers, laid = race(
        [
            *(partial(cast.desk.post, "/appointments", one) for one in bookings),
            partial(cast.desk.post, "/blocks", block),
        ]
    )

    booked = {one.get_json()["id"] for one in answers if one.status_code == 201}
    skipped = [id_ for one in laid.get_json()["skipped"] for id_ in one["appointment_ids"]]
    claimed = "SELECT count(*) FROM occupancies WHERE resource_id = %(id)s"
    assert laid.status_code == 201
    assert {one.status_code for one in answers} <= {201, 409}
    assert sorted(skipped) == sorted(booked)
    assert rows(cast.desk, claimed, id=cast.therapist["id"]) == [(5,)]


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
