"""Writes iCalendar (RFC 5545, 7986) for the strictest readers: UTC times, no METHOD, no VTIMEZONE."""

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Final, NamedTuple

PRODUCT: Final = "-//clinic-scheduling//Calendar//EN"
REFRESH: Final = "PT15M"
_OCTETS: Final = 75
# Characters that are escaped in a text, line ends, and control characters, which a text must not hold.
_SPECIAL: Final = re.compile(r"\r\n|[\\;,\x00-\x08\x0a-\x1f\x7f-\x9f]")
_ESCAPED: Final = {"\\": "\\\\", ";": "\\;", ",": "\\,", "\n": "\\n", "\r": "\\n", "\r\n": "\\n"}


class Event(NamedTuple):
    """A calendar event: instants are aware, `sequence` grows with every change, texts are neutral."""

    uid: str
    sequence: int
    stamp: datetime
    starts_at: datetime
    ends_at: datetime
    summary: str
    status: str = "CONFIRMED"
    place: str | None = None
    private: bool = False


def calendar(events: Iterable[Event], name: str | None = None) -> bytes:
    """Write a calendar; with a `name`, it also says how often programs should ask for it."""
    head = ["BEGIN:VCALENDAR", "VERSION:2.0", f"PRODID:{PRODUCT}", "CALSCALE:GREGORIAN"]
    if name is not None:
        told = _text(name)
        head += [_folded(f"NAME:{told}"), _folded(f"X-WR-CALNAME:{told}")]
        head += [f"REFRESH-INTERVAL;VALUE=DURATION:{REFRESH}", f"X-PUBLISHED-TTL:{REFRESH}"]
    return "\r\n".join((*head, *map(_event, events), "END:VCALENDAR", "")).encode()


def _event(event: Event) -> str:
    place = "" if event.place is None else "\r\n" + _folded(f"LOCATION:{_text(event.place)}")
    private = "\r\nCLASS:PRIVATE" if event.private else ""
    busy = "TRANSPARENT" if event.status == "CANCELLED" else "OPAQUE"
    return (
        f"BEGIN:VEVENT\r\nUID:{event.uid}\r\nDTSTAMP:{_utc(event.stamp)}\r\nSEQUENCE:{event.sequence}\r\n"
        f"DTSTART:{_utc(event.starts_at)}\r\nDTEND:{_utc(event.ends_at)}\r\n"
        f"{_folded('SUMMARY:' + _text(event.summary))}{place}{private}\r\n"
        f"STATUS:{event.status}\r\nTRANSP:{busy}\r\nEND:VEVENT"
    )


def _utc(instant: datetime) -> str:
    """Write an instant in UTC, three times as fast as strftime: a feed has thousands of them."""
    at = instant.astimezone(UTC)
    day, second = at.year * 10_000 + at.month * 100 + at.day, at.hour * 10_000 + at.minute * 100 + at.second
    return f"{day}T{second:06}Z"


def _text(value: str) -> str:
    """Escape a text (RFC 5545, 3.3.11)."""
    return _SPECIAL.sub(lambda found: _ESCAPED.get(found[0], ""), value)


def _folded(line: str) -> str:
    """Fold a line at 75 octets, never within a character (RFC 5545, 3.1)."""
    if len(line) * 4 <= _OCTETS or len(line.encode()) <= _OCTETS:
        return line
    parts, part, length = [], "", 0
    for character in line:
        octets = len(character.encode())
        if length + octets > _OCTETS:
            parts.append(part)
            # The space with which a continued line begins counts as an octet.
            part, length = "", 1
        part += character
        length += octets
    return "\r\n ".join((*parts, part))
