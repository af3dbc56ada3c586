"""Adds retired and spare objects to the demo clinic, which the examples of the API's document may delete."""

from collections.abc import Mapping
from typing import Any, Final

from booking.catalogue.blocks import Blocks
from booking.catalogue.course_templates import CourseTemplates
from booking.catalogue.devices import Devices
from booking.catalogue.locations import Closures, Locations
from booking.catalogue.procedures import Procedures
from booking.catalogue.rooms import Rooms
from booking.catalogue.spacing_rules import SpacingRules
from booking.catalogue.special_hours import SpecialOpeningDays, SpecialWorkingDays
from booking.catalogue.therapists import Therapists
from booking.core.caller import Caller
from jobs.demo_naming import make
from schemas.blocks import BlockSchema
from schemas.course_templates import CourseTemplateSchema
from schemas.demo_ids import DEMO_IDS, PAST_DAY
from schemas.devices import DeviceSchema
from schemas.locations import ClosureSchema, LocationSchema
from schemas.procedures import ProcedureSchema
from schemas.rooms import RoomSchema
from schemas.spacing_rules import SpacingRuleSchema
from schemas.special_hours import SpecialOpeningDaySchema, SpecialWorkingDaySchema
from schemas.therapists import TherapistSchema

_RETIRED: Final = {"active": False}
_NOON: Final = {
    "starts_at": f"{PAST_DAY}T12:00:00+00:00",
    "ends_at": f"{PAST_DAY}T13:00:00+00:00",
}
_SHORT: Final = {"opens": "10:00", "closes": "14:00"}
_LYMPH: Final[Mapping[str, Any]] = {
    "code": "LYMPH",
    "name": "Lymphatic drainage, face",
    "family": "LYMPH",
    "phases": [
        {
            "name": "Drainage",
            "kind": "procedure",
            "minutes": 30,
            "therapist": True,
            "room_kinds": ["treatment"],
        },
    ],
}
_RULE: Final[Mapping[str, Any]] = {
    "code": "L01",
    "after": {"family": "LYMPH"},
    "before": {"family": "LYMPH"},
    "scope": "area",
    "floor_days": 1,
    "min_days": 2,
}


def add_spare_objects(caller: Caller) -> None:
    """Add a closed location, and at the first location what is retired or stands beside the treatments."""
    here = {"location_id": str(DEMO_IDS["location"])}
    closed = {"name": "London, old rooms", "timezone": "Europe/London"} | _RETIRED
    make(caller, "closed_location", Locations, LocationSchema, closed)
    closure = {"reason": "Moved out"} | _NOON
    make(caller, "closure", Closures, ClosureSchema, closure, location_id=DEMO_IDS["closed_location"])
    opening = {"on": PAST_DAY, "periods": [_SHORT]}
    make(
        caller,
        "special_opening_day",
        SpecialOpeningDays,
        SpecialOpeningDaySchema,
        opening,
        location_id=DEMO_IDS["closed_location"],
    )
    room = here | {"name": "London, store room", "kind": "storage"} | _RETIRED
    make(caller, "room", Rooms, RoomSchema, room)
    make(caller, "device", Devices, DeviceSchema, here | {"name": "Old generator", "kind": "rf"} | _RETIRED)
    block = {"resource_id": str(DEMO_IDS["room"]), "reason": "Painting"} | _NOON
    make(caller, "block", Blocks, BlockSchema, block)
    make(caller, "former_therapist", Therapists, TherapistSchema, {"name": "Ivy Kwan"} | _RETIRED)
    make(
        caller,
        "special_working_day",
        SpecialWorkingDays,
        SpecialWorkingDaySchema,
        here | opening,
        therapist_id=DEMO_IDS["former_therapist"],
    )
    make(caller, "procedure", Procedures, ProcedureSchema, {**_LYMPH, **_RETIRED})
    make(caller, "spacing_rule", SpacingRules, SpacingRuleSchema, _RULE)
    template = {
        "code": "LYMPHS",
        "name": "Six drainages",
        "procedure_ids": [str(DEMO_IDS["procedure"])],
        "sessions": 6,
    }
    make(caller, "course_template", CourseTemplates, CourseTemplateSchema, template | _RETIRED)
