"""Medical holds over HTTP: `/v1/patients/{patient_id}/medical-holds`."""

from typing import Any
from uuid import UUID

from api.blueprints import Blueprint
from api.crud import Offer, serve
from api.etags import Version
from booking.catalogue.patients import Patients
from booking.clinical import medical_holds
from booking.clinical.medical_holds import MedicalHolds
from booking.core.caller import Caller
from booking.core.crud import Values
from schemas.medical_holds import MedicalHoldQuery, MedicalHoldSchema, NewMedicalHoldSchema, SignOffSchema

blp = Blueprint(
    "medical-holds",
    "medical-holds",
    url_prefix="/v1/patients/<uuid:patient_id>/medical-holds",
    description="Reasons against treating a patient. A key with `patients:write` may open a medical hold; to "
    "change when it ends, to take an area away, to sign it off or to delete it, the key needs the level "
    "`released_by`.",
)
serve(
    blp,
    Offer(
        MedicalHolds,
        MedicalHoldSchema,
        MedicalHoldQuery,
        new=NewMedicalHoldSchema,
        area="patients",
        within=Patients,
    ),
)


@blp.action(
    "/<uuid:medical_hold_id>/sign-off",
    "patients:write",
    MedicalHoldSchema,
    takes=SignOffSchema,
    version=Version.OPTIONAL,
)
def sign_off_medical_hold(
    caller: Caller, body: dict[str, Any], patient_id: UUID, medical_hold_id: UUID, expected: int | None
) -> Values:
    """Let a patient be treated despite an open hold, with a reason.

    Needs the level in the hold's `released_by`; 409 once the hold is resolved or signed off.
    """
    Patients(caller).require(patient_id)
    return medical_holds.sign_off(caller, patient_id, medical_hold_id, body["reason"], expected)
