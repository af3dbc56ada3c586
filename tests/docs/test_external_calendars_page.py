"""The page of external calendars names every status, error and choice that the code has, and no other."""

import re
from collections.abc import Iterator

from schemas.external_calendars import CALENDAR_STATUSES, IGNORABLE
from sync.busy.events import ALL_DAY, DECLINED, TENTATIVE
from tests.docs.pages import PROJECT, rows, section

PAGE = PROJECT / "docs" / "external-calendars.md"
SOURCES = section(PAGE, "Where busy time comes from")
COUNTED = section(PAGE, "What counts as busy")
# Codes as the code raises them, in whatever way.
RAISED = re.compile(r'(?:FetchError|UnreachableError|UnusableError)\("(\w+)"|: "(\w+)",|_failure.*= "(\w+)"')
FILES = (
    "busy/fetching.py", "busy/caldav_client.py", "busy/expansion.py", "busy/multistatus.py",
    "busy/sandboxed_reading.py", "outbound/outbound.py",
)  # fmt: skip
OTHERS = {"own_feed", "incomplete", "http_error", "several_calendars", "too_slow", "too_many_events"}


def coded() -> Iterator[str]:
    """Give every code that a fetch can fail with."""
    for name in FILES:
        text = (PROJECT / "sync" / name).read_text()
        yield from (one for found in RAISED.findall(text) for one in found if one)
    yield from OTHERS


def told(table: str) -> set[str]:
    """Give what the first column of a table names."""
    return {name for row in rows(table) for name in re.findall(r"`(\w+)`", row[0])}


def test_every_error_has_its_row() -> None:
    table = SOURCES[SOURCES.index("| `last_error` | means") :]

    assert told(table) - {"last_error"} == set(coded())


def test_every_status_has_its_row() -> None:
    table = SOURCES[SOURCES.index("| `status` | means") : SOURCES.index("The event `external")]

    assert told(table) - {"status"} == {*CALENDAR_STATUSES} - {"pending"}
    assert "`pending`" in SOURCES


def test_every_choice_of_what_does_not_count_is_named() -> None:
    assert [name for name in IGNORABLE if f"`{name}`" not in COUNTED] == []
    assert set(IGNORABLE) == {TENTATIVE, DECLINED, ALL_DAY}
