"""Exchanges the therapists or the rooms of two visits at once, each visit at its own times."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal
from uuid import UUID

from booking.appointments.moving import Placing, move_all
from booking.appointments.records import Visit, get_appointment, lock_appointment, with_phases
from booking.appointments.transitions import require_status
from booking.claims.claims import load_claims
from booking.claims.expired_holds import lock_and_sweep
from booking.core.caller import Caller
from booking.core.errors import Invalid, Refused, StaleVersion
from booking.day.late_arrival import resources_of
from booking.day.planned_visits import PlannedVisit, check_place
from booking.day.reassigning import planned_now
from booking.flags.revalidation import affected_by
from booking.questions.busy import load_busy
from booking.questions.catalog import ClinicCatalog, locked_catalogue
from booking.questions.visit_requests import candidates
from booking.questions.ways import load_ways
from booking.questions.windows import day_of
from scheduling.bits import occupy
from scheduling.questions import Claim, Question, Verdict

What = Literal["therapist", "room"]
_BOTH = (0, 1)


@dataclass(frozen=True, slots=True)
class Swapped:
    """A visit of a swap as it is planned, the question with what it gets, what it gives, and its claims."""

    planned: PlannedVisit
    asked: Question
    given: UUID
    claims: Sequence[Claim]

    @property
    def choices(self) -> Iterator[frozenset[UUID] | None]:
        """What it may take, best first: what it keeps and gets, what it gives as well, anything."""
        got = {one for one in (self.asked.therapist_id, self.asked.room_id) if one is not None}
        yield self.planned.resources - {self.given} | got
        yield self.planned.resources | got
        yield None


def swap(caller: Caller, ids: Sequence[UUID], what: What, expected: Sequence[int]) -> list[Visit]:
    """Exchange what two visits have, and write nothing when they have the same; their times stay.

    Raise Refused with the reasons by visit when either cannot have what the other has.
    """
    catalog = _lock(caller, ids)
    # The rows of visits are locked last, in id order.
    locked = {one: lock_appointment(caller, one, None) for one in sorted(ids)}
    appointments = [locked[one] for one in ids]
    stale = [one.id for one, seen in zip(appointments, expected, strict=True) if one.version != seen]
    if stale:
        raise StaleVersion(stale)
    for one in appointments:
        require_status("reassign", one)
    visits = [planned_now(caller, catalog, one) for one in appointments]
    if both := _swapped(caller, catalog, visits, what):
        move_all(caller, catalog, _placings(caller, catalog, both))
        # A flag goes when its reason was the therapist who has been replaced.
        affected_by(caller, appointments, catalog=catalog)
    return with_phases(caller, appointments, catalog)


def _lock(caller: Caller, ids: Sequence[UUID]) -> ClinicCatalog:
    """Lock the patients of both visits and all that either has or could get."""
    catalog = locked_catalogue(caller)
    found = [
        get_appointment(caller, one, pointer=f"/appointment_ids/{place}") for place, one in enumerate(ids)
    ]
    resources = resources_of(catalog, [planned_now(caller, catalog, one) for one in found])
    lock_and_sweep(caller, patients=[one.patient_id for one in found], resources=resources)
    return catalog


def _swapped(
    caller: Caller, catalog: ClinicCatalog, visits: Sequence[PlannedVisit], what: What
) -> list[Swapped]:
    """Give both visits with the question whether each may have what the other has; none when it is the same.

    Raise Invalid for visits at two locations, or when one has no use for what the other has.
    """
    if len({one.visit.appointment.location_id for one in visits}) > 1:
        raise Invalid("/appointment_ids", "both visits must be at the same location")
    has = [_has(one, what) for one in visits]
    if has[0] == has[1]:
        return []
    claims = load_claims(caller, [one.visit.appointment.id for one in visits])
    found = []
    for place, one in enumerate(visits):
        given, got = has[place], has[1 - place]
        if given is None or (got is not None and not _takes(catalog, one, what, got)):
            raise Invalid(f"/appointment_ids/{place}", f"this visit has no use for the other's {what}")
        # The question names the visit's own therapist already.
        asked = (
            replace(one.question, therapist_id=got)
            if what == "therapist"
            else replace(one.question, room_id=got)
        )
        found.append(Swapped(one, asked, given, claims[one.visit.appointment.id]))
    return found


def _has(planned: PlannedVisit, what: What) -> UUID | None:
    """Give the visit's therapist, or the room of its treatment."""
    visit = planned.visit
    return visit.appointment.therapist_id if what == "therapist" else visit.main_phase.room_id


def _takes(catalog: ClinicCatalog, planned: PlannedVisit, what: What, got: UUID) -> bool:
    """Whether a therapist leads any phase of the visit, or it takes place in a room of this kind."""
    phases, room = planned.question.procedure.phases, catalog.engine.rooms.get(got)
    if what == "therapist":
        return any(phase.therapist for phase in phases)
    return room is not None and any(room.kind in phase.room_kinds for phase in phases)


# Each visit is judged as if neither took anything, so that visits at the same time can exchange what they
# have. The first is judged beside what the other keeps, so that it takes nothing from it without need; the
# second is judged beside the first. Where that fails the second goes first: it may have less to choose from.
def _placings(caller: Caller, catalog: ClinicCatalog, both: Sequence[Swapped]) -> list[Placing]:
    """Give the places of both visits in order, or raise Refused with the reasons by visit."""
    refused: list[Mapping[int, Verdict]] = []
    for order in (_BOTH, _BOTH[::-1]):
        verdicts: dict[int, Verdict] = {}
        for place in order:
            verdicts[place] = _judged(caller, catalog, both, place, verdicts)
        if all(one.assignment for one in verdicts.values()):
            return [
                Placing(one.planned.visit.appointment, one.asked, verdict, one.planned.start, gives_way=True)
                for one, verdict in ((both[place], verdicts[place]) for place in _BOTH)
            ]
        refused.append(verdicts)
    by_visit = {place: refused[0][place].refusals for place in _BOTH if refused[0][place].refusals}
    raise Refused((one for reasons in by_visit.values() for one in reasons), by_visit=by_visit)


def _judged(
    caller: Caller,
    catalog: ClinicCatalog,
    both: Sequence[Swapped],
    place: int,
    verdicts: Mapping[int, Verdict],
) -> Verdict:
    """Judge a visit of the swap beside the other, where that has been judged and has a place."""
    one, other = both[place], both[1 - place]
    asked, start = one.asked, one.planned.start
    window = day_of(asked, start)
    ids = [each.planned.visit.appointment.id for each in (one, other)]
    resources = candidates(catalog, asked)
    ways = load_ways(caller, catalog, resources, [asked.location], window, ids, stays=True)
    busy = {**load_busy(caller, resources, window, ids, own=ids[:1]), **ways}
    placed = verdicts[1 - place].assignment if 1 - place in verdicts else None
    kept = [claim for claim in other.claims if claim[0] != other.given]
    for claims in (placed.claims,) if placed else (kept, ()):
        beside = dict(busy)
        occupy(beside, window, claims)
        for only in one.choices:
            in_the_way = one.planned.in_its_way(beside, window)
            verdict = check_place(catalog, asked, in_the_way, start, window, only)
            if verdict.assignment is not None:
                return replace(verdict, waived_codes=verdict.waived_codes - asked.waived)
    return verdict
