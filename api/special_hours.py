"""Special hours of one date over HTTP, below the location or the therapist whose hours they are."""

from api.blueprints import Blueprint
from api.crud import Offer, serve
from booking.catalogue.locations import Locations
from booking.catalogue.special_hours import SpecialOpeningDays, SpecialWorkingDays
from booking.catalogue.therapists import Therapists
from schemas.special_hours import SpecialDayQuery, SpecialOpeningDaySchema, SpecialWorkingDaySchema

of_locations = Blueprint(
    "location-special-hours",
    "location-special-hours",
    url_prefix="/v1/locations/<uuid:location_id>/special-hours",
    description="When a location opens on one date, in place of its weekly hours.",
)
serve(of_locations, Offer(SpecialOpeningDays, SpecialOpeningDaySchema, SpecialDayQuery, within=Locations))

of_therapists = Blueprint(
    "therapist-special-hours",
    "therapist-special-hours",
    url_prefix="/v1/therapists/<uuid:therapist_id>/special-hours",
    description="When a member of staff works at a location on one date, in place of the weekly hours there.",
)
serve(of_therapists, Offer(SpecialWorkingDays, SpecialWorkingDaySchema, SpecialDayQuery, within=Therapists))
