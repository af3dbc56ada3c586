"""Tells the busy minutes of a described calendar by walking through its days, without a calendar library.

It tells what a reading must find and what it may find, which differ where a calendar can be read in two ways.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from sync.busy.moments import Range
from tests.sync.busy.described_calendars import (
    DATE,
    FLOATING,
    Described,
    Event,
    Length,
    Override,
    Place,
    Rule,
    instant,
    midnight,
)

MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)
LATER = timedelta(days=50)
"""How long after a window a series is followed, since an override may move a date to an earlier day."""


@dataclass(slots=True)
class Minutes:
    """The minutes, counted from the window's beginning, that must and that may be busy."""

    must: set[int] = field(default_factory=set)
    may: set[int] = field(default_factory=set)

    def add(self, other: "Minutes", *, surely: bool = True) -> None:
        """Add what is busy; unless `surely`, it only may be."""
        self.may |= other.may
        if surely:
            self.must |= other.must


@dataclass(frozen=True, slots=True)
class Occurrence:
    """A date of a series; `is_sure` unless it is a date by one reading of the rule alone."""

    start: datetime
    is_sure: bool = True


def place_of(described: Described, within: Range) -> Place:
    """Give where the therapist works on each day; floating times go by the calendar's own zone first."""
    own = ZoneInfo(described.own_zone) if described.own_zone else None
    return lambda at, where: (
        own if own and where == FLOATING else within.elsewhere.get(at.date(), within.zone)
    )


class Oracle:
    """Tells the busy minutes of a calendar within a window."""

    def __init__(self, described: Described, within: Range) -> None:
        self._described, self._within = described, within
        self._place = place_of(described, within)

    def minutes(self) -> dict[str, Minutes]:
        """Give the busy minutes by UID."""
        found: dict[str, Minutes] = {}
        for event in self._described.events:
            found.setdefault(event.uid, Minutes()).add(self._of_event(event))
        return found

    def _of_event(self, event: Event) -> Minutes:
        found = Minutes()
        occurrences = {one.start: one for one in self._kept(event)}
        replaced = {one.of for one in event.overrides}
        for one in occurrences.values():
            if one.start not in replaced:
                found.add(self._of_occurrence(event, one, occurrences))
        for at, length in event.periods:
            if at not in event.excluded and at not in replaced:
                self._add_period(found, event, at, length)
        for override in event.overrides:
            if override.state == "busy":
                found.add(self._lasting(override.start, override.where, override.length, override.start))
        return found

    def _of_occurrence(
        self, event: Event, one: Occurrence, occurrences: dict[datetime, Occurrence]
    ) -> Minutes:
        """Give the minutes of a date that has no override of its own."""
        found = Minutes()
        unmoved = Minutes()
        if event.state == "busy":
            unmoved = self._lasting(one.start, event.where, event.length, event.start)
        by = self._followed(event, one.start)
        if by is None:
            found.add(unmoved, surely=one.is_sure)
            return found
        moved = self._moved(one.start, by)
        # All later dates are cancelled, or follow one that there is not: that can be read in two ways.
        is_sure = by.state == "busy" and by.of in occurrences
        if not is_sure:
            found.add(unmoved, surely=False)
        if by.state == "busy":
            found.add(moved, surely=is_sure and one.is_sure)
        return found

    @staticmethod
    def _followed(event: Event, start: datetime) -> Override | None:
        """Give the last override for this and all later dates that is not after a date."""
        before = [one for one in event.overrides if one.future and one.of <= start]
        return max(before, key=lambda one: one.of, default=None)

    def _moved(self, start: datetime, by: Override) -> Minutes:
        """Give the minutes of a date that is moved by as much as the override of an earlier one."""
        found = self._lasting(start + (by.start - by.of), by.where, by.length, by.start)
        if by.where == DATE:
            return found
        exactly = instant(by.start, by.where, self._place) - instant(by.of, by.where, self._place)
        begins = instant(start, by.where, self._place) + exactly
        usually = instant(start + (by.start - by.of), by.where, self._place)
        found.may |= {minute + (begins - usually) // MINUTE for minute in found.may}
        return found

    def _add_period(self, found: Minutes, event: Event, at: datetime, length: timedelta) -> None:
        """Add a period, whose length is its own; where the series has that date too, the longer counts."""
        by = self._followed(event, at)
        own = self._lasting(at, event.where, Length(exactly=length), at)
        if event.state == "busy":
            found.add(own, surely=by is None)
        if by is not None and by.state == "busy":
            found.add(self._moved(at, by), surely=False)
            longer = Override(by.of, by.start, by.where, Length(exactly=length), by.state)
            found.add(self._moved(at, longer), surely=False)

    def _kept(self, event: Event) -> Iterator[Occurrence]:
        """Give the dates of an event that are not excluded.

        Two times by the clock can be one instant; where another is named than a date, the date is not sure.
        """
        walked = {one.start: one for one in self._walked(event)}
        walked |= {at: Occurrence(at) for at in event.added}
        named = {*event.excluded, *(one.of for one in event.overrides)}
        instants = {instant(at, event.where, self._place) for at in named}
        for at, one in walked.items():
            if at not in event.excluded:
                is_named = at not in named and instant(at, event.where, self._place) in instants
                yield Occurrence(at, is_sure=one.is_sure and not is_named)

    def _walked(self, event: Event) -> Iterator[Occurrence]:
        """Walk from day to day, and give the dates on which the rule comes true; the start is always one."""
        yield Occurrence(event.start)
        if event.rule is None:
            return
        # RFC 5545 counts the start as the first date even if the rule does not name it; some do not.
        counted = 1
        extra = 0 if _matches(event.rule, event.start, event.start) else 1
        most = event.rule.count
        at = event.start + DAY
        while at <= self._within.last.replace(tzinfo=None) + LATER and not self._is_past(
            at, event, perhaps=True
        ):
            if _matches(event.rule, at, event.start):
                counted += 1
                if most is not None and counted > most + extra:
                    return
                is_counted = most is None or counted <= most
                yield Occurrence(at, is_sure=is_counted and not self._is_past(at, event))
            at += DAY

    def _is_past(self, at: datetime, event: Event, *, perhaps: bool = False) -> bool:
        """Whether a date comes after the end of the rule; the end by a date is the end of that day.

        The digits of an end in UTC of floating times may be meant as they stand.
        """
        assert event.rule is not None
        until = event.rule.until
        if until is None:
            return False
        if event.rule.until_is_date or event.where == DATE:
            return at.date() > until.date()
        if event.where == FLOATING and not event.rule.until_in_utc:
            return at > until
        last = instant(until, event.where, self._place)
        is_past = instant(at, event.where, self._place) > last
        if event.where == FLOATING and perhaps:
            return is_past and at > max(until, last.replace(tzinfo=None))
        return is_past

    def _lasting(self, start: datetime, where: str, length: Length, first: datetime) -> Minutes:
        """Give the minutes of a date that begins at `start`, in a series that begins at `first`."""
        begins = instant(start, where, self._place)
        certain, possible = self._ends(start, where, length, first)
        # What begins in an hour that the clocks leave out may end before it by the clock: it is turned round.
        end = start + (length.days * DAY if length.to_end is None else length.to_end)
        begun = min(begins, *self._shown(start, end, where))
        return Minutes(set(self._between(begins, certain)), set(self._between(begun, possible)))

    def _ends(
        self, start: datetime, where: str, length: Length, first: datetime
    ) -> tuple[datetime, datetime]:
        """Give when a date ends: surely not before, and perhaps not before."""
        if where == DATE:
            days = length.days * DAY if length.to_end is None else length.to_end
            return self._shown(start, start + max(days, DAY), where)
        if length.to_end is None:
            civil, perhaps = self._shown(start, start + length.days * DAY, where)
            exactly = length.exactly or timedelta(0)
            return civil + exactly, perhaps + exactly
        return self._to_end(start, where, length.to_end, first)

    def _to_end(
        self, start: datetime, where: str, to_end: timedelta, first: datetime
    ) -> tuple[datetime, datetime]:
        """Give the end by the clock or by the exact length of the first date, which is later."""
        begins, begun = (instant(at, where, self._place) for at in (start, first))
        by_clock, perhaps = self._shown(start, start + to_end, where)
        exact, perhaps_exact = (end - begun for end in self._shown(first, first + to_end, where))
        certain = max(by_clock, begins + exact)
        if self._is_travelling(first, start + to_end, where):
            certain = by_clock
        return certain, max(perhaps, begins + perhaps_exact)

    def _shown(self, start: datetime, end: datetime, where: str) -> tuple[datetime, datetime]:
        """Give when the clock shows an end: where the last day is spent, and where that is latest."""
        if where not in {DATE, FLOATING}:
            at = instant(end, where, self._place)
            return at, at
        days = {midnight(start), midnight(end), midnight(max(start, end - MINUTE))}
        readings = [end.replace(tzinfo=self._place(day, where)).astimezone(UTC) for day in days]
        last = end.replace(tzinfo=self._place(max(start, end - MINUTE), where)).astimezone(UTC)
        return last, max(readings)

    def _is_travelling(self, first: datetime, last: datetime, where: str) -> bool:
        """Whether a floating event meets several zones between two days."""
        if where != FLOATING:
            return False
        days = (last - midnight(first)).days + 2
        return len({self._place(first + place * DAY, where).key for place in range(-1, days)}) > 1

    def _between(self, first: datetime, last: datetime) -> Iterable[int]:
        begins, ends = max(first, self._within.first), min(last, self._within.last)
        return range((begins - self._within.first) // MINUTE, (ends - self._within.first) // MINUTE)


def _matches(rule: Rule, at: datetime, start: datetime) -> bool:
    """Whether a rule names a day."""
    weekdays = {day for _, day in rule.weekdays}
    if rule.frequency == "DAILY":
        return (at - start).days % rule.interval == 0 and (not weekdays or at.weekday() in weekdays)
    if rule.frequency == "WEEKLY":
        weeks = (_week(at, rule) - _week(start, rule)).days // 7
        return weeks % rule.interval == 0 and at.weekday() in (weekdays or {start.weekday()})
    months = (at.year - start.year) * 12 + at.month - start.month
    return months % rule.interval == 0 and _is_in_month(rule, at, start)


def _week(at: datetime, rule: Rule) -> datetime:
    """Give the beginning of a day's week."""
    return midnight(at) - (at.weekday() - rule.first_weekday) % 7 * DAY


def _is_in_month(rule: Rule, at: datetime, start: datetime) -> bool:
    """Whether a rule for months names a day, by its weekday or its number from either end of the month."""
    last = ((at.replace(day=28) + 4 * DAY).replace(day=1) - DAY).day
    if rule.weekdays:
        ordinals = {0, (at.day - 1) // 7 + 1, -((last - at.day) // 7 + 1)}
        return any(day == at.weekday() and nth in ordinals for nth, day in rule.weekdays)
    numbers = rule.month_days or (start.day,)
    return at.day in numbers or at.day - last - 1 in numbers
