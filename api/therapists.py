"""Therapists over HTTP: `/v1/therapists`."""

from api.blueprints import Blueprint
from api.crud import Offer, serve
from booking.catalogue.therapists import Therapists
from schemas.therapists import TherapistQuery, TherapistSchema

blp = Blueprint(
    "therapists",
    "therapists",
    url_prefix="/v1/therapists",
    description="All bookable staff.",
)
serve(
    blp,
    Offer(Therapists, TherapistSchema, TherapistQuery, public=True, public_fields=frozenset({"id", "name"})),
)
