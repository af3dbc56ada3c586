"""Notes that the numbing cream is on: from then on the visit occupies what it really uses."""

from datetime import datetime
from uuid import UUID

from booking.appointments.noted_times import noted_at
from booking.appointments.records import Visit
from booking.appointments.transitions import end, finish, phase_of
from booking.core.caller import Caller
from booking.core.errors import Refused, WrongStatus
from booking.day.occupying import lock_used, look_at_use, occupy, with_overruns


def start_numbing(
    caller: Caller, appointment_id: UUID, expected: int | None, at: datetime | None = None
) -> Visit:
    """Note that the cream is on; raise Refused while another patient is in the place of the numbing.

    Raise WrongStatus for a visit without a numbing phase. `affected` are the planned visits whose time the
    visit is going to need: they are flagged `overrun`, and `alternatives` are other times for them.
    """
    catalog, visit = lock_used(caller, "start-numbing", appointment_id, expected)
    at = noted_at(caller, visit, "start-numbing", at)
    numbing = phase_of(visit, "numbing")
    if numbing is None:
        raise WrongStatus((), "This visit has no numbing phase.")
    finish(visit, at, but=numbing)
    numbing.actual_starts_at = at
    occupied = look_at_use(caller, catalog, visit, "numbing", at)
    if occupied.refusals:
        raise Refused(occupied.refusals)
    run_into, offers = occupy(caller, catalog, visit, occupied)
    numbed = end(caller, visit, "numbing", "numbing_started", at, claims=occupied.before)
    return with_overruns(numbed, run_into, offers)
