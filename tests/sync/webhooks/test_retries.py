"""The pauses between attempts: by schedule, by the receiver's wish, and for a receiver that hangs."""

from datetime import UTC, datetime, timedelta

import pytest

from sync.webhooks.retries import PAUSES, pause_after, requested_pause, rest_after

NOW = datetime(2027, 3, 1, 10, tzinfo=UTC)


def test_the_schedule_is_that_of_standard_webhooks_and_takes_three_days() -> None:
    seconds = [pause.total_seconds() for pause in PAUSES]

    assert seconds == [5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400]
    assert timedelta(days=3) < sum(PAUSES, timedelta()) < timedelta(days=3, hours=4)


@pytest.mark.parametrize(
    ("tries", "chance", "pause"),
    [
        (1, 0, timedelta(seconds=5)),
        (1, 0.5, timedelta(seconds=5.5)),
        (1, 1, timedelta(seconds=6)),
        (9, 0, timedelta(hours=24)),
        (10, 0, None),
    ],
)
def test_chance_spreads_attempts_and_the_tenth_is_the_last(
    tries: int, chance: float, pause: timedelta | None
) -> None:
    assert pause_after(tries, chance) == pause


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        (None, None),
        ("", None),
        ("soon", None),
        ("-5", None),
        ("1.5", None),
        ("0", None),
        ("1", 1),
        ("86399", 86399),
        ("86400", 86400),
        ("86401", 86400),
        ("9" * 400, 86400),
        ("Mon, 01 Mar 2027 10:00:00 GMT", None),
        ("Mon, 01 Mar 2027 10:00:01 GMT", 1),
        ("Mon, 01 Mar 2027 12:00:01 +0200", 1),
        ("Mon, 01 Mar 2027 10:00:01 -0000", 1),
        ("Wed, 03 Mar 2027 10:00:00 GMT", 86400),
        ("Mon, 99 Mar 2027 10:00:00 GMT", None),
    ],
)
def test_a_receivers_wish_is_seconds_or_a_date_and_at_most_a_day(
    text: str | None, seconds: int | None
) -> None:
    expected = None if seconds is None else timedelta(seconds=seconds)

    assert requested_pause(text, NOW) == expected


@pytest.mark.parametrize(
    ("timeouts", "seconds"), [(1, 5), (2, 10), (6, 160), (7, 300), (8, 300), (30000, 300)]
)
def test_the_rest_after_timeouts_doubles_up_to_five_minutes(timeouts: int, seconds: int) -> None:
    assert rest_after(timeouts) == timedelta(seconds=seconds)
