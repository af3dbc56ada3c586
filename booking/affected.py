"""Finds and flags the booked visits that a change of the catalogue leaves outside the rules."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, or_, select

from booking.callers import Caller
from booking.catalog import ClinicCatalog, _load
from booking.events import record
from booking.windows import day_of
from booking.wishes import Wish, ask, layout
from models import Appointment, AppointmentPhase
from scheduling.engine import check
from scheduling.ticks import to_tick

LONGEST_VISIT: Final = timedelta(days=1)
_PLANNED: Final = ("booked", "confirmed")
# What hours, closures and qualifications can break; who is busy is no matter of the catalogue.
_CODES: Final = frozenset(
    {
        "outside_opening_hours", "location_closed", "therapist_not_working", "therapist_unqualified",
        "qualification_expires", "depth_exceeded", "no_therapist_available",
    }
)  # fmt: skip


def visits_at(caller: Caller, location_id: UUID, *where: ColumnElement[bool]) -> Sequence[Appointment]:
    """Lock and give the visits still to come at a location."""
    return _to_come(caller, Appointment.location_id == location_id, *where)


def visits_of(caller: Caller, therapist_id: UUID) -> Sequence[Appointment]:
    """Lock and give the visits still to come in which somebody treats or assists."""
    assisted = select(AppointmentPhase.appointment_id).where(
        AppointmentPhase.clinic_id == caller.clinic_id, AppointmentPhase.assistant_id == therapist_id
    )
    return _to_come(caller, or_(Appointment.therapist_id == therapist_id, Appointment.id.in_(assisted)))


def visits_for(caller: Caller, procedure_id: UUID) -> Sequence[Appointment]:
    """Lock and give the visits still to come for a procedure."""
    return _to_come(caller, Appointment.procedure_id == procedure_id)


def affected_by(caller: Caller, appointments: Sequence[Appointment]) -> list[UUID]:
    """Flag each visit that the catalogue as it is now would refuse, and give their ids.

    A flag goes when its reason is gone; what an override had allowed is not flagged.
    """
    if not appointments:
        return []
    # Not through the cache, which others read: this transaction's catalogue may never commit.
    catalog = _load(caller.session, caller.clinic_id, 0)
    everywhere = replace(caller, location_ids=None)
    affected = []
    for appointment in appointments:
        codes = _broken(everywhere, catalog, appointment)
        if codes:
            affected.append(appointment.id)
        _flag(caller, appointment, codes)
    return affected


def _to_come(caller: Caller, *where: ColumnElement[bool]) -> Sequence[Appointment]:
    statement = (
        select(Appointment)
        .where(
            Appointment.clinic_id == caller.clinic_id,
            Appointment.starts_at >= caller.now,
            Appointment.status.in_(_PLANNED),
            *where,
        )
        .order_by(Appointment.id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )
    return caller.session.scalars(statement).all()


def _broken(caller: Caller, catalog: ClinicCatalog, appointment: Appointment) -> list[str]:
    """List the codes of the catalogue that now speak against a visit, as if everybody were free."""
    wish = Wish(
        procedure_id=appointment.procedure_id,
        location_id=appointment.location_id,
        areas=tuple(appointment.areas),
        therapist_id=appointment.therapist_id,
    )
    question = ask(caller, catalog, wish, even_retired=True)
    start = to_tick(appointment.starts_at)
    window = day_of(start, layout(question).length, question.location.zone)
    refusals = check(question, catalog.engine, {}, start, window).refusals
    allowed = {code for override in appointment.overrides for code in override["codes"]}
    return sorted({refusal.code for refusal in refusals} & _CODES - allowed)


def _flag(caller: Caller, appointment: Appointment, codes: Sequence[str]) -> None:
    """Make the catalogue's flags those of the codes; flags of other kinds stay."""
    since: dict[str, Any] = {flag["code"]: flag["since"] for flag in appointment.flags}
    kept = [flag for flag in appointment.flags if flag["code"] not in _CODES or flag["code"] in codes]
    fresh = [{"code": code, "since": caller.now} for code in codes if code not in since]
    if len(kept) == len(appointment.flags) and not fresh:
        return
    appointment.flags = [*kept, *fresh]
    appointment.version += 1
    caller.session.flush()
    if fresh:
        record(caller, "flagged", appointment, {"codes": codes})
