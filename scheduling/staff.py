"""Works out who can lead and who can assist a visit, and why the others cannot."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from scheduling.bits import erode_all
from scheduling.catalog import Therapist
from scheduling.hours import hours_bits
from scheduling.matching import Clashes, clashes, possible
from scheduling.qualifications import Need, fault_bits, need_of_lead
from scheduling.reasons import Refusal, refuse
from scheduling.scene import Scene
from scheduling.travel import way_to
from scheduling.visits import Span


@dataclass(frozen=True, slots=True)
class Candidate:
    """A person for a part of a visit: the arrivals that each code allows, and in `usable` all codes together.

    `open` are the ticks at which the person works here, is free and not on the way.
    """

    id: UUID
    open: int
    allowed: Mapping[str, int]
    usable: int

    def refusals(self, position: int) -> tuple[Refusal, ...]:
        """Return the person's own codes against the arrival at a position."""
        return tuple(
            refuse(code, resource_id=self.id)
            for code, bits in self.allowed.items()
            if not bits >> position & 1
        )


Pool = Mapping[UUID, Candidate]


@dataclass(frozen=True, slots=True)
class Staff:
    """The candidates to lead (None when no phase needs a lead) and, phase by phase, to assist."""

    leads: Pool | None
    assistants: tuple[Pool, ...]
    clash: Clashes

    def by_therapist(self) -> dict[UUID, int]:
        """Return for each lead the arrivals at which assistants other than the lead are free too."""
        helped: dict[UUID | None, int] = {}
        bits = {}
        for lead in (self.leads or {}).values():
            key = lead.id if any(lead.id in pool for pool in self.assistants) else None
            if key not in helped:
                helped[key] = self.helped(key)
            bits[lead.id] = lead.usable & helped[key]
        return bits

    def helped(self, lead_id: UUID | None) -> int:
        """Return the arrivals at which each phase with an assistant finds a person other than the lead."""
        options = [
            {person.id: person.usable for person in pool.values() if person.id != lead_id}
            for pool in self.assistants
        ]
        return possible(options, self.clash)


def staff(scene: Scene) -> Staff:
    """Return the people who could take part in a scene's visit."""
    visit = scene.visit
    return Staff(
        leads=_leads(scene) if visit.therapist else None,
        assistants=tuple(_assistants(scene, place) for place in visit.assistants),
        clash=clashes([(visit.spans[place],) for place in visit.assistants]),
    )


def _employed(scene: Scene) -> list[Therapist]:
    """Return the active staff who work at the location, in id order."""
    location_id = scene.question.location.id
    people = scene.catalog.therapists.values()
    return sorted(
        (person for person in people if person.active and person.works_at(location_id)),
        key=lambda person: person.id,
    )


def _leads(scene: Scene) -> Pool:
    question = scene.question
    if question.therapist_id is None:
        people = [person for person in _employed(scene) if person.treats]
    else:
        people = [scene.catalog.therapists[question.therapist_id]]
    need = need_of_lead(scene.visit.procedure, question.location.id, question.treated)
    spans = scene.visit.therapist
    return {
        person.id: _candidate(scene, person, need, spans, suited=person.active and person.treats)
        for person in people
    }


def _assistants(scene: Scene, place: int) -> Pool:
    code = scene.visit.procedure.phases[place].assistant or ""
    need = Need(((code,),), scene.question.location.id)
    spans = (scene.visit.spans[place],)
    return {person.id: _candidate(scene, person, need, spans) for person in _employed(scene)}


def _candidate(
    scene: Scene, person: Therapist, need: Need, spans: Sequence[Span], *, suited: bool = True
) -> Candidate:
    full = scene.window.full
    working = hours_bits(*person.hours_at(need.location_id), scene.days)
    free, ways = scene.free(person.id), scene.free(way_to(person.id, need.location_id))
    allowed = {
        "therapist_not_working": full & erode_all(working, spans),
        "therapist_travelling": full & erode_all(ways, spans),
        "therapist_busy": full & erode_all(free, spans),
    }
    for code, bits in fault_bits(person, need, scene.today, scene.days).items():
        allowed[code] = full & ~bits
    if not suited:
        allowed["therapist_unqualified"] = 0
    usable = full
    for code, bits in allowed.items():
        usable &= full if code in scene.waived else bits
    return Candidate(person.id, working & free & ways, allowed, usable)
