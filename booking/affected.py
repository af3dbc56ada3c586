"""Finds and flags the booked visits that a change of the catalogue leaves outside the rules."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, or_, select

from booking.callers import Caller
from booking.catalog import ClinicCatalog, read_catalog
from booking.events import record
from booking.timelines import load_patient
from booking.windows import day_of
from booking.wishes import Wish, ask, layout
from models import Appointment, AppointmentPhase, Procedure
from scheduling.engine import check
from scheduling.questions import Patient
from scheduling.ticks import to_tick

LONGEST_VISIT: Final = timedelta(days=1)
_PLANNED: Final = ("booked", "confirmed")
# What hours, closures and qualifications can break; who is busy is no matter of the catalogue.
OF_CATALOGUE: Final = frozenset(
    {
        "outside_opening_hours", "location_closed", "therapist_not_working", "therapist_unqualified",
        "qualification_expires", "depth_exceeded", "no_therapist_available",
    }
)  # fmt: skip
OF_SPACING: Final = frozenset({"spacing_min", "spacing_floor", "washout_min", "washout_floor"})

# A code, and the rule behind it if there is one.
Reason = tuple[str, str | None]


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


def visits_spaced_by(caller: Caller, rule: Mapping[str, Any]) -> Sequence[Appointment]:
    """Lock and give the visits still to come that a spacing rule may hold apart from another visit."""
    sides = [_matched(rule["after"]), _matched(rule["before"])]
    own = select(Procedure.id).where(Procedure.clinic_id == caller.clinic_id)
    # A rule about what no procedure counts as stands between no two visits.
    if not all(caller.session.scalar(own.where(side).limit(1)) for side in sides):
        return ()
    live = select(Appointment.patient_id).where(
        Appointment.clinic_id == caller.clinic_id,
        Appointment.patient_id.is_not(None),
        Appointment.status.not_in(("cancelled", "no_show")),
    )
    several = live.group_by(Appointment.patient_id).having(func.count() > 1)
    return _to_come(
        caller, Appointment.procedure_id.in_(own.where(or_(*sides))), Appointment.patient_id.in_(several)
    )


def affected_by(
    caller: Caller, appointments: Sequence[Appointment], codes: frozenset[str] = OF_CATALOGUE
) -> list[UUID]:
    """Flag each visit that the catalogue as it is now would refuse with these codes, and give their ids.

    A flag goes when its reason is gone; what an override had allowed is not flagged.
    """
    if not appointments:
        return []
    # Not through the cache, which others read: this transaction's catalogue may never commit.
    catalog = read_catalog(caller.session, caller.clinic_id)
    everywhere = replace(caller, location_ids=None)
    affected = []
    for appointment in appointments:
        reasons = _broken(everywhere, catalog, appointment, codes)
        if reasons:
            affected.append(appointment.id)
        _flag(caller, appointment, reasons, codes)
    return affected


def _matched(side: Mapping[str, Any]) -> ColumnElement[bool]:
    """Match the procedures that a rule's side names."""
    columns = {"family": Procedure.family, "procedure": Procedure.code, "event": Procedure.counts_as}
    return and_(*(column == side[name] for name, column in columns.items() if side[name] is not None))


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


def _broken(
    caller: Caller, catalog: ClinicCatalog, appointment: Appointment, codes: frozenset[str]
) -> list[Reason]:
    """List which of these codes now speak against a visit, as if everybody were free."""
    wish = Wish(
        procedure_id=appointment.procedure_id,
        location_id=appointment.location_id,
        areas=tuple(appointment.areas),
        therapist_id=appointment.therapist_id,
    )
    question = ask(caller, catalog, wish, _patient(caller, catalog, appointment, codes), even_retired=True)
    start = to_tick(appointment.starts_at)
    window = day_of(start, layout(question).length, question.location.zone)
    refusals = check(question, catalog.engine, {}, start, window).refusals
    allowed = {code for override in appointment.overrides for code in override["codes"]}
    found = {(refusal.code, refusal.rule_id) for refusal in refusals if refusal.code in codes - allowed}
    return sorted(found, key=str)


def _patient(
    caller: Caller, catalog: ClinicCatalog, appointment: Appointment, codes: frozenset[str]
) -> Patient | None:
    """Load the patient's other visits, which only spacing asks about."""
    if codes is not OF_SPACING or appointment.patient_id is None:
        return None
    return load_patient(caller.session, catalog, caller.clinic_id, appointment.patient_id, appointment.id)


def _flag(caller: Caller, appointment: Appointment, reasons: Sequence[Reason], codes: frozenset[str]) -> None:
    """Make the flags with these codes those of the reasons; flags of other kinds stay."""
    kept = [flag for flag in appointment.flags if flag["code"] not in codes or _reason(flag) in reasons]
    known = [_reason(flag) for flag in kept]
    fresh = [
        {"code": code, **({"rule_id": rule} if rule else {}), "since": caller.now}
        for code, rule in reasons
        if (code, rule) not in known
    ]
    if len(kept) == len(appointment.flags) and not fresh:
        return
    appointment.flags = [*kept, *fresh]
    appointment.version += 1
    caller.session.flush()
    if fresh:
        record(caller, "flagged", appointment, {"codes": [flag["code"] for flag in fresh]})


def _reason(flag: Mapping[str, Any]) -> Reason:
    return flag["code"], flag.get("rule_id")
