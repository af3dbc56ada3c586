"""Tells by which zone's wall clock a resource lives on a given day."""

from collections.abc import Callable
from datetime import date
from zoneinfo import ZoneInfo

from sqlalchemy import select

from booking.callers import Caller
from models import Clinic, Device, Location, Resource, Room, WorkingHours

ZoneOn = Callable[[date], ZoneInfo]


def zones_of(caller: Caller, resource: Resource) -> ZoneOn:
    """Give the zone by local date: a room's or device's own; for staff that of where they work that day.

    On a day without working hours it is the zone of the clinic's first location, or the clinic's own.
    """
    if isinstance(resource, Room | Device):
        own = _zone_at(caller, resource)
        return lambda _on: own
    return _zones_of_staff(caller, resource)


def _zone_at(caller: Caller, resource: Room | Device) -> ZoneInfo:
    zone = select(Location.timezone).where(
        Location.clinic_id == caller.clinic_id, Location.id == resource.location_id
    )
    return ZoneInfo(caller.session.scalars(zone).one())


def _zones_of_staff(caller: Caller, resource: Resource) -> ZoneOn:
    hours = caller.session.execute(
        select(WorkingHours, Location.timezone)
        .join(
            Location,
            (Location.clinic_id == WorkingHours.clinic_id) & (Location.id == WorkingHours.location_id),
        )
        .where(WorkingHours.clinic_id == caller.clinic_id, WorkingHours.therapist_id == resource.id)
        .order_by(WorkingHours.starts, WorkingHours.location_id)
        .execution_options(populate_existing=True)
    ).all()
    home = _home(caller)

    def zone_on(on: date) -> ZoneInfo:
        return next((ZoneInfo(zone) for period, zone in hours if _counts(period, on)), home)

    return zone_on


def _counts(period: WorkingHours, on: date) -> bool:
    first, last = period.valid_from or date.min, period.valid_until or date.max
    return period.weekday == on.weekday() and first <= on <= last


def _home(caller: Caller) -> ZoneInfo:
    first = select(Location.timezone).where(Location.clinic_id == caller.clinic_id).order_by(Location.id)
    own = select(Clinic.timezone).where(Clinic.id == caller.clinic_id)
    return ZoneInfo(caller.session.scalar(first.limit(1)) or caller.session.scalars(own).one())
