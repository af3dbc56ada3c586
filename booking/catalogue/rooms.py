"""Rooms: of one kind, with as many lanes as places."""

from uuid import UUID

from sqlalchemy import select

from booking.catalogue.blocks import lay_out
from booking.catalogue.locations import Locations
from booking.claims.expired_holds import lock_and_sweep
from booking.core.caller import Caller
from booking.core.crud import Collection, Values
from booking.core.errors import InUse
from models import Occupancy, Room
from scheduling.ticks import floor_tick


class Rooms(Collection):
    """Rooms, each at a location for good."""

    name = "room"
    model = Room
    location = "location_id"
    fixed = ("location_id",)

    def check(self, before: Values | None, after: Values) -> None:
        """Refuse an unknown location, and a capacity below what appointments take."""
        if before is None:
            Locations(self.caller).require(after["location_id"], "/location_id")
        elif after["capacity"] < before["capacity"]:
            taken = "Appointments take more places."
            refuse_while_booked(self.caller, before["id"], after["capacity"], taken)

    def follow_change(self, before: Values, after: Values) -> None:
        """Let blocks take every place that there is now."""
        if before["capacity"] != after["capacity"]:
            lay_out(self.caller, before["id"])


def refuse_while_booked(caller: Caller, resource_id: UUID, lane: int, detail: str) -> None:
    """Raise InUse with the appointments from now on that claim this lane of a resource or a higher lane."""
    lock_and_sweep(caller, resources=[resource_id])
    used = (
        select(Occupancy.appointment_id)
        .distinct()
        .where(
            Occupancy.clinic_id == caller.clinic_id,
            Occupancy.resource_id == resource_id,
            Occupancy.lane >= lane,
            Occupancy.end_tick > floor_tick(caller.now),
            Occupancy.appointment_id.is_not(None),
        )
    )
    in_the_way = [one for one in caller.session.scalars(used) if one is not None]
    if in_the_way:
        raise InUse(detail, sorted(in_the_way))
