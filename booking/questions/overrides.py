"""Keeps overrides, and tells what they allow a visit at its time and place, and on which grounds."""

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
    """The columns of a visit's row that decide whether its overrides are valid at its time and place."""

    id: UUID
    starts_at: datetime
    location_id: UUID
    overrides: list[dict[str, Any]]

    @property
    def counts_from(self) -> date:
        """The date from which the days to other visits count."""


@dataclass(frozen=True, slots=True)
class Waivers:
    """What overrides allow a visit: whole codes, and codes on certain grounds only."""

    codes: frozenset[str]
    grounds: frozenset[Ground]

    def cover(self, refusal: Refusal) -> bool:
        """Whether the overrides allow a refusal: its code, or all of its grounds."""
        return refusal.code in self.codes or (bool(refusal.grounds) and refusal.grounds <= self.grounds)


# Visits are judged again after every change and every night, and a visit must not be flagged for what a
# clinician has allowed. But a clinician who lets a session follow nineteen days after another has not allowed
# that the other session then moves closer, and to override one medical hold is not to override the next that
# is opened under the same code. So an override of a clinical code keeps its grounds: the code, the rule, and
# the session, treatment or medical hold that the rule counted from, with its date. A refusal is waived only
# when all of its grounds are among those that were allowed; when one of them changes, the flag comes back.
# Codes without grounds, such as those that the desk may override, are waived as a whole.
#
# Spacing has two ends, and the override was given at one of them. To allow a later session so soon after an
# earlier session is also to allow the earlier so shortly before the later. So when the earlier session is
# judged, the overrides of the patient's other visits count as well: a ground that names this visit at its
# present date is turned round, and names the other visit at the date of that visit.
#
# An override is valid at the time and the place that it was given for. A visit that is rescheduled needs a
# new override; only a visit that gives way on its day takes its overrides along. See docs/adr/0010.
def waivers(visit: Overridden, others: Iterable[Overridden] = ()) -> Waivers:
    """Give what is allowed for a visit by its own overrides, and by those of the patient's other visits."""
    grounds = {ground for override in _here(visit) for ground in _grounds(override)}
    codes = {code for override in _here(visit) for code in override["codes"]}
    mirrored = {
        (code, rule, other.id, other.counts_from)
        for other in others
        for override in _here(other)
        for code, rule, source_id, on in _grounds(override)
        if source_id == visit.id and on == visit.counts_from
    }
    return Waivers(frozenset(codes - {ground[0] for ground in grounds}), frozenset(grounds | mirrored))


def _here(visit: Overridden) -> list[dict[str, Any]]:
    """Give the overrides that were given for the present time and place of the visit."""
    here = visit.starts_at.astimezone(UTC), str(visit.location_id)
    return [
        override
        for override in visit.overrides
        if (datetime.fromisoformat(str(override["starts_at"])), str(override["location_id"])) == here
    ]


def brought_along(visit: Overridden, starts_at: datetime) -> list[dict[str, Any]]:
    """Give the overrides of a visit that gives way on its day: overrides of its old time get the new time."""
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
    """Give the override as it is stored on the appointment, or nothing if it was not needed."""
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
