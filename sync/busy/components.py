"""Reads calendar texts line by line, and keeps the lines that busy time depends on, by component.

Other people's files break RFC 5545 in every way, so nothing is read but what is needed: a line that no event
needs cannot spoil one. A part that is not ended where it should be ends where the next one begins.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from icalendar import Parameters
from icalendar.parser import Contentline

_UTF16: Final = (b"\xff\xfe", b"\xfe\xff")
_NAME: Final = re.compile(rb"([A-Za-z0-9 \t-]+)[:;]")
_UTF8_MARK: Final = b"\xef\xbb\xbf"
_CALENDAR: Final = "VCALENDAR"
_TIMES: Final = frozenset({"DTSTART", "DTEND", "DURATION", "RRULE", "RDATE"})
_STRUCTURE: Final = frozenset({"BEGIN", "END"})
_OF_ZONE: Final = _STRUCTURE | _TIMES | {"TZOFFSETFROM", "TZOFFSETTO", "TZNAME"}
_OF_EVENT: Final = _STRUCTURE | _TIMES | {"UID", "EXDATE", "EXRULE", "RECURRENCE-ID"}
_NEEDED: Final = {
    _CALENDAR: _STRUCTURE | {"X-WR-TIMEZONE"},
    "VEVENT": _OF_EVENT | {"STATUS", "TRANSP", "ATTENDEE", "X-MICROSOFT-CDO-BUSYSTATUS"},
    "VFREEBUSY": _STRUCTURE | {"UID", "FREEBUSY"},
    "VTIMEZONE": _STRUCTURE | {"TZID"},
    "STANDARD": _OF_ZONE,
    "DAYLIGHT": _OF_ZONE,
}
# These never lie in one another, so each of them ends what was left open before it.
_BESIDE: Final = frozenset({"VEVENT", "VFREEBUSY", "VTIMEZONE"})


class BrokenError(Exception):
    """A needed line makes no sense; `line` is its number in the text."""

    def __init__(self, line: int) -> None:
        super().__init__(line)
        self.line = line


@dataclass(frozen=True, slots=True)
class ContentLine:
    """An unfolded content line: its name in capitals, its text, and its number in the file, from 1."""

    name: str
    text: str
    number: int

    def parts(self) -> tuple[Parameters, str]:
        """Give the parameters and the value; BrokenError when the line cannot be divided so."""
        try:
            line: Any = Contentline(self.text)  # type: ignore[no-untyped-call]  # The library's own.
            _, parameters, value = line.raw_parts()
        except ValueError:
            raise BrokenError(self.number) from None
        return parameters, value.strip()

    @property
    def is_empty(self) -> bool:
        """Whether the line has no value, and so says nothing."""
        try:
            return self.text.rstrip().endswith(":") and not self.parts()[1]
        except BrokenError:
            return False


@dataclass(slots=True)
class Component:
    """A component: the lines that are needed, in order, and the components in it.

    `line` is where it begins; `is_whole` is false when its END is missing, or that of a part of it.
    """

    name: str
    line: int
    lines: list[ContentLine] = field(default_factory=list)
    parts: list["Component"] = field(default_factory=list)
    is_whole: bool = False

    def named(self, *names: str) -> list[ContentLine]:
        """Give the lines with these names that have a value: an empty line is as if it were not there."""
        return [one for one in self.lines if one.name in names and not one.is_empty]

    def text(self, name: str) -> str:
        """Give the value of the first line with a name; an empty text without such a line."""
        for one in self.named(name):
            try:
                return one.parts()[1]
            except BrokenError:
                continue
        return ""


@dataclass(frozen=True, slots=True)
class Calendars:
    """The calendars of a text; `is_whole` is false when the text breaks off within one of them."""

    calendars: list[Component]
    is_whole: bool


def read_components(text: bytes) -> Calendars:
    """Read a text in UTF-8 (or UTF-16, when it says so); any text can be read."""
    reader = _Reader()
    for number, line in _unfolded(text):
        found = _NAME.match(line)
        name = b"".join(found[1].split()).upper().decode() if found else ""
        if name in reader.wanted:
            reader.take(ContentLine(name, line.decode(errors="replace"), number))
    return Calendars(reader.calendars, reader.is_ended)


def _unfolded(text: bytes) -> Iterator[tuple[int, bytes]]:
    """Give each content line with its number: a line that begins with a blank goes on with the last."""
    number, whole = 0, b""
    parts: list[bytes] = []
    for place, line in enumerate(_lines(text), 1):
        # The bytes are joined before they are decoded: programs fold within characters too.
        if line.startswith((b" ", b"\t")) and number:
            parts.append(line[1:])
        elif line:
            yield number, b"".join((whole, *parts)) if parts else whole
            number, whole, parts = place, line, []
    yield number, b"".join((whole, *parts))


def _lines(text: bytes) -> list[bytes]:
    if text.startswith(_UTF16):
        text = text.decode("utf-16", errors="replace").encode(errors="replace")
    text = text.removeprefix(_UTF8_MARK)
    # A carriage return alone ends lines only where nothing else does: within a line it is a part of it.
    return [line.removesuffix(b"\r") for line in text.split(b"\n" if b"\n" in text else b"\r")]


class _Reader:
    """Sorts lines into components."""

    def __init__(self) -> None:
        self.calendars: list[Component] = []
        self._open: list[Component] = []

    @property
    def wanted(self) -> frozenset[str]:
        """The names of the lines that say something here."""
        return _NEEDED.get(self._open[-1].name, _STRUCTURE) if self._open else _STRUCTURE

    @property
    def is_ended(self) -> bool:
        """Whether no calendar and no event is left open."""
        return not any(one.name == _CALENDAR or one.name in _BESIDE for one in self._open)

    def take(self, line: ContentLine) -> None:
        if line.name == "BEGIN":
            self._begin(_name(line), line.number)
        elif line.name == "END":
            self._end(_name(line))
        else:
            self._open[-1].lines.append(line)

    def _begin(self, name: str, number: int) -> None:
        made = Component(name, number)
        if name == _CALENDAR:
            self._open = []
            self.calendars.append(made)
        elif name in _BESIDE:
            # What follows the end of a calendar belongs to it all the same.
            if not self.calendars:
                self.calendars.append(Component(_CALENDAR, number))
            self._open = self._open[:1] if self._open and self._open[0].name == _CALENDAR else []
            self.calendars[-1].parts.append(made)
        elif self._open:
            self._open[-1].parts.append(made)
        self._open.append(made)

    def _end(self, name: str) -> None:
        places = (at for at in reversed(range(len(self._open))) if self._open[at].name == name)
        place = next(places, None)
        if place is not None:
            # A part that was left open may hold lines of what is around it, which were not taken.
            self._open[place].is_whole = place == len(self._open) - 1
            del self._open[place:]


def _name(line: ContentLine) -> str:
    return line.text.partition(":")[2].strip().upper()
