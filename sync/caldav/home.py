"""Makes a therapist's CalDAV home: a calendar of visits to read, and a calendar of busy time to write."""

from uuid import UUID

from booking.core.caller import Caller
from dav.calendars import Home
from models import Therapist
from sync.caldav.busy_calendar import BusyCalendar
from sync.caldav.visits_calendar import VisitsCalendar


def home_of(caller: Caller, therapist_id: UUID) -> Home | None:
    """Give a therapist's home, which works in the caller's transaction; None for a retired therapist."""
    therapist = caller.session.get_one(Therapist, (caller.clinic_id, therapist_id))
    if not therapist.active:
        return None
    return Home(
        str(therapist_id),
        therapist.name,
        (VisitsCalendar(caller, therapist_id), BusyCalendar(caller, therapist_id)),
    )
