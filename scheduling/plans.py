"""Chooses the arrival of a planned session: the one that bends the fewest of the patient's preferences."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from scheduling.questions import Slot
from scheduling.ticks import DAY_MINUTES, LocalClock

BENDS: Final = ("weekday", "time", "therapist", "same_time", "recommended_spacing")
_WEEK: Final = 7
_AN_HOUR: Final = 60


@dataclass(frozen=True, slots=True)
class Preferences:
    """What a series should keep to where it can.

    `weekdays` count from 0 for Monday, none: any. The patient arrives from `from_minute` and before
    `until_minute`, in minutes of the wall clock after midnight, best at `minute`. A therapist who was
    `named` is worth waiting some weeks for, one who merely came before is not.
    """

    weekdays: frozenset[int] = frozenset()
    from_minute: int = 0
    until_minute: int = DAY_MINUTES
    minute: int | None = None
    therapist_id: UUID | None = None
    named: bool = False


@dataclass(frozen=True, slots=True)
class Proposal:
    """An arrival (tick) with its local date, who leads, and the codes of the preferences that it bends."""

    start: int
    on: date
    minute: int
    therapist_id: UUID | None
    bends: tuple[str, ...]


def choose(slots: Iterable[Slot], zone: ZoneInfo, ideal: date, wanted: Preferences) -> Proposal | None:
    """Return the best of the slots around the recommended date, None when there are none.

    Too early is worse than late. Weekday, time of day and a named therapist are kept if that costs
    some weeks at most; within a week the therapist and then the clock time of the others is.
    """
    costs = _Costs(zone, ideal, wanted)
    best = min(slots, key=costs.of, default=None)
    return None if best is None else _proposal(best, costs)


class _Costs:
    """Weighs slots, thousands of them, by whole numbers: days are counted from the recommended one."""

    def __init__(self, zone: ZoneInfo, ideal: date, wanted: Preferences) -> None:
        self.clock, self.wanted = LocalClock(zone), wanted
        self.first, self.weekday = ideal.toordinal(), ideal.weekday()

    def late(self, start: int) -> tuple[int, int]:
        """Return the days after the recommended date (negative: before) and the minute of the local day."""
        day, minute = self.clock.day_and_minute(start)
        return day - self.first, minute

    def bends_weekday(self, late: int) -> bool:
        """Return whether a day is none of the wanted weekdays."""
        return bool(self.wanted.weekdays) and (self.weekday + late) % _WEEK not in self.wanted.weekdays

    def bends_time(self, minute: int) -> bool:
        """Return whether a minute of the day lies outside of the wanted time."""
        return not self.wanted.from_minute <= minute < self.wanted.until_minute

    def bends_therapist(self, slot: Slot) -> bool:
        """Return whether somebody other than the wanted therapist has to lead."""
        led_by, wanted = slot.therapist_ids, self.wanted.therapist_id
        return wanted is not None and bool(led_by) and wanted not in led_by

    def of(self, slot: Slot) -> tuple[int, ...]:
        """Return what a slot costs, the dearest first."""
        late, minute = self.late(slot.start)
        other = self.bends_therapist(slot)
        off = 0 if self.wanted.minute is None else abs(minute - self.wanted.minute)
        return (
            late < 0,
            self.bends_weekday(late),
            self.bends_time(minute),
            self.wanted.named and other,
            max(late, 0) // _WEEK,
            other,
            off > _AN_HOUR,
            abs(late),
            off,
            slot.start,
        )


def _proposal(slot: Slot, costs: _Costs) -> Proposal:
    late, minute = costs.late(slot.start)
    wanted, other = costs.wanted, costs.bends_therapist(slot)
    bent = (
        costs.bends_weekday(late),
        costs.bends_time(minute),
        other,
        wanted.minute is not None and minute != wanted.minute,
        not 0 <= late < _WEEK,
    )
    first = next(iter(slot.therapist_ids), None)
    leads = wanted.therapist_id if first is not None and not other and wanted.therapist_id else first
    codes = tuple(code for code, is_bent in zip(BENDS, bent, strict=True) if is_bent)
    return Proposal(slot.start, date.fromordinal(costs.first + late), minute, leads, codes)
