"""Names every reason to refuse or to warn, with the front desk's message for each."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from types import MappingProxyType
from typing import Final
from uuid import UUID

REFUSALS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "outside_opening_hours": "Part of the visit lies outside the location's opening hours.",
        "location_closed": "The location is closed during part of the visit.",
        "therapist_not_working": "This member of staff does not work here during all of their part.",
        "therapist_travelling": "This member of staff is on the way from or to another location then.",
        "therapist_busy": "This member of staff is busy during their part of the visit.",
        "therapist_unqualified": "This member of staff lacks a qualification that the procedure needs.",
        "qualification_expires": "A qualification of this member of staff is valid now but not on that date.",
        "depth_exceeded": "The procedure goes deeper than this member of staff may treat one of the areas.",
        "no_therapist_available": "Nobody who may do this is free for the visit.",
        "room_busy": "This room is busy during its part of the visit.",
        "no_room_available": "No suitable room is free for the visit.",
        "device_busy": "This device is busy during its part of the visit.",
        "no_device_available": "No suitable device is free for the visit.",
        "patient_busy": "The patient has another appointment at that time.",
        "off_grid": "Visits at this location start on a coarser grid of minutes.",
        "min_notice": "That is sooner than this location's minimum notice.",
        "beyond_horizon": "That is further ahead than this location takes bookings.",
        "in_the_past": "That time has passed.",
        "spacing_min": "Too soon before or after another session of the same kind.",
        "spacing_floor": "So close to another session of the same kind that nobody may allow it.",
        "washout_min": "Too close to another treatment that needs a wash-out.",
        "washout_floor": "So close to another treatment that nobody may allow it.",
        "prerequisite_missing": "A visit that must come first is missing.",
        "prerequisite_expired": "A visit that must come first lies too far back.",
        "cooling_off": "The time that must pass after the visit that comes first has not passed.",
        "medical_hold": "A medical hold is open.",
        "one_area_per_visit": "This location treats one area group in a visit.",
        "anaesthetic_area": "The areas together exceed what may be numbed in one visit.",
        "numbing_too_short": "The numbing cream has not worked long enough.",
        "numbing_too_long": "The numbing cream has been on for too long.",
        "not_yet": "This treatment cannot be booked for that date yet.",
    }
)

WARNINGS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "below_recommended_spacing": "Allowed, but sooner after the last session than recommended.",
        "maintenance_early": "Earlier than the maintenance window of the course.",
        "maintenance_overdue": "Later than the maintenance window of the course.",
        "advisory_hold": "An advisory note is open.",
        "many_sessions": "Many sessions on this area within a year.",
    }
)

# The front desk itself may waive these.
DESK: Final = frozenset(
    {
        "in_the_past", "min_notice", "beyond_horizon", "off_grid", "outside_opening_hours",
        "therapist_not_working", "therapist_travelling",
    }
)  # fmt: skip

# No level may waive floors, busy resources, what staff or the patient lack, or numbing.
NEVER_WAIVED: Final = frozenset(
    {
        "location_closed", "therapist_busy", "therapist_unqualified", "qualification_expires",
        "depth_exceeded", "no_therapist_available", "room_busy", "no_room_available", "device_busy",
        "no_device_available",
        "patient_busy", "spacing_floor", "washout_floor", "prerequisite_missing", "prerequisite_expired",
        "numbing_too_short", "numbing_too_long",
    }
)  # fmt: skip

# These depend on the patient: a widget learns only from when a visit passes, never why it does not.
CLINICAL: Final = frozenset(
    {
        "spacing_min", "spacing_floor", "washout_min", "washout_floor", "prerequisite_missing",
        "prerequisite_expired", "cooling_off", "medical_hold", "one_area_per_visit", "anaesthetic_area",
        "numbing_too_short", "numbing_too_long",
    }
)  # fmt: skip

# What patients can do something about themselves: book what comes first, wait, choose fewer areas.
THEIR_OWN: Final = frozenset(
    {
        "prerequisite_missing", "prerequisite_expired", "cooling_off", "one_area_per_visit",
        "anaesthetic_area",
    }
)  # fmt: skip

# What a member of staff lacks is told to the desk alone.
_OF_STAFF: Final = frozenset({"qualification_expires", "depth_exceeded"})

Ground = tuple[str, str, UUID | None, date | None]
"""What a reason rests on: code, rule, and the session, treatment or hold with its date."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """A reason against a visit.

    `rule_id` is the rule's code ("S02"), `earliest_on` the first civil date that passes, `overridable_by`
    the lowest level that may waive it (None: no level), `because` the reasons of single candidates behind
    a pool's refusal, `grounds` what a clinical reason rests on. What is in use is used by `appointment_id`,
    and presumably `until` then. A visit that is missing can be had by booking the procedure `book_first`.
    """

    code: str
    message: str
    rule_id: str | None = None
    resource_id: UUID | None = None
    earliest_on: date | None = None
    overridable_by: str | None = None
    because: tuple["Refusal", ...] = ()
    grounds: frozenset[Ground] = frozenset()
    appointment_id: UUID | None = None
    until: datetime | None = None
    book_first: UUID | None = None

    def __post_init__(self) -> None:
        if self.code not in REFUSALS:
            raise ValueError(f"Unknown refusal code {self.code!r}.")


@dataclass(frozen=True, slots=True)
class Notice:
    """A warning: something to mention that refuses nothing."""

    code: str
    message: str
    rule_id: str | None = None
    earliest_on: date | None = None

    def __post_init__(self) -> None:
        if self.code not in WARNINGS:
            raise ValueError(f"Unknown warning code {self.code!r}.")


def refuse(
    code: str,
    *,
    rule_id: str | None = None,
    resource_id: UUID | None = None,
    earliest_on: date | None = None,
    overridable_by: str | None = None,
    because: tuple[Refusal, ...] = (),
    grounds: frozenset[Ground] = frozenset(),
) -> Refusal:
    """Return a refusal with its code's message; the desk's codes are overridable by the desk."""
    level = "desk" if code in DESK else overridable_by
    return Refusal(code, REFUSALS[code], rule_id, resource_id, earliest_on, level, because, grounds)


def refuse_in_use(code: str, resource_id: UUID | None, appointment_id: UUID, until: datetime) -> Refusal:
    """Return the refusal of what another visit is really using, until an instant if it goes on as planned."""
    return Refusal(code, REFUSALS[code], resource_id=resource_id, appointment_id=appointment_id, until=until)


def warn(code: str, *, rule_id: str | None = None, earliest_on: date | None = None) -> Notice:
    """Return a warning with its code's message."""
    return Notice(code, WARNINGS[code], rule_id, earliest_on)


def for_widget(refusals: Iterable[Refusal], *, own: bool = False) -> tuple[Refusal, ...]:
    """Return what a widget may see: a clinical reason tells only from when it passes.

    Patients who have proved who they are see their `own` reasons by name as far as they can do something
    about them. Nobody sees what single members of staff lack, or which visit is using something.
    """
    return tuple(dict.fromkeys(_told(one, CLINICAL - THEIR_OWN if own else CLINICAL) for one in refusals))


def _told(refusal: Refusal, hidden: frozenset[str]) -> Refusal:
    if refusal.code in hidden:
        return refuse("not_yet", earliest_on=refusal.earliest_on)
    code = "therapist_unqualified" if refusal.code in _OF_STAFF else refusal.code
    return Refusal(
        code,
        REFUSALS[code],
        resource_id=refusal.resource_id,
        earliest_on=refusal.earliest_on,
        book_first=refusal.book_first,
    )
