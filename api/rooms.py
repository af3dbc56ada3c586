"""Rooms over HTTP: `/v1/rooms`."""

from api.blueprints import Blueprint
from api.crud import Offer, serve
from booking.catalogue.rooms import Rooms
from schemas.rooms import RoomQuery, RoomSchema

blp = Blueprint(
    "rooms",
    "rooms",
    url_prefix="/v1/rooms",
    description="Treatment rooms, numbing bays and consultation rooms.",
)
serve(blp, Offer(Rooms, RoomSchema, RoomQuery))
