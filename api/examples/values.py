"""What examples are written with: names of the demo clinic's objects, and days after the reader's own."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from schemas.demo_ids import DEMO_IDS

_ZONE: Final = ZoneInfo("Europe/London")
# The demo clinic's calendar is full for a month.
_AHEAD: Final = timedelta(days=35)


@dataclass(frozen=True, slots=True)
class Of:
    """The id of the object that has this name in the demo clinic."""

    name: str


@dataclass(frozen=True, slots=True)
class On:
    """A date, so many days after the examples' Monday."""

    days: int


@dataclass(frozen=True, slots=True)
class At:
    """An instant at the first location, so many days after the examples' Monday."""

    days: int
    time: str


@dataclass(frozen=True, slots=True)
class Example:
    """A request's body and query; its path is filled by the names of its parameters."""

    body: Any = None
    query: Mapping[str, Any] = field(default_factory=dict)


def monday_after(today: date) -> date:
    """Give the Monday to which examples refer when they are read on a day."""
    ahead = today + _AHEAD
    return ahead + timedelta(days=-ahead.weekday() % 7)


def written(value: Any, monday: date) -> Any:  # noqa: ANN401 - any value of JSON, with ours in it
    """Write an example's value as JSON has it."""
    match value:
        case Of(name):
            return str(DEMO_IDS[name])
        case On(days):
            return (monday + timedelta(days=days)).isoformat()
        case At(days, at):
            day = monday + timedelta(days=days)
            return datetime.combine(day, time.fromisoformat(at), _ZONE).isoformat()
        case Mapping():
            return {name: written(one, monday) for name, one in value.items()}
        case list():
            return [written(one, monday) for one in value]
    return value
