"""Loads what a relocation of visits needs: the patients' histories, busy time and blocked time."""

from collections.abc import Iterable, Sequence
from datetime import timedelta
from uuid import UUID

from booking.appointments.records import Visit
from booking.claims.claims import load_claims
from booking.core.caller import Caller
from booking.disruptions.relocation import DAYS, Relocation
from booking.questions.busy import load_blocked, load_busy
from booking.questions.catalog import ClinicCatalog
from booking.questions.histories import load_histories
from booking.questions.visit_requests import candidates, question_of
from booking.questions.ways import load_ways
from booking.questions.windows import midnight
from models import Appointment
from scheduling.bits import Busy, Window, occupy
from scheduling.questions import Claim
from scheduling.ticks import local_date, to_tick
from scheduling.travel import ways_of

Lane = tuple[UUID, int]


def open_relocation(
    caller: Caller,
    catalog: ClinicCatalog,
    visits: Sequence[Visit],
    span: tuple[int, int],
    resource_id: UUID | None,
) -> Relocation:
    """Prepare to relocate the visits while the resource, if any, is blocked over a span of ticks."""
    appointments = [one.appointment for one in visits]
    window = _window(caller, catalog, appointments, span)
    resources = resources_of(caller, catalog, appointments)
    blocked = dict(load_blocked(caller, resources, window))
    for lane in _lanes(catalog, resource_id):
        blocked[lane] = blocked.get(lane, 0) | window.span(*span)
    places = {one.location_id: catalog.engine.locations[one.location_id] for one in appointments}
    ids = [one.id for one in appointments]
    own = load_claims(caller, ids)
    patients = {one.patient_id for one in appointments if one.patient_id is not None}
    return Relocation(
        caller=caller,
        catalog=catalog,
        histories=load_histories(caller, catalog, patients, with_holds=False),
        window=window,
        busy={
            **load_busy(caller, resources, window),
            **load_ways(caller, catalog, resources, places.values(), window, ids),
        },
        own={key: _bits(claims, window) for key, claims in own.items()},
        ways={
            one.id: _bits(ways_of(own[one.id], one.location_id, catalog.engine), window)
            for one in appointments
        },
        blocked=blocked,
        resource_id=resource_id,
    )


def resources_of(
    caller: Caller, catalog: ClinicCatalog, appointments: Iterable[Appointment]
) -> frozenset[UUID]:
    """Give every resource that the visits could take at their locations, and their therapists."""
    found: set[UUID] = set()
    kinds = {(one.procedure_id, one.location_id): one for one in appointments}
    for one in kinds.values():
        found |= candidates(catalog, question_of(caller, catalog, one))
    return frozenset(found | {one.therapist_id for one in appointments if one.therapist_id is not None})


def _window(
    caller: Caller, catalog: ClinicCatalog, appointments: Sequence[Appointment], span: tuple[int, int]
) -> Window:
    """Give a window with room for every proposal: each visit's day, and the days around it from today on."""
    first, last = span
    for one in appointments:
        question = question_of(caller, catalog, one)
        zone = question.location.zone
        on, today = local_date(to_tick(one.starts_at), zone), caller.now.astimezone(zone).date()
        around = min(on, max(on - timedelta(days=DAYS), today)), on + timedelta(days=DAYS + 1)
        first = min(first, midnight(around[0], zone))
        last = max(last, midnight(around[1], zone) + question.visit.length)
    return Window(first, last)


def _lanes(catalog: ClinicCatalog, resource_id: UUID | None) -> list[Lane]:
    if resource_id is None:
        return []
    room = catalog.engine.rooms.get(resource_id)
    return [(resource_id, lane) for lane in range(room.capacity if room else 1)]


def _bits(claims: Iterable[Claim], window: Window) -> Busy:
    """Give the busy bits of claims."""
    taken: dict[Lane, int] = {}
    occupy(taken, window, claims)
    return taken
