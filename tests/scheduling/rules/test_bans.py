"""Bans forbid half-open ranges of dates, and the first date outside of all bans is found."""

from datetime import date, timedelta

import pytest

from scheduling.rules.bans import Ban, earliest, first_free

MONDAY = date(2027, 3, 1)


def ban(first: int, until: int | None) -> Ban:
    """Return a ban from and until numbers of days after Monday."""
    end = None if until is None else MONDAY + timedelta(days=until)
    return Ban("spacing_min", "S02", MONDAY + timedelta(days=first), end)


def days(on: date | None) -> int | None:
    return None if on is None else (on - MONDAY).days


@pytest.mark.parametrize(("day", "covered"), [(1, False), (2, True), (3, True), (4, False)])
def test_a_ban_covers_its_first_date_and_not_its_last(day: int, covered: bool) -> None:
    assert ban(2, 4).covers(MONDAY + timedelta(days=day)) is covered


@pytest.mark.parametrize(("until", "empty"), [(1, True), (2, True), (3, False), (None, False)])
def test_a_ban_that_ends_where_it_begins_is_empty(until: int | None, empty: bool) -> None:
    assert ban(2, until).is_empty is empty


@pytest.mark.parametrize(
    ("bans", "expected"),
    [
        ([], 0),
        ([(1, 5)], 0),
        ([(-3, 1)], 1),
        ([(0, 2), (2, 4)], 4),
        ([(0, 2), (3, 4)], 2),
        ([(1, 6), (0, 3)], 6),
        ([(0, 9), (1, 2)], 9),
        ([(0, None)], None),
        ([(0, 2), (2, None)], None),
        ([(0, 2), (3, None)], 2),
    ],
)
def test_the_first_free_date_lies_behind_every_ban_that_adjoins(
    bans: list[tuple[int, int | None]], expected: int | None
) -> None:
    assert days(first_free(MONDAY, [ban(*span) for span in bans])) == expected


@pytest.mark.parametrize(
    ("bans", "expected"), [([(0, None), (0, 4)], 4), ([(0, None)], 0), ([(0, 4), (4, None)], None)]
)
def test_beside_a_ban_without_end_the_others_still_say_from_when(
    bans: list[tuple[int, int | None]], expected: int | None
) -> None:
    known = [ban(*span) for span in bans]
    in_force = [one for one in known if one.covers(MONDAY)]

    assert days(earliest(MONDAY, known, in_force)) == expected
