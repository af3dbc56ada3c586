"""What an odd calendar is: a text that programs write, and the busy time that it means."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Final
from zoneinfo import ZoneInfo

from sync.busy.moments import Range
from tests.sync.calendars import calendar, event

Span = tuple[datetime, datetime]

BERLIN: Final = "TZID=Europe/Berlin"
YORK: Final = "TZID=America/New_York"
HOUR: Final = ("DTSTART:20270601T080000Z", "DTEND:20270601T090000Z")
"""An hour of UTC, which is 10:00 in Berlin."""
BUSY_HOUR: Final = "06-01 08:00/09:00"

IN_BERLIN: Final = Range(
    datetime(2027, 1, 1, tzinfo=UTC), datetime(2028, 1, 1, tzinfo=UTC), ZoneInfo("Europe/Berlin")
)
MONDAY_IN_YORK: Final = Range(
    datetime(2027, 1, 1, tzinfo=UTC),
    datetime(2028, 1, 1, tzinfo=UTC),
    ZoneInfo("Europe/London"),
    {date(2027, 6, 28): ZoneInfo("America/New_York")},
)
"""The therapist works in London, and on Monday, 28 June 2027, in New York."""
TUESDAY_IN_LONDON: Final = Range(
    MONDAY_IN_YORK.first,
    MONDAY_IN_YORK.last,
    ZoneInfo("America/New_York"),
    {date(2027, 6, 29): ZoneInfo("Europe/London")},
)
"""The therapist works in New York, and on Tuesday, 29 June 2027, in London."""


@dataclass(frozen=True, slots=True, eq=False)
class Odd:
    """A calendar, and its busy time as `06-01 08:00/09:00` of 2027 in UTC; spans that touch are one.

    `told` is how many UIDs must be named as unread or doubtful, if that is certain.
    """

    kind: str
    name: str
    text: bytes
    busy: tuple[str, ...]
    told: int | None = 0
    within: Range = IN_BERLIN

    def __str__(self) -> str:
        return f"{self.kind}: {self.name}"


class Kind:
    """A kind of odd calendars; each call writes one of them."""

    def __init__(self, name: str, within: Range = IN_BERLIN) -> None:
        self._name, self._within = name, within
        self.all: list[Odd] = []

    def event(self, name: str, *lines: str, busy: Iterable[str], told: int | None = 0) -> None:
        """Write a calendar with one event."""
        self.calendar(name, event(*lines), busy=busy, told=told)

    def calendar(self, name: str, *parts: str, busy: Iterable[str], told: int | None = 0) -> None:
        """Write a calendar of several parts."""
        self.all.append(Odd(self._name, name, calendar(*parts), tuple(busy), told, self._within))


def shown(spans: Iterable[Span]) -> tuple[str, ...]:
    """Give spans as `Odd.busy` writes them: sorted, and those that touch or overlap as one."""
    joined: list[Span] = []
    for first, last in sorted(spans):
        if joined and first <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(last, joined[-1][1]))
        else:
            joined.append((first, last))
    return tuple(_shown(*one) for one in joined)


def _shown(first: datetime, last: datetime) -> str:
    begins, ends = first.astimezone(UTC), last.astimezone(UTC)
    day = "" if begins.date() == ends.date() else f"{ends:%m-%d} "
    return f"{begins:%m-%d %H:%M}/{day}{ends:%H:%M}"


BERLIN_ZONE: Final = """BEGIN:VTIMEZONE
TZID:Europe/Berlin
BEGIN:DAYLIGHT
TZOFFSETFROM:+0100
TZOFFSETTO:+0200
TZNAME:CEST
DTSTART:19810329T020000
RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU
END:DAYLIGHT
BEGIN:STANDARD
TZOFFSETFROM:+0200
TZOFFSETTO:+0100
TZNAME:CET
DTSTART:19961027T030000
RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU
END:STANDARD
END:VTIMEZONE"""
YORK_ZONE: Final = """BEGIN:VTIMEZONE
TZID:America/New_York
BEGIN:DAYLIGHT
TZOFFSETFROM:-0500
TZOFFSETTO:-0400
TZNAME:EDT
DTSTART:20070311T020000
RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=2SU
END:DAYLIGHT
BEGIN:STANDARD
TZOFFSETFROM:-0400
TZOFFSETTO:-0500
TZNAME:EST
DTSTART:20071104T020000
RRULE:FREQ=YEARLY;BYMONTH=11;BYDAY=1SU
END:STANDARD
END:VTIMEZONE"""
LONDON_ZONE: Final = BERLIN_ZONE.replace("Europe/Berlin", "Europe/London").replace("+0100", "+0000").replace(
    "+0200", "+0100"
).replace("T020000", "T010000").replace("T030000", "T020000")  # fmt: skip
ZONES: Final = {
    "Europe/Berlin": BERLIN_ZONE,
    "Europe/London": LONDON_ZONE,
    "America/New_York": YORK_ZONE,
}
"""What the other readers are told of zones that a calendar names and does not describe."""
