"""Examples for availability, holds, appointments and their actions, the waitlist and disruptions."""

from collections.abc import Mapping
from typing import Final

from api.examples.values import At, Example, Of, On
from schemas.demo_ids import PAST_DAY

_HERE: Final = {"location_id": Of("location")}
_TREATMENT: Final = {"procedure_id": Of("treatment"), **_HERE}
_CONSULTATION: Final = {"procedure_id": Of("consultation"), **_HERE}
_WEEK: Final = {"from": On(0), "until": On(7)}
_VISIT: Final = {**_CONSULTATION, "patient_id": Of("patient"), "starts_at": At(0, "10:00")}
_PAINTED: Final = {
    "resource_id": Of("room"),
    "starts_at": At(1, "09:00"),
    "ends_at": At(1, "12:00"),
    "reason": "Painting",
}


def _then(at: str) -> dict[str, str]:
    """Give the instant of an action on a visit of the past day."""
    return {"at": f"{PAST_DAY}T{at}:00+00:00"}


_ADDRESS: Final = {"email": "ada@example.org"}

EXAMPLES: Final[Mapping[str, Example]] = {
    "list_slots": Example(query={**_TREATMENT, **_WEEK}),
    "list_days": Example(query={**_TREATMENT, **_WEEK}),
    "get_next_slot": Example(query=_TREATMENT),
    "explain_slot": Example(query={**_TREATMENT, "starts_at": At(6, "10:00")}),
    "create_hold": Example({**_TREATMENT, "starts_at": At(2, "10:00"), "ttl_seconds": 120}),
    "extend_hold": Example({"ttl_seconds": 600}),
    "list_appointments": Example(query={**_WEEK, "status": ["booked", "confirmed"]}),
    "create_appointment": Example(_VISIT),
    "create_appointment_link": Example({"actions": ["confirm", "cancel", "reschedule"]}),
    "send_booking_code": Example(_ADDRESS),
    "verify_booking_code": Example({**_ADDRESS, "code": "123456"}),
    "create_appointments_together": Example(
        {
            "patient_id": Of("patient"),
            "visits": [
                {**_CONSULTATION, "starts_at": At(7, "11:00")},
                {**_TREATMENT, "starts_at": At(9, "11:00")},
            ],
        }
    ),
    "validate_appointment": Example({**_VISIT, "starts_at": At(0, "12:00")}),
    "update_appointment": Example({"notes": "Comes by wheelchair"}),
    "reschedule_appointment": Example({"starts_at": At(1, "15:00")}),
    "reassign_appointment": Example({"therapist_id": Of("therapist")}),
    "swap_appointments": Example(
        {
            "appointment_ids": [Of("visit_to_swap"), Of("visit_to_swap_with")],
            "what": "therapist",
            "versions": [1, 1],
        }
    ),
    "confirm_appointment": Example({}),
    "cancel_appointment": Example({"reason_code": "patient", "note": "Is abroad"}),
    "undo_appointment": Example({"reason": "Confirmed for another patient"}),
    "arrive_appointment": Example(_then("09:55")),
    "start_numbing_appointment": Example(_then("15:10")),
    "start_appointment": Example(_then("14:45")),
    "complete_appointment": Example(_then("11:35")),
    "no_show_appointment": Example(_then("12:30")),
    "preview_disruption": Example(_PAINTED),
    "apply_disruption": Example({**_PAINTED, "accept": []}),
    "create_waitlist_entry": Example(
        {"patient_id": Of("patient"), "procedure_id": Of("patch_test"), **_HERE, "until_time": "12:00"}
    ),
    "update_waitlist_entry": Example({"weekdays": ["mon", "tue"]}),
    "get_schedule": Example(query={**_HERE, **_WEEK}),
}
