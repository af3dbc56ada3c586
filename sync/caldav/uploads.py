"""Checks an uploaded iCalendar text before any parser reads it: a single object that holds only events."""

import re
from typing import Final

from dav.calendars import ForbiddenError
from dav.names import c
from dav.objects import content_lines

# Control characters that an XML answer could not carry back.
_CONTROLS: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_OBJECT: Final = "VCALENDAR"
_EVENT: Final = "VEVENT"
# Each is an object of its own kind (RFC 5545, RFC 7953, VPOLL). Any other component only says more about
# an event, or is unknown, and unknown components are to be ignored (RFC 5545, 3.6).
_REFUSED: Final = frozenset({"VTODO", "VJOURNAL", "VFREEBUSY", "VAVAILABILITY", "VPOLL"})
DEEPEST: Final = 12


def require_object(body: bytes) -> None:
    """Refuse a text that is not a single object with a UID; ForbiddenError as in RFC 4791 (4.1, 5.3.2.1)."""
    try:
        text = body.decode()
    except UnicodeDecodeError:
        raise ForbiddenError(c("valid-calendar-data")) from None
    if _CONTROLS.search(text):
        raise ForbiddenError(c("valid-calendar-data"))
    uids = _uids(text)
    if len(uids) != 1 or not min(uids):
        raise ForbiddenError(c("valid-calendar-object-resource"))


def _uids(text: str) -> set[str]:
    """Give the UIDs of all events, an empty text for an event without a UID."""
    within: list[str] = []
    uids: set[str] = set()
    own, ended = "", False
    for line in content_lines(text):
        name, _, value = line.partition(":")
        name, value = name.partition(";")[0].strip().upper(), value.strip()
        if name == "BEGIN":
            _enter(within, value.upper(), ended=ended)
            own = "" if value.upper() == _EVENT else own
        elif name == "END":
            if not within or within.pop() != value.upper():
                raise ForbiddenError(c("valid-calendar-data"))
            ended = not within
            if value.upper() == _EVENT:
                uids.add(own)
        elif name == "UID" and within[-1:] == [_EVENT]:
            own = value
        elif name == "METHOD" and within == [_OBJECT]:
            raise ForbiddenError(c("valid-calendar-object-resource"))
    if within:
        raise ForbiddenError(c("valid-calendar-data"))
    return uids


def _enter(within: list[str], component: str, *, ended: bool) -> None:
    if ended or not component or (component == _OBJECT) is bool(within) or len(within) >= DEEPEST:
        raise ForbiddenError(c("valid-calendar-data"))
    if component in _REFUSED:
        raise ForbiddenError(c("supported-calendar-component"))
    # An event within another component would be read by some programs and ignored by others.
    if component == _EVENT and within != [_OBJECT]:
        raise ForbiddenError(c("valid-calendar-data"))
    within.append(component)
