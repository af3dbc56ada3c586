"""Gathers what every rule looks at: the question, the visit's layout and free time as bits."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from scheduling.bits import Busy, Window
from scheduling.catalog import Catalog
from scheduling.hours import Days, closed_bits, hours_bits, local_days
from scheduling.questions import Question
from scheduling.reasons import NEVER_WAIVED
from scheduling.visits import Visit


@dataclass(frozen=True, slots=True)
class Scene:
    """A question together with all that is computed from it once.

    `opening` are the bits of the location's opening hours, `closed` those of its closures and holidays,
    `waived` the codes that no longer refuse.
    """

    question: Question
    catalog: Catalog
    busy: Busy
    window: Window
    visit: Visit
    days: Days
    today: date
    opening: int
    closed: int
    waived: frozenset[str]

    def free(self, resource_id: UUID, lane: int = 0) -> int:
        """Return the bits at which nothing occupies a lane of a resource."""
        return self.window.full & ~self.busy.get((resource_id, lane), 0)

    def date_at(self, position: int) -> date:
        """Return the local date of the arrival at a position."""
        return self.days.date_at(self.window.start + position)


def survey(question: Question, catalog: Catalog, busy: Busy, window: Window) -> Scene:
    """Return the scene of a question over a window."""
    location = question.location
    days = local_days(location.zone, window)
    return Scene(
        question=question,
        catalog=catalog,
        busy=busy,
        window=window,
        visit=question.visit,
        days=days,
        today=question.now.astimezone(location.zone).date(),
        opening=hours_bits(location.opening_hours, location.special_hours, days),
        closed=closed_bits(location, days),
        waived=question.waived - NEVER_WAIVED,
    )
