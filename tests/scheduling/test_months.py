"""Months and years are added by the calendar, and end where a month ends."""

from datetime import date

import pytest

from scheduling.months import add_months, birthday


@pytest.mark.parametrize(
    ("on", "months", "expected"),
    [
        ("2027-08-31", 6, "2028-02-29"),
        ("2026-08-31", 6, "2027-02-28"),
        ("2027-08-30", 6, "2028-02-29"),
        ("2027-08-29", 6, "2028-02-29"),
        ("2027-08-28", 6, "2028-02-28"),
        ("2028-02-29", 12, "2029-02-28"),
        ("2028-02-29", 48, "2032-02-29"),
        ("2027-12-31", 1, "2028-01-31"),
        ("2027-11-30", 1, "2027-12-30"),
        ("2027-05-31", 18, "2028-11-30"),
        ("2027-05-31", 0, "2027-05-31"),
    ],
)
def test_a_day_that_a_month_lacks_becomes_its_last(on: str, months: int, expected: str) -> None:
    assert add_months(date.fromisoformat(on), months) == date.fromisoformat(expected)


@pytest.mark.parametrize(
    ("born", "age", "expected"),
    [
        ("2009-06-15", 18, "2027-06-15"),
        ("2008-02-29", 18, "2026-03-01"),
        ("2008-02-29", 20, "2028-02-29"),
        ("2009-06-15", 0, "2009-06-15"),
    ],
)
def test_born_on_29_february_one_comes_of_age_on_1_march_of_a_common_year(
    born: str, age: int, expected: str
) -> None:
    assert birthday(date.fromisoformat(born), age) == date.fromisoformat(expected)
