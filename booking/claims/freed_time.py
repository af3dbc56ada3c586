"""Tells the waitlist what happens elsewhere: time is freed, and the hold behind an offer ends."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import select, update

from booking.core.caller import Caller
from booking.core.events import audit
from booking.core.queue import defer
from models import Appointment, WaitlistEntry, WorkingHours
from scheduling.ticks import ceil_tick, floor_tick

ALWAYS: Final = (0, 30_000_000)
"""All ticks that a clinic deals with: for what frees more than one stretch of time."""
STATUS_AFTER: Final[Mapping[str, str]] = {
    "converted": "accepted",
    "released": "declined",
    "expired": "expired",
}


def freed(caller: Caller, locations: Collection[UUID], first: int, until: int) -> None:
    """Have the time from tick `first` to `until` offered at those locations at which somebody waits.

    The task knows how far the caller's clinical clock is from the real one: a sandbox keeps its time.
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
    """Have the time of a visit or a hold offered that takes place there no longer."""
    freed(caller, [location_id], floor_tick(starts_at), ceil_tick(ends_at))


def freed_resource(
    caller: Caller, resource_id: UUID, location_id: UUID | None, span: tuple[int, int]
) -> None:
    """Have time (in ticks) offered in which a resource is no longer blocked; staff may work anywhere."""
    locations = [location_id] if location_id is not None else _workplaces(caller, resource_id)
    freed(caller, locations, *span)


def _workplaces(caller: Caller, therapist_id: UUID) -> list[UUID]:
    hours = (WorkingHours.clinic_id == caller.clinic_id, WorkingHours.therapist_id == therapist_id)
    return list(caller.session.scalars(select(WorkingHours.location_id).distinct().where(*hours)))


def follow_hold(caller: Caller, hold: Appointment, ended: str) -> None:
    """Let the entry that was offered this hold follow its end; the hold's row is locked.

    The lock makes one of all who would end the offer the one who does.
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
