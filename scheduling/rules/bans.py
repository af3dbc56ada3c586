"""Holds the dates that rules forbid, in the same form for all rules, and finds the first date that passes."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from operator import attrgetter
from uuid import UUID

from scheduling.reasons import Ground


@dataclass(frozen=True, slots=True)
class Ban:
    """Dates from `first` to `until` (half-open, None: without end) on which a rule forbids a visit.

    `rule_id` is the rule's code, `level` the lowest level that may override it (None: no level);
    `source_id` and `source_on` name the session, treatment or medical hold that it counts from.
    """

    code: str
    rule_id: str
    first: date
    until: date | None
    level: str | None = None
    source_id: UUID | None = None
    source_on: date | None = None

    def covers(self, on: date) -> bool:
        """Return whether a date is forbidden."""
        return self.first <= on and (self.until is None or on < self.until)

    @property
    def is_empty(self) -> bool:
        """Whether the ban forbids no date at all."""
        return self.until is not None and self.until <= self.first

    @property
    def ground(self) -> Ground:
        """The ground of the ban: an override of it holds for this ground alone."""
        return self.code, self.rule_id, self.source_id, self.source_on


def first_free(on: date, bans: Iterable[Ban]) -> date | None:
    """Return the first date, not before `on`, that no ban covers; None when there is no such date."""
    for ban in sorted(bans, key=attrgetter("first")):
        if ban.covers(on):
            if ban.until is None:
                return None
            on = ban.until
    return on


def earliest(on: date, bans: Iterable[Ban], in_force: Iterable[Ban]) -> date | None:
    """Return the first date, not before `on`, that passes, as far as the bans in force have an end.

    When a ban in force has no end, the other bans still tell from when they would allow the visit.
    """
    endless = any(ban.until is None for ban in in_force)
    return first_free(on, [ban for ban in bans if ban.until is not None] if endless else bans)
