"""Examples for what a clinic offers: places, staff, procedures, rules, templates."""

from collections.abc import Mapping
from typing import Final

from api.examples.values import At, Example, Of, On

_NINE_TO_FIVE: Final = {"weekday": "mon", "opens": "09:00", "closes": "17:00"}

_MORNING: Final = {"opens": "10:00", "closes": "14:00"}

EXAMPLES: Final[Mapping[str, Example]] = {
    "update_clinic": Example({"default_country": "GB"}),
    "create_location": Example(
        {
            "name": "Bath",
            "timezone": "Europe/London",
            "country": "GB",
            "opening_hours": [_NINE_TO_FIVE],
            "policy": {"grid_minutes": 15},
        }
    ),
    "update_location": Example({"policy": {"min_notice_minutes": 120}}),
    "create_closure": Example({"starts_at": At(0, "09:00"), "ends_at": At(1, "09:00"), "reason": "Painting"}),
    "update_closure": Example({"reason": "Moved out for good"}),
    "create_special_opening_day": Example({"on": On(5), "periods": [_MORNING]}),
    "update_special_opening_day": Example({"periods": []}),
    "create_special_working_day": Example(
        {"location_id": Of("location"), "on": On(5), "periods": [_MORNING]}
    ),
    "update_special_working_day": Example({"periods": [_MORNING]}),
    "create_room": Example({"location_id": Of("location"), "name": "Treatment 4", "kind": "treatment"}),
    "update_room": Example({"name": "Store room"}),
    "create_device": Example({"location_id": Of("location"), "name": "New generator", "kind": "rf"}),
    "update_device": Example({"name": "Old generator, repaired"}),
    "create_therapist": Example(
        {
            "name": "June Lowell",
            "qualifications": [{"code": "MN_DERMAL"}, {"code": "BBP", "valid_until": "2099-12-31"}],
            "working_hours": [
                {"location_id": Of("location"), "weekday": "mon", "starts": "09:00", "ends": "17:00"}
            ],
        }
    ),
    "update_therapist": Example({"name": "Ivy Kwan-Lowell"}),
    "create_block": Example(
        {
            "resource_id": Of("room"),
            "starts_at": At(0, "12:00"),
            "ends_at": At(0, "13:00"),
            "reason": "Cleaning",
        }
    ),
    "update_block": Example({"reason": "Painting the ceiling"}),
    "create_procedure": Example(
        {
            "code": "LED_FACE",
            "name": "LED mask",
            "family": "LED",
            "areas": ["FACE"],
            "phases": [{"name": "Mask", "kind": "procedure", "minutes": 20, "room_kinds": ["treatment"]}],
        }
    ),
    "update_procedure": Example({"name": "Lymphatic drainage of the face"}),
    "create_spacing_rule": Example(
        {
            "code": "L02",
            "after": {"family": "LYMPH"},
            "before": {"event": "ipl"},
            "scope": "area",
            "floor_days": 3,
            "min_days": 7,
            "override_by": "clinician",
        }
    ),
    "update_spacing_rule": Example({"recommended_days": 7}),
    "update_hold_rule": Example({"days_after_resolved": 14}),
    "create_course_template": Example(
        {"code": "GLOW", "name": "Glow", "procedure_ids": [Of("treatment")], "sessions": 3}
    ),
    "update_course_template": Example({"name": "Six drainages in six weeks"}),
    "update_message_template": Example({"subject": "See you on {date}, {patient}"}),
}
