"""Ends holds: when they are released, and when their time has run out by the real clock."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Final
from uuid import UUID

from sqlalchemy import ColumnElement, Select, exists, or_, select

from booking.callers import Caller
from booking.claims import delete_claims
from booking.errors import HoldExpired
from booking.events import record
from models import Appointment, Occupancy

_SWEPT_AT_ONCE: Final = 200


def require_live(caller: Caller, hold: Appointment) -> None:
    """HoldExpired at the instant at which the hold expires, and from then on."""
    if hold.expires_at is not None and hold.expires_at <= caller.real_now:
        raise HoldExpired


def drop_expired(
    caller: Caller, patients: Iterable[UUID] = (), resources: Iterable[UUID] = (), also: UUID | None = None
) -> None:
    """Free what expired holds still claim of these patients or resources, which the caller has locked.

    Their rows are locked in id order, and in the same order the row of `also`, an appointment of the
    caller's own that is not dropped.
    """
    concerned = or_(Appointment.patient_id.in_(list(patients)), _occupies(resources))
    wanted = (
        or_(_expired(caller) & concerned, Appointment.id == also) if also else _expired(caller) & concerned
    )
    for hold in caller.session.scalars(_locked(caller, wanted)).all():
        if hold.id != also:
            _expire(caller, hold)


def sweep(caller: Caller) -> int:
    """Free what the clinic's expired holds still claim, at most 200, and give how many there were.

    Whoever is at work on one of them meanwhile is not waited for.
    """
    statement = _locked(caller, _expired(caller)).limit(_SWEPT_AT_ONCE)
    found = caller.session.scalars(statement.with_for_update(key_share=True, skip_locked=True)).all()
    for hold in found:
        _expire(caller, hold)
    return len(found)


def end_hold(caller: Caller, hold: Appointment, how: str) -> None:
    """End a hold whose row is locked, `released` or `expired`: it claims nothing any more."""
    delete_claims(caller.session, hold, phases=True)
    hold.status = "cancelled"
    hold.expires_at = None
    hold.hold = {**(hold.hold or {}), "ended": how}
    hold.version += 1
    caller.session.flush()
    record(caller, how, hold, {"status": ["held", "cancelled"]}, of="hold")


def _expire(caller: Caller, hold: Appointment) -> None:
    # Time has ended the hold, not whoever happened to come by.
    end_hold(replace(caller, key_id=None, actor=None), hold, "expired")


def _expired(caller: Caller) -> ColumnElement[bool]:
    return (Appointment.status == "held") & (Appointment.expires_at <= caller.real_now)


def _occupies(resources: Iterable[UUID]) -> ColumnElement[bool]:
    return exists().where(
        Occupancy.clinic_id == Appointment.clinic_id,
        Occupancy.appointment_id == Appointment.id,
        Occupancy.resource_id.in_(list(resources)),
    )


def _locked(caller: Caller, wanted: ColumnElement[bool]) -> Select[Appointment]:
    return (
        select(Appointment)
        .where(Appointment.clinic_id == caller.clinic_id, wanted)
        .order_by(Appointment.id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )
