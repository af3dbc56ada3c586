"""The page of calendar programs names what the server does, and its limits as the code has them."""

import re

from dav.properties import REPORTS
from dav.recurrences import MOST_INSTANCES
from dav.reports import MOST_NAMED
from dav.requests import LARGEST_XML
from dav.server import CLASSES, METHODS
from sync.busy.busy_time import KEPT_AHEAD, KEPT_BEFORE
from sync.busy.sandboxed_reading import OBJECT
from sync.busy.series import MOST_EVENTS
from sync.caldav.busy_calendar import LONGEST_NAME, BusyCalendar
from sync.caldav.sandboxed_expansion import COMPUTING_SECONDS, OBJECT_SECONDS
from sync.caldav.uploads import DEEPEST
from sync.changes.cursors import VALID_FOR
from tests.docs.pages import PROJECT, rows, section

PAGE = PROJECT / "docs" / "caldav.md"
SUPPORTED = section(PAGE, "What is supported")


def test_every_method_and_report_has_its_row() -> None:
    asked = " ".join(row[0] for row in rows(SUPPORTED))

    assert [method for method in METHODS if f"`{method}`" not in asked] == []
    assert [name for name in REPORTS if f"`{name.rpartition('}')[2]}`" not in asked] == []
    assert CLASSES in SUPPORTED


def test_the_limits_are_those_of_the_code() -> None:
    numbers = {int(one.replace(",", "")) for one in re.findall(r"\d[\d,]*", SUPPORTED)}
    limits = {
        BusyCalendar.largest,
        LONGEST_NAME,
        LARGEST_XML,
        MOST_NAMED,
        MOST_EVENTS,
        DEEPEST,
        MOST_INSTANCES,
    }

    seconds = {OBJECT.computing, OBJECT_SECONDS, COMPUTING_SECONDS}
    assert limits | seconds | {VALID_FOR.days} <= numbers
    days = f"from {KEPT_BEFORE.days} days back to {KEPT_AHEAD.days} days ahead"
    assert days in " ".join(section(PAGE, "A phone's event over a visit").split())
