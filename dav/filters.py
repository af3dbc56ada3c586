"""Reads and applies the filter of a calendar-query: events by time and properties (RFC 4791, 9.7)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from xml.etree import ElementTree as ET

from dav.calendars import Calendar, ForbiddenError, Item
from dav.names import c
from dav.objects import read_object
from dav.requests import MalformedError

_UTC: Final = "%Y%m%dT%H%M%SZ"
_EVENT: Final = "VEVENT"


@dataclass(frozen=True, slots=True)
class PropertyFilter:
    """What a property must be: absent, present (`text` is None), or containing a text."""

    name: str
    absent: bool = False
    text: str | None = None
    negate: bool = False
    exact_case: bool = False

    def holds(self, values: Sequence[str]) -> bool:
        """Whether the filter holds for the values of an event's property."""
        # A property that is missing contains no text, and does not pass a negated text either.
        if self.text is None or not values:
            return self.absent is not bool(values)
        wanted, found = self.text, values
        if not self.exact_case:
            wanted, found = wanted.lower(), [value.lower() for value in values]
        return any(wanted in value for value in found) is not self.negate


@dataclass(frozen=True, slots=True)
class Filter:
    """The objects that are asked for: none at all, or events by time and properties."""

    events: bool = True
    start: datetime | None = None
    end: datetime | None = None
    properties: Sequence[PropertyFilter] = ()

    def select(self, calendar: Calendar) -> Iterator[Item]:
        """Give the calendar's objects that pass the filter."""
        if not self.events:
            return
        bounded = self.start is not None or self.end is not None
        for item in calendar.between(self.start, self.end) if bounded else calendar.items():
            if not self.properties or self._passes(item):
                yield item

    def _passes(self, item: Item) -> bool:
        # Only a filter of properties needs the text: the calendar itself selects by time.
        read = read_object(item.render())
        events = [] if read is None else read.walk(_EVENT)
        return any(all(one.holds(_values(event, one.name)) for one in self.properties) for event in events)


def _values(event: object, name: str) -> list[str]:
    found = event.get(name, [])  # type: ignore[attr-defined] # icalendar's components are dictionaries
    return [str(one) for one in (found if isinstance(found, list) else [found])]


def read_filter(root: ET.Element) -> Filter:
    """Read a query's filter; ForbiddenError (supported-filter) when we do not support it."""
    whole = root.find(f"{c('filter')}/{c('comp-filter')}")
    if whole is None:
        raise MalformedError("A calendar-query has a filter.")
    if whole.get("name") != "VCALENDAR":
        raise ForbiddenError(c("valid-filter"))
    inner = list(whole)
    if not inner:
        return Filter()
    if len(inner) != 1 or inner[0].tag != c("comp-filter"):
        raise ForbiddenError(c("supported-filter"))
    return _of_component(inner[0])


def _of_component(component: ET.Element) -> Filter:
    absent = component.find(c("is-not-defined")) is not None
    if component.get("name") != _EVENT:
        # Calendars hold events only, so any other component is not defined.
        return Filter(events=absent)
    if absent:
        return Filter(events=False)
    start = end = None
    properties = []
    for one in component:
        if one.tag == c("time-range"):
            start, end = read_range(one)
        elif one.tag == c("prop-filter"):
            properties.append(_of_property(one))
        else:
            raise ForbiddenError(c("supported-filter"))
    return Filter(start=start, end=end, properties=properties)


def read_range(element: ET.Element) -> tuple[datetime | None, datetime | None]:
    """Read a time-range in UTC; ForbiddenError (valid-filter) when it is malformed."""
    start, end = (_instant(element.get(name)) for name in ("start", "end"))
    if (start is None and end is None) or (start is not None and end is not None and start >= end):
        raise ForbiddenError(c("valid-filter"))
    return start, end


def _instant(text: str | None) -> datetime | None:
    try:
        return None if text is None else datetime.strptime(text, _UTC).replace(tzinfo=UTC)
    except ValueError:
        raise ForbiddenError(c("valid-filter")) from None


def _of_property(element: ET.Element) -> PropertyFilter:
    name = element.get("name", "").upper()
    inner = list(element)
    if not inner:
        return PropertyFilter(name)
    match = inner[0]
    if len(inner) != 1 or match.tag not in {c("is-not-defined"), c("text-match")}:
        raise ForbiddenError(c("supported-filter"))
    if match.tag == c("is-not-defined"):
        return PropertyFilter(name, absent=True)
    collation = match.get("collation", "i;ascii-casemap")
    if collation not in {"i;ascii-casemap", "i;octet", "default"}:
        raise ForbiddenError(c("supported-collation"))
    negate = match.get("negate-condition") == "yes"
    return PropertyFilter(name, text=match.text or "", negate=negate, exact_case=collation == "i;octet")
