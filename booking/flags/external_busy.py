"""Writes and clears the flag of visits that overlap a therapist's external busy time."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, literal_column, or_, select, text, update

from booking.core.bulk_insert import insert_rows
from booking.core.calendar_queue import expand_soon, fetch_soon
from booking.core.caller import Caller
from booking.core.events import event
from booking.flags.flags import EXTERNAL_BUSY, tell_flagged, write_flags
from booking.flags.visits_to_recheck import lock_rows
from models import Appointment, BusyObject, Event, ExternalCalendar
from models.appointments import LONGEST_OCCUPANCY
from models.statuses import UNFINISHED
from scheduling.ticks import floor_tick

# Busy time conflicts with the therapist's own part of a visit, not with the whole of the visit.
_OVERLAPPING: Final = text("""
    SELECT DISTINCT o.appointment_id
    FROM external_busy b
    JOIN occupancies o ON o.clinic_id = b.clinic_id AND o.resource_id = b.resource_id
        AND o.end_tick > b.start_tick AND o.end_tick < b.end_tick + :longest AND o.start_tick < b.end_tick
    WHERE b.clinic_id = :clinic_id AND b.resource_id = :therapist_id AND b.end_tick > :now
      AND o.appointment_id IS NOT NULL AND o.end_tick > :now
""")


def read_again_soon(caller: Caller, resource_ids: Collection[UUID] | None) -> None:
    """Queue that the calendars of staff (None: of all) are read whole, now that their clock has changed.

    The result of a fetch under way is not written: it was read by the clock that was. A calendar whose server
    fails is read when it is its turn.
    """
    calendars = update(ExternalCalendar).values(full_at=None, claim=None)
    calendars = calendars.where(ExternalCalendar.clinic_id == caller.clinic_id)
    own = select(BusyObject.therapist_id).distinct()
    own = own.where(BusyObject.clinic_id == caller.clinic_id, BusyObject.external_calendar_id.is_(None))
    if resource_ids is not None:
        calendars = calendars.where(ExternalCalendar.therapist_id.in_(resource_ids))
        own = own.where(BusyObject.therapist_id.in_(resource_ids))
    changed = calendars.returning(ExternalCalendar.id, ExternalCalendar.failures)
    rows = caller.session.execute(changed, execution_options={"synchronize_session": False}).all()
    fetch_soon(caller, [key for key, failures in rows if not failures])
    expand_soon(caller, caller.session.scalars(own).all())


def follow_busy(caller: Caller, therapist_id: UUID, only: Collection[UUID] | None = None) -> None:
    """Flag the visits to come that overlap the therapist's external busy time; clear the flags of others.

    With `only`, look at these appointments alone. The caller has locked the therapist.
    """
    values = {
        "clinic_id": caller.clinic_id,
        "therapist_id": therapist_id,
        "longest": LONGEST_OCCUPANCY,
        "now": floor_tick(caller.now),
    }
    overlapping = set(caller.session.scalars(_OVERLAPPING, values))
    flagged = Appointment.flags.contains([{"code": EXTERNAL_BUSY, "resource_id": str(therapist_id)}])
    some = Appointment.flags != literal_column("'[]'")
    concerned: list[ColumnElement[bool]] = [or_(Appointment.id.in_(overlapping), some & flagged)]
    if only is not None:
        concerned.append(Appointment.id.in_(only))
    rows = lock_rows(caller, *concerned)
    # Read again: only `lock_rows` has waited for acts that move a visit without this therapist's lock.
    overlapping = set(caller.session.scalars(_OVERLAPPING, values))
    fresh, gone = [], []
    for one in rows:
        if one.id in overlapping and _is_live(caller, one):
            fresh += [] if conflicts_of(one, therapist_id) else [one]
        elif conflicts_of(one, therapist_id):
            gone.append(one)
    _flag(caller, therapist_id, fresh, gone)


def _is_live(caller: Caller, appointment: Appointment) -> bool:
    """Whether the visit has not ended, or is a slot hold that may still become an appointment."""
    expires_at = appointment.expires_at
    return appointment.status in UNFINISHED or (expires_at is not None and expires_at > caller.real_now)


def _flag(
    caller: Caller, therapist_id: UUID, fresh: Sequence[Appointment], gone: Sequence[Appointment]
) -> None:
    named = {"resource_id": therapist_id}
    raised = {"code": EXTERNAL_BUSY, **named, "since": caller.now}
    left = [
        (one, [flag for flag in one.flags if flag not in conflicts_of(one, therapist_id)]) for one in gone
    ]
    write_flags(caller, [*((one, [*one.flags, raised]) for one in fresh), *left])
    # No event tells of a hold: it is no appointment until it has been converted.
    booked = [one for one in fresh if one.status in UNFINISHED]
    conflicts = [(Event, _conflicts(caller, one, conflicts_of(one, therapist_id))) for one in booked]
    tell_flagged(caller, [(one, {"codes": [EXTERNAL_BUSY], **named}) for one in booked], conflicts)


def tell_conflicts(caller: Caller, appointment: Appointment) -> None:
    """Append the event `busy_block.conflicting` for each of the appointment's conflicts."""
    insert_rows(caller.session, (Event, _conflicts(caller, appointment, conflicts_of(appointment))))


def _conflicts(
    caller: Caller, appointment: Appointment, flags: Iterable[dict[str, Any]]
) -> list[Mapping[str, Any]]:
    """Give the events of these flags as rows, with times and ids but no texts."""
    found: list[Mapping[str, Any]] = []
    for flag in flags:
        data = {
            "appointment_id": appointment.id,
            "therapist_id": flag["resource_id"],
            "location_id": appointment.location_id,
            "starts_at": appointment.starts_at,
            "ends_at": appointment.ends_at,
        }
        found += event(caller, "busy_block.conflicting", appointment.id, data)[1]
    return found


def conflicts_of(appointment: Appointment, therapist_id: UUID | None = None) -> list[dict[str, Any]]:
    """Give the flags of external busy time, of this therapist or of all staff."""
    return [
        flag
        for flag in appointment.flags
        if flag["code"] == EXTERNAL_BUSY and therapist_id in {None, UUID(str(flag["resource_id"]))}
    ]


def follow_moved(caller: Caller, moved: Iterable[Appointment]) -> None:
    """Clear the flags of visits that have moved out of external busy time; their rows are locked."""
    flagged = {one.id: conflicts_of(one) for one in moved}
    for therapist_id in {UUID(str(flag["resource_id"])) for flags in flagged.values() for flag in flags}:
        follow_busy(caller, therapist_id, [key for key, flags in flagged.items() if flags])
