"""A script for the system's own Python: print the busy spans that libical finds in each calendar on stdin.

libical repeats an event by itself; that an override takes the place of a date is what its users add.
"""

import json
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import gi

gi.require_version("ICalGLib", "3.0")
from gi.repository import ICalGLib  # noqa: E402 - only then is it there

Span = tuple[float, float]


def inner(component: Any, kind: Any) -> Iterator[Any]:
    """Give the components of a kind within a component."""
    found = component.get_first_component(kind)
    while found is not None:
        yield found
        found = component.get_next_component(kind)


def instant(time: Any, zone: ZoneInfo) -> float:
    """Give a time of libical in seconds; a floating one is of the zone."""
    if time.is_utc() or time.get_timezone() is not None:
        seconds: float = time.as_timet_with_zone(time.get_timezone())
        return seconds
    return placed(time.as_timet(), zone)


def placed(seconds: float, zone: ZoneInfo) -> float:
    """Give the instant at which a clock in a zone shows what one in UTC shows at an instant."""
    return datetime.fromtimestamp(seconds, UTC).replace(tzinfo=zone).timestamp()


def is_free(event: Any) -> bool:
    """Whether an event leaves its owner free."""
    transparency = event.get_first_property(ICalGLib.PropertyKind.TRANSP_PROPERTY)
    if transparency is not None and transparency.get_transp() == ICalGLib.PropertyTransp.TRANSPARENT:
        return True
    status = event.get_first_property(ICalGLib.PropertyKind.STATUS_PROPERTY)
    return status is not None and status.get_status() == ICalGLib.PropertyStatus.CANCELLED


def repeated(event: Any, bounds: tuple[Any, Any], zone: ZoneInfo) -> list[Span]:
    """Give the spans of an event with all that repeats it."""
    starts = event.get_dtstart()
    is_floating = starts.get_timezone() is None and not starts.is_utc()
    spans: list[Span] = []

    days = event.get_duration().as_int()

    def add(_: Any, span: Any, *__: Any) -> None:
        # libical's span of a date ends a second before the day after its end.
        first, last = span.get_start(), span.get_start() + days if starts.is_date() else span.get_end()
        spans.append((placed(first, zone), placed(last, zone)) if is_floating else (first, last))

    event.foreach_recurrence(*bounds, add)
    return spans


def busy(calendar: Any, bounds: tuple[Any, Any], zone: ZoneInfo) -> Iterator[Span]:
    """Give the busy spans of a calendar's events and of its free and busy time."""
    events = list(inner(calendar, ICalGLib.ComponentKind.VEVENT_COMPONENT))
    named = ICalGLib.PropertyKind.RECURRENCEID_PROPERTY
    overrides = [one for one in events if one.get_first_property(named) is not None]
    for event in events:
        if is_free(event):
            continue
        replaced = {
            instant(one.get_recurrenceid(), zone)
            for one in overrides
            if one.get_uid() == event.get_uid() and event not in overrides
        }
        yield from (span for span in repeated(event, bounds, zone) if span[0] not in replaced)
    for published in inner(calendar, ICalGLib.ComponentKind.VFREEBUSY_COMPONENT):
        yield from periods(published, zone)


def periods(published: Any, zone: ZoneInfo) -> Iterator[Span]:
    """Give the busy periods of a VFREEBUSY."""
    kind = ICalGLib.PropertyKind.FREEBUSY_PROPERTY
    found = published.get_first_property(kind)
    while found is not None:
        fbtype = found.get_first_parameter(ICalGLib.ParameterKind.FBTYPE_PARAMETER)
        if fbtype is None or fbtype.get_fbtype() != ICalGLib.ParameterFbtype.FREE:
            period = found.get_freebusy()
            first = instant(period.get_start(), zone)
            length = period.get_duration()
            ends = length.as_int() + first if length.as_int() else instant(period.get_end(), zone)
            yield first, ends
        found = published.get_next_property(kind)


def read(asked: dict[str, Any]) -> list[Span] | str:
    """Read a calendar, or tell that there is none."""
    calendar = ICalGLib.Component.new_from_string(asked["text"])
    if calendar is None:
        return "This is no calendar."
    first, last = asked["first"], asked["last"]
    utc = ICalGLib.Timezone.get_utc_timezone()
    first_time, last_time = (ICalGLib.Time.new_from_timet_with_zone(at, 0, utc) for at in (first, last))
    spans = busy(calendar, (first_time, last_time), ZoneInfo(asked["zone"]))
    clipped = ((max(begins, first), min(ends, last)) for begins, ends in spans)
    return [(begins, ends) for begins, ends in clipped if begins < ends]


asked = json.loads(sys.stdin.buffer.read())
sys.stdout.write(json.dumps([read(one) for one in asked["calendars"]]))
