"""Adds calendar months and years to civil dates."""

from calendar import monthrange
from datetime import date

_MONTHS = 12


def add_months(on: date, months: int) -> date:
    """Return the same day some months later, or the month's last day where it has no such day (table b7)."""
    year, month = divmod(on.year * _MONTHS + on.month - 1 + months, _MONTHS)
    return date(year, month + 1, min(on.day, monthrange(year, month + 1)[1]))


def birthday(born_on: date, age: int) -> date:
    """Return the date on which a person reaches an age; 1 March for 29 February in a common year."""
    try:
        return born_on.replace(year=born_on.year + age)
    except ValueError:
        return date(born_on.year + age, 3, 1)
