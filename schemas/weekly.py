"""Weekly periods, of opening or of working, that must not overlap."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from itertools import combinations
from typing import Any

from marshmallow import ValidationError, validates_schema

from scheduling.ticks import has_weekday
from schemas.base import Schema
from schemas.times import LocalDate, Weekday


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

    @validates_schema
    def _has_a_day(self, data: dict[str, Any], **_kwargs: object) -> None:
        first, last = _first(data), _last(data)
        if first <= last and not has_weekday(data["weekday"], first, last):
            raise ValidationError("Its dates contain no such weekday.", "weekday")

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
    same_dates = _first(one) <= _last(other) and _first(other) <= _last(one)
    return one["weekday"] == other["weekday"] and same_time and same_dates


def _first(period: Mapping[str, Any]) -> date:
    first: date = period["valid_from"] or date.min
    return first


def _last(period: Mapping[str, Any]) -> date:
    last: date = period["valid_until"] or date.max
    return last
