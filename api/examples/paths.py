"""Which objects of the demo clinic the examples name in the paths of operations."""

from collections.abc import Mapping
from typing import Final

from schemas.demo_ids import DEMO_IDS, MESSAGE_ID

_ACTIONS: Final = "/v1/appointments/{appointment_id}"
_ENTRY: Final = "/v1/waitlist/{waitlist_entry_id}"
# Where the object is not the one that has the parameter's own name.
_OTHERS: Final[Mapping[str, Mapping[str, str]]] = {
    "/v1/locations/{location_id}": {"location_id": "closed_location"},
    "/v1/locations/{location_id}/closures": {"location_id": "closed_location"},
    "/v1/locations/{location_id}/closures/{closure_id}": {"location_id": "closed_location"},
    "/v1/locations/{location_id}/special-hours": {"location_id": "closed_location"},
    "/v1/locations/{location_id}/special-hours/{special_opening_day_id}": {"location_id": "closed_location"},
    "/v1/therapists/{therapist_id}/special-hours": {"therapist_id": "former_therapist"},
    "/v1/therapists/{therapist_id}/special-hours/{special_working_day_id}": {
        "therapist_id": "former_therapist"
    },
    "/v1/therapists/{therapist_id}": {"therapist_id": "former_therapist"},
    "/v1/patients/{patient_id}": {"patient_id": "new_patient"},
    "/v1/patients/{patient_id}/anonymise": {"patient_id": "patient_who_left"},
    "/v1/patients/{patient_id}/merge": {"patient_id": "duplicate_patient"},
    "/v1/patients/{patient_id}/medical-holds": {"patient_id": "patient_on_hold"},
    "/v1/patients/{patient_id}/medical-holds/{medical_hold_id}": {"patient_id": "patient_on_hold"},
    "/v1/patients/{patient_id}/medical-holds/{medical_hold_id}/sign-off": {
        "patient_id": "patient_on_hold",
        "medical_hold_id": "medical_hold_to_sign_off",
    },
    "/v1/api-keys/{key_id}/revoke": {"key_id": "key_to_revoke"},
    "/v1/courses/{course_id}/shift": {"course_id": "course_with_visits"},
    "/v1/courses/{course_id}/pause": {"course_id": "course_to_pause"},
    "/v1/courses/{course_id}/resume": {"course_id": "paused_course"},
    "/v1/holds/{hold_id}/extend": {"hold_id": "hold_to_extend"},
    f"{_ACTIONS}/reschedule": {"appointment_id": "visit_to_move"},
    f"{_ACTIONS}/confirm": {"appointment_id": "visit_to_confirm"},
    f"{_ACTIONS}/undo": {"appointment_id": "visit_to_undo"},
    f"{_ACTIONS}/cancel": {"appointment_id": "visit_to_cancel"},
    f"{_ACTIONS}/arrive": {"appointment_id": "visit_expected"},
    f"{_ACTIONS}/start-numbing": {"appointment_id": "visit_arrived"},
    f"{_ACTIONS}/start": {"appointment_id": "visit_numbed"},
    f"{_ACTIONS}/complete": {"appointment_id": "visit_begun"},
    f"{_ACTIONS}/no-show": {"appointment_id": "visit_missed"},
    f"{_ENTRY}/accept": {"waitlist_entry_id": "entry_to_accept"},
    f"{_ENTRY}/decline": {"waitlist_entry_id": "entry_to_decline"},
}
_UNUSUAL: Final = {"treatment_id": "external_treatment", "appointment_id": "visit"}


def path_example(path: str, parameter: str) -> str | None:
    """Give the example of a path's parameter; None for one that the demo clinic has nothing for."""
    if parameter == "message_id":
        return MESSAGE_ID
    usual = _UNUSUAL.get(parameter, parameter.removesuffix("_id"))
    found = DEMO_IDS.get(_OTHERS.get(path, {}).get(parameter, usual))
    return None if found is None else str(found)
