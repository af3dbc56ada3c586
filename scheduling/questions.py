"""Holds what the engine is asked and what it answers: questions, openings, verdicts, assignments."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from types import MappingProxyType
from typing import Final
from uuid import UUID

from scheduling.catalog import Location, Procedure
from scheduling.reasons import Ground, Notice, Refusal
from scheduling.rulebook import CourseTemplate
from scheduling.visits import Visit, lay_out

Claim = tuple[UUID, int, int, int]
"""Time that a visit takes of a resource: (resource, lane, start tick, end tick), half-open."""


Loads = Mapping[UUID, tuple[int, int]]
"""By resource: the ticks that visits take of it on the local day and in the local week, by default none."""

NO_LOADS: Final[Loads] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class CourseOf:
    """The course that a session belongs to, its template if it has any, and whether it is completed."""

    id: UUID
    template: CourseTemplate | None = None
    completed: bool = False


@dataclass(frozen=True, slots=True)
class Session:
    """A live treatment of the patient: done, booked, or done elsewhere (no appointment).

    `on` is the civil date at its own location. No areas means that they are unknown, so they count as
    everywhere. A treatment elsewhere has a `treatment_id` and counts like a session of the families in
    `counts_like`; a consultation elsewhere satisfies prerequisites of these families. `ends` is the tick at
    which a visit here ends, `requires` are the families that must come before it.
    """

    appointment_id: UUID | None
    on: date
    procedure: str
    family: str
    event: str | None = None
    areas: tuple[str, ...] = ()
    performed: bool = False
    treatment_id: UUID | None = None
    counts_like: tuple[str, ...] = ()
    ends: int | None = None
    requires: frozenset[str] = frozenset()
    course: CourseOf | None = None

    @property
    def source_id(self) -> UUID | None:
        """The id of the appointment, or of the treatment that was done elsewhere."""
        return self.appointment_id or self.treatment_id


@dataclass(frozen=True, slots=True)
class MedicalHold:
    """A medical hold of the patient since a date, on these areas (no areas: all).

    It ends some days after it was resolved, not before `earliest_on`, or when it was signed off.
    """

    id: UUID
    code: str
    opened_on: date
    areas: tuple[str, ...] = ()
    resolved_on: date | None = None
    earliest_on: date | None = None
    signed_off: bool = False


@dataclass(frozen=True, slots=True)
class Patient:
    """The patient to treat: busy ticks (half-open), live sessions at every location and medical holds.

    An unknown birth date or skin phototype (1 to 6) refuses nothing.
    """

    id: UUID
    busy: tuple[tuple[int, int], ...] = ()
    sessions: tuple[Session, ...] = ()
    medical_holds: tuple[MedicalHold, ...] = ()
    born_on: date | None = None
    skin_type: int | None = None


@dataclass(frozen=True, slots=True)
class Question:
    """Asks for a visit; a named therapist or room is the only candidate.

    The phases of `procedure` have the lengths of this visit (see `lengths`). `areas` are those treated, by
    default all of the procedure's. `waived` codes no longer refuse, except the codes that no level may
    waive. `course` is the visit's course. A visit that `moves` keeps the floor from later visits but not the
    minimum: they are flagged instead. A visit that `is_booked` is there already: later visits that are too
    close to it are judged for themselves.
    """

    procedure: Procedure
    location: Location
    areas: tuple[str, ...]
    now: datetime
    patient: Patient | None = None
    therapist_id: UUID | None = None
    room_id: UUID | None = None
    waived: frozenset[str] = frozenset()
    course: CourseOf | None = None
    moves: bool = False
    is_booked: bool = False

    def __post_init__(self) -> None:
        if self.now.tzinfo is None or self.now.utcoffset() is None:
            raise ValueError("A question needs an aware now.")

    @property
    def treated(self) -> tuple[str, ...]:
        """The areas that the visit treats."""
        return self.areas or self.procedure.areas

    @property
    def visit(self) -> Visit:
        """The procedure's layout in ticks after arrival."""
        return lay_out(self.procedure)


@dataclass(frozen=True, slots=True)
class Openings:
    """Feasible arrivals as bits over the window: all of them, and by therapist (who has at least one)."""

    starts: int
    by_therapist: Mapping[UUID, int]


@dataclass(frozen=True, slots=True)
class Slot:
    """A feasible arrival (tick) and the therapists who could lead it, in id order."""

    start: int
    therapist_ids: tuple[UUID, ...]


@dataclass(frozen=True, slots=True)
class PhaseAssignment:
    """The staff, room and device of a phase, from its start tick to its end tick."""

    start: int
    end: int
    room_id: UUID | None = None
    lane: int | None = None
    therapist_id: UUID | None = None
    assistant_id: UUID | None = None
    device_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Assignment:
    """The staff and places of a visit: by phase in list order, and as claims with touching pieces joined."""

    therapist_id: UUID | None
    phases: tuple[PhaseAssignment, ...]
    claims: tuple[Claim, ...]


@dataclass(frozen=True, slots=True)
class Verdict:
    """Every reason against an arrival, or no reason and an assignment.

    `waived_codes` are those of the question's waived codes that the visit really violates; `grounds` are
    what the clinical codes among them rest on. A visit that `overlaps` others lies in the past.
    """

    refusals: tuple[Refusal, ...]
    warnings: tuple[Notice, ...]
    assignment: Assignment | None
    waived_codes: frozenset[str] = frozenset()
    grounds: frozenset[Ground] = frozenset()
    overlaps: bool = False
