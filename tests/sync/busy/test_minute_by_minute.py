"""The busy time of generated calendars is what an oracle finds that walks through it minute by minute."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from hypothesis import given, note, settings
from hypothesis import strategies as st

from sync.busy.expansion import expand
from sync.busy.moments import Range
from tests.sync.busy.described_calendars import Described, written
from tests.sync.busy.generated_calendars import WHERE_THE_THERAPIST_IS, calendars, windows
from tests.sync.busy.minute_oracle import MINUTE, Minutes, Oracle, place_of


@st.composite
def examples(draw: st.DrawFn) -> tuple[Range, Described]:
    """Generate a window and a calendar around it."""
    within = draw(windows())
    return within, draw(calendars(within))


def minutes(spans: Iterable[tuple[datetime, datetime]], within: Range) -> set[int]:
    """Give each minute of which a part is busy."""
    found: set[int] = set()
    for first, last in spans:
        assert within.first <= first < last <= within.last
        found.update(range((first - within.first) // MINUTE, -((within.first - last) // MINUTE)))
    return found


def shown(found: set[int], within: Range) -> list[str]:
    """Give the first minutes of a set as times."""
    return [f"{within.first + timedelta(minutes=one):%Y-%m-%d %H:%M}" for one in sorted(found)[:3]]


@st.composite
def journeys(draw: st.DrawFn) -> tuple[Range, Described]:
    """Generate a calendar of floating times and dates, of a therapist who works in two zones each week."""
    within = draw(windows(is_travelling=True))
    return within, draw(calendars(within, WHERE_THE_THERAPIST_IS))


@settings(max_examples=500, deadline=None)
@given(examples())
def test_each_minute_is_busy_that_an_event_takes_and_no_other(example: tuple[Range, Described]) -> None:
    _compare(*example)


@settings(max_examples=300, deadline=None)
@given(journeys())
def test_so_it_is_where_the_therapist_works_in_two_zones(example: tuple[Range, Described]) -> None:
    _compare(*example)


def _compare(within: Range, described: Described) -> None:
    text = written(described, place_of(described, within))
    note(text.decode())
    found = expand(text, within)
    expected = Oracle(described, within).minutes()

    assert not found.unread
    assert not found.busy.keys() - expected.keys()
    for uid, all_minutes in expected.items():
        _agree(minutes(found.busy.get(uid, ()), within), all_minutes, within)


def _agree(found: set[int], expected: Minutes, within: Range) -> None:
    """Find no minute free that must be busy, and none busy that may not be."""
    assert shown(expected.must - found, within) == []
    assert shown(found - expected.may, within) == []
