"""Loads the desk's board: open hours, visits, holds and blocks of a location's rooms, devices and staff."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import or_, select

from booking.core.caller import Caller
from booking.questions.catalog import ClinicCatalog, load_catalog
from booking.questions.visit_requests import find_location
from booking.questions.windows import days
from models import Appointment, AppointmentPhase, Occupancy, Resource
from models.appointments import BEHIND, LONGEST_OCCUPANCY
from models.statuses import GONE
from scheduling.bits import Window, positions
from scheduling.catalog import Location
from scheduling.hours import hours_bits, local_days, open_bits
from scheduling.ticks import from_tick

_REAL: Final = ("actual_starts_at", "actual_ends_at", "occupied_from", "occupied_until")


@dataclass(frozen=True, slots=True)
class Board:
    """The board of a location from local day `first` to `until`, half-open, with a row per resource."""

    location: Location
    first: date
    until: date
    rows: Sequence[dict[str, Any]]


def board(caller: Caller, location_id: UUID, first: date, until: date) -> Board:
    """Load the board; times are in the location's zone, and the items of a row in order of time."""
    catalog = load_catalog(caller)
    location = find_location(caller, catalog, location_id)
    window = days(first, until, 0, location.zone)
    open_bits = _open(catalog, location, window)
    items = _items(caller, list(open_bits), window, location.zone)
    resources = caller.session.scalars(
        select(Resource)
        .where(Resource.clinic_id == caller.clinic_id, Resource.id.in_(open_bits))
        .order_by(Resource.type, Resource.name, Resource.id)
    )
    rows = [
        {
            "resource_id": resource.id,
            "type": resource.type,
            "name": resource.name,
            "open": list(_spans(open_bits[resource.id], window, location.zone)),
            "items": sorted(items[resource.id], key=lambda item: (item["starts_at"], item["lane"])),
        }
        for resource in resources
    ]
    return Board(location, first, until, rows)


def _open(catalog: ClinicCatalog, location: Location, window: Window) -> dict[UUID, int]:
    """Give each resource's open bits: the location's hours, and for staff their own hours within them."""
    days_ = local_days(location.zone, window)
    hours = open_bits(location, days_)
    rooms = (room.id for room in catalog.engine.rooms.values() if room.location_id == location.id)
    devices = (device.id for device in catalog.engine.devices.values() if device.location_id == location.id)
    opened = dict.fromkeys((*rooms, *devices), hours)
    for therapist in catalog.engine.therapists.values():
        if therapist.works_at(location.id):
            opened[therapist.id] = hours_bits(*therapist.hours_at(location.id), days_) & hours
    return opened


def _items(
    caller: Caller, resources: Sequence[UUID], window: Window, zone: ZoneInfo
) -> Mapping[UUID, list[dict[str, Any]]]:
    items: defaultdict[UUID, list[dict[str, Any]]] = defaultdict(list)
    for item in (*_visits(caller, resources, window, zone), *_blocks(caller, resources, window, zone)):
        items[item.pop("resource_id")].append(item)
    return items


def _visits(
    caller: Caller, resources: Sequence[UUID], window: Window, zone: ZoneInfo
) -> Iterator[dict[str, Any]]:
    """Yield an item for every phase of a live visit and every resource that the phase takes.

    A visit at a location that the key may not see appears only as busy time of its staff.
    """
    rows = caller.session.execute(
        select(AppointmentPhase, Appointment)
        .join(
            Appointment,
            (Appointment.clinic_id == AppointmentPhase.clinic_id)
            & (Appointment.id == AppointmentPhase.appointment_id),
        )
        .where(
            Appointment.clinic_id == caller.clinic_id,
            Appointment.status.not_in(GONE),
            or_(Appointment.status != "held", Appointment.expires_at > caller.real_now),
            AppointmentPhase.starts_at < from_tick(window.end),
            AppointmentPhase.ends_at > from_tick(window.start),
            # No visit is so long; the bound lets PostgreSQL use the index on the start.
            Appointment.starts_at > from_tick(window.start - 2 * LONGEST_OCCUPANCY),
            Appointment.starts_at < from_tick(window.end),
        )
    )
    wanted = frozenset(resources)
    for phase, appointment in rows:
        seen = caller.location_ids is None or appointment.location_id in caller.location_ids
        item = _told(phase, appointment, zone) if seen else {"type": "busy"}
        when = {
            "lane": phase.lane or 0,
            "starts_at": phase.starts_at.astimezone(zone),
            "ends_at": phase.ends_at.astimezone(zone),
        }
        for resource_id in _held(phase) & wanted:
            yield {"resource_id": resource_id, **item, **when}


def _told(phase: AppointmentPhase, appointment: Appointment, zone: ZoneInfo) -> dict[str, Any]:
    real = {name: getattr(phase, name) for name in _REAL}
    return {
        **{name: None if at is None else at.astimezone(zone) for name, at in real.items()},
        "type": "hold" if appointment.status == "held" else "appointment",
        "appointment_id": appointment.id,
        "location_id": appointment.location_id,
        "status": appointment.status,
        "procedure_id": appointment.procedure_id,
        "patient_id": appointment.patient_id,
        "phase": phase.name,
        "kind": phase.kind,
    }


def _held(phase: AppointmentPhase) -> frozenset[UUID]:
    held = (phase.room_id, phase.therapist_id, phase.assistant_id, phase.device_id)
    return frozenset(one for one in held if one is not None)


def _blocks(
    caller: Caller, resources: Sequence[UUID], window: Window, zone: ZoneInfo
) -> Iterator[dict[str, Any]]:
    rows = caller.session.execute(
        select(Occupancy.resource_id, Occupancy.lane, Occupancy.start_tick, Occupancy.end_tick).where(
            Occupancy.clinic_id == caller.clinic_id,
            Occupancy.resource_id.in_(resources),
            Occupancy.appointment_id.is_(None),
            Occupancy.end_tick > window.start,
            Occupancy.end_tick < window.end + LONGEST_OCCUPANCY,
            Occupancy.start_tick < window.end,
        )
    )
    for resource_id, lane, start, end in rows:
        yield {
            "resource_id": resource_id,
            "type": "block",
            "lane": lane % BEHIND,
            "starts_at": from_tick(start).astimezone(zone),
            "ends_at": from_tick(end).astimezone(zone),
        }


def _spans(bits: int, window: Window, zone: ZoneInfo) -> Iterable[dict[str, datetime]]:
    first = positions(bits & ~(bits << 1))
    last = positions(bits << 1 & ~bits)
    for start, end in zip(first, last, strict=True):
        yield {
            "starts_at": from_tick(window.start + start).astimezone(zone),
            "ends_at": from_tick(window.start + end).astimezone(zone),
        }
