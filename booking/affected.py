"""Finds the booked visits that a change of the catalogue leaves outside the rules."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, or_, select

from booking.callers import Caller
from booking.catalog import ClinicCatalog, read_catalog
from booking.flags import OF_CATALOGUE, OF_SPACING, Reason, allowed, flag
from booking.timelines import load_sessions
from booking.windows import day_of
from booking.wishes import Wish, ask, layout
from models import Appointment, AppointmentPhase, Procedure
from scheduling.engine import check
from scheduling.questions import Question
from scheduling.spacing import asked, bans
from scheduling.ticks import to_tick

LONGEST_VISIT: Final = timedelta(days=1)
_PLANNED: Final = ("booked", "confirmed")


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
    # The catalogue is the clinic's: a key of some locations flags at the others too.
    everywhere = replace(caller, location_ids=None)
    judge = _too_close if codes is OF_SPACING else _out_of_place
    broken = judge(everywhere, catalog, appointments)
    judged = []
    for appointment, reasons in zip(appointments, broken, strict=True):
        counted = codes - allowed(appointment)
        judged.append((appointment, sorted({reason for reason in reasons if reason[0] in counted}, key=str)))
    flag(caller, judged, codes)
    return [appointment.id for appointment, reasons in judged if reasons]


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


def _out_of_place(
    caller: Caller, catalog: ClinicCatalog, appointments: Iterable[Appointment]
) -> Iterator[list[Reason]]:
    """Give what speaks against each visit where and when it is, as if everybody were free."""
    for appointment in appointments:
        question = _question(caller, catalog, appointment)
        start = to_tick(appointment.starts_at)
        window = day_of(start, layout(question).length, question.location.zone)
        refusals = check(question, catalog.engine, {}, start, window).refusals
        yield [(refusal.code, refusal.rule_id) for refusal in refusals]


def _too_close(
    caller: Caller, catalog: ClinicCatalog, appointments: Sequence[Appointment]
) -> Iterator[list[Reason]]:
    """Give the spacing rules that each visit breaks beside the patient's other visits."""
    patients = {one.patient_id for one in appointments if one.patient_id is not None}
    sessions = load_sessions(caller.session, catalog, caller.clinic_id, patients)
    for appointment in appointments:
        wanted = asked(_question(caller, catalog, appointment))
        mine = sessions.get(appointment.patient_id, []) if appointment.patient_id is not None else []
        others = [one for one in mine if one.appointment_id != appointment.id]
        found = bans(wanted, others, catalog.paired_rules)
        yield [(ban.code, ban.rule.code) for ban in found if ban.covers(appointment.local_date)]


def _question(caller: Caller, catalog: ClinicCatalog, appointment: Appointment) -> Question:
    wish = Wish(
        procedure_id=appointment.procedure_id,
        location_id=appointment.location_id,
        areas=tuple(appointment.areas),
        therapist_id=appointment.therapist_id,
    )
    return ask(caller, catalog, wish, even=[wish.procedure_id, wish.location_id])
