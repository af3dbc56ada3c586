"""Odd calendars are read as they are meant; each expected span was worked out by hand."""

import pytest

from sync.busy.expansion import Expanded, expand
from tests.sync.busy.odd import Odd, shown
from tests.sync.busy.odd_calendars import KINDS, ODD


def told(found: Expanded) -> int:
    """Give how many UIDs are named as unread, or as read by a guess."""
    return len({one.uid for one in (*found.unread, *found.doubtful)})


@pytest.mark.parametrize("odd", ODD, ids=str)
def test_an_odd_calendar_is_busy_when_it_is_meant_to_be(odd: Odd) -> None:
    found = expand(odd.text, odd.within)

    assert shown(span for spans in found.busy.values() for span in spans) == odd.busy
    assert odd.told in {None, told(found)}


def test_each_kind_has_several_calendars_that_differ() -> None:
    assert len({odd.text for odd in ODD}) == len({str(odd) for odd in ODD}) == len(ODD)
    assert min(len(kind.all) for kind in KINDS) >= 4
