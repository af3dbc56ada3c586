"""Finds the time zone of each resource: on a date, of a wall-clock time, and at an instant."""

from collections import defaultdict
from collections.abc import Collection, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import func, select

from booking.core.caller import Caller
from models import (
    Clinic,
    Device,
    Location,
    Resource,
    Room,
    SpecialWorkingDay,
    SpecialWorkingPeriod,
    WorkingHours,
)
from scheduling.ticks import in_turn

Worked = tuple[WorkingHours, ZoneInfo]
Period = tuple[int, int, ZoneInfo]
"""A part of a date, in minutes after local midnight, and the zone of the place."""


# A wall-clock time of a person is that of the place where they work on that date. Which date it is at an
# instant depends on the zone, and the zone on the date: Sunday 21:00 in London is Monday 08:00 in Sydney, and
# a therapist who works in Sydney on Mondays is meant to be there. So an instant is looked at by the clock of
# every place where the person works; the place counts whose working hours of that local date are nearest.
#
# Special hours say where the person is on that one date, so no weekly hours tell the clock of that date.
# Without any period they only say that the person is not at that place.
@dataclass(frozen=True, slots=True)
class SpecialWork:
    """Special hours of a person on a date at a location; without periods the person is not there."""

    location_id: UUID
    periods: Sequence[Period] = ()


@dataclass(frozen=True, slots=True)
class Zones:
    """The zones of a resource: `home`, and for staff those of the places where they work.

    `hours` are the weekly hours of staff, `special` their special hours by date.
    """

    home: ZoneInfo
    hours: Sequence[Worked] = ()
    special: Mapping[date, Sequence[SpecialWork]] = field(default_factory=dict)

    def works_elsewhere(self, day: date, seen: Container[UUID]) -> Iterator[Period]:
        """Give the parts of a date in which the person works at a location that is not among the seen."""
        special = self.special.get(day, ())
        if any(one.periods for one in special):
            yield from (period for one in special if one.location_id not in seen for period in one.periods)
            return
        away = {one.location_id for one in special}
        for one, zone in self.hours:
            if one.location_id not in seen and one.location_id not in away and _counts(one, day):
                yield one.starts, one.ends, zone

    def on(self, day: date) -> ZoneInfo:
        """Give the zone of a local date: that of the first place where the person works then, or home."""
        return next((zone for _, _, zone in self._worked(day)), self.home)

    def of_wall(self, local: datetime) -> ZoneInfo:
        """Give the zone of a wall-clock time (naive), by the working hours that are nearest on its date."""
        found = [(_apart(one, local), one[2]) for one in self._worked(local.date())]
        return min(found, key=_by_distance)[1] if found else self.home

    def of_instant(self, at: datetime) -> ZoneInfo:
        """Give the zone of an instant, by the working hours that are nearest on their own local date."""
        found = []
        for zone in self._places():
            local = at.astimezone(zone).replace(tzinfo=None)
            there = [_apart(one, local) for one in self._worked(local.date()) if one[2] == zone]
            if there and self.of_wall(local) == zone:
                found.append((min(there), zone))
        return min(found, key=_by_distance)[1] if found else self.home

    def _worked(self, day: date) -> list[Period]:
        """Give the parts of a date in which the person works."""
        special = self.special.get(day, ())
        named = [period for one in special for period in one.periods]
        away = {one.location_id for one in special}
        return named or [
            (one.starts, one.ends, zone)
            for one, zone in self.hours
            if one.location_id not in away and _counts(one, day)
        ]

    def _places(self) -> Iterable[ZoneInfo]:
        special = (zone for day in self.special.values() for one in day for _, _, zone in one.periods)
        return dict.fromkeys((*(zone for _, zone in self.hours), *special))


def zones_of(caller: Caller, resource_ids: Collection[UUID]) -> dict[UUID, Zones]:
    """Give each resource's zones, by three queries at most.

    A room or device has the zone of its location, and staff that of the location where they work that
    day. On a day without working hours, staff have the zone of the clinic's first location, or the clinic's.
    """
    zones: dict[UUID, Zones] = {}
    staff: dict[UUID, ZoneInfo] = {}
    for resource_id, own, home in _places(caller, resource_ids):
        if own is None:
            staff[resource_id] = ZoneInfo(home)
        else:
            zones[resource_id] = Zones(ZoneInfo(own))
    hours, special = (_hours(caller, staff), _special(caller, staff)) if staff else ({}, {})
    for resource_id, place in staff.items():
        zones[resource_id] = Zones(place, hours.get(resource_id, ()), special.get(resource_id, {}))
    return zones


def _places(caller: Caller, resource_ids: Collection[UUID]) -> Iterable[tuple[UUID, str | None, str]]:
    """Give each resource with the zone of its location (None for staff) and the clinic's own zone."""
    first = select(Location.timezone).where(Location.clinic_id == caller.clinic_id).order_by(Location.id)
    # The tables alone: the classes would join the common part of rooms and devices once more.
    rooms, devices = Room.__table__.c, Device.__table__.c
    own = (rooms.clinic_id == Resource.clinic_id) & (rooms.id == Resource.id)
    statement = (
        select(
            Resource.id,
            Location.timezone,
            func.coalesce(first.limit(1).correlate(None).scalar_subquery(), Clinic.timezone),
        )
        .join(Clinic, Clinic.id == Resource.clinic_id)
        .outerjoin(Room.__table__, own)
        .outerjoin(
            Device.__table__,
            (devices.clinic_id == Resource.clinic_id) & (devices.id == Resource.id),
        )
        .outerjoin(
            Location,
            (Location.clinic_id == Resource.clinic_id)
            & (Location.id == func.coalesce(rooms.location_id, devices.location_id)),
        )
        .where(Resource.clinic_id == caller.clinic_id, Resource.id.in_(resource_ids))
    )
    return caller.session.execute(statement)


def _hours(caller: Caller, staff: Iterable[UUID]) -> dict[UUID, list[Worked]]:
    """Give the working hours of staff, each with its location's zone."""
    hours: defaultdict[UUID, list[Worked]] = defaultdict(list)
    rows = caller.session.execute(
        select(WorkingHours, Location.timezone)
        .join(
            Location,
            (Location.clinic_id == WorkingHours.clinic_id) & (Location.id == WorkingHours.location_id),
        )
        .where(WorkingHours.clinic_id == caller.clinic_id, WorkingHours.therapist_id.in_(staff))
        .order_by(WorkingHours.starts, WorkingHours.location_id)
        .execution_options(populate_existing=True)
    )
    for period, zone in rows:
        hours[period.therapist_id].append((period, ZoneInfo(zone)))
    return hours


def _special(caller: Caller, staff: Iterable[UUID]) -> dict[UUID, dict[date, list[SpecialWork]]]:
    """Give the special hours of staff by date, in the order in which the days begin."""
    day, period = SpecialWorkingDay, SpecialWorkingPeriod
    rows = caller.session.execute(
        select(day.therapist_id, day.on, day.location_id, Location.timezone, period.starts, period.ends)
        .join(Location, (Location.clinic_id == day.clinic_id) & (Location.id == day.location_id))
        .outerjoin(period, (period.clinic_id == day.clinic_id) & (period.day_id == day.id))
        .where(day.clinic_id == caller.clinic_id, day.therapist_id.in_(staff))
        .order_by(period.starts, day.location_id)
    )
    special: defaultdict[UUID, dict[date, list[SpecialWork]]] = defaultdict(dict)
    for therapist_id, on, location_id, zone, starts, ends in rows:
        periods = [] if starts is None else [(starts, ends, ZoneInfo(zone))]
        special[therapist_id].setdefault(on, []).append(SpecialWork(location_id, periods))
    return special


def _counts(period: WorkingHours, on: date) -> bool:
    first, last = period.valid_from or date.min, period.valid_until or date.max
    valid = period.weekday == on.weekday() and first <= on <= last
    return valid and in_turn(on, period.valid_from, period.every_weeks)


def _apart(period: Period, local: datetime) -> int:
    """Give the minutes between a wall-clock time and a period of its date; 0 within the period."""
    starts, ends, _ = period
    minute = local.hour * 60 + local.minute
    return max(starts - minute, minute - ends, 0)


def _by_distance(found: tuple[int, ZoneInfo]) -> int:
    return found[0]
