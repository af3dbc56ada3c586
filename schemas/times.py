"""Fields of time: instants with their offset, local civil dates, wall-clock times, weekdays, zones."""

# ruff: noqa: ANN401 - marshmallow passes and takes values of any type.

import re
from collections.abc import Sequence
from datetime import date, datetime
from functools import cache
from typing import Any, TypeVar
from zoneinfo import available_timezones

from marshmallow import fields

from schemas.fields import DAY_MINUTES, GRID_MINUTES, Strict, documented, refuse

FIRST_YEAR, LAST_YEAR = 2000, 2100
WEEKDAYS: Sequence[str] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

INSTANT_PATTERN = r"^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)$"
_INSTANT = re.compile(INSTANT_PATTERN, re.ASCII)
_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_TIME = re.compile(r"([01]\d|2[0-4]):([0-5]\d)", re.ASCII)
# These names depend on the machine or mean "not set", so they are no zone of a clinic.
_NO_ZONES = frozenset({"localtime", "Factory"})

T = TypeVar("T", date, datetime)


class _Iso(Strict, fields.Field[T]):
    """A date or an instant, written after ISO 8601."""

    def _serialize(self, value: T | None, attr: str | None, obj: Any, **kwargs: Any) -> str | None:  # noqa: ARG002 - marshmallow's signature
        return None if value is None else value.isoformat()


class Instant(_Iso[datetime]):
    """An RFC 3339 instant with its offset, from 2000 to 2100; with `grid`, on a whole five minutes."""

    def __init__(self, *, grid: bool = False, **kwargs: Any) -> None:
        super().__init__(**documented(kwargs, type="string", format="date-time"))
        self.grid = grid

    def _read(self, value: object) -> datetime:
        instant = parse_instant(value)
        if self.grid and instant.timestamp() % (GRID_MINUTES * 60):
            refuse(f"Must lie on a whole {GRID_MINUTES} minutes.")
        return instant


def parse_instant(value: object) -> datetime:
    """Read an RFC 3339 instant; ValidationError without an offset or outside the years 2000 to 2100."""
    if not isinstance(value, str) or not _INSTANT.fullmatch(value):
        refuse("Not an RFC 3339 instant with its offset: 2027-04-03T10:00:00+01:00 (+ is %2B in a URL).")
    try:
        instant = datetime.fromisoformat(value.upper())
    except ValueError:
        refuse("No such date or time.")
    if not FIRST_YEAR <= instant.year <= LAST_YEAR:
        refuse(f"Must lie in the years {FIRST_YEAR} to {LAST_YEAR}.")
    return instant


class LocalDate(_Iso[date]):
    """A local civil date, `YYYY-MM-DD`, by default from 2000 to 2100."""

    def __init__(self, *, first_year: int = FIRST_YEAR, **kwargs: Any) -> None:
        super().__init__(**documented(kwargs, type="string", format="date"))
        self.first_year = first_year

    def _read(self, value: object) -> date:
        if not isinstance(value, str) or not _DATE.fullmatch(value):
            refuse("Not a date, YYYY-MM-DD.")
        try:
            on = date.fromisoformat(value)
        except ValueError:
            refuse("No such date.")
        if not self.first_year <= on.year <= LAST_YEAR:
            refuse(f"Must lie in the years {self.first_year} to {LAST_YEAR}.")
        return on


class Since(Strict, fields.Field[date | datetime]):
    """Where a range of time begins or ends: an instant with its offset, or a date in the clinic's zone."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**documented(kwargs, type="string"))

    def _read(self, value: object) -> date | datetime:
        is_date = isinstance(value, str) and _DATE.fullmatch(value)
        return LocalDate()._read(value) if is_date else parse_instant(value)  # noqa: SLF001 - a field of ours


def last_used(event: str = "When this was used last") -> Instant:
    """Make the field that says when an access was used last, which is noted too seldom to be a change."""
    description = f"{event}, noted about once an hour; null before. No change of the version and its ETag."
    return Instant(dump_only=True, required=True, allow_none=True, metadata={"description": description})


class TimeOfDay(Strict, fields.Field[int]):
    """A local wall-clock time `HH:MM`, held as minutes after midnight; 24:00 only as an `end`."""

    def __init__(self, *, end: bool = False, **kwargs: Any) -> None:
        super().__init__(**documented(kwargs, type="string", pattern=r"^([01]\d|2[0-4]):[0-5][05]$"))
        self.end = end

    def _serialize(self, value: int | None, attr: str | None, obj: Any, **kwargs: Any) -> str | None:  # noqa: ARG002 - marshmallow's signature
        return None if value is None else f"{value // 60:02}:{value % 60:02}"

    def _read(self, value: object) -> int:
        found = _TIME.fullmatch(value) if isinstance(value, str) else None
        if found is None:
            refuse("Not a time, HH:MM.")
        minutes = int(found[1]) * 60 + int(found[2])
        if minutes % GRID_MINUTES:
            refuse(f"Must lie on a whole {GRID_MINUTES} minutes.")
        if minutes > DAY_MINUTES - (not self.end):
            refuse("Must not be later than 24:00." if self.end else "Must be earlier than 24:00.")
        return minutes


class Weekday(Strict, fields.Field[int]):
    """A day of the week, `mon` to `sun`, held as 0 to 6."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**documented(kwargs, type="string", enum=list(WEEKDAYS)))

    def _serialize(self, value: int | None, attr: str | None, obj: Any, **kwargs: Any) -> str | None:  # noqa: ARG002 - marshmallow's signature
        return None if value is None else WEEKDAYS[value]

    def _read(self, value: object) -> int:
        if value not in WEEKDAYS:
            refuse(f"Must be one of: {', '.join(WEEKDAYS)}.")
        return WEEKDAYS.index(value)


class Zone(Strict, fields.String):
    """The name of an IANA time zone."""

    def _read(self, value: object) -> str:
        if not isinstance(value, str) or value not in _zones():
            refuse("Not an IANA time zone.")
        return value


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones()) - _NO_ZONES
