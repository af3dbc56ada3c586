"""The ids of the demo clinic's objects that the examples of the API's document name."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final
from uuid import UUID

# Earlier than any id that is made now, so that these objects come first in lists.
_FIRST: Final = UUID("01900000-0000-7000-8000-000000000001").int
# An object's place is its id: new names are added at the end. What an example may delete, or take through
# its only step, has a name of its own, so that every example works whether or not others were tried before.
_NAMES: Final = (
    "location", "closed_location", "closure", "room", "device", "therapist", "former_therapist", "block",
    "consultation", "treatment", "patch_test", "procedure", "spacing_rule", "hold_rule", "course_template",
    "message_template", "patient", "new_patient", "duplicate_patient", "patient_on_hold", "past_patient",
    "external_treatment", "medical_hold", "medical_hold_to_sign_off", "course", "course_with_visits",
    "paused_course", "visit", "visit_to_move", "visit_to_confirm", "visit_to_cancel", "visit_to_swap",
    "visit_to_swap_with", "visit_of_course", "visit_expected", "visit_arrived", "visit_numbed",
    "visit_begun", "visit_missed", "hold", "hold_to_extend", "waitlist_entry", "entry_to_accept",
    "entry_to_decline", "webhook", "delivery", "key", "feed", "password", "external_calendar",
    "key_to_revoke", "course_to_pause", "visit_to_undo",
    "special_opening_day", "special_working_day", "patient_who_left",
)  # fmt: skip

DEMO_IDS: Final[Mapping[str, UUID]] = MappingProxyType(
    {name: UUID(int=_FIRST + place) for place, name in enumerate(_NAMES)}
)
OF_CATALOGUE: Final[Mapping[str, UUID]] = MappingProxyType(
    {
        "CONSULT_NEW": DEMO_IDS["consultation"],
        "MN_FACE_STD": DEMO_IDS["treatment"],
        "PATCH_TEST": DEMO_IDS["patch_test"],
        "infection": DEMO_IDS["hold_rule"],
        "confirmation": DEMO_IDS["message_template"],
    }
)
"""The ids of what a new clinic starts with, by codes."""
PAST_DAY: Final = "2024-03-04"
"""The day of the visits that examples take through their steps: a Monday that lies behind every demo."""
MESSAGE_MICROS: Final = 1_709_280_000_000_000
"""1 March 2024 at 08:00 UTC in microseconds."""
MESSAGE_ID: Final = f"{DEMO_IDS['visit_expected']}.confirmation.{MESSAGE_MICROS}"
"""A message to the patient of a visit, which was sent at that instant."""
