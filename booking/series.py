"""Books sessions of a course in one call: all of them, or none."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from booking.appointments import Visit
from booking.callers import Caller
from booking.catalog import load_catalog
from booking.courses import require_sessions
from booking.histories import load_history
from booking.judging import Override
from booking.plans import SeriesWish, find_course, last_visit, wish_of
from booking.together import Order, book_together


def book_series(
    caller: Caller,
    course_id: UUID,
    wish: SeriesWish,
    starts: Sequence[datetime],
    override: Override | None = None,
) -> list[Visit]:
    """Book every session, judged in order of time, with one therapist as far as possible.

    Refused with the reasons of each that cannot take place, and nothing is booked; NotFound, Invalid,
    WrongStatus, CourseFull.
    """
    course = find_course(caller, course_id)
    # A friendly look ahead: each session is counted again under the lock of the course.
    require_sessions(caller, course, len(starts))
    catalog = load_catalog(caller.session, caller.clinic_id)
    last = last_visit(load_history(caller.session, catalog, caller.clinic_id, course.patient_id), course.id)
    wanted = wish_of(caller, course, wish, last)
    orders = [Order(wanted, one, override) for one in starts]
    return book_together(caller, orders, led_by=last.therapist_id if last is not None else None, same=True)
