"""Tells what overrides allow: each code at its time and place, and only for what it was given for."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Protocol
from uuid import UUID

from uuid_utils.compat import uuid7

from booking.core.caller import Caller
from booking.questions.judging import Override
from scheduling.questions import Question, Verdict
from scheduling.reasons import Ground, Refusal
from scheduling.ticks import from_tick


class Overridden(Protocol):
    """A visit's row, as far as its overrides count: they hold for one time and place."""

    id: UUID
    starts_at: datetime
    location_id: UUID
    local_date: date
    overrides: list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Waivers:
    """What is allowed for a visit: whole codes, and codes for certain grounds only."""

    codes: frozenset[str]
    grounds: frozenset[Ground]

    def cover(self, refusal: Refusal) -> bool:
        """Whether everything that a refusal rests on has been allowed."""
        return refusal.code in self.codes or (bool(refusal.grounds) and refusal.grounds <= self.grounds)


def waivers(visit: Overridden, others: Iterable[Overridden] = ()) -> Waivers:
    """Give what has been allowed for a visit by its own overrides, and by those of the patient's others.

    Who allowed a later session to follow this one so soon has allowed this one to come so shortly before.
    """
    grounds = {ground for override in _here(visit) for ground in _grounds(override)}
    codes = {code for override in _here(visit) for code in override["codes"]}
    mirrored = {
        (code, rule, other.id, other.local_date)
        for other in others
        for override in _here(other)
        for code, rule, source_id, on in _grounds(override)
        if source_id == visit.id and on == visit.local_date
    }
    return Waivers(frozenset(codes - {ground[0] for ground in grounds}), frozenset(grounds | mirrored))


def _here(visit: Overridden) -> list[dict[str, Any]]:
    """Give the overrides that were given for where and when the visit is now."""
    here = visit.starts_at.astimezone(UTC), str(visit.location_id)
    return [
        override
        for override in visit.overrides
        if (datetime.fromisoformat(str(override["starts_at"])), str(override["location_id"])) == here
    ]


def brought_along(visit: Overridden, starts_at: datetime) -> list[dict[str, Any]]:
    """Give the overrides of a visit that gives way on its day: those of its old time hold for the new one."""
    here = _here(visit)
    return [one | {"starts_at": starts_at} if one in here else one for one in visit.overrides]


def _grounds(override: Mapping[str, Any]) -> Iterable[Ground]:
    for one in override.get("grounds", ()):
        source_id, on = one["source_id"], one["on"]
        yield (
            one["code"],
            one["rule_id"],
            None if source_id is None else UUID(str(source_id)),
            None if on is None else date.fromisoformat(str(on)),
        )


def overridden(
    caller: Caller, question: Question, start: int, verdict: Verdict, override: Override | None
) -> list[dict[str, Any]]:
    """Give what is kept on the appointment of an override that was really needed, for this time and place."""
    if override is None or not verdict.waived_codes:
        return []
    grounds = sorted(verdict.grounds, key=str)
    return [
        {
            "id": uuid7(),
            "codes": sorted(verdict.waived_codes),
            "grounds": [
                {"code": code, "rule_id": rule_id, "source_id": source_id, "on": on}
                for code, rule_id, source_id, on in grounds
            ],
            "reason": override.reason,
            "actor": caller.actor,
            "at": caller.now,
            "starts_at": from_tick(start),
            "location_id": question.location.id,
        }
    ]
