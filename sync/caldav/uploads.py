"""Checks an uploaded iCalendar text before any parser reads it: a single object that holds only events."""

import re
from typing import Final

from dav.calendars import ForbiddenError
from dav.names import c

_FOLD: Final = re.compile(r"\r?\n[ \t]")
# Control characters that an XML answer could not carry back.
_CONTROLS: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_KNOWN: Final = frozenset({"VCALENDAR", "VEVENT", "VTIMEZONE", "STANDARD", "DAYLIGHT", "VALARM"})
_DEEPEST: Final = 3


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
    for line in _FOLD.sub("", text).splitlines():
        name, _, value = line.partition(":")
        name, value = name.partition(";")[0].strip().upper(), value.strip()
        if name == "BEGIN":
            _enter(within, value.upper(), ended=ended)
            own = "" if value.upper() == "VEVENT" else own
        elif name == "END":
            if not within or within.pop() != value.upper():
                raise ForbiddenError(c("valid-calendar-data"))
            ended = not within
            if value.upper() == "VEVENT":
                uids.add(own)
        elif name == "UID" and within[-1:] == ["VEVENT"]:
            own = value
        elif name == "METHOD" and within == ["VCALENDAR"]:
            raise ForbiddenError(c("valid-calendar-object-resource"))
    if within:
        raise ForbiddenError(c("valid-calendar-data"))
    return uids


def _enter(within: list[str], component: str, *, ended: bool) -> None:
    if ended or (component == "VCALENDAR") is bool(within) or len(within) >= _DEEPEST:
        raise ForbiddenError(c("valid-calendar-data"))
    if component not in _KNOWN:
        raise ForbiddenError(c("supported-calendar-component"))
    within.append(component)
