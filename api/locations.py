"""Locations and their closures over HTTP: `/v1/locations`."""

from api.blueprints import Blueprint
from api.crud import Offer, serve
from booking.catalogue.locations import Closures, Locations
from schemas.locations import ClosureQuery, ClosureSchema, LocationQuery, LocationSchema

blp = Blueprint(
    "locations",
    "locations",
    url_prefix="/v1/locations",
    description="Locations: zone, opening hours and booking policy.",
)
serve(blp, Offer(Locations, LocationSchema, LocationQuery, public=True))

closures = Blueprint(
    "closures",
    "closures",
    url_prefix="/v1/locations/<uuid:location_id>/closures",
    description="Times in which a whole location is closed.",
)
serve(closures, Offer(Closures, ClosureSchema, ClosureQuery, within=Locations))
