"""Tells since when a visit has had its present time and place, and whether the patient is told of them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import pairwise
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from scheduling.messages import MOMENT_OF, Due, Moment, due

# A move that is taken back within these minutes sends nothing: a slip of the hand on the board is no news.
TAKEN_BACK_MINUTES: Final = 2
_BOOKED: Final = MOMENT_OF["confirmation"]
_MOVED: Final = replace(_BOOKED, minutes=TAKEN_BACK_MINUTES)


@dataclass(frozen=True, slots=True)
class Plan:
    """The start and location that a booking or a move gave a visit at an instant (all aware).

    `notify` says whether the patient is told of it; `moved` is true for a move.
    """

    at: datetime
    starts_at: datetime
    location_id: UUID
    zone: ZoneInfo
    notify: bool = True
    moved: bool = True

    @property
    def place(self) -> tuple[datetime, UUID]:
        """The start and the location: a move that leaves both is no news to the patient."""
        return self.starts_at, self.location_id

    @property
    def confirmation(self) -> Moment:
        """The confirmation of this plan: of a booking at once, of a move some minutes later."""
        return _MOVED if self.moved else _BOOKED


def standing(plans: Sequence[Plan]) -> Plan:
    """Give the plan that a visit has, of all its plans in order of time, the booking first.

    A move whose confirmation was not due when the next move came is left out. So a visit that was moved
    back before that has the plan that it had before, which was confirmed already.
    """
    kept = replace(plans[0], moved=False)
    changes = [one for before, one in pairwise(plans) if one.place != before.place]
    for place, one in enumerate(changes, 1):
        stood = place == len(changes) or _due(one).at <= changes[place].at
        if stood and one.place != kept.place:
            kept = one
    return kept


def _due(plan: Plan) -> Due:
    return due(plan.confirmation, plan.at, plan.starts_at, plan.zone)
