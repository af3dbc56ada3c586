"""Describes what a clinic has and offers: locations, staff, rooms, devices, procedures."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import pairwise
from operator import lt
from uuid import UUID
from zoneinfo import ZoneInfo

from scheduling.rulebook import (
    MOST_DAYS,
    MOST_MONTHS,
    CourseTemplate,
    HoldRule,
    Prerequisite,
    SpacingRule,
    require,
)
from scheduling.ticks import DAY_MINUTES, TICK_MINUTES, in_turn

PHASE_KINDS = frozenset({"intake", "numbing", "prep", "procedure", "aftercare", "turnover", "consultation"})
_LAST_WEEKDAY = 6


def _whole_ticks(minutes: int) -> bool:
    return minutes % TICK_MINUTES == 0


def _in_order(first: date | None, last: date | None) -> bool:
    return first is None or last is None or first <= last


@dataclass(frozen=True, slots=True)
class WeeklyPeriod:
    """Open or working time on a weekday (0 is Monday), in minutes after local midnight, half-open.

    `valid_from` and `valid_until` are local dates, both inclusive. `every_weeks` counts from `valid_from`:
    2 is every other week.
    """

    weekday: int
    starts: int
    ends: int
    valid_from: date | None = None
    valid_until: date | None = None
    every_weeks: int = 1

    def __post_init__(self) -> None:
        require(0 <= self.weekday <= _LAST_WEEKDAY, "A weekday is 0 (Monday) to 6.")
        require(0 <= self.starts < self.ends <= DAY_MINUTES, "A period lies within a day and has a length.")
        require(_whole_ticks(self.starts) and _whole_ticks(self.ends), "Times are multiples of 5 minutes.")
        require(_in_order(self.valid_from, self.valid_until), "A period is valid from before until.")
        counted = self.every_weeks == 1 or self.valid_from is not None
        require(self.every_weeks >= 1 and counted, "Weeks are counted from a date.")

    def holds_on(self, on: date) -> bool:
        """Return whether a date has the period."""
        valid = (self.valid_from or date.min) <= on <= (self.valid_until or date.max)
        return valid and on.weekday() == self.weekday and in_turn(on, self.valid_from, self.every_weeks)


@dataclass(frozen=True, slots=True)
class SpecialDay:
    """The hours of a date in place of the weekly hours: rising periods in minutes after local midnight."""

    on: date
    periods: tuple[tuple[int, int], ...] = ()

    def __post_init__(self) -> None:
        bounds = [0, *(minute for period in self.periods for minute in period), DAY_MINUTES]
        require(bounds == sorted(bounds), "Periods lie within a day, one after the other.")
        require(all(starts < ends for starts, ends in self.periods), "A period has a length.")
        require(all(map(_whole_ticks, bounds)), "Times are multiples of 5 minutes.")


def _on_rising_dates(days: Sequence[SpecialDay]) -> bool:
    return all(one.on < other.on for one, other in pairwise(days))


@dataclass(frozen=True, slots=True)
class Policy:
    """A location's booking policy; each field is in the unit that its name says."""

    grid_minutes: int = 5
    assign: str = "balance"
    min_notice_minutes: int = 0
    horizon_days: int = 365
    hold_seconds: int = 300
    cancel_free_hours: int = 48
    late_grace_minutes: int = 15
    one_area_per_visit: bool = True
    anaesthetic_area_cm2: int = 400
    offer: str = "all"
    consultation_valid_days: int = 180
    cooling_off_hours: int = 24
    offer_minutes: int = 30
    consultation_renewal_months: int = 18
    numbing_gap_minutes: int = 15
    many_sessions_a_year: int = 8
    skin_type_extra_days: int = 0

    def __post_init__(self) -> None:
        require(0 < self.grid_minutes <= DAY_MINUTES, "A grid is 5 minutes to a day.")
        require(_whole_ticks(self.grid_minutes), "A grid is a multiple of 5 minutes.")
        require(self.assign in {"balance", "pack"}, "Visits are assigned by balance or pack.")
        require(self.offer in {"all", "compact"}, "An offer is all or compact.")
        numbers = (
            self.min_notice_minutes, self.horizon_days, self.hold_seconds, self.cancel_free_hours,
            self.late_grace_minutes, self.anaesthetic_area_cm2, self.consultation_valid_days,
            self.cooling_off_hours, self.offer_minutes, self.consultation_renewal_months,
            self.numbing_gap_minutes, self.many_sessions_a_year, self.skin_type_extra_days,
        )  # fmt: skip
        require(min(numbers) >= 0, "A policy has no negative numbers.")
        days = (self.horizon_days, self.consultation_valid_days, self.skin_type_extra_days)
        require(max(days) <= MOST_DAYS, "Days are at most a century.")
        require(self.consultation_renewal_months <= MOST_MONTHS, "A consultation lasts a century at most.")


@dataclass(frozen=True, slots=True)
class Closure:
    """A time in which a location is closed, in ticks, half-open."""

    id: UUID
    starts: int
    ends: int

    def __post_init__(self) -> None:
        require(self.starts < self.ends, "A closure has a length.")


@dataclass(frozen=True, slots=True)
class Location:
    """A place of treatment with its own clock, hours and policy.

    `special_hours` are in order of their dates. `holidays` are the local dates, sorted, on which it is closed
    all day, unless it opens at special hours. `travel_minutes` are how long the way to other locations takes.
    """

    id: UUID
    zone: ZoneInfo
    opening_hours: tuple[WeeklyPeriod, ...] = ()
    closures: tuple[Closure, ...] = ()
    policy: Policy = field(default_factory=Policy)
    holidays: tuple[date, ...] = ()
    special_hours: tuple[SpecialDay, ...] = ()
    travel_minutes: Mapping[UUID, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        require(self.id not in self.travel_minutes, "A location is no way from itself.")
        require(
            all(one >= 0 and _whole_ticks(one) for one in self.travel_minutes.values()), "A way takes time."
        )
        require(_on_rising_dates(self.special_hours), "A date has special hours once, in order.")
        require(all(map(lt, self.holidays, self.holidays[1:])), "Holidays rise, each given once.")


@dataclass(frozen=True, slots=True)
class Qualification:
    """What a member of staff may do: everywhere or at a single location, between dates, both inclusive.

    `max_depth_mm` is a limit for all areas, a limit by area, or None for the code's default.
    """

    code: str
    valid_from: date | None = None
    valid_until: date | None = None
    location_id: UUID | None = None
    max_depth_mm: float | Mapping[str, float] | None = None

    def __post_init__(self) -> None:
        require(bool(self.code), "A qualification has a code.")
        require(_in_order(self.valid_from, self.valid_until), "A qualification is valid from before until.")
        limits = self.max_depth_mm
        depths = limits.values() if isinstance(limits, Mapping) else () if limits is None else (limits,)
        require(all(depth >= 0 for depth in depths), "A depth is not negative.")

    def valid_on(self, on: date) -> bool:
        """Return whether the qualification holds on a local date."""
        return (self.valid_from is None or self.valid_from <= on) and (
            self.valid_until is None or on <= self.valid_until
        )


@dataclass(frozen=True, slots=True)
class Therapist:
    """A bookable member of staff; with `treats` they may lead a visit, without it they only assist.

    `working_hours` and `special_hours` are by location, the latter in order of their dates.
    """

    id: UUID
    treats: bool = True
    qualifications: tuple[Qualification, ...] = ()
    working_hours: Mapping[UUID, tuple[WeeklyPeriod, ...]] = field(default_factory=dict)
    active: bool = True
    special_hours: Mapping[UUID, tuple[SpecialDay, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        require(all(map(_on_rising_dates, self.special_hours.values())), "A date has special hours once.")

    def hours_at(self, location_id: UUID) -> tuple[tuple[WeeklyPeriod, ...], tuple[SpecialDay, ...]]:
        """Return the weekly and the special hours of the person at a location."""
        return self.working_hours.get(location_id, ()), self.special_hours.get(location_id, ())

    def works_at(self, location_id: UUID) -> bool:
        """Return whether the person has hours at a location, weekly or on some date."""
        weekly, special = self.hours_at(location_id)
        return bool(weekly) or any(one.periods for one in special)


@dataclass(frozen=True, slots=True)
class Room:
    """A room of a kind; a capacity of n gives it the lanes 0 to n - 1."""

    id: UUID
    location_id: UUID
    kind: str
    capacity: int = 1
    active: bool = True

    def __post_init__(self) -> None:
        require(bool(self.kind), "A room has a kind.")
        require(self.capacity >= 1, "A room has a place for somebody.")


@dataclass(frozen=True, slots=True)
class Device:
    """A device of a kind; with a `room_id` it is fixed to that room."""

    id: UUID
    location_id: UUID
    kind: str
    room_id: UUID | None = None
    active: bool = True

    def __post_init__(self) -> None:
        require(bool(self.kind), "A device has a kind.")


@dataclass(frozen=True, slots=True)
class Phase:
    """A part of a visit, and the staff, room and device that it holds.

    Minutes are multiples of 5. `at_minute` counts from arrival; without it a phase starts when the phase
    before it in the list ends. `assistant` is a qualification code; `room_kinds` and `device_kinds` name
    alternatives.
    """

    name: str
    kind: str
    minutes: int
    min_minutes: int | None = None
    max_minutes: int | None = None
    therapist: bool = False
    assistant: str | None = None
    room_kinds: tuple[str, ...] = ()
    device_kinds: tuple[str, ...] = ()
    patient: bool = True
    at_minute: int | None = None

    def __post_init__(self) -> None:
        require(self.kind in PHASE_KINDS, "A phase is of a known kind.")
        given = [m for m in (self.min_minutes, self.minutes, self.max_minutes) if m is not None]
        require(given == sorted(given) and given[0] >= 0, "A phase's minutes lie between its limits.")
        require(self.minutes > 0, "A phase takes time.")
        require(all(_whole_ticks(m) for m in (*given, self.at_minute or 0)), "Minutes are multiples of 5.")
        require((self.at_minute or 0) >= 0, "A phase does not start before the patient arrives.")
        require(self.assistant != "", "An assistant is named by a qualification code.")

    @property
    def limits(self) -> tuple[int, int]:
        """The least and the most minutes that a visit may plan: without limits the phase's own."""
        least = self.minutes if self.min_minutes is None else self.min_minutes
        return least, self.minutes if self.max_minutes is None else self.max_minutes

    def allows(self, minutes: int) -> bool:
        """Return whether a visit may plan the phase at this length."""
        least, most = self.limits
        return least <= minutes <= most


@dataclass(frozen=True, slots=True)
class Procedure:
    """A bookable kind of visit; it treats all `areas`, or with `choose_areas` those that a booking names."""

    id: UUID
    code: str
    family: str
    areas: tuple[str, ...] = ()
    choose_areas: bool = False
    depth_mm: float | None = None
    qualifications: tuple[str, ...] = ()
    qualifications_any: tuple[str, ...] = ()
    counts_as: str | None = None
    phases: tuple[Phase, ...] = ()
    prerequisites: tuple[Prerequisite, ...] = ()

    def __post_init__(self) -> None:
        require(bool(self.code) and bool(self.family), "A procedure has a code and a family.")
        require(self.depth_mm is None or self.depth_mm >= 0, "A depth is not negative.")
        kinds = {phase.kind for phase in self.phases}
        require(bool(kinds & {"procedure", "consultation"}), "A visit needs a procedure phase.")
        require(any(phase.patient for phase in self.phases), "A visit needs a phase with the patient.")

    def has(self, kind: str) -> bool:
        """Return whether the visit has a phase of a kind."""
        return any(phase.kind == kind for phase in self.phases)


@dataclass(frozen=True, slots=True)
class Catalog:
    """Everything of a clinic that a question needs, by id; the rules of medical holds by code."""

    locations: Mapping[UUID, Location] = field(default_factory=dict)
    therapists: Mapping[UUID, Therapist] = field(default_factory=dict)
    rooms: Mapping[UUID, Room] = field(default_factory=dict)
    devices: Mapping[UUID, Device] = field(default_factory=dict)
    procedures: Mapping[UUID, Procedure] = field(default_factory=dict)
    spacing_rules: tuple[SpacingRule, ...] = ()
    hold_rules: Mapping[str, HoldRule] = field(default_factory=dict)
    course_templates: Mapping[UUID, CourseTemplate] = field(default_factory=dict)
