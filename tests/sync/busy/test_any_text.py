"""No text makes the reading of calendars crash or hang, and nothing that is broken hides a sound event."""

from datetime import UTC, datetime, timedelta
from time import process_time
from typing import Final
from zoneinfo import ZoneInfo

from hypothesis import example, given, settings
from hypothesis import strategies as st

from sync.busy.expansion import Expanded, UnusableError, expand
from sync.busy.moments import Range
from sync.busy.sandboxed_reading import FEED, OBJECT, read
from tests.sync.busy.broken_texts import any_bytes, beside_one_event, mutated
from tests.sync.busy.odd import shown
from tests.sync.calendars import CUSTOM_ZONE, calendar, event

WITHIN: Final = Range(
    datetime(2027, 5, 1, tzinfo=UTC), datetime(2027, 8, 1, tzinfo=UTC), ZoneInfo("Europe/Berlin")
)
HOUR: Final = event(uid="sound", start="2027-06-01T08:00Z", end="2027-06-01T09:00Z")
MOST_SECONDS: Final = 5
CODES: Final = {"not_a_calendar", "too_large", "too_slow", "too_many_events"}


def read_quickly(text: bytes) -> Expanded | None:
    """Expand a text, or give None where it is refused by a code; fail if that takes long."""
    before = process_time()
    found, code = _read(text)
    assert process_time() - before < MOST_SECONDS
    assert code in {None, *CODES}
    return found


def _read(text: bytes) -> tuple[Expanded | None, str | None]:
    try:
        return expand(text, WITHIN), None
    except UnusableError as error:
        return None, str(error)


def is_sensible(found: Expanded) -> bool:
    """Whether all spans are sorted, in UTC and within the window, and what is told names a line."""
    spans = [(first, last) for busy in found.busy.values() for first, last in busy]
    return (
        all(WITHIN.first <= first < last <= WITHIN.last for first, last in spans)
        and all(at.utcoffset() == timedelta(0) for span in spans for at in span)
        and all(list(busy) == sorted(busy) for busy in found.busy.values())
        and all(one.line >= 1 for one in (*found.unread, *found.doubtful))
    )


@settings(max_examples=300, deadline=None)
@given(any_bytes())
def test_any_bytes_are_read_or_refused(text: bytes) -> None:
    found = read_quickly(text)

    assert found is None or is_sensible(found)


@settings(max_examples=500, deadline=None)
@given(mutated())
def test_a_calendar_with_accidents_is_read_or_refused(text: bytes) -> None:
    found = read_quickly(text)

    assert found is None or is_sensible(found)


@settings(max_examples=400, deadline=None)
@given(beside_one_event())
@example(calendar(HOUR).removesuffix(b"END:VCALENDAR\r\n"))
@example(calendar(HOUR).removeprefix(b"BEGIN:VCALENDAR\r\n"))
def test_a_sound_event_is_busy_beside_anything_broken(text: bytes) -> None:
    found = read_quickly(text)

    assert found is not None
    assert "06-01 08:00/09:00" in shown(found.busy.get("sound", ()))


@settings(max_examples=4, deadline=None)
@given(st.lists(st.one_of(any_bytes(), mutated()), min_size=10, max_size=30), beside_one_event())
def test_the_child_that_reads_any_texts_answers_for_each(texts: list[bytes], sound: bytes) -> None:
    found = read([*texts, sound], WITHIN, FEED)

    assert len(found) == len(texts) + 1
    assert all(one is None or is_sensible(one) for one in found)
    assert found[-1] is not None
    assert found[-1].busy["sound"]


def test_a_zone_that_takes_too_long_costs_only_what_it_times() -> None:
    endless = CUSTOM_ZONE.replace("FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10", "FREQ=SECONDLY")
    late = event("DTSTART;TZID=Office:20270601T100000", "DURATION:PT1H", uid="late")

    (found,) = read([calendar(endless, late, HOUR)], WITHIN, OBJECT)

    assert found is not None
    assert shown(found.busy["sound"]) == ("06-01 08:00/09:00",)
