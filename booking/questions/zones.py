"""Finds the time zone of each resource on a given day."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable
from datetime import date
from functools import partial
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import func, select

from booking.core.caller import Caller
from models import Clinic, Device, Location, Resource, Room, WorkingHours

ZoneOn = Callable[[date], ZoneInfo]
Worked = tuple[WorkingHours, str]


def zones_of(caller: Caller, resource_ids: Collection[UUID]) -> dict[UUID, ZoneOn]:
    """Give each resource's zone by local date, by two queries at most.

    A room or device has the zone of its location, and staff that of the location where they work that
    day. On a day without working hours, staff have the zone of the clinic's first location, or the clinic's.
    """
    zones: dict[UUID, ZoneOn] = {}
    staff: dict[UUID, str] = {}
    for resource_id, own, home in _places(caller, resource_ids):
        if own is None:
            staff[resource_id] = home
        else:
            zones[resource_id] = partial(_zone_on, own, ())
    hours = _hours(caller, staff) if staff else {}
    for resource_id, home in staff.items():
        zones[resource_id] = partial(_zone_on, home, hours.get(resource_id, ()))
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
        hours[period.therapist_id].append((period, zone))
    return hours


def _zone_on(home: str, hours: Iterable[Worked], on: date) -> ZoneInfo:
    return next((ZoneInfo(zone) for period, zone in hours if _counts(period, on)), ZoneInfo(home))


def _counts(period: WorkingHours, on: date) -> bool:
    first, last = period.valid_from or date.min, period.valid_until or date.max
    return period.weekday == on.weekday() and first <= on <= last
