"""Lets a visit that has begun occupy what it really uses: refuses what is in use, flags what is run into."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, func, select

from booking.appointments.records import Visit, get_appointment, lock_appointment, with_phases
from booking.appointments.transitions import remembered, require_status
from booking.claims.claims import load_claims
from booking.claims.expired_holds import lock_and_sweep
from booking.claims.freed_time import freed_claims
from booking.claims.in_use import Use, in_use, treated_elsewhere
from booking.claims.real_use import (
    RealUse,
    claims_of_phases,
    lanes_of,
    load_others,
    note_spans,
    presence_of,
    real_use,
    span_of,
    write_use,
)
from booking.core.caller import Caller
from booking.core.errors import Invalid, NotFound, Retired, StaleVersion
from booking.flags.flags import OVERLAP, add_flag, clear_flags_of_overrun, flag_overrun
from booking.questions.availability import alternatives
from booking.questions.catalog import ClinicCatalog, locked_catalogue
from booking.questions.visit_requests import of_appointment
from booking.questions.windows import midnight
from models import Appointment, AppointmentPhase
from models.statuses import GONE, TO_COME, UNFINISHED
from scheduling.bits import Window, without
from scheduling.hours import local_days, open_bits
from scheduling.questions import Claim
from scheduling.reasons import Refusal, refuse_in_use
from scheduling.ticks import floor_tick, from_tick, to_tick

_MOST_OFFERS: Final = 3


@dataclass(frozen=True, slots=True)
class Occupied:
    """What a visit is about to occupy, what stands against it, and the patient's other visits then.

    `before` is what it occupied until now.
    """

    use: RealUse
    before: Sequence[Claim]
    refusals: Sequence[Refusal]
    presence: tuple[int, int]
    elsewhere: Mapping[UUID, tuple[int, int]]


def lock_used(
    caller: Caller, action: str, appointment_id: UUID, expected: int | None
) -> tuple[ClinicCatalog, Visit]:
    """Lock a visit with its patient and all that it takes, for an action that changes what it occupies.

    Raise StaleVersion or WrongStatus when the action is not allowed.
    """
    catalog = locked_catalogue(caller)
    patient_id = get_appointment(caller, appointment_id).patient_id
    resources = taken_by(caller, appointment_id)
    lock_and_sweep(caller, patients=[patient_id], resources=resources)
    appointment = lock_appointment(caller, appointment_id, expected)
    require_status(action, appointment)
    [visit] = with_phases(caller, [appointment], catalog)
    if not resources_of_visit(visit) <= resources:
        raise StaleVersion
    return catalog, remembered(visit)


def taken_by(caller: Caller, appointment_id: UUID) -> set[UUID]:
    """Give every room, device and person that the phases of an appointment take, before it is locked.

    These are rows and no objects: what is read before the locks must not stay in the session.
    """
    taken = (getattr(AppointmentPhase, f"{one}_id") for one in ("room", "therapist", "assistant", "device"))
    rows = select(*taken).where(
        AppointmentPhase.clinic_id == caller.clinic_id, AppointmentPhase.appointment_id == appointment_id
    )
    return {one for row in caller.session.execute(rows) for one in row if one is not None}


def resources_of_visit(visit: Visit) -> set[UUID]:
    """Give every room, device and person that the phases of a visit take."""
    return {resource_id for phase in visit.phases for resource_id, _ in lanes_of(phase)}


# Only what is in use stands in the way of a patient who is here: another patient in the room, a therapist
# at work. What is merely planned has time to give way, so the desk is told of it by a flag, and the planned
# visit keeps its claim. What lies wholly in the past has happened, so nothing refuses it: it claims what was
# free.
def look_at_use(caller: Caller, catalog: ClinicCatalog, visit: Visit, status: str, at: datetime) -> Occupied:
    """Work out what the visit occupies in its next status since `at`; nothing is written yet."""
    appointment = visit.appointment
    before = load_claims(caller, [appointment.id])[appointment.id]
    note_spans(visit.phases, visit.main_place, status)
    left = status == "completed"
    used = [] if left else in_use(caller, appointment, resources_of_visit(visit), at)
    lanes = [(one.resource_id, one.lane) for one in used]
    use = real_use(caller, catalog, appointment, visit.phases, left=left, used=lanes)
    presence = presence_of(visit.phases)
    elsewhere = patient_elsewhere(caller, appointment, presence)
    past = left or max(use.ends, presence[1]) <= floor_tick(caller.now)
    refusals = [] if past else list(_in_use(caller, catalog, visit, used, at))
    return Occupied(use, before, refusals, presence, elsewhere)


def _in_use(
    caller: Caller, catalog: ClinicCatalog, visit: Visit, used: Iterable[Use], at: datetime
) -> Iterator[Refusal]:
    """Yield what the visit needs from now on and others are using."""
    appointment, tick = visit.appointment, floor_tick(at)
    now = [one for one in visit.phases if (span := span_of(one))[0] <= tick < span[1]]
    needed = {lane for phase in now for lane in lanes_of(phase)}
    for one in sorted(used):
        if (one.resource_id, one.lane) in needed:
            until = one.until.astimezone(visit.zone)
            yield refuse_in_use(code_of(catalog, one.resource_id), one.resource_id, one.appointment_id, until)
    for other_id, until in treated_elsewhere(caller, appointment, at):
        yield refuse_in_use("patient_busy", None, other_id, until.astimezone(visit.zone))


def code_of(catalog: ClinicCatalog, resource_id: UUID) -> str:
    """Give the refusal code of a room, a device or a person who is busy."""
    if resource_id in catalog.engine.rooms:
        return "room_busy"
    return "device_busy" if resource_id in catalog.engine.devices else "therapist_busy"


def patient_elsewhere(
    caller: Caller, appointment: Appointment, presence: tuple[int, int]
) -> Mapping[UUID, tuple[int, int]]:
    """Give the patient's other visits that overlap a presence, with the ticks of theirs."""
    if appointment.patient_id is None:
        return {}
    rows = select(Appointment.id, func.lower(Appointment.during), func.upper(Appointment.during)).where(
        Appointment.clinic_id == caller.clinic_id,
        Appointment.patient_id == appointment.patient_id,
        Appointment.id != appointment.id,
        Appointment.status.not_in(GONE),
        func.lower(Appointment.during) < from_tick(presence[1]),
        func.upper(Appointment.during) > from_tick(presence[0]),
    )
    return {one: (to_tick(start), to_tick(end)) for one, start, end in caller.session.execute(rows)}


def occupy(
    caller: Caller, catalog: ClinicCatalog, visit: Visit, occupied: Occupied
) -> tuple[list[UUID], list[dict[str, Any]]]:
    """Write what the visit occupies; give the visits that it runs into, and other times for them.

    These are flagged `overrun`, and keep their claims. A visit that overlaps what has been done already is
    flagged `overlap` itself.
    """
    appointment = visit.appointment
    write_use(caller, appointment, occupied.use.free)
    _write_presence(appointment, occupied)
    note_closing(catalog, visit, occupied.use.ends)
    clear_flags_of_overrun(appointment)
    free_rest(caller, appointment, occupied.before, occupied.use.free)
    met = _met(caller, occupied.use.run_into | occupied.elsewhere.keys())
    to_come = _to_come(caller, met)
    if len(met) > len(to_come):
        add_flag(caller, appointment, OVERLAP)
    flagged = flag_overrun(caller, appointment, to_come)
    # A key of some locations flags visits at the others too, but is not told of them.
    seen = [one for one in flagged if caller.location_ids is None or one.location_id in caller.location_ids]
    return [one.id for one in seen], list(_offers(caller, seen, from_tick(occupied.use.ends)))


def _met(caller: Caller, ids: Iterable[UUID]) -> Sequence[Row[UUID, str, datetime]]:
    """Give the visits among those that a visit overlaps; slot holds are left alone."""
    rows = select(Appointment.id, Appointment.status, Appointment.ends_at).where(
        Appointment.clinic_id == caller.clinic_id, Appointment.id.in_(ids), Appointment.status != "held"
    )
    return caller.session.execute(rows).all()


def _to_come(caller: Caller, met: Iterable[Row[UUID, str, datetime]]) -> set[UUID]:
    return {one.id for one in met if one.status in UNFINISHED and one.ends_at > caller.now}


def runs_into(caller: Caller, visit: Visit) -> set[UUID]:
    """Give the planned visits that a visit overlaps by what it occupies now, if it has begun."""
    if visit.appointment.status not in {"numbing", "in_progress"}:
        return set()
    claims = claims_of_phases(visit.phases)
    use = RealUse(claims, (), load_others(caller, visit.appointment.id, claims))
    return _to_come(caller, _met(caller, use.run_into))


def _write_presence(appointment: Appointment, occupied: Occupied) -> None:
    """Note from when to when the patient is here, as far as the patient's other visits leave it free."""
    start, end = occupied.presence
    free = without((start, end), occupied.elsewhere.values()) if start < end else ()
    first, until = free[0] if free else (start, start)
    appointment.present_from, appointment.present_until = from_tick(first), from_tick(until)


def note_closing(catalog: ClinicCatalog, visit: Visit, ends: int) -> None:
    """Note when a visit should be over: when its location closes, or at the tick at which it ends."""
    visit.appointment.closes_at = from_tick(max(_closing_tick(catalog, visit), ends))


def _closing_tick(catalog: ClinicCatalog, visit: Visit) -> int:
    """Give the tick at which the location closes on the day of a visit; 0 on a day without hours."""
    location = catalog.engine.locations[visit.appointment.location_id]
    on: date = visit.appointment.local_date
    window = Window(midnight(on, location.zone), midnight(on + timedelta(days=1), location.zone))
    hours = open_bits(location, local_days(location.zone, window))
    return window.start + hours.bit_length() if hours else 0


def free_rest(
    caller: Caller, appointment: Appointment, before: Iterable[Claim], after: Iterable[Claim]
) -> None:
    """Queue offers of the time that the visit does not occupy any more."""
    kept: dict[tuple[UUID, int], list[tuple[int, int]]] = {}
    for resource_id, lane, start, end in after:
        kept.setdefault((resource_id, lane), []).append((start, end))
    given_up = [
        (resource_id, lane, *part)
        for resource_id, lane, start, end in before
        for part in without((start, end), kept.get((resource_id, lane), ()))
    ]
    freed_claims(caller, appointment.location_id, given_up)


def _offers(caller: Caller, flagged: Sequence[Appointment], until: datetime) -> Iterator[dict[str, Any]]:
    """Yield other times for the visits that are run into, each with the id of its visit.

    None lies between the visit's own start and the instant `until` which it is run into.
    """
    for appointment in [one for one in flagged if one.status in TO_COME][:_MOST_OFFERS]:
        try:
            found = alternatives(
                caller, of_appointment(appointment), to_tick(appointment.starts_at), (), appointment.id
            )
        except (Retired, Invalid, NotFound):
            continue
        for slot in found:
            if appointment.starts_at <= datetime.fromisoformat(slot["starts_at"]) < until:
                continue
            yield slot | {"appointment_id": appointment.id}


def with_overruns(visit: Visit, run_into: Sequence[UUID], offers: Sequence[Mapping[str, Any]]) -> Visit:
    """Give the visit with the visits that it runs into among those that the action affects."""
    found = list(dict.fromkeys((*(visit.affected or ()), *run_into)))
    return replace(visit, affected=found or visit.affected, alternatives=offers or None)
