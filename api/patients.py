"""Patients over HTTP: `/v1/patients`."""

from api.blueprints import Blueprint
from api.crud import Offer, serve
from booking.catalogue.patients import Patients
from schemas.patients import PatientQuery, PatientSchema

blp = Blueprint(
    "patients",
    "patients",
    url_prefix="/v1/patients",
    description="Patients and how to reach them.",
)
serve(blp, Offer(Patients, PatientSchema, PatientQuery, area="patients"))
