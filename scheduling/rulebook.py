"""Holds the rules of a clinic as values: spacings, prerequisites, medical holds, course templates."""

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from scheduling.clinical import HOLDS, LADDER

MOST_DAYS: Final = 36_500
"""The longest horizon and spacing, a century: dates beyond it would leave the calendar."""
MOST_MONTHS: Final = 1_200
MOST_YEARS: Final = 120


def require(condition: bool, message: str) -> None:
    """Raise ValueError with a message unless a condition holds."""
    if not condition:
        raise ValueError(message)


@dataclass(frozen=True, slots=True)
class Prerequisite:
    """A visit of a family that must come before a treatment; None takes the location's policy.

    `min_hours_before` is the least time between its end and the first treatment, `valid_days` how long it
    counts.
    """

    family: str
    min_hours_before: int | None = None
    valid_days: int | None = None

    def __post_init__(self) -> None:
        require(bool(self.family), "A prerequisite names a family.")
        require((self.min_hours_before or 0) >= 0, "Time is not negative.")
        require(0 <= (self.valid_days or 0) <= MOST_DAYS, "What came first lasts a century at most.")


@dataclass(frozen=True, slots=True)
class Matcher:
    """Picks treatments: every given part must match; no areas means any.

    `template` is the code of a course template: it picks the sessions of its courses.
    """

    family: str | None = None
    procedure: str | None = None
    event: str | None = None
    areas: tuple[str, ...] = ()
    template: str | None = None

    def __post_init__(self) -> None:
        named = (self.family, self.procedure, self.event, self.template)
        require(any(named), "A matcher names a family, a procedure, an event or a template.")


@dataclass(frozen=True, slots=True)
class SpacingRule:
    """Days between an earlier treatment (`after`) and a later treatment (`before`), in local civil dates.

    `code` ("S02") need not be unique. No level may go below `floor_days`; the level `override_by` may go
    below `min_days` (None: no level may).
    """

    id: UUID
    code: str
    after: Matcher
    before: Matcher
    scope: str = "area"
    floor_days: int = 0
    min_days: int = 0
    recommended_days: int | None = None
    overdue_days: int | None = None
    override_by: str | None = None

    def __post_init__(self) -> None:
        require(self.scope in {"area", "patient"}, "A rule's scope is area or patient.")
        require(self.override_by is None or self.override_by in LADDER, "An override needs a known level.")
        given = (0, self.floor_days, self.min_days, self.recommended_days, self.overdue_days)
        days = [day for day in given if day is not None]
        require(days == sorted(days), "Days rise from floor over min and recommended to overdue.")
        require(days[-1] <= MOST_DAYS, "A spacing is at most a century.")


@dataclass(frozen=True, slots=True)
class HoldRule:
    """The meaning of a medical hold's code: it blocks or advises, a treatment or its numbing alone.

    `rule_id` ("H01") is what a refusal names. The hold ends `days_after_resolved` (civil dates). A
    `minimum_age` (years) stands against younger patients even when no hold was opened.
    """

    code: str
    rule_id: str
    blocks: bool
    numbing_only: bool
    days_after_resolved: int
    minimum_age: int | None
    released_by: str

    def __post_init__(self) -> None:
        require(self.code in HOLDS and bool(self.rule_id), "A hold rule has a known code and an id.")
        require(self.released_by in LADDER, "A hold is released by a known level.")
        require(0 <= self.days_after_resolved <= MOST_DAYS, "A hold ends within a century.")
        require(0 <= (self.minimum_age or 0) <= MOST_YEARS, "Nobody grows so old.")
        require(self.minimum_age is None or self.code == "under_age", "Only under_age has a minimum age.")


@dataclass(frozen=True, slots=True)
class CourseTemplate:
    """A kind of course: its procedures (the first is the default), and its default number of sessions.

    Maintenance opens and closes so many calendar months after its last session, if at all.
    """

    code: str
    procedure_ids: tuple[UUID, ...]
    sessions: int
    maintenance_opens_months: int | None = None
    maintenance_closes_months: int | None = None

    def __post_init__(self) -> None:
        require(bool(self.code), "A course template has a code.")
        require(bool(self.procedure_ids), "A course template has a procedure.")
        require(self.sessions >= 1, "A course has a session.")
        opens, closes = self.maintenance_opens_months, self.maintenance_closes_months
        require((opens is None) == (closes is None), "Maintenance opens and closes, or does neither.")
        require(opens is None or closes is None or 0 < opens < closes, "Maintenance opens before it closes.")
        require((closes or 0) <= MOST_MONTHS, "Maintenance closes within a century.")
