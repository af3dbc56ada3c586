"""Devices over HTTP: `/v1/devices`."""

from api.blueprints import Blueprint
from api.crud import Offer, serve
from booking.catalogue.devices import Devices
from schemas.devices import DeviceQuery, DeviceSchema

blp = Blueprint(
    "devices",
    "devices",
    url_prefix="/v1/devices",
    description="Devices that phases need.",
)
serve(blp, Offer(Devices, DeviceSchema, DeviceQuery))
