"""A script for the system's own Python: print how many errors libical finds in the calendar on stdin."""

import sys

import gi

gi.require_version("ICalGLib", "3.0")
from gi.repository import ICalGLib  # noqa: E402 - only then is it there

calendar = ICalGLib.Component.new_from_string(sys.stdin.buffer.read().decode())
if calendar is None or calendar.isa() != ICalGLib.ComponentKind.VCALENDAR_COMPONENT:
    sys.exit("This is no calendar.")
if not calendar.check_restrictions() and not calendar.count_errors():
    sys.exit("The calendar is restricted, but nothing says how.")
events = calendar.count_components(ICalGLib.ComponentKind.VEVENT_COMPONENT)
sys.stdout.write(f"{events} {calendar.count_errors()}\n")
