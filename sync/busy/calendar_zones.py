"""Finds the zones that calendars name: those of the world, of Windows, and of a calendar's own making."""

from datetime import UTC, datetime, tzinfo
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from icalendar import Timezone
from icalendar.timezone import tzp
from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON

from dav.objects import NONSENSE
from sync.busy.components import Component


class Zones:
    """The zones of a calendar: those that the world knows, and those of its own making."""

    def __init__(self, calendar: Component) -> None:
        self._made = {
            _clean(one.text("TZID")): one for one in reversed(calendar.parts) if one.name == "VTIMEZONE"
        }
        self._found: dict[str, tzinfo | None] = {}
        self.guesses = 0
        """The number of times read so far whose TZID is unknown."""
        # Many programs write here the zone of all times that name none.
        self.floating = self.find(calendar.text("X-WR-TIMEZONE"))

    def find(self, name: str) -> tzinfo | None:
        """Give the time zone that a TZID names; None when the TZID is unknown."""
        name = _clean(name)
        if name and name not in self._found:
            # A short name may be any zone that its calendar describes; a place is the same for everybody.
            first, second = (_known, self._own) if "/" in name else (self._own, _known)
            self._found[name] = first(name) or second(name) or _guessed(name)
        return self._found.get(name)

    def _own(self, name: str) -> tzinfo | None:
        """Give the zone that the calendar describes under a name."""
        component = self._made.get(name)
        return None if component is None else _made(component)


def _clean(name: str) -> str:
    return name.strip(" \t\"'")


@cache
def _names() -> dict[str, str]:
    return {name.lower(): name for name in available_timezones() - {"Factory", "localtime"}}


def _known(name: str) -> tzinfo | None:
    key = _names().get(name.lower().strip("/"))
    return None if key is None else ZoneInfo(key)


def _made(component: Component) -> tzinfo | None:
    """Make a zone of its description; None when that makes no sense."""
    lines = ["BEGIN:VTIMEZONE", *(one.text for one in component.lines)]
    for part in component.parts:
        lines += [f"BEGIN:{part.name}", *(one.text for one in part.lines), f"END:{part.name}"]
    try:
        made: Any = Timezone.from_ical("\r\n".join([*lines, "END:VTIMEZONE", ""]))
        zone: tzinfo = made.to_tz(tzp, lookup_tzid=False)
        datetime(2000, 1, 1, tzinfo=zone).astimezone(UTC)
    except NONSENSE:
        return None
    return zone


def _guessed(name: str) -> tzinfo | None:
    """Give the zone of a name of Windows, or of a name behind its maker's (RFC 5545, 3.2.19)."""
    parts = name.strip("/").split("/")
    behind = ("/".join(parts[place:]) for place in range(1, len(parts)))
    found = (_known(one) for one in (_windows().get(name.lower(), ""), *behind))
    return next((zone for zone in found if zone is not None), None)


@cache
def _windows() -> dict[str, str]:
    return {name.lower(): zone for name, zone in WINDOWS_TO_OLSON.items()}
