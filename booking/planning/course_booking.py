"""Books planned sessions of a course in one call: all of them, or none."""

from collections.abc import Sequence
from datetime import datetime
from itertools import islice
from typing import Final
from uuid import UUID

from booking.appointments.book_together import Order, book_together
from booking.appointments.records import Visit
from booking.core.caller import Caller
from booking.core.errors import Refused
from booking.courses.courses import require_sessions
from booking.planning.course_plan import SeriesRequest, find_course, last_visit, visit_request_of
from booking.questions.availability import alternatives
from booking.questions.catalog import load_catalog
from booking.questions.histories import load_history
from booking.questions.judging import Override
from scheduling.ticks import to_tick

# Each takes a search: for more refused sessions than this, a new plan helps more.
_MOST_HELPED: Final = 3


def book_series(
    caller: Caller,
    course_id: UUID,
    request: SeriesRequest,
    starts: Sequence[datetime],
    override: Override | None = None,
) -> list[Visit]:
    """Book every session, judged in order of time, with the same therapist as far as possible.

    If any session is refused, nothing is booked: Refused carries the reasons by session, and slots near
    the first three refused sessions. Raise NotFound, Invalid, WrongStatus or CourseFull for the course.
    """
    course = find_course(caller, course_id)
    # This only refuses early: each session is counted again under the lock of the course.
    require_sessions(caller, course, len(starts))
    catalog = load_catalog(caller)
    last = last_visit(load_history(caller, catalog, course.patient_id, with_holds=False), course.id)
    wanted = visit_request_of(caller, course, request, last)
    orders = [Order(wanted, one, override) for one in starts]
    led_by = last.therapist_id if last is not None else None
    try:
        return book_together(caller, orders, led_by=led_by, same=True)
    except Refused as refused:
        # The locks are released, and the sessions before a refused session are not booked. Their spacing is
        # kept all the same: no slot lies before the asked date, nor before a date that the refusal names.
        found = {
            place: alternatives(caller, wanted, to_tick(starts[place]), refusals)
            for place, refusals in islice((refused.by_visit or {}).items(), _MOST_HELPED)
        }
        raise Refused(refused.refusals, by_visit=refused.by_visit, near=found) from refused
