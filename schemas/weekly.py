"""Weekly periods, of opening or of working, that must not overlap."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from itertools import combinations
from typing import Any

from marshmallow import ValidationError, validates_schema

from scheduling.ticks import has_weekday, in_turn
from schemas.base import Schema
from schemas.fields import Integer
from schemas.times import LocalDate, Weekday

MOST_WEEKS = 52


def every_weeks(since: str) -> Integer:
    """Make the field that says in which weeks something takes place, counted from a date."""
    description = f"2: every other week, and so on; weeks are the seven days from {since} on."
    return Integer(minimum=1, maximum=MOST_WEEKS, load_default=1, metadata={"description": description})


class ValiditySchema(Schema):
    """An object that holds between local dates, both inclusive; without dates it always holds."""

    valid_from = LocalDate(load_default=None, allow_none=True)
    valid_until = LocalDate(load_default=None, allow_none=True)

    @validates_schema
    def _in_order(self, data: dict[str, Any], **_kwargs: object) -> None:
        if _first(data) > _last(data):
            raise ValidationError("Must not lie before valid_from.", "valid_until")


class WeeklySchema(ValiditySchema):
    """A period on a weekday, by the location's wall clock; subclasses name its `starts` and `ends`."""

    weekday = Weekday(required=True)
    every_weeks = every_weeks("valid_from")

    @validates_schema
    def _has_a_day(self, data: dict[str, Any], **_kwargs: object) -> None:
        first, last = _first(data), _last(data)
        if first <= last and not has_weekday(data["weekday"], first, last):
            raise ValidationError("Its dates contain no such weekday.", "weekday")

    @validates_schema
    def _counts_from_a_date(self, data: dict[str, Any], **_kwargs: object) -> None:
        if data["every_weeks"] > 1 and data["valid_from"] is None:
            raise ValidationError("Must be given with every_weeks, which counts from it.", "valid_from")

    @validates_schema
    def _has_length(self, data: dict[str, Any], **_kwargs: object) -> None:
        if data["starts"] >= data["ends"]:
            end = next(name for name, field in self.fields.items() if (field.attribute or name) == "ends")
            raise ValidationError("Must be later than the period begins.", end)


def refuse_overlaps(
    field: str, periods: Sequence[Mapping[str, Any]], together: Callable[[Mapping[str, Any]], object]
) -> None:
    """Refuse two periods of the same weekday that share time and dates.

    Only periods for which `together` returns the same value are compared.
    """
    for (_, one), (place, other) in combinations(enumerate(periods), 2):
        if together(one) == together(other) and _meet(one, other):
            raise ValidationError({field: {place: ["Overlaps another period of the same weekday."]}})


def _meet(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    same_time = one["starts"] < other["ends"] and other["starts"] < one["ends"]
    return one["weekday"] == other["weekday"] and same_time and _share_a_date(one, other)


def _share_a_date(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether two periods of a weekday have a date in common; both may hold every n-th week only."""
    first, last = max(_first(one), _first(other)), min(_last(one), _last(other))
    if first > last or not has_weekday(one["weekday"], first, last):
        return False
    if one["every_weeks"] == other["every_weeks"] == 1:
        return True
    day = first + timedelta(days=(one["weekday"] - first.weekday()) % 7)
    # After so many weeks the turns of both begin anew.
    weeks = min(one["every_weeks"] * other["every_weeks"], (last - day).days // 7 + 1)
    dates = (day + timedelta(weeks=number) for number in range(weeks))
    return any(all(in_turn(on, *_turn(period)) for period in (one, other)) for on in dates)


def _turn(period: Mapping[str, Any]) -> tuple[date | None, int]:
    return period["valid_from"], period["every_weeks"]


def _first(period: Mapping[str, Any]) -> date:
    first: date = period["valid_from"] or date.min
    return first


def _last(period: Mapping[str, Any]) -> date:
    last: date = period["valid_until"] or date.max
    return last
