"""Devices: free to move within their location, or fixed to one of its rooms."""

from booking.catalogue.blocks import lay_out_again
from booking.catalogue.locations import Locations
from booking.catalogue.rooms import Rooms, refuse_while_booked
from booking.core.crud import Collection, Values
from booking.core.errors import Invalid
from models import Device


class Devices(Collection):
    """Devices of all locations."""

    name = "device"
    model = Device
    location = "location_id"

    def check(self, before: Values | None, after: Values) -> None:
        """Refuse an unknown location, a move that booked visits forbid, and a room of another location."""
        if before is None or before["location_id"] != after["location_id"]:
            Locations(self.caller).require(after["location_id"], "/location_id")
        if before is not None and before["location_id"] != after["location_id"]:
            needed = "Appointments at its present location need the device."
            refuse_while_booked(self.caller, before["id"], 0, needed)
        if after["room_id"] is not None:
            room = Rooms(self.caller).require(after["room_id"], "/room_id")
            if room.location_id != after["location_id"]:
                raise Invalid("/room_id", "Must be a room of the device's location.")

    def follow_change(self, before: Values, after: Values) -> None:
        """Let repeating blocks go by the wall clock of the new location."""
        if before["location_id"] != after["location_id"]:
            lay_out_again(self.caller, [before["id"]])
