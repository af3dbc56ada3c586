"""Creates what the demo clinic has: locations in three time zones, with rooms, devices, staff and lunch."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from booking.catalogue.blocks import Blocks
from booking.catalogue.devices import Devices
from booking.catalogue.locations import Locations
from booking.catalogue.rooms import Rooms
from booking.catalogue.therapists import Therapists
from booking.core.caller import Caller
from jobs.demo_naming import make
from schemas.blocks import BlockSchema
from schemas.devices import DeviceSchema
from schemas.locations import LocationSchema
from schemas.rooms import RoomSchema
from schemas.therapists import TherapistSchema
from schemas.times import WEEKDAYS

_NEVER_EXPIRES_SOON: Final = timedelta(days=300)
_LAST_LUNCH: Final = timedelta(days=120)
_FIRST_LUNCH: Final = timedelta(days=65)
_ROOMS: Final = (
    ("Treatment 1", "treatment", 1), ("Treatment 2", "treatment", 1), ("Treatment 3", "treatment", 1),
    ("Numbing bays", "numbing", 3), ("Consultation", "consultation", 1),
)  # fmt: skip
_DEVICES: Final = (("RF generator", "rf"), ("Centrifuge", "centrifuge"))


@dataclass(frozen=True, slots=True)
class _Person:
    """A member of staff: the qualifications, the days off among the opening days, and when lunch begins.

    `expires` names a qualification and the number of days from now until it ends; `known` is the name of
    the person's id in examples.
    """

    name: str
    codes: tuple[str, ...]
    lunch: str
    off: tuple[str, ...] = ()
    treats: bool = True
    late: bool = False
    expires: tuple[str, int] | None = None
    known: str | None = None


@dataclass(frozen=True, slots=True)
class _Place:
    """A location: its opening hours as (weekdays, opens, closes), its staff, and its name in examples."""

    name: str
    timezone: str
    country: str
    hours: tuple[tuple[Sequence[str], str, str], ...]
    staff: tuple[_Person, ...]
    known: str | None = None


_DERMATOLOGIST: Final = ("MN_DEEP", "RF_MN", "PRP", "BBP", "BLS", "REG")
_RF_NURSE: Final = ("MN_DERMAL", "RF_MN", "PRP", "BBP", "BLS", "REG")
_NURSE: Final = ("MN_DERMAL", "PRP", "BBP", "BLS", "REG")
_THERAPIST: Final = ("MN_DERMAL", "BBP", "BLS")
_JUNIOR: Final = ("MN_SUP", "BBP", "BLS")
_ASSISTANT: Final = ("PHLEB", "BBP", "BLS")

_PLACES: Final = (
    _Place(
        "London",
        "Europe/London",
        "GB",
        ((WEEKDAYS[0:5], "09:00", "19:00"), (WEEKDAYS[5:6], "09:00", "17:00")),
        (
            _Person("Dr Helen Marsh", _DERMATOLOGIST, "13:00", off=("tue", "wed")),
            _Person("Grace Adeyemi", _RF_NURSE, "12:30", off=("mon",)),
            _Person("Tom Whitfield", _NURSE, "13:30", off=("thu",), late=True, known="therapist"),
            _Person("Leah Bennett", _THERAPIST, "12:00", expires=("BBP", 17)),
            _Person("Mina Rahman", _JUNIOR, "14:00", off=("fri",), late=True),
            _Person("Joe Carver", _ASSISTANT, "13:00", treats=False),
        ),
        known="location",
    ),
    _Place(
        "Lisbon",
        "Europe/Lisbon",
        "PT",
        ((WEEKDAYS[1:5], "09:00", "19:00"), (WEEKDAYS[5:6], "09:00", "17:00")),
        (
            _Person("Dra. Teresa Vidal", _DERMATOLOGIST, "13:00", off=("wed",)),
            _Person("Rui Tavares", _RF_NURSE, "12:30"),
            _Person("Catarina Leal", _NURSE, "13:30", off=("thu",), late=True),
            _Person("Marta Pires", _THERAPIST, "12:00"),
            _Person("Diogo Reis", _JUNIOR, "14:00", late=True, expires=("MN_SUP", -12)),
            _Person("Sofia Matos", _ASSISTANT, "13:00", treats=False),
        ),
    ),
    _Place(
        "New York",
        "America/New_York",
        "US",
        ((WEEKDAYS[1:7], "09:00", "18:00"),),
        (
            _Person("Dr. Alan Brody", _DERMATOLOGIST, "13:00", off=("tue", "sun")),
            _Person("Keisha Monroe", _RF_NURSE, "12:30", off=("wed",)),
            _Person("Daniel Ortiz", _NURSE, "13:30", off=("thu",), late=True),
            _Person("Hana Sato", _THERAPIST, "12:00"),
            _Person("Emily Novak", _JUNIOR, "14:00", off=("sat",), late=True),
            _Person("Luis Vega", _ASSISTANT, "13:00", treats=False),
        ),
    ),
)


def furnish(caller: Caller) -> UUID:
    """Create everything that can be booked, valid around the caller's now; give the first location's id."""
    first, *_ = [_furnish(caller, place) for place in _PLACES]
    return first


def _furnish(caller: Caller, place: _Place) -> UUID:
    location_id: UUID = make(caller, place.known, Locations, LocationSchema, _location(place))["id"]
    here = {"location_id": str(location_id)}
    for name, kind, capacity in _ROOMS:
        room = {"name": f"{place.name}, {name.lower()}", "kind": kind, "capacity": capacity}
        Rooms(caller).create(RoomSchema().load(here | room))
    for name, kind in _DEVICES:
        Devices(caller).create(DeviceSchema().load(here | {"name": f"{place.name}, {name}", "kind": kind}))
    today = caller.now.astimezone(ZoneInfo(place.timezone)).date()
    for person in place.staff:
        staff = _staff(place, person, str(location_id), today)
        resource_id = make(caller, person.known, Therapists, TherapistSchema, staff)["id"]
        Blocks(caller).create(BlockSchema().load(_lunch(place, person, resource_id, today)))
    return location_id


def _location(place: _Place) -> dict[str, Any]:
    return {
        "name": place.name,
        "timezone": place.timezone,
        "country": place.country,
        "opening_hours": [
            {"weekday": weekday, "opens": opens, "closes": closes}
            for weekdays, opens, closes in place.hours
            for weekday in weekdays
        ],
    }


def _staff(place: _Place, person: _Person, location_id: str, today: date) -> dict[str, Any]:
    return {
        "name": person.name,
        "treats": person.treats,
        "qualifications": [_qualification(person, code, today) for code in person.codes],
        "working_hours": [
            {
                "location_id": location_id,
                "weekday": weekday,
                "starts": "10:00" if person.late else opens,
                "ends": closes,
            }
            for weekdays, opens, closes in place.hours
            for weekday in weekdays
            if weekday not in person.off
        ],
    }


def _qualification(person: _Person, code: str, today: date) -> dict[str, str]:
    until = today + _NEVER_EXPIRES_SOON
    if person.expires is not None and person.expires[0] == code:
        until = today + timedelta(days=person.expires[1])
    return {"code": code, "valid_until": until.isoformat()}


def _lunch(place: _Place, person: _Person, resource_id: UUID, today: date) -> dict[str, Any]:
    """Describe a repeated half hour of lunch, first on a working day before the three months begin."""
    zone = ZoneInfo(place.timezone)
    working = [day for days, _, _ in place.hours for day in days if day not in person.off]
    first = today - _FIRST_LUNCH
    while WEEKDAYS[first.weekday()] not in working:
        first -= timedelta(days=1)
    starts = datetime.combine(first, time.fromisoformat(person.lunch), zone)
    return {
        "resource_id": str(resource_id),
        "starts_at": starts.isoformat(),
        "ends_at": (starts + timedelta(minutes=30)).isoformat(),
        "reason": "Lunch",
        "repeats": {"weekdays": working, "until": (today + _LAST_LUNCH).isoformat()},
    }
