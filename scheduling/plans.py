"""Chooses the arrival of a planned session: the one that bends the fewest of the patient's preferences."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from scheduling.questions import Slot
from scheduling.ticks import DAY_MINUTES, from_tick

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
    found = [_judged(slot, zone, ideal, wanted) for slot in slots]
    return min(found, key=lambda one: _cost(one, ideal, wanted), default=None)


def _judged(slot: Slot, zone: ZoneInfo, ideal: date, wanted: Preferences) -> Proposal:
    local = from_tick(slot.start).astimezone(zone)
    on, minute = local.date(), local.hour * 60 + local.minute
    others = wanted.therapist_id is not None and wanted.therapist_id not in slot.therapist_ids
    bent = (
        bool(wanted.weekdays) and on.weekday() not in wanted.weekdays,
        not wanted.from_minute <= minute < wanted.until_minute,
        others and bool(slot.therapist_ids),
        wanted.minute is not None and minute != wanted.minute,
        not 0 <= (on - ideal).days < _WEEK,
    )
    leads = slot.therapist_ids[:1] if others or wanted.therapist_id is None else (wanted.therapist_id,)
    therapist_id = next(iter(leads), None) if slot.therapist_ids else None
    codes = tuple(code for code, is_bent in zip(BENDS, bent, strict=True) if is_bent)
    return Proposal(slot.start, on, minute, therapist_id, codes)


def _cost(one: Proposal, ideal: date, wanted: Preferences) -> tuple[int, ...]:
    late = (one.on - ideal).days
    other = "therapist" in one.bends
    off = 0 if wanted.minute is None else abs(one.minute - wanted.minute)
    return (
        late < 0,
        "weekday" in one.bends,
        "time" in one.bends,
        wanted.named and other,
        max(late, 0) // _WEEK,
        other,
        off > _AN_HOUR,
        abs(late),
        off,
        one.start,
    )
