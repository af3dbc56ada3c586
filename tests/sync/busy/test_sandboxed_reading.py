"""Harmful calendars are refused with a code, within bounds of time and size."""

import sys
from dataclasses import replace
from datetime import UTC, date, datetime
from time import monotonic
from typing import Final
from zoneinfo import ZoneInfo

import pytest

from sync.busy.expansion import MOST_BYTES, UnusableError
from sync.busy.moments import Range
from sync.busy.sandboxed_reading import FEED, Patience, answer, read
from tests.sync.calendars import CUSTOM_ZONE, calendar, event

WITHIN = Range(datetime(2027, 1, 1, tzinfo=UTC), datetime(2028, 2, 1, tzinfo=UTC), ZoneInfo("Europe/Berlin"))
SHORT: Final = Patience(1, 30)
HOUR = event(start="2027-06-28T10:00Z", end="2027-06-28T11:00Z")


def repeated(rule: str) -> bytes:
    """Write an event of one second with this rule."""
    return calendar(event("DTSTART:20260101T000000Z", "DURATION:PT1S", f"RRULE:{rule}"))


HARMFUL = {
    "a rule for every second": (repeated("FREQ=SECONDLY"), "too_slow"),
    "a rule that never comes true": (repeated("FREQ=SECONDLY;BYMONTH=2;BYMONTHDAY=30"), "too_slow"),
    "a rule for every quarter of an hour": (repeated("FREQ=MINUTELY;INTERVAL=15"), "too_many_events"),
    "more than may be read": (b"x" * (MOST_BYTES + 1), "too_large"),
}


@pytest.mark.parametrize("name", HARMFUL)
def test_harm_is_refused_within_its_limits(name: str) -> None:
    text, code = HARMFUL[name]
    patience = Patience(20, 60) if code == "too_many_events" else SHORT
    before = monotonic()
    with pytest.raises(UnusableError) as refused:
        read([text], WITHIN, patience)

    assert str(refused.value) == code
    assert monotonic() - before < 2 * patience.waiting


@pytest.mark.parametrize(
    "heap",
    [
        [CUSTOM_ZONE.replace("Office", f"Z{n}") for n in range(9000)],
        [event(*["X-A;B=C:D"] * 300_000, uid="heap", start="2027-06-29T10:00Z", end="2027-06-29T11:00Z")],
        [f"BEGIN:VALARM\nTRIGGER:PT-{n}H\nEND:VALARM" for n in range(60_000)],
        ["BEGIN:X-DEEP"] * 60_000,
    ],
    ids=["zones", "properties", "alarms", "depth"],
)
def test_a_heap_of_what_is_not_needed_hides_no_event(heap: list[str]) -> None:
    (found,) = read([calendar(*heap, HOUR)], WITHIN, FEED)

    assert found is not None
    assert len(found.busy["one"]) == 1


@pytest.mark.parametrize(
    "rule", ["FREQ=SECONDLY", "FREQ=MINUTELY;INTERVAL=15", "FREQ=SECONDLY;BYMONTH=2;BYMONTHDAY=30"]
)
def test_one_event_that_is_too_much_costs_no_other(rule: str) -> None:
    endless = event("DTSTART:20270201T000000Z", "DURATION:PT1H", f"RRULE:{rule}", uid="endless")
    (found,) = read([calendar(endless, HOUR)], WITHIN, SHORT)

    assert found is not None
    assert len(found.busy["one"]) == 1
    # Of what cannot be counted, the first date is busy.
    assert [one.uid for one in found.unread] == ["endless"]
    assert [f"{first:%m-%d %H:%M}" for first, _ in found.busy["endless"]] == ["02-01 00:00"]


@pytest.mark.parametrize(
    "text",
    [b"", b"hello", b"\xff\xfe\x00", b"BEGIN:VCALENDAR", b"BEGIN:VCALENDAR\r\n" * 5000, b"\x00" * 1000],
)
def test_garbage_is_no_calendar(text: bytes) -> None:
    days = {"first": WITHIN.first.isoformat(), "last": WITHIN.last.isoformat()}
    within = days | {"zone": "Europe/Berlin", "elsewhere": {}, "ignore": [], "attendee": None}

    assert answer({**within, "texts": [text.decode("latin-1")]}) == [None]


def test_the_child_knows_where_the_person_is_on_each_day() -> None:
    within = replace(WITHIN, elsewhere={date(2027, 6, 28): ZoneInfo("America/New_York")})
    floating = calendar(event("DTSTART:20270628T100000", "DURATION:PT1H", uid="one"))

    (found,) = read([floating], within, SHORT)

    assert found is not None
    assert found.busy["one"] == [
        (datetime(2027, 6, 28, 14, tzinfo=UTC), datetime(2027, 6, 28, 15, tzinfo=UTC))
    ]


@pytest.mark.parametrize(
    "lines",
    [
        ["DTSTART:00010101T000000Z", "DTEND:99991231T235959Z", "RRULE:FREQ=DAILY"],
        ["DTSTART;VALUE=DATE:99991231", "DURATION:P9999D"],
        ["DTSTART:20270628T100000Z", "DURATION:P999999999D"],
        ["DTSTART:20270628T100000Z", "DTEND:20270628T100000Z", "RRULE:FREQ=DAILY;COUNT=99999999999999"],
        ["DTSTART:20270628T100000Z", "DURATION:PT1H", "RRULE:FREQ=SOMETIMES"],
    ],
)
def test_an_absurd_date_spoils_its_own_event_only(lines: list[str]) -> None:
    (found,) = read([calendar(event(*lines, uid="absurd"), HOUR)], WITHIN, SHORT)

    assert found is not None
    assert len(found.busy["one"]) == 1
    assert {one.uid for one in found.unread} <= {"absurd"}
    assert len(found.busy.get("absurd", ())) <= 1


def test_several_texts_are_read_by_one_child_each_by_itself() -> None:
    found = read([calendar(HOUR), b"no calendar", calendar(HOUR)], WITHIN, SHORT)

    assert [None if one is None else len(one.busy["one"]) for one in found] == [1, None, 1]


def test_the_child_is_told_nothing_of_the_product(monkeypatch: pytest.MonkeyPatch) -> None:
    """The child process finds its libraries without the parent's environment."""
    monkeypatch.setenv("DATABASE_URL", "postgresql://secret")
    monkeypatch.setattr(sys, "path", [])

    assert read([calendar(HOUR)], WITHIN, SHORT)[0] is not None
