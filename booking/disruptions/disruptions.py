"""Previews and applies a disruption: an ill therapist, a broken device or a closed location."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import ColumnElement, and_, or_, select

from booking.appointments.moving import move_all
from booking.appointments.records import Visit, with_phases
from booking.catalogue.blocks import Blocks, Resources, lay_out
from booking.catalogue.locations import Closures
from booking.claims.expired_holds import lock_and_sweep
from booking.core.caller import Caller
from booking.core.errors import Invalid
from booking.core.locks import lock_catalogue_for_change
from booking.disruptions.acceptance import Accepted, judge_accepted, placing, require_acceptable
from booking.disruptions.relocation import Proposal, Relocation
from booking.disruptions.relocation_loading import open_relocation, resources_of
from booking.flags.disrupted import flag_disrupted
from booking.flags.flags import OF_PREREQUISITES, OF_SPACING
from booking.flags.revalidation import affected_by
from booking.flags.visits_to_recheck import lock_rows, visits_of_patients
from booking.questions.catalog import ClinicCatalog, load_catalog, locked_catalogue
from booking.questions.visit_requests import find_location
from models import Appointment, AppointmentPhase, Block, Closure, Occupancy
from models.appointments import LONGEST_OCCUPANCY
from models.statuses import UNFINISHED
from scheduling import catalog as values
from scheduling.ticks import ceil_tick, floor_tick, from_tick

LONGEST: Final = timedelta(days=31)
MOST_VISITS: Final = 200


@dataclass(frozen=True, slots=True)
class Disruption:
    """A therapist, room or device, or a whole location, that is not available for a time."""

    starts_at: datetime
    ends_at: datetime
    resource_id: UUID | None = None
    location_id: UUID | None = None
    reason: str | None = None

    @property
    def named(self) -> dict[str, UUID]:
        """The resource or the location, by the name of its field."""
        if self.resource_id is not None:
            return {"resource_id": self.resource_id}
        return {"location_id": self.location_id} if self.location_id is not None else {}


@dataclass(frozen=True, slots=True)
class Preview:
    """The visits that a disruption affects, their proposals, and how many more the key may not see.

    A visit has no entry in `proposals` when its status allows no move.
    """

    disruption: Disruption
    visits: Sequence[Visit]
    proposals: Mapping[UUID, Proposal]
    elsewhere: int


@dataclass(frozen=True, slots=True)
class Applied:
    """The result of a disruption: the moved visits, the flagged visits, and the block or closure."""

    visits: Sequence[Visit]
    flagged: Sequence[UUID]
    elsewhere: int
    affected: Sequence[UUID]
    block_id: UUID | None = None
    closure_id: UUID | None = None


def preview(caller: Caller, disruption: Disruption) -> Preview:
    """Propose another therapist, room or time for every affected visit; write nothing.

    Raise NotFound for a resource or location that the caller may not see, and Invalid for a wrong range.
    """
    catalog = load_catalog(caller)
    disruption = _checked(caller, catalog, disruption)
    found = caller.session.scalars(
        select(Appointment).where(Appointment.clinic_id == caller.clinic_id, *_affects(caller, disruption))
    ).all()
    visits = _present(caller, found, catalog)
    seen = [one for one in visits if _seen(caller, one)]
    proposals = _open(caller, catalog, disruption, seen).plan(seen)
    return Preview(disruption, seen, proposals, len(visits) - len(seen))


def apply(caller: Caller, disruption: Disruption, accepted: Sequence[Accepted]) -> Applied:
    """Move the accepted visits, flag the others, and block the resource or close the location; cancel none.

    Raise Refused with the reasons by visit, and write nothing, when a visit cannot go there any more.
    Raise StaleVersion when a visit has changed, and Invalid for a visit that is not affected.
    """
    catalog = _lock_catalogue(caller, disruption)
    disruption = _checked(caller, catalog, disruption)
    _lock(caller, catalog, disruption, accepted)
    visits = _present(caller, lock_rows(caller, *_affects(caller, disruption)), catalog)
    seen = {one.appointment.id: one for one in visits if _seen(caller, one)}
    if len(seen) < len(visits):
        caller.require_every_location("The therapist has visits at other locations then.")
    require_acceptable(caller, seen, accepted)
    proposals = judge_accepted(_open(caller, catalog, disruption, list(seen.values())), seen, accepted)
    move_all(caller, catalog, [placing(one) for one in proposals])
    moved = [one.visit.appointment for one in proposals]
    moved_ids = {one.id for one in moved}
    left = [one.appointment for one in visits if one.appointment.id not in moved_ids]
    ids = _keep_free(caller, disruption, left)
    patients = {one.patient_id for one in moved if one.patient_id is not None}
    others = affected_by(
        caller,
        visits_of_patients(caller, patients),
        OF_SPACING | OF_PREREQUISITES,
        # A closure has changed the catalogue: it must be read again.
        catalog if disruption.location_id is None else None,
    )
    return Applied(
        visits=with_phases(caller, moved, catalog),
        flagged=[one.id for one in left if one.id in seen],
        elsewhere=len(visits) - len(seen),
        affected=[one for one in others if one not in moved_ids],
        **ids,
    )


def _checked(caller: Caller, catalog: ClinicCatalog, disruption: Disruption) -> Disruption:
    """Refuse a wrong disruption, and cut off the part of it that has passed."""
    if disruption.resource_id is not None:
        Resources(caller).require(disruption.resource_id, "/resource_id")
    if disruption.location_id is not None:
        find_location(caller, catalog, disruption.location_id)
    starts_at, ends_at = disruption.starts_at, disruption.ends_at
    if not starts_at < ends_at <= starts_at + LONGEST:
        raise Invalid("/ends_at", f"Must lie after starts_at, by at most {LONGEST.days} days.")
    if ends_at <= caller.now:
        raise Invalid("/ends_at", "Must lie in the future.")
    return replace(disruption, starts_at=max(starts_at, from_tick(floor_tick(caller.now))))


def _affects(caller: Caller, disruption: Disruption) -> list[ColumnElement[bool]]:
    """Match the live visits that take the resource, or are at the location, during the disruption."""
    first, last = floor_tick(disruption.starts_at), ceil_tick(disruption.ends_at)
    live = and_(
        Appointment.status.in_(("held", *UNFINISHED)),
        or_(Appointment.status != "held", Appointment.expires_at > caller.real_now),
    )
    if disruption.resource_id is not None:
        taking = select(Occupancy.appointment_id).where(
            Occupancy.clinic_id == caller.clinic_id,
            Occupancy.resource_id == disruption.resource_id,
            Occupancy.appointment_id.is_not(None),
            Occupancy.end_tick > first,
            Occupancy.end_tick < last + LONGEST_OCCUPANCY,
            Occupancy.start_tick < last,
        )
        return [live, Appointment.id.in_(taking)]
    during = select(AppointmentPhase.appointment_id).where(
        AppointmentPhase.clinic_id == caller.clinic_id,
        AppointmentPhase.ends_at > from_tick(first),
        AppointmentPhase.starts_at < from_tick(last),
    )
    return [
        live,
        Appointment.location_id == disruption.location_id,
        Appointment.starts_at > from_tick(first - 2 * LONGEST_OCCUPANCY),
        Appointment.starts_at < from_tick(last),
        Appointment.id.in_(during),
    ]


def _present(caller: Caller, found: Sequence[Appointment], catalog: ClinicCatalog) -> list[Visit]:
    """Give the visits in order of time; raise Invalid for so many that other acts would wait too long."""
    if len(found) > MOST_VISITS:
        raise Invalid("/ends_at", f"Must be earlier: more than {MOST_VISITS} visits are affected.")
    return with_phases(caller, sorted(found, key=lambda one: (one.starts_at, one.id)), catalog)


def _seen(caller: Caller, visit: Visit) -> bool:
    return caller.location_ids is None or visit.appointment.location_id in caller.location_ids


def _open(
    caller: Caller, catalog: ClinicCatalog, disruption: Disruption, visits: Sequence[Visit]
) -> Relocation:
    span = floor_tick(disruption.starts_at), ceil_tick(disruption.ends_at)
    if disruption.location_id is not None:
        catalog = _with_closure(catalog, disruption.location_id, span)
    return open_relocation(caller, catalog, visits, span, disruption.resource_id)


def _with_closure(catalog: ClinicCatalog, location_id: UUID, span: tuple[int, int]) -> ClinicCatalog:
    """Give the catalogue as it will be when the location is closed."""
    location = catalog.engine.locations[location_id]
    closed = replace(location, closures=(*location.closures, values.Closure(location_id, *span)))
    locations = {**catalog.engine.locations, location_id: closed}
    return replace(catalog, engine=replace(catalog.engine, locations=locations))


def _lock_catalogue(caller: Caller, disruption: Disruption) -> ClinicCatalog:
    """Lock the catalogue and give it; a closure changes the catalogue, so it is locked for change."""
    if disruption.location_id is None:
        return locked_catalogue(caller)
    lock_catalogue_for_change(caller)
    return load_catalog(caller)


def _lock(
    caller: Caller, catalog: ClinicCatalog, disruption: Disruption, accepted: Sequence[Accepted]
) -> None:
    """Lock the patients of the affected and the accepted visits, and all that affected visits could take."""
    named = [one.appointment_id for one in accepted]
    concerned = caller.session.scalars(
        select(Appointment).where(Appointment.clinic_id == caller.clinic_id, *_affects(caller, disruption))
    ).all()
    chosen = caller.session.scalars(
        select(Appointment.patient_id).where(
            Appointment.clinic_id == caller.clinic_id, Appointment.id.in_(named)
        )
    )
    patients = {*chosen, *(one.patient_id for one in concerned)}
    resources = resources_of(caller, catalog, concerned)
    if disruption.resource_id is not None:
        resources |= {disruption.resource_id}
    lock_and_sweep(caller, patients=patients, resources=resources)


def _keep_free(caller: Caller, disruption: Disruption, left: Sequence[Appointment]) -> dict[str, UUID]:
    """Flag the visits that are left, and block the resource behind them or close the location."""
    when = {"starts_at": disruption.starts_at, "ends_at": disruption.ends_at}
    told = {**disruption.named, **when, "reason": disruption.reason or "Disruption"}
    if disruption.resource_id is not None:
        flag_disrupted(caller, left, disruption.named)
        known = _covering(
            caller, Block, Block.resource_id == disruption.resource_id, Block.repeats.is_(None), **when
        )
        if known is None:
            known = Blocks(caller).create(told | {"repeats": None})["id"]
        else:
            lay_out(caller, disruption.resource_id)
        return {"block_id": known}
    known = _covering(caller, Closure, Closure.location_id == disruption.location_id, **when)
    closure_id = known or Closures(caller).create(told)["id"]
    # The closure itself flags visits whose patients are still to come; the others get the flag here.
    flag_disrupted(caller, [one for one in left if not _closed(one)], disruption.named)
    return {"closure_id": closure_id}


def _closed(appointment: Appointment) -> bool:
    return any(flag["code"] == "location_closed" for flag in appointment.flags)


def _covering(
    caller: Caller,
    model: type[Block] | type[Closure],
    *where: ColumnElement[bool],
    starts_at: datetime,
    ends_at: datetime,
) -> UUID | None:
    """Give the block or closure that covers that time already, so that a second apply adds none."""
    known = select(model.id).where(
        model.clinic_id == caller.clinic_id, model.starts_at <= starts_at, model.ends_at >= ends_at, *where
    )
    return caller.session.scalar(known.limit(1))
