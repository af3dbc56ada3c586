"""Queues waitlist offers when time becomes free, and closes an offer when its hold ends."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import or_, select, update

from booking.core.caller import Caller
from booking.core.events import audit
from booking.core.queue import defer
from models import Appointment, SpecialWorkingDay, TravelTime, WaitlistEntry, WorkingHours
from scheduling.questions import Claim
from scheduling.ticks import ceil_tick, floor_tick, minutes_to_ticks

ALWAYS: Final = (0, 30_000_000)
"""All ticks that a clinic deals with: for an act that frees several stretches of time."""
STATUS_AFTER: Final[Mapping[str, str]] = {
    "converted": "accepted",
    "released": "declined",
    "expired": "expired",
}


def freed(caller: Caller, locations: Collection[UUID], first: int, until: int) -> None:
    """Queue offers of the time from tick `first` to `until`, at the locations with waiting entries.

    The task is told how far the caller's clinical clock is ahead of the real clock, as in a sandbox.
    """
    if until <= floor_tick(caller.now):
        return
    waited_at = (
        select(WaitlistEntry.location_id)
        .distinct()
        .where(
            WaitlistEntry.clinic_id == caller.clinic_id,
            WaitlistEntry.location_id.in_(locations),
            WaitlistEntry.status == "waiting",
        )
    )
    ahead = int((caller.now - caller.real_now).total_seconds())
    for location_id in caller.session.scalars(waited_at).all():
        defer(
            caller.session,
            "offer",
            clinic_id=str(caller.clinic_id),
            location_id=str(location_id),
            first=first,
            until=until,
            ahead_seconds=ahead,
        )


def freed_visit(caller: Caller, location_id: UUID, starts_at: datetime, ends_at: datetime) -> None:
    """Queue offers of the time of a visit or hold that no longer takes place there."""
    _freed_with_ways(caller, location_id, floor_tick(starts_at), ceil_tick(ends_at))


def freed_claims(caller: Caller, location_id: UUID, claims: Collection[Claim]) -> None:
    """Queue offers of the time of claims that are given up."""
    if claims:
        first, until = min(start for *_, start, _ in claims), max(end for *_, end in claims)
        _freed_with_ways(caller, location_id, first, until)


def _freed_with_ways(caller: Caller, location_id: UUID, first: int, until: int) -> None:
    """Queue offers of the time of a visit, and at other locations also of its staff's ways there and back."""
    freed(caller, [location_id], first, until)
    ways = select(TravelTime.location_id, TravelTime.other_location_id, TravelTime.minutes).where(
        TravelTime.clinic_id == caller.clinic_id,
        or_(TravelTime.location_id == location_id, TravelTime.other_location_id == location_id),
    )
    for here, there, minutes in caller.session.execute(ways):
        ticks = minutes_to_ticks(minutes)
        freed(caller, {here, there} - {location_id}, first - ticks, until + ticks)


def freed_resource(
    caller: Caller, resource_id: UUID, location_id: UUID | None, span: tuple[int, int]
) -> None:
    """Queue offers of time (in ticks) in which a resource is free again; for staff, wherever they work."""
    locations = [location_id] if location_id is not None else _workplaces(caller, resource_id)
    freed(caller, locations, *span)


def _workplaces(caller: Caller, therapist_id: UUID) -> list[UUID]:
    weekly, special = (
        select(hours.location_id).where(
            hours.clinic_id == caller.clinic_id, hours.therapist_id == therapist_id
        )
        for hours in (WorkingHours, SpecialWorkingDay)
    )
    return list(caller.session.scalars(weekly.union(special)))


def follow_hold(caller: Caller, hold: Appointment, ended: str) -> None:
    """Close the offer of the waitlist entry that was offered this hold; the hold's row is locked.

    Of several acts that would close the offer at the same time, the lock lets only the first do so.
    """
    status = STATUS_AFTER[ended]
    statement = (
        update(WaitlistEntry)
        .where(
            WaitlistEntry.clinic_id == caller.clinic_id,
            WaitlistEntry.hold_id == hold.id,
            WaitlistEntry.status == "offered",
        )
        .values(status=status, version=WaitlistEntry.version + 1)
        .returning(WaitlistEntry.id)
    )
    found = caller.session.scalar(statement, execution_options={"synchronize_session": False})
    if found is not None:
        audit(caller, f"waitlist_entry.{status}", "waitlist_entry", found, {"status": ["offered", status]})
