"""Reads a stored object leniently, as programs wrote it."""

import re
from collections.abc import Iterator
from typing import Any, Final

from icalendar import Calendar as ICalendar

NONSENSE: Final = (
    ArithmeticError, AssertionError, AttributeError, LookupError, RecursionError, TypeError, ValueError,
)  # fmt: skip
"""The exceptions that the libraries raise at values that make no sense."""
_BOM: Final = "\ufeff"
_FOLD: Final = re.compile(r"\r?\n[ \t]")
_NEWLINE: Final = re.compile(r"\r?\n")
_KNOWN: Final = frozenset(
    {"VCALENDAR", "VEVENT", "VALARM", "VTIMEZONE", "STANDARD", "DAYLIGHT"}
    | {"VLOCATION", "VRESOURCE", "PARTICIPANT"}
)


def content_lines(text: str) -> list[str]:
    """Give the unfolded lines of a text, without a byte order mark at its beginning."""
    # Only these end a line: texts may hold other separators, such as U+2028, within a value.
    return _NEWLINE.split(_FOLD.sub("", text.removeprefix(_BOM)))


def read_object(body: bytes) -> Any:  # noqa: ANN401 - icalendar's components are loosely typed
    """Give the object as icalendar reads it, without unknown components; None when it cannot be read."""
    try:
        return ICalendar.from_ical("\r\n".join(_known_lines(body.decode())))
    except NONSENSE:
        return None


def _known_lines(text: str) -> Iterator[str]:
    """Give the lines of known components, without the blanks at their ends.

    Lines are unfolded first: a blank before a fold belongs to the value.
    """
    unknown = 0
    for line in content_lines(text):
        name, _, value = line.strip().upper().partition(":")
        if name == "BEGIN" and (unknown or value.strip() not in _KNOWN):
            unknown += 1
        elif name == "END" and unknown:
            unknown -= 1
        elif not unknown and name:
            yield line.rstrip()
