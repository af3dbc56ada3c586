"""Treatments elsewhere over HTTP: `/v1/patients/{patient_id}/treatments`."""

from api.blueprints import Blueprint
from api.crud import Offer, serve
from booking.catalogue.patients import Patients
from booking.clinical.treatments_elsewhere import TreatmentsElsewhere
from schemas.treatments import TreatmentQuery, TreatmentSchema

blp = Blueprint(
    "treatments",
    "treatments",
    url_prefix="/v1/patients/<uuid:patient_id>/treatments",
    description="Treatments that a patient had elsewhere, or before the clinic kept its records here.",
)
serve(blp, Offer(TreatmentsElsewhere, TreatmentSchema, TreatmentQuery, area="patients", within=Patients))
