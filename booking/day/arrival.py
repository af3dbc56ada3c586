"""Notes that a patient has arrived; for a late patient, moves the visits in the way or offers other times."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from booking.appointments.moving import Placing, move_all
from booking.appointments.records import Visit, get_appointment, lock_appointment, with_phases
from booking.appointments.transitions import end, note_arrival, remembered, require_status
from booking.claims.expired_holds import lock_and_sweep
from booking.core.caller import Caller
from booking.core.errors import StaleVersion
from booking.day.arrival_times import arrived_at, times_near_now
from booking.day.coming_after_all import come_after_all
from booking.day.late_arrival import following, plan, resources_of
from booking.day.occupying import note_closing
from booking.day.planned_visits import PlannedVisit, fits, planned_visit
from booking.flags.flags import LATE, add_flag
from booking.flags.revalidation import affected_by
from booking.flags.visits_to_recheck import visits_of_patients
from booking.questions.catalog import ClinicCatalog, locked_catalogue
from booking.questions.histories import load_histories
from models import Appointment
from scheduling.ticks import ceil_tick, floor_tick, to_tick


def arrive(caller: Caller, appointment_id: UUID, expected: int | None, at: datetime | None = None) -> Visit:
    """Note that the patient is here, since `at` or now; raise WrongDay with other times of today.

    A patient who was given up is taken on as `come_after_all` does.

    Within the location's grace, a late patient gets a shorter numbing phase, and visits that are still in
    the way have to wait: `affected` names those visits. When that is impossible, and after the grace, the
    appointment is flagged late, no visit moves, and `alternatives` are other times for it.
    """
    if get_appointment(caller, appointment_id).status == "no_show":
        return come_after_all(caller, appointment_id, expected, at)
    catalog, locked = _lock(caller, appointment_id, at or caller.now)
    appointment = lock_appointment(caller, appointment_id, expected)
    require_status("arrive", appointment)
    if appointment.status == "no_show":
        # It was given up while we waited for the locks, and nothing that it could take is locked.
        raise StaleVersion
    visit = remembered(with_phases(caller, [appointment], catalog)[0])
    at = arrived_at(caller, visit, at)
    late = _is_late(appointment, at)
    moved = (
        _give_way(caller, catalog, visit, locked)
        if locked and _is_within_grace(caller, catalog, appointment, at)
        else []
    )
    if moved:
        visit = replace(
            visit,
            phases=with_phases(caller, [appointment], catalog)[0].phases,
            affected=[one.id for one in moved[1:]],
        )
    elif late:
        add_flag(caller, appointment, LATE)
        visit = replace(visit, alternatives=times_near_now(caller, appointment))
    note_arrival(visit, at)
    note_closing(catalog, visit, ceil_tick(appointment.ends_at))
    return end(caller, visit, "arrived", "arrived", at)


def _is_within_grace(caller: Caller, catalog: ClinicCatalog, appointment: Appointment, at: datetime) -> bool:
    """Whether the patient who arrived at `at` is late, and the grace is not over yet."""
    policy = catalog.engine.locations[appointment.location_id].policy
    grace = timedelta(minutes=policy.late_grace_minutes)
    return _is_late(appointment, at) and caller.now <= appointment.starts_at + grace


def _is_late(appointment: Appointment, at: datetime) -> bool:
    """Whether a patient who arrived at `at` came after the five minutes with which the visit begins."""
    return floor_tick(at) > to_tick(appointment.starts_at)


def _lock(caller: Caller, appointment_id: UUID, at: datetime) -> tuple[ClinicCatalog, set[UUID]]:
    """Lock a late visit with everything that may give way to it; give the patients who are locked.

    Only the catalogue is locked when no visit may move: the patient is in time, or later than the grace.
    """
    catalog = locked_catalogue(caller)
    appointment = get_appointment(caller, appointment_id)
    if not _is_within_grace(caller, catalog, appointment, at):
        return catalog, set()
    visits = [appointment, *following(caller, appointment)]
    patients = {one.patient_id for one in visits if one.patient_id is not None}
    resources = resources_of(catalog, _planned_visits(caller, catalog, visits))
    lock_and_sweep(caller, patients=patients, resources=resources)
    return catalog, patients


def _planned_visits(
    caller: Caller, catalog: ClinicCatalog, visits: Sequence[Appointment]
) -> list[PlannedVisit]:
    people = {one.patient_id for one in visits if one.patient_id is not None}
    histories = load_histories(caller, catalog, people, with_holds=False)
    return [
        planned_visit(caller, catalog, one, histories[one.appointment.patient_id])
        for one in with_phases(caller, visits, catalog)
        if one.appointment.patient_id is not None
    ]


def _give_way(caller: Caller, catalog: ClinicCatalog, visit: Visit, locked: set[UUID]) -> list[Appointment]:
    """Move the late visit and the visits in its way; give them, the late visit first, or none if it fails."""
    # A visit that was booked while we waited for the locks stays as it is: its patient is not locked.
    others = [one for one in following(caller, visit.appointment, lock=True) if one.patient_id in locked]
    late, *rest = _planned_visits(caller, catalog, [visit.appointment, *others])
    if not _is_planned(catalog, late):
        return []
    placings = plan(caller, catalog, late, [one for one in rest if _is_planned(catalog, one)])
    return [] if placings is None else _move(caller, catalog, placings)


def _is_planned(catalog: ClinicCatalog, planned: PlannedVisit) -> bool:
    """Whether the procedure still has the phases that the visit was planned with; else the visit stays."""
    procedure = catalog.engine.procedures[planned.visit.appointment.procedure_id]
    return fits(planned.visit.phases, [phase.name for phase in procedure.phases])


def _move(caller: Caller, catalog: ClinicCatalog, placings: Sequence[Placing]) -> list[Appointment]:
    late = placings[0].appointment
    moved = [late, *(one for one in move_all(caller, catalog, placings) if one is not late)]
    patients = {one.patient_id for one in moved if one.patient_id is not None}
    affected_by(caller, visits_of_patients(caller, patients), catalog=catalog)
    return moved
