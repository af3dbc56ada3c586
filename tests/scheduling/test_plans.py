"""Among slots the engine keeps the stronger preferences, and names those that it bends."""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from scheduling.plans import Preferences, Proposal, choose
from scheduling.questions import Slot
from scheduling.ticks import to_tick

LONDON = ZoneInfo("Europe/London")
IDEAL = date(2027, 4, 10)  # A Saturday.
ANNE, BEN = UUID(int=1), UUID(int=2)
SATURDAY, SUNDAY = frozenset({5}), frozenset({6})


def slot(at: str, *therapists: UUID) -> Slot:
    """Give a slot by its local time."""
    return Slot(to_tick(datetime.fromisoformat(f"2027-{at}").replace(tzinfo=LONDON)), therapists or (ANNE,))


def chosen(slots: Sequence[Slot], **wanted: object) -> tuple[str, tuple[str, ...]]:
    """Give the local time of the best slot and what it bends."""
    found = _choose(slots, **wanted)
    return f"{found.on:%m-%d} {found.minute // 60:02}:{found.minute % 60:02}", found.bends


def _choose(slots: Sequence[Slot], **wanted: object) -> Proposal:
    found = choose(slots, LONDON, IDEAL, Preferences(**wanted))  # type: ignore[arg-type]
    assert found is not None
    return found


def test_of_no_slots_none_is_chosen() -> None:
    assert choose([], LONDON, IDEAL, Preferences()) is None


@pytest.mark.parametrize(
    ("days", "best", "bends"),
    [
        (["04-09 09:00", "04-10 09:00", "04-11 09:00"], "04-10 09:00", ()),
        (["04-09 09:00", "04-16 09:00"], "04-16 09:00", ()),
        (["04-09 09:00", "04-17 09:00"], "04-17 09:00", ("recommended_spacing",)),
        (["04-08 09:00", "04-09 09:00"], "04-09 09:00", ("recommended_spacing",)),
    ],
)
def test_the_recommended_date_or_soon_after_it_is_best(
    days: list[str], best: str, bends: tuple[str, ...]
) -> None:
    assert chosen([slot(day) for day in days]) == (best, bends)


@pytest.mark.parametrize(
    ("days", "wanted", "best", "bends"),
    [
        (["04-10 09:00", "04-18 09:00"], {"weekdays": SUNDAY}, "04-18 09:00", ("recommended_spacing",)),
        (["04-11 09:00", "04-12 09:00"], {"weekdays": SATURDAY}, "04-11 09:00", ("weekday",)),
        (["04-10 09:00", "04-17 14:00"], {"from_minute": 840}, "04-17 14:00", ("recommended_spacing",)),
        (["04-10 13:55", "04-11 14:00"], {"from_minute": 840}, "04-11 14:00", ()),
        (["04-10 16:00", "04-11 15:55"], {"until_minute": 960}, "04-11 15:55", ()),
        (["04-10 11:05", "04-12 10:00"], {"minute": 600}, "04-12 10:00", ()),
        (["04-10 11:00", "04-12 10:00"], {"minute": 600}, "04-10 11:00", ("same_time",)),
    ],
)
def test_wishes_are_worth_waiting_for(
    days: list[str], wanted: dict[str, object], best: str, bends: tuple[str, ...]
) -> None:
    assert chosen([slot(day) for day in days], **wanted) == (best, bends)


@pytest.mark.parametrize(
    ("named", "best", "therapist"), [(True, "04-17 09:00", BEN), (False, "04-12 09:00", ANNE)]
)
def test_a_named_therapist_is_waited_for_and_the_usual_one_within_the_week(
    named: bool, best: str, therapist: UUID
) -> None:
    slots = [slot("04-12 09:00", ANNE), slot("04-17 09:00", ANNE, BEN)]
    wanted = {"therapist_id": BEN, "named": named}

    assert (chosen(slots, **wanted)[0], _choose(slots, **wanted).therapist_id) == (best, therapist)
    assert _choose([*slots, slot("04-15 09:00", BEN)], **wanted).therapist_id == BEN


def test_a_visit_without_a_therapist_bends_none() -> None:
    found = _choose([Slot(slot("04-10 09:00").start, ())], therapist_id=BEN)

    assert (found.therapist_id, found.bends) == (None, ())


def test_the_clock_is_read_on_the_night_it_changes() -> None:
    night = [Slot(to_tick(datetime.fromisoformat(f"2027-03-28T0{hour}:30:00Z")), (ANNE,)) for hour in (0, 1)]
    found = [choose([one], LONDON, date(2027, 3, 28), Preferences()) for one in night]

    assert [one and one.minute for one in found] == [30, 150]
