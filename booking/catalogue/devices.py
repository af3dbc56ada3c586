"""Devices: free to move within their location, or fixed to one of its rooms."""

from collections.abc import Sequence
from uuid import UUID

from booking.catalogue.blocks import lay_out_again
from booking.catalogue.locations import LOCATION
from booking.catalogue.rooms import ROOM, refuse_while_booked
from booking.core.caller import Caller
from booking.core.crud import Kind, Values, require
from booking.core.errors import Invalid
from models import Device


def _check(caller: Caller, before: Values | None, after: Values) -> None:
    if before is None or before["location_id"] != after["location_id"]:
        require(caller, LOCATION, after["location_id"], "/location_id")
    if before is not None and before["location_id"] != after["location_id"]:
        refuse_while_booked(caller, before["id"], 0, "Appointments at its present location need the device.")
    if after["room_id"] is not None:
        room = require(caller, ROOM, after["room_id"], "/room_id")
        if room.location_id != after["location_id"]:
            raise Invalid("/room_id", "Must be a room of the device's location.")


def _follow(caller: Caller, before: Values | None, after: Values | None) -> Sequence[UUID]:
    """Let repeating blocks go by the wall clock of the new location."""
    if before is not None and after is not None and before["location_id"] != after["location_id"]:
        lay_out_again(caller, [before["id"]])
    return ()


DEVICE = Kind(name="device", model=Device, limit=Device.location_id.in_, check=_check, follow=_follow)
