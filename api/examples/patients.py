"""Examples for patients, their treatments elsewhere, medical holds and courses."""

from collections.abc import Mapping
from typing import Final

from api.examples.values import At, Example, Of, On
from schemas.demo_ids import PAST_DAY

EXAMPLES: Final[Mapping[str, Example]] = {
    "list_patients": Example(query={"q": "ada"}),
    "create_patient": Example(
        {"name": "Alice Example", "email": "alice@example.org", "born_on": "1988-04-02"}
    ),
    "update_patient": Example({"phone": "+44 20 7946 0000"}),
    "anonymise_patient": Example({"reason": "Asked for it in writing"}),
    "merge_patient": Example({"into_id": Of("patient")}),
    "create_treatment": Example({"event": "botulinum_toxin", "areas": ["FACE"], "on": "2024-02-01"}),
    "update_treatment": Example({"on": "2024-02-02"}),
    "create_medical_hold": Example({"code": "infection", "areas": ["FACE"], "opened_on": PAST_DAY}),
    "update_medical_hold": Example({"resolved_on": "2024-04-01"}),
    "sign_off_medical_hold": Example({"reason": "Stopped the tablets on the advice of the family doctor"}),
    "get_eligibility": Example(
        query={"procedure_id": Of("treatment"), "location_id": Of("location"), "areas": ["FACE"]}
    ),
    "create_course": Example({"patient_id": Of("patient"), "procedure_id": Of("patch_test"), "sessions": 2}),
    "update_course": Example({"sessions": 4}),
    "plan_course": Example({"location_id": Of("location"), "from": On(0), "weekdays": ["mon", "tue"]}),
    "book_course": Example({"location_id": Of("location"), "starts_at": [At(0, "16:00"), At(14, "16:00")]}),
    "shift_course": Example({"appointment_id": Of("visit_of_course")}),
    "pause_course": Example({"reason": "On holiday"}),
    "resume_course": Example({"reason": "Back again"}),
    "list_due_recalls": Example(query={"due_by": On(0)}),
}
