"""Ends waitlist entries whose wish a visit fulfils, or whose visit to bring forward is gone."""

from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import Any, Final, NamedTuple, Protocol
from uuid import UUID

from sqlalchemy import ColumnElement, Row, select, update
from sqlalchemy.orm import aliased

from booking.claims.expired_holds import end_hold
from booking.core.caller import Caller
from booking.core.events import audit
from booking.questions.catalog import ClinicCatalog
from models import Appointment, WaitlistEntry
from models.statuses import ENTRIES_OPEN
from scheduling.questions import Question
from scheduling.ticks import DAY_MINUTES, from_tick

_ENTRY: Final = WaitlistEntry.__table__.c


class Wish(Protocol):
    """When a patient wants to come, as an entry or a row of it says."""

    earliest_on: date | None
    latest_on: date | None
    weekdays: list[int] | None
    from_time: int | None
    until_time: int | None


class Place(NamedTuple):
    """What a visit treats, where, when (in the location's time), and by whom."""

    procedure_id: UUID
    location_id: UUID
    areas: frozenset[str]
    at: datetime
    therapist_id: UUID | None


def place_of(question: Question, start: int, therapist_id: UUID | None) -> Place:
    """Give the place that a visit gets, by the question that was asked about it."""
    where = question.location
    at = from_tick(start).astimezone(where.zone)
    return Place(question.procedure.id, where.id, frozenset(question.treated), at, therapist_id)


def present_place(catalog: ClinicCatalog, appointment: Appointment) -> Place:
    """Give the place that a visit has now."""
    zone = catalog.engine.locations[appointment.location_id].zone
    at, areas = appointment.starts_at.astimezone(zone), frozenset(appointment.areas)
    return Place(appointment.procedure_id, appointment.location_id, areas, at, appointment.therapist_id)


def wants(wish: Wish, at: datetime) -> bool:
    """Whether an arrival (in the location's time) lies on a date and weekday and at a time that is wanted."""
    on, minute = at.date(), at.hour * 60 + at.minute
    in_range = (wish.earliest_on or on) <= on <= (wish.latest_on or on)
    on_a_day = not wish.weekdays or at.weekday() in wish.weekdays
    return in_range and on_a_day and (wish.from_time or 0) <= minute < (wish.until_time or DAY_MINUTES)


# Each of the following acts under the lock on the patient, like the offers that a worker makes: an entry is
# offered either before, and then its offer is withdrawn here, or not at all. An act that ends a hold locks no
# patient but the hold's row, and then the entry's; so the two rows are locked in that order here too.
def fulfil(caller: Caller, patient_id: UUID, place: Place, booked: UUID | None = None) -> None:
    """End the entries that wish for a visit that the patient gets.

    An entry with a visit to bring forward wishes for an earlier one. `booked` is the hold that is booked: its
    own entry is accepted by that.
    """
    for entry in _open(caller, WaitlistEntry.patient_id == patient_id):
        earlier = entry.starts_at is None or place.at < entry.starts_at
        if _suits(entry, place) and earlier and (booked is None or entry.hold_id != booked):
            _end(caller, entry, "fulfilled")


class Moved(NamedTuple):
    """A visit that is about to move, with its present place and its new place."""

    appointment: Appointment
    before: Place
    after: Place


def follow_moves(caller: Caller, moves: Collection[Moved]) -> None:
    """End the entries whose wish a move fulfils, and withdraw offers that are not earlier any more."""
    people = {one.appointment.patient_id for one in moves if one.appointment.patient_id is not None}
    entries = _open(caller, WaitlistEntry.patient_id.in_(people)) if people else ()
    for entry in entries:
        for one in moves:
            if one.appointment.patient_id == entry.patient_id:
                _follow_move(caller, entry, one)


def _follow_move(caller: Caller, entry: Row[Any], move: Moved) -> None:
    before, after = move.before, move.after
    if entry.appointment_id is None:
        if _suits(entry, after) and not _suits(entry, before):
            _end(caller, entry, "fulfilled")
    elif entry.appointment_id == move.appointment.id:
        if after.location_id != entry.location_id:
            _end(caller, entry, "expired")
        elif after.at < before.at and _suits(entry, after):
            _end(caller, entry, "fulfilled")
        elif entry.offered_at is not None and after.at <= entry.offered_at:
            _end(caller, entry, "waiting")


def follow_gone(caller: Caller, appointment: Appointment) -> None:
    """Expire the entries that wish to bring forward a visit that is not to come any more."""
    for entry in _open(caller, WaitlistEntry.appointment_id == appointment.id):
        _end(caller, entry, "expired")


def _open(caller: Caller, *where: ColumnElement[bool]) -> Sequence[Any]:
    """Find open entries as rows, each with the start of its offer and of its visit to bring forward."""
    held, visit = aliased(Appointment), aliased(Appointment)
    return caller.session.execute(
        select(*_ENTRY, held.starts_at.label("offered_at"), visit.starts_at)
        .outerjoin(held, (held.clinic_id == WaitlistEntry.clinic_id) & (held.id == WaitlistEntry.hold_id))
        .outerjoin(
            visit, (visit.clinic_id == WaitlistEntry.clinic_id) & (visit.id == WaitlistEntry.appointment_id)
        )
        .where(WaitlistEntry.clinic_id == caller.clinic_id, WaitlistEntry.status.in_(ENTRIES_OPEN), *where)
        .order_by(WaitlistEntry.id)
    ).all()


def _suits(entry: Row[Any], place: Place) -> bool:
    """Whether a visit is what an entry wishes for; an entry without areas wants those of its procedure."""
    return (
        (entry.procedure_id, entry.location_id) == (place.procedure_id, place.location_id)
        and (not entry.areas or frozenset(entry.areas) == place.areas)
        and entry.therapist_id in {None, place.therapist_id}
        and wants(entry, place.at)
    )


def _end(caller: Caller, entry: Row[Any], status: str) -> None:
    """Give an open entry another status, and release what it is offered.

    An entry that another act has closed meanwhile stays as it is.
    """
    held = _lock_hold(caller, entry.hold_id) if entry.status == "offered" else None
    statement = (
        update(WaitlistEntry)
        .where(
            WaitlistEntry.clinic_id == caller.clinic_id,
            WaitlistEntry.id == entry.id,
            WaitlistEntry.status == entry.status,
        )
        .values(status=status, hold_id=None, version=WaitlistEntry.version + 1)
        .returning(WaitlistEntry.id)
    )
    found = caller.session.scalar(statement, execution_options={"synchronize_session": False})
    if found is None:
        return
    changes = {"status": [entry.status, status]}
    audit(caller, f"waitlist_entry.{status}", "waitlist_entry", entry.id, changes)
    if held is not None:
        end_hold(caller, held, "released")


def _lock_hold(caller: Caller, hold_id: UUID) -> Appointment:
    statement = select(Appointment).where(
        Appointment.clinic_id == caller.clinic_id, Appointment.id == hold_id
    )
    locked = statement.with_for_update(key_share=True).execution_options(populate_existing=True)
    return caller.session.scalars(locked).one()
