"""Rooms: of one kind, with as many lanes as places."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select

from booking.catalogue.blocks import lay_out
from booking.catalogue.locations import LOCATION
from booking.claims.expired_holds import lock_and_sweep
from booking.core.caller import Caller
from booking.core.crud import Kind, Values, require
from booking.core.errors import InUse
from models import Occupancy, Room
from scheduling.ticks import floor_tick


def _check(caller: Caller, before: Values | None, after: Values) -> None:
    if before is None:
        require(caller, LOCATION, after["location_id"], "/location_id")
    elif after["capacity"] < before["capacity"]:
        refuse_while_booked(caller, before["id"], after["capacity"], "Appointments take more places.")


def refuse_while_booked(caller: Caller, resource_id: UUID, lane: int, detail: str) -> None:
    """Raise InUse with the appointments from now on that claim this lane of a resource or a higher one."""
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


def _follow(caller: Caller, before: Values | None, after: Values | None) -> Sequence[UUID]:
    """Let blocks hold every place that there is now."""
    if before is not None and after is not None and before["capacity"] != after["capacity"]:
        lay_out(caller, before["id"])
    return ()


ROOM = Kind(name="room", model=Room, limit=Room.location_id.in_, check=_check, follow=_follow)
