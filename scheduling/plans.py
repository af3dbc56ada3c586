"""Chooses the arrival of a planned session: the slot that keeps to the patient's preferences best."""

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
    """A patient's preferences for a series; sessions keep to them where they can.

    `weekdays` count from 0 for Monday; no weekdays means any. The patient arrives from `from_minute` and
    before `until_minute`, in minutes of the wall clock after midnight, best at `minute`. A `named`
    therapist is worth a wait of some weeks; a therapist who merely treated before is not.
    """

    weekdays: frozenset[int] = frozenset()
    from_minute: int = 0
    until_minute: int = DAY_MINUTES
    minute: int | None = None
    therapist_id: UUID | None = None
    named: bool = False


@dataclass(frozen=True, slots=True)
class Proposal:
    """An arrival (tick) with its local date and minute, its lead, and the codes of preferences it bends."""

    start: int
    on: date
    minute: int
    therapist_id: UUID | None
    bends: tuple[str, ...]


def choose(slots: Iterable[Slot], zone: ZoneInfo, ideal: date, wanted: Preferences) -> Proposal | None:
    """Return the best of the slots around the recommended date, None when there are no slots.

    A slot that is too early is worse than a late slot. Weekday, time of day and a named therapist are
    kept even if the session then comes weeks later; another therapist and the usual clock time only
    within a week.
    """
    costs = _Costs(zone, ideal, wanted)
    best = min(slots, key=costs.of, default=None)
    return None if best is None else _proposal(best, costs)


class _Costs:
    """Weighs slots by whole numbers, since there are thousands; days count from the recommended date."""

    def __init__(self, zone: ZoneInfo, ideal: date, wanted: Preferences) -> None:
        self.clock, self.wanted = LocalClock(zone), wanted
        self.first, self.weekday = ideal.toordinal(), ideal.weekday()

    def late(self, start: int) -> tuple[int, int]:
        """Return the days after the recommended date (negative: before) and the minute of the local day."""
        day, minute = self.clock.day_and_minute(start)
        return day - self.first, minute

    def bends_weekday(self, late: int) -> bool:
        """Return whether a day is not among the wanted weekdays."""
        return bool(self.wanted.weekdays) and (self.weekday + late) % _WEEK not in self.wanted.weekdays

    def bends_time(self, minute: int) -> bool:
        """Return whether a minute of the day lies outside of the wanted time."""
        return not self.wanted.from_minute <= minute < self.wanted.until_minute

    def bends_therapist(self, slot: Slot) -> bool:
        """Return whether a therapist other than the wanted therapist has to lead."""
        led_by, wanted = slot.therapist_ids, self.wanted.therapist_id
        return wanted is not None and bool(led_by) and wanted not in led_by

    def of(self, slot: Slot) -> tuple[int, ...]:
        """Return the costs of a slot as a key for sorting, the most important cost first."""
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
